"""How soon an alert can be read: from the produce call to a read-committed consumer, at a steady rate."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from bench import worker as bench_worker

HOUSEHOLDS = 6_000
VILLAGE = 300
"""So many of them live in one village: an area's alert is told again for a tenth of its households."""
FLIPS = 5
"""Every fifth report turns a household's water good or bad, so that it says something new; the rest change no alert."""
WARM_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds from produce call to the alert in a consumer's hands; ``cores`` is the worker's CPU use."""

    rate: int
    alerts: int
    p50: float
    p99: float
    cores: float


async def measure(settings: Settings, rate: int, seconds: int, folder: Path) -> Latency:
    """Send at a steady rate and time each alert by the report that caused it; the first seconds do not count."""
    await create_topics(settings)
    worker = await asyncio.to_thread(bench_worker.start, settings, folder)
    sent: dict[str, float] = {}
    seen: set[str] = set()
    taken: list[float] = []
    arrived = asyncio.Event()
    consumer = AIOKafkaConsumer(
        settings.topic("alerts"), **settings.client(), isolation_level="read_committed", auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
    )  # fmt: skip
    await consumer.start()
    reader = asyncio.create_task(_read(consumer, sent, seen, taken, arrived))
    began, used = time.monotonic(), worker.cpu_seconds()
    try:
        expected = await _send(settings, rate, seconds, sent)
        async with asyncio.timeout(60):
            while len(seen) < expected:
                arrived.clear()
                await arrived.wait()
        cores = (worker.cpu_seconds() - used) / (time.monotonic() - began)
    finally:
        reader.cancel()
        await consumer.stop()
        await asyncio.to_thread(worker.stop)
    taken.sort()
    return Latency(rate, len(taken), taken[len(taken) // 2] * 1e3, taken[len(taken) * 99 // 100] * 1e3, cores)


async def _read(
    consumer: AIOKafkaConsumer, sent: dict[str, float], seen: set[str], taken: list[float], arrived: asyncio.Event
) -> None:
    began = time.monotonic()
    async for record in consumer:
        now = time.monotonic()
        name = orjson.loads(record.value)["caused_by"]
        if name not in seen and sent[name] - began > WARM_SECONDS:
            taken.append(now - sent[name])
        seen.add(name)
        arrived.set()


async def _send(settings: Settings, rate: int, seconds: int, sent: dict[str, float]) -> int:
    """Send for some seconds, in ticks of 5 ms; returns how many alerts must come."""
    producer = AIOKafkaProducer(**settings.client(), linger_ms=0)
    await producer.start()
    began, flips, failed = time.monotonic(), 0, []
    try:
        for number in range(rate * seconds):
            ahead = number / rate - (time.monotonic() - began)
            if ahead > 0.005:
                await asyncio.sleep(ahead)
            household = f"H{number % HOUSEHOLDS:07d}"
            event = f"e{number:09d}"
            if number % FLIPS == 0:
                flips += 1
                bad = (number // HOUSEHOLDS) % 2 == 0
                fact: dict[str, object] = {"type": "water", "safe": not bad}
                topic, value = "cadre-reports", _report(event, number % HOUSEHOLDS, "cadre", fact)
                sent[event] = time.monotonic()
            else:
                fact = {"type": "spending", "category": "medical", "self_paid": "12.50", "month": "2026-05"}
                topic, value = "department-feeds", _report(event, number % HOUSEHOLDS, "department", fact)
            failed.append(await producer.send(settings.topic(topic), value, household.encode()))
            if len(failed) > 5_000:
                await asyncio.gather(*failed)
                failed.clear()
        await asyncio.gather(*failed)
    finally:
        await producer.stop()
    return flips


def _report(event: str, household: int, channel: str, fact: Mapping[str, object]) -> bytes:
    schema, source = ("cadre-report/1", "cadre-17") if channel == "cadre" else ("department-record/1", "medical-insurance")
    now = datetime.now(UTC).isoformat()
    return orjson.dumps({
        "event_id": event, "schema": schema, "household_id": f"H{household:07d}", "person_id": None,
        "area_code": f"140123100{200 + household // VILLAGE}",
        "occurred_at": now, "reported_at": now, "source": source, "voids": None, "facts": [fact],
    })  # fmt: skip
