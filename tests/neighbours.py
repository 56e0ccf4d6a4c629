"""Three ways to live the lives of several households whose members come and go; reports may know only the person."""

import itertools
from pathlib import Path
from typing import Any, Protocol

from confluent_kafka import Consumer, TopicPartition

from agents.policies import Judge
from agents.settings import Settings
from agents.store import HOUSEHOLD, Store
from schemas import codec
from schemas.household import EMPTY, HouseholdState
from schemas.registry import PersonState, RegistryChange
from schemas.reports import Report, Tick
from streams.normalise import normalise
from streams.persons import claims_of, household_of, merge_claim
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import Topic
from tests.agents.test_households import Partition
from tests.build import TIMESTAMP, encode
from tests.ways import PATIENCE_SECONDS, TOPIC_OF, Kafka, Life, alert_of

HOUSES, PERSONS = b"H00000", b"P-000"
"""How the households (``H000001``) and persons (``P-0001``) of a story begin; on Kafka each story has names of its own."""
Lives = dict[str, Life]


class Neighbours(Protocol):
    """Feeds records about some households in order; returns the end of each and the transitions on its way."""

    def __call__(self, *records: dict[str, Any]) -> Lives:
        """Live them."""


def gone(household_id: str) -> dict[str, Any]:
    """Return a removed registry entry: it travels as a null value, which holds from its record's timestamp on."""
    return {"schema": "household/1", "household_id": household_id, "gone": True}


def _wire(record: dict[str, Any]) -> tuple[Topic, bytes, bytes | None]:
    key = record["household_id"] or record["person_id"]
    return TOPIC_OF[record["schema"]], key.encode(), None if record.get("gone") else encode(record)


class PureNeighbours:
    """No Kafka, no store; who belongs where is kept beside."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def __call__(self, *records: dict[str, Any]) -> Lives:
        persons: dict[str, PersonState] = {}
        lives: Lives = {}
        for record in records:
            message = normalise(*_wire(record), TIMESTAMP)
            assert isinstance(message, Report | RegistryChange | Tick), message
            name = message.household_id
            if name is None:
                assert isinstance(message, Report)
                name = household_of(persons[message.person_id or ""])
                assert name is not None, "nobody waits in these stories"
            before, alerts = lives.get(name, (EMPTY, []))
            step = advance(name, before, message, TIMESTAMP * 1_000_000, self._policy)
            lives[name] = step.state, alerts + ([step.alert] if step.alert is not None else [])
            for claim in claims_of(name, before.facts, step.state.facts):
                persons[claim.person_id] = merge_claim(persons.get(claim.person_id, PersonState({})), claim)
        return lives


class StoredNeighbours:
    """One partition on RocksDB that is fed what it sends itself; each story in a store of its own."""

    def __init__(self, policy: Policy | Judge, folder: Path) -> None:
        self._policy, self._folder, self._lives = policy, folder, itertools.count()

    def __call__(self, *records: dict[str, Any]) -> Lives:
        store = Store(self._folder / f"neighbours-{next(self._lives)}")
        partition, sent = Partition(store, self._policy), []
        for record in records:
            sent += partition.settle(_wire(record))
        lives: Lives = {key[1:].decode(): (codec.decode_state(data), []) for key, data in store.scan(HOUSEHOLD)}
        store.close()
        for each in sent:
            if each.topic is Topic.ALERTS:
                lives[(each.key or b"").decode()][1].append(alert_of(each.value or b""))
        return lives


class KafkaNeighbours(Kafka):
    """A worker that runs already, on topics with one partition; what it moves itself is waited for."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._stories = itertools.count(70_000)
        self._mover = Consumer({
            "bootstrap.servers": settings.brokers, "group.id": "neighbours", "enable.auto.commit": False,
            "isolation.level": "read_uncommitted", "enable.partition.eof": True, "fetch.wait.max.ms": 20,
        })  # fmt: skip

    def __call__(self, *records: dict[str, Any]) -> Lives:
        story = next(self._stories)
        houses, persons = b"H%05d" % story, b"P%05d-" % story
        for record in records:
            topic, key, value = _wire(record)
            key, value = (
                each if each is None else each.replace(HOUSES, houses).replace(PERSONS, persons) for each in (key, value)
            )
            self._send(self._settings.topic(topic), (key or b"").decode(), value)
            while not all([self._settled(Topic.PERSONS), self._settled(Topic.REROUTED), self._settled(Topic.PERSONS)]):
                pass
        lives: Lives = {}
        for known in sorted({record["household_id"] for record in records} - {None}):
            name = known.replace(HOUSES.decode(), houses.decode())
            states = self._read(Topic.HOUSEHOLDS_CHANGELOG, name)
            if states:
                alerts = [value.replace(houses, HOUSES).replace(persons, PERSONS) for value in self._read(Topic.ALERTS, name)]
                state: HouseholdState = codec.decode_state(states[-1])
                lives[known] = state, [alert_of(value) for value in alerts]
        return lives

    def close(self) -> None:
        self._mover.close()
        super().close()

    def _settled(self, topic: Topic) -> bool:
        """Tell whether nothing lies behind what the worker has committed, not even what it has not committed yet."""
        name = self._settings.topic(topic)
        (committed,) = self._group.committed([TopicPartition(name, 0)])
        self._mover.assign([TopicPartition(name, 0, max(committed.offset, 0))])
        record = self._mover.poll(PATIENCE_SECONDS)
        return record is None or record.error() is not None
