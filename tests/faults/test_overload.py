"""More comes in than a worker takes: memory stays flat, the group keeps its member, everything is taken in and right."""

import random
import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.record.default_records import DefaultRecord
from confluent_kafka import Producer
from faust.types.tuples import TP

from agents.batch import Batch
from agents.portions import Portion
from agents.reading import Record
from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from schemas import codec
from schemas.household import EMPTY
from schemas.rejections import Rejection
from streams.household import merge
from streams.normalise import normalise
from streams.topics import Topic, partition_of
from tests.build import TIMESTAMP, cadre, encode
from tests.worker import alerts_of, read_all, workers

BURST, WARM_UP, HOUSEHOLDS = 110_000, 4_000, 3_000
HOT = "H000001"
"""Sends so much that its reports cost milliseconds: what waits behind them comes in faster than it is worked off."""
PADDING = "x" * 1_500
"""What source systems add and nobody reads: little while it travels compressed, 200 MiB of values when all of it waits."""
GROWTH_MIB = 170
"""How much more memory than after warming up a worker may ever need: about 110 is usual, 240 when all that waits is held."""


def report(number: int, household: str, *, good: bool) -> dict[str, Any]:
    at = f"2026-06-{1 + number // 86_400:02d}T{number // 3_600 % 24:02d}:{number // 60 % 60:02d}:{number % 60:02d}+08:00"
    return cadre(f"e{number}", {"type": "food", "adequate": good}, household_id=household, at=at)


def publish(settings: Settings, records: list[tuple[str, bytes]]) -> None:
    producer = Producer({
        "bootstrap.servers": settings.brokers, "partitioner": "murmur2", "compression.type": "zstd", "linger.ms": 50,
        "queue.buffering.max.messages": 1_000_000,
    })  # fmt: skip
    for household, value in records:
        producer.produce(settings.topic("cadre-reports"), value, household.encode(), timestamp=TIMESTAMP)
        producer.poll(0)
    assert 0 == producer.flush(60)


def memory(pid: int, line: str) -> int:
    """Return VmRSS (now) or VmHWM (the most ever) of a process in MiB."""
    found = re.search(rf"^{line}:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) >> 10


async def members(settings: Settings) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.brokers)
    await admin.start()
    try:
        [response] = await admin.describe_consumer_groups([settings.group])
        return [str(member[0]) for member in response.groups[0][5]]
    finally:
        await admin.close()


def expected_states(records: list[tuple[str, bytes]]) -> dict[str, bytes]:
    """Return each household's facts, encoded, by the pure path."""
    facts: defaultdict[str, Any] = defaultdict(lambda: EMPTY.facts)
    for household, value in records:
        message = normalise(Topic.CADRE_REPORTS, household.encode(), value, TIMESTAMP)
        assert not isinstance(message, Rejection)
        facts[household] = merge(facts[household], message)  # type: ignore[arg-type] # only reports were sent
    return {household: msgspec.msgpack.encode(each) for household, each in facts.items()}


async def stored_states(settings: Settings) -> dict[str, bytes]:
    newest = {each.key.decode(): each.value for each in await read_all(settings, "fangfan-households-changelog")}
    return {key: msgspec.msgpack.encode(codec.decode_state(value).facts) for key, value in newest.items()}


@pytest.mark.timeout(300)  # patience for slow machines, no bound on anything
async def test_a_burst_far_above_capacity_leaves_memory_flat_and_evicts_nobody(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    rng = random.Random(20261124)
    records = []
    for number in range(WARM_UP + BURST):
        name = HOT if number % 20 == 0 else f"H{rng.randrange(HOUSEHOLDS):06d}"
        value = encode(report(number, name, good=rng.random() < 0.5) | {"extra": PADDING})
        assert value is not None
        records.append((name, value))
    async with workers(settings, tmp_path, 1) as [worker]:
        publish(settings, records[:WARM_UP])
        await drained(settings, 60)
        warm = memory(worker.process.pid, "VmRSS")
        assert 0 == await worker.stop()
    publish(settings, records[WARM_UP:])
    async with workers(settings, tmp_path, 1) as [worker]:
        before = await members(settings)
        await drained(settings, 240)
        peak, after = memory(worker.process.pid, "VmHWM"), await members(settings)

        assert before == after
        assert 0 == await worker.stop()
        assert 2 == worker.log.read_text().count("partitions.assigned")  # one by each worker
        assert "lane.restarts" not in worker.log.read_text()
    print(f"memory: {warm} MiB warm, {peak} MiB at most")

    assert peak - warm < GROWTH_MIB
    assert expected_states(records) == await stored_states(settings)


@pytest.mark.timeout(300)  # patience for slow machines, no bound on anything
async def test_one_hot_household_does_not_hold_up_the_other_partitions(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """A fifth of the traffic is one household's, whose every report costs more than the one before: it has more to look at."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    await create_topics(settings)
    hot, count = "H000001", 40_000
    names = [name for name in (f"H{at:06d}" for at in range(2_000)) if partition_of(name, 4) != partition_of(hot, 4)]
    records = []
    for number in range(count):
        name = hot if number % 5 == 0 else names[number % len(names)]
        value = encode(report(number, name, good=number // 5 % 2 == 0 if name == hot else number // len(names) % 2 == 0))
        assert value is not None
        records.append((name, value))
    publish(settings, records)
    async with workers(settings, tmp_path, 1) as [worker]:
        await drained(settings, 240)

        assert 0 == await worker.stop()
        assert 1 == worker.log.read_text().count("partitions.assigned")
    published = await read_all(settings, "alerts")
    others_end = max(each.timestamp for each in published if each.key.decode() != hot)
    of_hot = [each.timestamp for each in published if each.key.decode() == hot]
    print(f"hot: {sum(at <= others_end for at in of_hot)} of {len(of_hot)} when the others were done")

    assert count // 5 - 1 == len(of_hot)
    assert sum(at <= others_end for at in of_hot) < len(of_hot) // 2
    for alerts in (await alerts_of(settings)).values():
        assert list(range(1, len(alerts) + 1)) == [alert["sequence"] for alert in alerts]
    assert expected_states(records) == await stored_states(settings)


def batch(topic: str, start: int, count: int) -> Batch:
    """Return a batch whose offsets have gaps, as transaction markers leave them."""
    records: list[Record] = [DefaultRecord(start + 2 * at, 0, 0, b"k", b"vv", []) for at in range(count)]
    return Batch(TP(topic, 0), start, start + 2 * count + 1, records)


def test_what_a_turn_has_no_time_for_waits_in_its_order() -> None:
    taken = [batch("a", 0, 2), batch("b", 10, 1), batch("a", 5, 1)]
    rounds = []
    while taken:
        portion = Portion(taken, 0)
        rounds.append(([(topic, each.offset) for topic, each in portion], portion.offsets))
        taken = portion.left

    assert [
        ([("a", 0)], {TopicPartition("a", 0): 1}),
        ([("a", 2)], {TopicPartition("a", 0): 5}),
        ([("b", 10)], {TopicPartition("b", 0): 13}),
        ([("a", 5)], {TopicPartition("a", 0): 8}),
    ] == rounds


def test_with_time_enough_a_turn_takes_everything() -> None:
    portion = Portion([batch("a", 0, 2), batch("b", 10, 1), batch("a", 5, 1)], 60)

    assert 4 == len(list(portion))
    assert ({TopicPartition("a", 0): 8, TopicPartition("b", 0): 13}, []) == (portion.offsets, portion.left)
