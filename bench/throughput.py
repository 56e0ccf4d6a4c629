"""How many reports a second one worker takes in, what each costs it, and what a household's state weighs."""

import asyncio
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from agents.settings import Settings
from agents.topics import create_topics
from bench import worker as bench_worker
from bench.load import preload
from fangfan.draining import drained
from fangfan.sent import Sent
from streams.topics import Topic

POLL_SECONDS: Final = 0.05
"""How exactly the end is known where the worker's own metric does not tell it."""
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


async def measure(
    settings: Settings,
    records: list[Sent],
    folder: Path,
    given: Mapping[str, str] | None = None,
    *,
    reports_alone: bool = False,
) -> Throughput:
    """Let a worker take in the registry, which comes once; preload reports meanwhile nobody works, and time these.

    Time runs from `ready` to the last commit, by the worker's own metric; ``reports_alone``: to that of the reports themselves,
    since ticks follow them and are committed on and on. CPU time is the process's, waiting for it included. ``given`` are more
    of the worker's settings.
    """
    await create_topics(settings)
    registry = [record for record in records if record.topic == Topic.HOUSEHOLDS]
    reports = [record for record in records if record.topic != Topic.HOUSEHOLDS]
    await asyncio.to_thread(preload, settings, registry)
    worker = await asyncio.to_thread(bench_worker.start, settings, folder, given=given)
    await drained(settings, 600)
    await asyncio.to_thread(worker.stop)
    await asyncio.to_thread(preload, settings, reports)
    worker = await asyncio.to_thread(bench_worker.start, settings, folder, given=given)
    began, used = time.time(), worker.cpu_seconds()
    alone = {settings.topic(record.topic) for record in reports} if reports_alone else set()
    ended, used_then = await _end(settings, worker, alone)
    peak = worker.peak_mib()
    await asyncio.to_thread(worker.stop)
    weights = await _state_weights(settings)
    return Throughput(
        len(reports), ended - began, (used_then - used) / len(reports) * 1e6, peak, len(weights), _percentiles(weights)
    )


async def _end(settings: Settings, worker: bench_worker.BenchWorker, alone: set[str]) -> tuple[float, float]:
    """Wait until all is taken in, or what lies on some topics; return when that was (epoch), and the worker's CPU time then."""
    if alone:
        await _committed(settings, alone)
        return time.time(), worker.cpu_seconds()
    await drained(settings, 600)
    used = worker.cpu_seconds()
    return max(map(float, COMMITTED.findall(await asyncio.to_thread(worker.metrics)))), used


async def _committed(settings: Settings, topics: set[str]) -> None:
    """Wait until all of some topics is committed; nobody writes to them any more, and nobody did in transactions."""
    tps = [TopicPartition(topic, partition) for topic in topics for partition in range(settings.partitions)]
    admin, consumer = AIOKafkaAdminClient(**settings.client()), AIOKafkaConsumer(**settings.client())
    await admin.start()
    await consumer.start()
    try:
        ends = {tp: end for tp, end in (await consumer.end_offsets(tps)).items() if end}
        async with asyncio.timeout(600):
            while True:
                committed = await admin.list_consumer_group_offsets(settings.group, partitions=list(ends))
                if all(tp in committed and committed[tp].offset >= end for tp, end in ends.items()):
                    return
                await asyncio.sleep(POLL_SECONDS)
    finally:
        await consumer.stop()
        await admin.close()


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
