"""The same poison on a real Kafka under a real worker, with what only a broker brings: sizes, compression, header names."""

import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from agents.settings import Settings
from agents.topics import MAX_INPUT_BYTES, create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from schemas import codec
from schemas.rejections import Rejection
from streams.identity import mask_identity_numbers
from streams.normalise import normalise
from streams.topics import Topic, partition_of
from tests.build import cadre, encode, entry, member
from tests.faults.judge import judge
from tests.faults.poison import SEED, TIMESTAMPS, Record, poison
from tests.faults.switched import Switched
from tests.faults.world import build
from tests.worker import alerts_of, read_all, workers

CODECS = (0, 1, 2, 3, 4)
"""none, gzip, snappy, lz4, zstd"""
INFLATED = 20 << 20
Letter = tuple[bytes | None, bytes | None]


def masked(data: bytes | None) -> bytes | None:
    return None if data is None else mask_identity_numbers(data)


def letters_of(records: list[Record]) -> "Counter[Letter]":
    """Return key and value of what must be found dead-lettered."""
    return Counter(
        (masked(each.key), masked(each.value)) for each in records
        if isinstance(normalise(Topic(each.topic), each.key, each.value, each.timestamp), Rejection)
    )  # fmt: skip


async def send(settings: Settings, records: list[Record], rng: random.Random) -> None:
    """Send in small batches of every compression; each household's records of one topic stay in order."""
    places: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)
    for each in records:
        name = (each.key or b"").decode("latin-1")
        places[each.topic, partition_of(name, settings.partitions)].append(each)
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for (topic, partition), some in places.items():
            batch = BatchBuilder(1 << 20, rng.choice(CODECS))
            for each in some:
                while (
                    batch.append(timestamp=each.timestamp, key=each.key, value=each.value, headers=list(each.headers)) is None
                ):
                    await (await producer.send_batch(batch, settings.topic(topic), partition=partition))
                    batch = BatchBuilder(1 << 17, rng.choice(CODECS))
            await (await producer.send_batch(batch, settings.topic(topic), partition=partition))


async def send_alone(settings: Settings, record: Record, compression: int = 0, builder: object = None) -> None:
    """Send one record as a batch of its own to the partition of its key."""
    batch = BatchBuilder(1 << 27, compression)
    if builder is not None:
        batch._builder, batch._relative_offset = builder, 1
    else:
        batch.append(timestamp=record.timestamp, key=record.key, value=record.value, headers=list(record.headers))
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        partition = partition_of((record.key or b"").decode(), settings.partitions)
        await (await producer.send_batch(batch, settings.topic(record.topic), partition=partition))


def padded(document: dict[str, object], size: int) -> bytes:
    """Return a document with spaces behind it, so that it has a size."""
    return json.dumps(document).encode().ljust(size)


