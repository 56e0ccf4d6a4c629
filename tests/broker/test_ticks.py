"""Time passes on a real Kafka: households that nobody reports of any more are told, whatever happens to the workers."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from tests.build import AREA as VILLAGE
from tests.build import cadre, department, encode, entry
from tests.worker import alerts_of, read_all, start_worker

HOUSEHOLDS = 40
PAID = {"type": "spending", "category": "medical", "self_paid": "6000.00", "month": "2024-05"}
SENT_MS = 1_718_000_000_000
"""10 June 2024: the alerts open then, and by the 17th somebody should have come."""
UNVERIFIED = "2024-06-18T00:00:00+08:00"
CLEARED = "2025-06-01T00:00:00+08:00"
"""The month whose window no longer has May 2024."""


def names() -> list[str]:
    return [f"H{number:06d}" for number in range(HOUSEHOLDS)]


async def send(settings: Settings) -> None:
    """Each household fell ill in May 2024, and nothing was heard of it since."""
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for name in names():
            known = entry(name, updated_at="2024-01-01T00:00:00+08:00")
            await producer.send(settings.topic("households"), encode(known), name.encode())
        await producer.flush()
        await drained(settings, 60)  # so that it is the report that opens the alert
        for name in names():
            report = department(f"m-{name}", "health", PAID, household_id=name, at="2024-06-10T09:00:00+08:00")
            await producer.send(settings.topic("department-feeds"), encode(report), name.encode(), timestamp_ms=SENT_MS)


async def until_cleared(settings: Settings, count: int, topic: str = "alerts") -> None:
    """Wait until so many households' or areas' alerts are cleared."""
    cleared: set[bytes] = set()
    consumer = AIOKafkaConsumer(
        settings.topic(topic), bootstrap_servers=settings.brokers, isolation_level="read_committed",
        auto_offset_reset="earliest",
    )  # fmt: skip
    await consumer.start()
    try:
        async with asyncio.timeout(120):
            while len(cleared) < count:
                record = await consumer.getone()
                if json.loads(record.value)["transition"] == "cleared":
                    cleared.add(record.key)
    finally:
        await consumer.stop()


async def test_time_passes_for_every_household_through_a_kill_and_a_lost_folder(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """docs/contract-time.md: one of two workers is killed while the ticks of two years run, and loses its folder."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    await create_topics(settings)
    first = await start_worker(settings, tmp_path / "first", TICKS="on")
    second = await start_worker(settings, tmp_path / "second", TICKS="on")
    try:
        await send(settings)
        await until_cleared(settings, 1)
        first.process.kill()
        await first.process.wait()
        await asyncio.to_thread(shutil.rmtree, tmp_path / "first")
        first = await start_worker(settings, tmp_path / "first", TICKS="on")
        await until_cleared(settings, HOUSEHOLDS)
        await drained(settings, 120)
    finally:
        codes = [await each.stop() for each in (first, second)]
    assert [0, 0] == codes
    check(await alerts_of(settings), await read_all(settings, "ticks"))
    check_cases(await read_all(settings, "cases"))


def check(alerts: dict[str, list[dict[str, Any]]], ticks: list[Any]) -> None:
    assert set(names()) == set(alerts)
    for name, transitions in alerts.items():
        said = [(each["sequence"], each["transition"], each["caused_by"]) for each in transitions]
        assert [(1, "opened", f"m-{name}"), (2, "cleared", f"tick:{CLEARED}")] == said
    instants: dict[bytes, set[str]] = {}
    for record in ticks:
        value = json.loads(record.value)
        if value["schema"] == "area-tick/1":  # all live in one village
            continue
        assert record.key.decode() == value["household_id"]
        of_the_month = value["at"].endswith("-01T00:00:00+08:00")
        assert of_the_month or value["at"] == UNVERIFIED, "an instant that was due, not what a clock said"
        instants.setdefault(record.key, set()).add(value["at"])
    for seen in instants.values():
        assert CLEARED in seen
        assert [UNVERIFIED, "2024-07-01T00:00:00+08:00"] == sorted(seen)[:2]


def check_cases(records: list[Any]) -> None:
    """docs/contract-cases.md §4, §5: nobody came, which is said once; and no more of it when the alert clears."""
    said: dict[bytes, list[tuple[int, str, str]]] = {}
    for record in records:
        value = json.loads(record.value)
        said.setdefault(record.key, []).append((value["sequence"], value["transition"], value["caused_by"]))

    expected = [(1, "overdue", f"tick:{UNVERIFIED}"), (2, "updated", f"tick:{CLEARED}")]
    assert {name.encode(): expected for name in names()} == said


async def test_a_village_that_is_silent_for_a_month_is_no_longer_at_risk(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """docs/contract-area-alerts.md: nobody says anything of it, and its households are on other partitions than it is."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    await create_topics(settings)
    worker = await start_worker(settings, tmp_path, TICKS="on")
    try:
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            for name in names()[:6]:
                report = cadre(f"w-{name}", {"type": "water", "safe": False}, household_id=name, at="2024-06-10T09:00:00+08:00")
                await producer.send(
                    settings.topic("cadre-reports"), encode(report), name.encode(), timestamp_ms=SENT_MS
                )  # fmt: skip
        await until_cleared(settings, 1, "area-alerts")
        await drained(settings, 120)
    finally:
        assert 0 == await worker.stop()
    said = [json.loads(record.value) for record in await read_all(settings, "area-alerts")]
    ticks = [json.loads(record.value) for record in await read_all(settings, "ticks") if len(record.key) == 9]

    assert {VILLAGE} == {each["area_code"] for each in said}
    assert ("opened", "2024-06-10") == (said[0]["transition"], said[0]["as_of"])
    assert ("cleared", "2024-07-10") == (said[-1]["transition"], said[-1]["as_of"])
    assert {(VILLAGE, "2024-07-10T00:00:00+08:00")} == {(each["area"], each["at"]) for each in ticks}


async def test_without_ticks_nothing_happens(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """Contract §1: off by default; then a household's clock moves only with its reports."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(settings)
    worker = await start_worker(settings, tmp_path)
    try:
        await send(settings)
        await drained(settings, 120)
    finally:
        assert 0 == await worker.stop()

    assert [] == await read_all(settings, "ticks")
    assert {"opened"} == {each["transition"] for some in (await alerts_of(settings)).values() for each in some}
