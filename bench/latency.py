"""How soon an alert can be read: from the produce call to a read-committed consumer, at a steady rate."""

import asyncio
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from bench import worker as bench_worker
from bench.load import preload
from fangfan.draining import drained
from fangfan.sent import Sent
from streams.topics import Topic

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


class Paced(NamedTuple):
    """A report that is to be sent in its turn, when it occurs; ``says`` whether an alert must come of it."""

    sent: Sent
    says: bool


async def measure(
    settings: Settings, rate: int, seconds: int, folder: Path, load: Iterable[Paced] | None = None,
    registry: Sequence[Sent] = (), given: Mapping[str, str] | None = None,
) -> Latency:  # fmt: skip
    """Send at a steady rate and time each alert by the report that caused it; the first seconds do not count.

    ``load`` is what is sent, by default households whose water turns good and bad; ``registry`` is taken in before. ``given``
    are more of the worker's settings.
    """
    await create_topics(settings)
    await asyncio.to_thread(preload, settings, list(registry))
    worker = await asyncio.to_thread(bench_worker.start, settings, folder, given=given)
    if registry:
        await drained(settings, 600)
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
        expected = await _send(settings, rate, flips(rate * seconds) if load is None else load, sent)
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
        if name not in sent:  # what is reported beside may say something too
            continue
        if name not in seen and sent[name] - began > WARM_SECONDS:
            taken.append(now - sent[name])
        seen.add(name)
        arrived.set()


async def _send(settings: Settings, rate: int, load: Iterable[Paced], sent: dict[str, float]) -> int:
    """Send so many a second, in ticks of 5 ms; returns how many alerts must come."""
    producer = AIOKafkaProducer(**settings.client(), linger_ms=0)
    await producer.start()
    began, failed = time.monotonic(), []
    try:
        for number, (each, says) in enumerate(load):
            ahead = number / rate - (time.monotonic() - began)
            if ahead > 0.005:
                await asyncio.sleep(ahead)
            now = datetime.now(UTC).isoformat()
            value = orjson.dumps(each.value | {"occurred_at": now, "reported_at": now})
            if says:
                sent[each.value["event_id"]] = time.monotonic()
            failed.append(await producer.send(settings.topic(each.topic), value, each.key.encode()))
            if len(failed) > 5_000:
                await asyncio.gather(*failed)
                failed.clear()
        await asyncio.gather(*failed)
    finally:
        await producer.stop()
    return len(sent)


def flips(count: int) -> Iterator[Paced]:
    """Yield reports in turn about all households, of which some turn the water good or bad."""
    for number in range(count):
        says = number % FLIPS == 0
        safe = (number // HOUSEHOLDS) % 2 == 1
        fact = {"type": "water", "safe": safe} if says else SPENDING
        yield Paced(report(number, "cadre" if says else "department", fact), says)


SPENDING: Final[dict[str, Any]] = {"type": "spending", "category": "medical", "self_paid": "12.50", "month": "2026-05"}


def area_of(household: int) -> str:
    """Return the village of a household, by its number."""
    return f"140123100{200 + household // VILLAGE}"


def report(number: int, channel: str, fact: dict[str, Any]) -> Sent:
    """Return the report of a turn but for when it occurs."""
    household, cadre = number % HOUSEHOLDS, channel == "cadre"
    schema, source = ("cadre-report/1", "cadre-17") if cadre else ("department-record/1", "medical-insurance")
    return Sent(Topic.CADRE_REPORTS if cadre else Topic.DEPARTMENT_FEEDS, f"H{household:07d}", {
        "event_id": f"e{number:09d}", "schema": schema, "household_id": f"H{household:07d}", "person_id": None,
        "area_code": area_of(household), "source": source, "voids": None, "facts": [fact],
    })  # fmt: skip