@pytest.mark.timeout(180)
async def test_thousands_of_broken_records_do_not_touch_the_households_around_them(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    print(f"POISON_SEED={SEED}")
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    rng = random.Random(SEED)
    await create_topics(settings)
    world = build(3_000, SEED, Switched(signals=0.4))
    healthy = [Record(*record) for record in world.records]
    sent_late = {each for each in TIMESTAMPS if each > 1 << 40}  # the broker refuses what lies in its future
    bad = [each._replace(timestamp=1) if each.timestamp in sent_late else each for each in poison(rng, 6_000)]
    bad = [each for each in bad if each.key is not None or each.topic != "households"]  # compaction wants keys
    records = [*healthy, *bad]
    rng.shuffle(records)
    expected = letters_of(records)
    world.junk = expected
    async with workers(settings, tmp_path, 1) as running:
        await send(settings, records, rng)
        await drained(settings, 120)

        assert 0 == await running[0].stop()
        assert "lane.restarts" not in running[0].log.read_text()
    verdict = await judge(settings, world)
    found = Counter((each.key, each.value) for each in await read_all(settings, "dead-letters"))

    assert ([], [], []) == (verdict.lost, verdict.doubled, verdict.wrong)
    assert expected == found
    assert expected.total() > 4_000


async def test_a_record_as_large_as_the_broker_takes_is_moved_or_dead_lettered_whole(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """With its headers it is larger than what it came as; so is one that was small only while compressed."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(settings)
    hungry = cadre("large", {"type": "food", "adequate": False})
    thirsty = cadre("inflated", {"type": "water", "safe": False})
    limit = MAX_INPUT_BYTES - _overhead(b"H000001")
    noise = random.Random(SEED).randbytes(limit)
    large = [
        (Record("cadre-reports", b"H000001", noise), 0),
        (Record("cadre-reports", b"by-hand", padded(hungry, limit)), 0),
        (Record("cadre-reports", b"by-hand", padded(thirsty, INFLATED)), 1),
        (Record("cadre-reports", b"H000001", b" " * INFLATED), 4),
        (Record("department-feeds", b"H000001", b"[" * INFLATED), 3),
    ]
    async with workers(settings, tmp_path, 1) as running:
        with pytest.raises(MessageSizeTooLargeError):
            await send_alone(settings, Record("cadre-reports", b"H000001", noise + b"x"))
        for record, compression in large:
            await send_alone(settings, record, compression)
        await drained(settings, 60)

        assert 0 == await running[0].stop()
        assert "lane.restarts" not in running[0].log.read_text()
    letters = Counter((each.key, each.value) for each in await read_all(settings, "dead-letters"))

    assert Counter((large[at][0].key, large[at][0].value) for at in (0, 3, 4)) == letters
    rules = [{reason["rule"] for reason in alert["reasons"]} for alert in (await alerts_of(settings))["H000001"]]
    assert ["opened", "updated"] == [alert["transition"] for alert in (await alerts_of(settings))["H000001"]]
    assert {"food@1", "water@1"} == rules[-1]


def _overhead(key: bytes) -> int:
    batch = BatchBuilder(1 << 27, 0)
    batch.append(timestamp=1, key=key, value=bytes(MAX_INPUT_BYTES - 1_000))
    return int(batch.size()) - (MAX_INPUT_BYTES - 1_000)


async def test_a_household_whose_state_is_larger_than_an_input_may_be_is_stored(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(settings)
    many = entry("H000001", *(member(f"P-{at:062d}") for at in range(60_000)))
    async with workers(settings, tmp_path, 1) as running:
        await send_alone(settings, Record("households", b"H000001", encode(many)), 1)
        await drained(settings, 60)

        assert 0 == await running[0].stop()
        assert "lane.restarts" not in running[0].log.read_text()
    [stored] = await read_all(settings, "fangfan-households-changelog")
    registry = codec.decode_state(stored.value).facts.registry

    assert len(stored.value) > MAX_INPUT_BYTES
    assert registry is not None
    assert 60_000 == len(registry.members)


class _NotUtf8(str):
    """A header name that no well-behaved client can write: Kafka takes any bytes."""

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"\xff\xfe"


async def test_header_names_that_are_not_utf8_do_not_hold_up_a_household(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """In the middle of a batch, of every compression, with records before and behind it in the same fetch."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    count = 0
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for compression in CODECS:
            batch = BatchBuilder(1 << 20, compression)
            builder = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, 0, 1 << 20)
            for at in range(9):
                value = encode(cadre(f"e{count}", {"type": "food", "adequate": False}, household_id=f"H{count:06d}"))
                headers = [(_NotUtf8("x"), b"1")] if at in (4, 5) else []
                builder.append(at, None, f"H{count:06d}".encode(), value, headers)
                count += 1
            batch._builder, batch._relative_offset = builder, 9
            await (await producer.send_batch(batch, settings.topic("cadre-reports"), partition=0))
    async with workers(settings, tmp_path, 1) as running:
        await drained(settings, 60)

        assert 0 == await running[0].stop()
    alerts = await alerts_of(settings)

    assert {f"H{number:06d}": [1] for number in range(count)} == {
        household: [each["sequence"] for each in some] for household, some in alerts.items()
    }
