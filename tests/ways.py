"""Three ways to live one household's life: the pure path, batches on a real store, a real worker on a real Kafka."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeVar

import msgspec
import pytest
from aiokafka.record.default_records import DefaultRecord
from confluent_kafka import Consumer, Producer, TopicPartition

from agents.households import Households
from agents.policies import Judge
from agents.settings import Settings
from agents.store import HOUSEHOLD, Store
from agents.work import Outgoing
from schemas import codec
from schemas.alerts import Alert
from schemas.cases import CaseRecord
from schemas.fields import NANOSECONDS, parse_instant
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams import topics
from streams.normalise import normalise
from streams.pipeline import Judges, Step, advance
from streams.policy import Policy
from streams.topics import Topic
from tests.build import TIMESTAMP, encode
from tests.doors import Running, fangfan

TOPIC_OF = topics.TOPIC_OF | {"tick/1": Topic.TICKS, "area-tick/1": Topic.TICKS}
WAYS = ("pure", "batches", "kafka")
NAME = "H000001"
PATIENCE_SECONDS = 30
Life = tuple[HouseholdState, list[Alert]]
Lived = TypeVar("Lived")


class Sent(NamedTuple):
    """A record and the timestamp (milliseconds) it was sent with."""

    record: dict[str, Any]
    timestamp: int = TIMESTAMP


Told = dict[str, Any] | Sent
"""A record; one that does not say when it was sent came with the timestamp of all tests."""


def punctual(*records: dict[str, Any]) -> list[Sent]:
    """Return each as sent in the minute in which it occurred, so that deadlines of alerts run from there."""
    times = [record.get("occurred_at") or record.get("updated_at") or record["at"] for record in records]
    return [Sent(record, parse_instant(at) // NANOSECONDS * 1_000) for record, at in zip(records, times, strict=True)]


def _sent(records: tuple[Told, ...]) -> list[Sent]:
    return [each if isinstance(each, Sent) else Sent(each) for each in records]


def chosen(
    request: pytest.FixtureRequest, pure: Callable[[], Lived], batches: Callable[[], Lived], on_kafka: str = "worker"
) -> Lived:
    """Return the way of :data:`WAYS` that a fixture is asked for; ``on_kafka`` names the fixture that has the third."""
    if request.param == "kafka":
        lived: Lived = request.getfixturevalue(on_kafka)
        return lived
    return pure() if request.param == "pure" else batches()


class Way(Protocol):
    """Feeds records about household H000001 in order; returns its end and the transitions on the way."""

    def __call__(self, *records: Told) -> Life:
        """Live it."""

    def cases(self, *records: Told) -> list[CaseRecord]:
        """Live it, and return what is said of the household's case on the way."""

    def shadow(self, *records: Told) -> list[Alert]:
        """Live it, and return the transitions that the shadow policy would publish; none where no shadow runs."""


class Pure:
    """No Kafka, no store."""

    def __init__(self, policy: Judges, shadow: Policy | None = None) -> None:
        self._policy, self._shadow = policy, shadow

    def __call__(self, *records: Told) -> Life:
        steps = self._live(*records)
        return steps[-1].state if steps else EMPTY, [step.alert for step in steps if step.alert is not None]

    def cases(self, *records: Told) -> list[CaseRecord]:
        return [step.case for step in self._live(*records) if step.case is not None]

    def shadow(self, *records: Told) -> list[Alert]:
        return [step.shadow_alert for step in self._live(*records) if step.shadow_alert is not None]

    def _live(self, *records: Told) -> list[Step]:
        state, steps = EMPTY, list[Step]()
        for record, timestamp in _sent(records):
            message = normalise(TOPIC_OF[record["schema"]], NAME.encode(), encode(record), timestamp)
            assert isinstance(message, Report | RegistryChange | Tick), message
            steps.append(advance(NAME, state, message, timestamp * 1_000_000, self._policy, self._shadow))
            state = steps[-1].state
        return steps


class Batches:
    """A partition's batches on RocksDB, two records at a time, each life in a store of its own."""

    def __init__(self, policy: Policy | Judge, folder: Path) -> None:
        self._policy, self._folder, self._lives = policy, folder, itertools.count()

    def __call__(self, *records: Told) -> Life:
        state, sent = self._live(*records)
        return state, [alert_of(each.value or b"") for each in sent if each.topic is Topic.ALERTS]

    def shadow(self, *records: Told) -> list[Alert]:
        return [alert_of(each.value or b"") for each in self._live(*records)[1] if each.topic is Topic.ALERTS_SHADOW]

    def cases(self, *records: Told) -> list[CaseRecord]:
        return [_case(each.value or b"") for each in self._live(*records)[1] if each.topic is Topic.CASES]

    def _live(self, *records: Told) -> tuple[HouseholdState, list[Outgoing]]:
        store = Store(self._folder / str(next(self._lives)))
        households, sent = Households(0, 1, "", store, self._policy), list[Outgoing]()
        made = [
            (TOPIC_OF[each["schema"]], DefaultRecord(at, timestamp, 0, NAME.encode(), encode(each), []))
            for at, (each, timestamp) in enumerate(_sent(records))
        ]
        for start in range(0, len(made), 2):
            work = households.run(made[start : start + 2], TIMESTAMP * 1_000_000)
            store.write(work.changes.items(), {})
            sent += work.outgoing
        data = store.get(HOUSEHOLD + NAME.encode())
        store.close()
        return codec.decode_state(data) if data is not None else EMPTY, sent


