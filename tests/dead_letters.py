"""Dead letters in tests: `fangfan dlq` as a person types it, and how refused records come to lie on a broker."""

import asyncio
import json
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from agents.settings import Settings
from fangfan.draining import drained
from tests.build import department, encode
from tests.doors import fangfan
from tests.worker import read_all, workers

WATER = {"type": "water", "safe": False}
BAD = department("w1", "water", {"type": "water", "safe": "no"})


def given(settings: Settings) -> dict[str, str]:
    return {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}


def dlq(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return fangfan("dlq", *arguments, **given(settings))


def letters(settings: Settings, *arguments: str) -> list[dict[str, Any]]:
    done = dlq(settings, "list", "--json", *arguments)
    assert 0 == done.returncode, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def of_code(settings: Settings, code: str) -> dict[str, Any]:
    [only] = letters(settings, "--values", "--code", code, "--open")
    return only


def repairs(folder: Path, *lines: "dict[str, Any] | str") -> str:
    file = folder / "repaired.jsonl"
    file.write_text("".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines), "utf-8")
    return str(file)


Record = tuple[str, bytes | None, bytes | None]


async def send(settings: Settings, *records: Record, headers: list[tuple[str, bytes]] | None = None) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for topic, key, value in records:
            await producer.send_and_wait(settings.topic(topic), value, key, headers=headers)


async def until_refused(settings: Settings, folder: Path, *records: Record) -> None:
    """Have a worker refuse some records, and end it."""
    async with workers(settings, folder, 1) as running:
        await send(settings, *records)
        await drained(settings, 60)
        assert 0 == await running[0].stop()


async def refused(settings: Settings, count: int) -> None:
    """Write dead letters as a worker does: reports that arrived a day too early and may go now."""
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers, max_batch_size=1 << 20) as producer:
        for at in range(0, count, 1_000):
            batches = {partition: producer.create_batch() for partition in range(settings.partitions)}
            for number in range(at, min(at + 1_000, count)):
                value = encode(department(f"e{number}", "water", WATER, household_id=f"H{number:06d}"))
                headers = [
                    ("error.code", b"future-event"), ("error.field", b"$.occurred_at"), ("error.message", b"too early"),
                    ("source.topic", settings.topic("department-feeds").encode()), ("source.partition", b"0"),
                    ("source.offset", b"%d" % number), ("failed.at", b"2026-06-10T09:00:00+08:00"),
                ]  # fmt: skip
                batch = batches[number % settings.partitions]
                assert batch.append(key=f"H{number:06d}".encode(), value=value, timestamp=None, headers=headers)
            for partition, batch in batches.items():
                if batch.record_count():
                    await (await producer.send_batch(batch, settings.topic("dead-letters"), partition=partition))


async def when_some_are_sent(settings: Settings, then: Callable[[], None]) -> None:
    """Do something as soon as the first record that was sent back is committed."""
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.brokers, isolation_level="read_committed")
    await consumer.start()
    try:
        tps = [TopicPartition(settings.topic("department-feeds"), partition) for partition in range(settings.partitions)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        async with asyncio.timeout(60):
            while not await consumer.getmany(timeout_ms=1_000):
                pass
        then()
    finally:
        await consumer.stop()


async def sent_back(settings: Settings) -> Counter[str]:
    """Return which dead letters lie, committed, on the topic they came from, and how often."""
    records = await read_all(settings, "department-feeds")
    return Counter(dict(record.headers)["redriven.from"].decode() for record in records)
