"""A store is rebuilt from a changelog as Kafka keeps one: transactions, aborted ones among them, many entries of one key."""

import os
import random
from pathlib import Path

from confluent_kafka import Producer

from agents.memory import Memory
from agents.recovery import BULK_RECORDS, Recovery, Telling
from agents.settings import Settings
from agents.store import HOUSEHOLD, Store
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from streams.topics import Topic

HOUSEHOLDS = 9_000
Changelog = dict[bytes, bytes | None]


class Writer:
    """Writes a changelog partition in transactions and knows what a reader of committed records must find."""

    def __init__(self, settings: Settings) -> None:
        self._topic = settings.topic(Topic.HOUSEHOLDS_CHANGELOG)
        self._producer = Producer({
            "bootstrap.servers": settings.brokers, "transactional.id": settings.topic("writer"), "linger.ms": 5,
            "queue.buffering.max.messages": 200_000,
        })  # fmt: skip
        self._producer.init_transactions()
        self.holds: Changelog = {}

    def write(self, entries: list[tuple[bytes, bytes | None]], abort: bool = False) -> None:
        self._producer.begin_transaction()
        for key, value in entries:
            self._producer.produce(self._topic, value, key, partition=0)
        self._producer.flush()  # what is still here when a transaction is aborted would never lie in the log
        if abort:
            self._producer.abort_transaction()
        else:
            self._producer.commit_transaction()
            self.holds |= dict(entries)

    def left(self) -> dict[bytes, bytes]:
        return {HOUSEHOLD + key: value for key, value in self.holds.items() if value is not None}


def entries(rng: random.Random, count: int) -> list[tuple[bytes, bytes | None]]:
    """Return entries of which several are of one household and some take it away."""
    return [
        (b"H%05d" % rng.randrange(HOUSEHOLDS), None if rng.random() < 0.02 else os.urandom(rng.randrange(20, 60)))
        for _ in range(count)
    ]


def counted(store: Store) -> tuple[int, int] | None:
    list(store.count())
    return store.counts


def holds(store: Store) -> dict[bytes, bytes]:
    return dict(store.scan(HOUSEHOLD))


async def test_a_store_holds_the_newest_committed_value_of_every_key(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1, data_dir=tmp_path)
    await create_topics(settings)
    rng, writer = random.Random(20261125), Writer(settings)
    for turn in range(9):
        writer.write(entries(rng, 3_000), abort=turn % 3 == 1)
    seen: list[tuple[int, int]] = []

    class Heard(Telling):
        def read(self, read: int, left: int) -> None:
            seen.append((read, left))

    async def recovered() -> Store:
        seen.clear()
        return await Recovery(settings, Memory(32)).bring_up(0, Heard(0, lambda: None))

    store = await recovered()
    whole = seen[-1][0]
    assert seen[0][1] > BULK_RECORDS, "as table files"
    assert writer.left() == holds(store)
    assert (len(writer.left()), 0) == counted(store)
    store.close()

    writer.write(entries(rng, 500))
    writer.write(entries(rng, 100), abort=True)
    store = await recovered()
    assert 500 == seen[-1][0], "only what is new"
    assert writer.left() == holds(store)
    assert (len(writer.left()), 0) == counted(store)
    store.close()

    ahead = Store(tmp_path / settings.group / "0")
    ahead.write([(HOUSEHOLD + b"nobody", b"1")], {settings.topic(Topic.HOUSEHOLDS_CHANGELOG): 1_000_000})
    ahead.close()
    store = await recovered()
    assert whole + 500 == seen[-1][0], "a store ahead of its changelog is made anew"
    assert writer.left() == holds(store)
    store.close()