def with_versions(settings: Settings, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Create the topics, and publish versions of the policy (keys and values) before any worker runs."""
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix, "PARTITIONS": str(settings.partitions)}
    assert 0 == fangfan("topics", "create", **given).returncode
    producer = Producer({"bootstrap.servers": settings.brokers})
    for key, value in records:
        producer.produce(settings.topic(Topic.POLICY), value, key)
    assert 0 == producer.flush(PATIENCE_SECONDS)


class Kafka:
    """A worker that runs already, on topics with one partition. Each life is another household there, named back at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings, self._lives = settings, itertools.count(500_000)
        self._producer = Producer({"bootstrap.servers": settings.brokers, "linger.ms": 0})
        self._group = Consumer({"bootstrap.servers": settings.brokers, "group.id": settings.group})
        self._reader = Consumer({
            "bootstrap.servers": settings.brokers, "group.id": "ways", "isolation.level": "read_committed",
            "enable.auto.commit": False, "enable.partition.eof": True, "fetch.wait.max.ms": 20,
        })  # fmt: skip

    def __call__(self, *records: Told) -> Life:
        name = self._live(*records)
        states = self._read(Topic.HOUSEHOLDS_CHANGELOG, name)
        state = codec.decode_state(states[-1]) if states else EMPTY
        return state, self._alerts(Topic.ALERTS, name)

    def shadow(self, *records: Told) -> list[Alert]:
        return self._alerts(Topic.ALERTS_SHADOW, self._live(*records))

    def cases(self, *records: Told) -> list[CaseRecord]:
        name = self._live(*records)
        return [_case(value.replace(name.encode(), NAME.encode())) for value in self._read(Topic.CASES, name)]

    def _live(self, *records: Told) -> str:
        name = f"H{next(self._lives):06d}"
        for record, timestamp in _sent(records):
            value = (encode(record) or b"").replace(NAME.encode(), name.encode())
            self._send(self._settings.topic(TOPIC_OF[record["schema"]]), name, value, timestamp)
        return name

    def close(self) -> None:
        self._group.close()
        self._reader.close()

    def _send(self, topic: str, key: str, value: bytes | None, timestamp: int = TIMESTAMP) -> None:
        """Send a record and wait until the worker has committed it."""
        offsets: list[int] = []
        self._producer.produce(
            topic, value, key, partition=0, timestamp=timestamp, on_delivery=lambda _, sent: offsets.append(sent.offset())
        )
        self._producer.flush()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._group.committed([TopicPartition(topic, 0)])[0].offset <= offsets[0]:
            assert time.monotonic() < deadline, f"{topic} {offsets[0]} was not committed"

    def _alerts(self, topic: Topic, name: str) -> list[Alert]:
        return [alert_of(value.replace(name.encode(), NAME.encode())) for value in self._read(topic, name)]

    def _read(self, topic: Topic, key: str) -> list[bytes]:
        """Return the committed values of a key, in order."""
        return [value for name, value in self._records(topic) if name == key.encode()]

    def _records(self, topic: Topic) -> Iterator[tuple[bytes, bytes]]:
        """Yield all committed keys and values, in order."""
        self._reader.assign([TopicPartition(self._settings.topic(topic), 0, 0)])
        while (record := self._reader.poll(PATIENCE_SECONDS)) is not None and not record.error():
            yield record.key(), record.value()


@contextlib.contextmanager
def one_worker(settings: Settings, folder: Path, **more: str) -> Iterator[None]:
    """Run one worker, with ``more`` settings where given, for as many lives as there are; it ends well."""
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix, "PARTITIONS": str(settings.partitions)} | more
    with Running(folder / "log", "worker", DATA_DIR=str(folder / "data"), WEB_PORT="0", **given) as running:
        running.until("ready")
        yield
        assert 0 == running.end()


@contextlib.contextmanager
def on_kafka(settings: Settings, folder: Path, **more: str) -> Iterator[Kafka]:
    """Run one worker, with ``more`` settings where given, and live with it."""
    with one_worker(settings, folder, **more):
        kafka = Kafka(settings)
        yield kafka
        kafka.close()


def alert_of(value: bytes) -> Alert:
    """Read a transition; when it was sent is no part of a story."""
    return msgspec.structs.replace(msgspec.json.decode(value, type=Alert), emitted_at="")


def _case(value: bytes) -> CaseRecord:
    return msgspec.structs.replace(msgspec.json.decode(value, type=CaseRecord), emitted_at="")
