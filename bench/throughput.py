"""How many reports a second one worker takes in, what each costs it, and what a household's state weighs."""

import asyncio
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.settings import Settings
from agents.topics import create_topics
from bench import worker as bench_worker
from bench.load import preload
from fangfan.draining import drained
from fangfan.sent import Sent
from streams.topics import Topic

COMMITTED: Final = re.compile(r"^fangfan_commit_timestamp_seconds\{.*\} (.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Throughput:
    """One run over preloaded records. ``cpu_us`` is user and system time of the worker per report."""

    records: int
    seconds: float
    cpu_us: float
    peak_mib: float
    households: int
    state_bytes: tuple[int, int, int]

    @property
    def rate(self) -> float:
        """Committed reports a second."""
        return self.records / self.seconds


async def measure(settings: Settings, records: list[Sent], folder: Path) -> Throughput:
    """Let a worker take in the registry, which comes once; preload reports meanwhile nobody works, and time these.

    Time runs from `ready` to the last commit, by the worker's own metric. CPU time is the process's, waiting for it included.
    """
    await create_topics(settings)
    registry = [record for record in records if record.topic == Topic.HOUSEHOLDS]
    reports = [record for record in records if record.topic != Topic.HOUSEHOLDS]
    await asyncio.to_thread(preload, settings, registry)
    worker = await asyncio.to_thread(bench_worker.start, settings, folder)
    await drained(settings, 600)
    await asyncio.to_thread(worker.stop)
    await asyncio.to_thread(preload, settings, reports)
    worker = await asyncio.to_thread(bench_worker.start, settings, folder)
    began, used = time.time(), worker.cpu_seconds()
    await drained(settings, 600)
    used = worker.cpu_seconds() - used
    seconds = max(map(float, COMMITTED.findall(await asyncio.to_thread(worker.metrics)))) - began
    peak = worker.peak_mib()
    await asyncio.to_thread(worker.stop)
    weights = await _state_weights(settings)
    return Throughput(len(reports), seconds, used / len(reports) * 1e6, peak, len(weights), _percentiles(weights))


async def _state_weights(settings: Settings) -> list[int]:
    """Return the bytes of every household's last changelog entry, ascending."""
    consumer = AIOKafkaConsumer(**settings.client(), isolation_level="read_committed")
    await consumer.start()
    last: dict[bytes, int] = {}
    try:
        name = settings.topic(Topic.HOUSEHOLDS_CHANGELOG)
        tps = [TopicPartition(name, partition) for partition in range(settings.partitions)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            for found in (await consumer.getmany(timeout_ms=200)).values():
                last |= {record.key: len(record.value) for record in found}
    finally:
        await consumer.stop()
    return sorted(last.values())


def _percentiles(ascending: list[int]) -> tuple[int, int, int]:
    """Return median, 99th percentile and maximum."""
    return ascending[len(ascending) // 2], ascending[len(ascending) * 99 // 100], ascending[-1]
