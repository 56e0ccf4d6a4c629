"""Three ways to live the lives of several households: members come and go, events reach many, villages are at risk.

Reports may know only the person. Records are those of ``tests.build``, of removed entries, and of areas.
"""

import itertools
from pathlib import Path
from typing import Any, Protocol

import msgspec
from confluent_kafka import Consumer, TopicPartition

from agents.policies import Judge
from agents.settings import Settings
from agents.store import HOUSEHOLD, Store
from agents.work import Outgoing
from schemas import codec
from schemas.area_alerts import AreaAlert, place_of
from schemas.household import HouseholdState
from schemas.rejections import Rejection
from streams.normalise import normalise
from streams.policies import Judges
from streams.policy import Policy
from streams.topics import Topic
from tests.agents.test_households import Partition
from tests.build import TIMESTAMP, encode
from tests.county import County, Lives
from tests.ways import PATIENCE_SECONDS, TOPIC_OF, Kafka, alert_of

HOUSES, PERSONS = b"H00000", b"P-000"
"""How the households (``H000001``) and persons (``P-0001``) of a story begin; on Kafka each story has names of its own."""
HERE, THERE = "149901", "149902"
"""Two counties in which nobody lives but the households of a story: on Kafka each story has two of its own."""
Record = dict[str, Any]


class Neighbours(Protocol):
    """Feeds records about some households in order; returns the end of each and the transitions on its way."""

    def __call__(self, *records: Record) -> Lives:
        """Live them."""

    def areas(self, *records: Record) -> dict[str, list[AreaAlert]]:
        """Live them, and return the transitions of each village and township by its digits; of ``HERE`` and ``THERE`` alone."""


def gone(household_id: str) -> Record:
    """Return a removed registry entry: it travels as a null value, which holds from its record's timestamp on."""
    return {"schema": "household/1", "household_id": household_id, "gone": True}


def area_tick(area: str, at: str) -> Record:
    """Return that time passes for a village or township."""
    return {"schema": "area-tick/1", "area": area, "at": at}


def _wire(record: Record) -> tuple[Topic, bytes, bytes | None]:
    key = next(record[name] for name in ("household_id", "person_id", "about", "area") if record.get(name))
    key = place_of(key) if key == record.get("area") else key
    return TOPIC_OF[record["schema"]], key.encode(), None if record.get("gone") else encode(record)


class PureNeighbours:
    """No Kafka, no store; who belongs where and what areas know is kept beside."""

    def __init__(self, policy: Judges) -> None:
        self._policy = policy

    def __call__(self, *records: Record) -> Lives:
        return self._live(*records).lives

    def areas(self, *records: Record) -> dict[str, list[AreaAlert]]:
        return self._live(*records).said

    def _live(self, *records: Record) -> County:
        county = County(self._policy)
        for record in records:
            message = normalise(*_wire(record), TIMESTAMP)
            assert not isinstance(message, Rejection), message
            county.settle(message)
        return county


class StoredNeighbours:
    """One partition on RocksDB that is fed what it sends itself; each story in a store of its own."""

    def __init__(self, policy: Policy | Judge, folder: Path) -> None:
        self._policy, self._folder, self._lives = policy, folder, itertools.count()

    def __call__(self, *records: Record) -> Lives:
        lives, sent = self._live(*records)
        for each in sent:
            if each.topic is Topic.ALERTS:
                lives[(each.key or b"").decode()][1].append(alert_of(each.value or b""))
        return lives

    def areas(self, *records: Record) -> dict[str, list[AreaAlert]]:
        said = [each for each in self._live(*records)[1] if each.topic is Topic.AREA_ALERTS]
        return _by_area([(each.key or b"", each.value or b"") for each in said])

    def _live(self, *records: Record) -> tuple[Lives, list[Outgoing]]:
        store = Store(self._folder / f"neighbours-{next(self._lives)}")
        partition, sent = Partition(store, self._policy), list[Outgoing]()
        for record in records:
            sent += partition.settle(_wire(record))
        assert [] == [each for each in sent if each.topic is Topic.DEAD_LETTERS]
        lives: Lives = {key[1:].decode(): (codec.decode_state(data), []) for key, data in store.scan(HOUSEHOLD)}
        store.close()
        return lives, sent


class KafkaNeighbours(Kafka):
    """A worker that runs already, on topics with one partition; what it moves itself is waited for."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._stories = itertools.count(70_000)
        self._mover = Consumer({
            "bootstrap.servers": settings.brokers, "group.id": "neighbours", "enable.auto.commit": False,
            "isolation.level": "read_uncommitted", "enable.partition.eof": True, "fetch.wait.max.ms": 20,
        })  # fmt: skip

    def __call__(self, *records: Record) -> Lives:
        names = self._live(*records)
        lives: Lives = {}
        for known in sorted({record["household_id"] for record in records if record.get("household_id")}):
            name = names.there(known.encode()).decode()
            states = self._read(Topic.HOUSEHOLDS_CHANGELOG, name)
            if states:
                state: HouseholdState = codec.decode_state(states[-1])
                lives[known] = state, [alert_of(names.back(value)) for value in self._read(Topic.ALERTS, name)]
        return lives

    def areas(self, *records: Record) -> dict[str, list[AreaAlert]]:
        names = self._live(*records)
        said = [(names.back(key), names.back(value)) for key, value in self._records(Topic.AREA_ALERTS)]
        return _by_area([(key, value) for key, value in said if key[:6].decode() in (HERE, THERE)])

    def _live(self, *records: Record) -> "_Names":
        names = _Names(next(self._stories))
        for record in records:
            topic, key, value = _wire(record)
            value = None if value is None else names.there(value)
            self._send(self._settings.topic(topic), names.there(key).decode(), value)
            while not all([self._settled(Topic.PERSONS), self._settled(Topic.REROUTED), self._settled(Topic.PERSONS)]):
                pass
        return names

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


class _Names:
    """The names of a story, and those that stand for them on Kafka."""

    def __init__(self, story: int) -> None:
        counties = [(each.encode(), b"8%04d%d" % (story % 10_000, n)) for n, each in enumerate((HERE, THERE), 1)]
        self._pairs = [(HOUSES, b"H%05d" % story), (PERSONS, b"P%05d-" % story), *counties]

    def there(self, value: bytes) -> bytes:
        for known, name in self._pairs:
            value = value.replace(known, name)
        return value

    def back(self, value: bytes) -> bytes:
        for known, name in self._pairs:
            value = value.replace(name, known)
        return value


def _by_area(said: list[tuple[bytes, bytes]]) -> dict[str, list[AreaAlert]]:
    """Return transitions by area; when they were sent is no part of a story."""
    found: dict[str, list[AreaAlert]] = {}
    for key, value in said:
        alert = msgspec.json.decode(value, type=AreaAlert)
        found.setdefault(key.decode(), []).append(msgspec.structs.replace(alert, emitted_at=""))
    return found
