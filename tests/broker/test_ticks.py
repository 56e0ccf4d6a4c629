"""Time passes on a real Kafka: households that nobody reports of any more are told, whatever happens to the workers."""

import asyncio
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from schemas import codec
from schemas.area_alerts import AreaTick
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from tests.build import AREA as VILLAGE
from tests.build import TIMESTAMP, cadre, department, encode, entry
from tests.ways import TOPIC_OF
from tests.worker import alerts_of, read_all, start_worker

HOUSEHOLDS = 40


class Record(NamedTuple):
    """What is sent to a topic, with its timestamp in milliseconds."""

    topic: str
    value: bytes | None
    key: bytes
    timestamp: int = TIMESTAMP


PAID = {"type": "spending", "category": "medical", "self_paid": "6000.00", "month": "2024-05"}
SENT_MS = 1_718_000_000_000
"""10 June 2024: the alerts open then, and by the 17th somebody should have come."""
UNVERIFIED = "2024-06-18T00:00:00+08:00"
CLEARED = "2025-06-01T00:00:00+08:00"
"""The month whose window no longer has May 2024."""


def names() -> list[str]:
    return [f"H{number:06d}" for number in range(HOUSEHOLDS)]


def sent() -> list[Record]:
    """Each household fell ill in May 2024, and nothing was heard of it since. Entries first: it is the report that opens."""
    entries = [
        Record("households", encode(entry(name, updated_at="2024-01-01T00:00:00+08:00")), name.encode()) for name in names()
    ]
    reports = [department(f"m-{name}", "health", PAID, household_id=name, at="2024-06-10T09:00:00+08:00") for name in names()]
    return entries + [Record("department-feeds", encode(each), each["household_id"].encode(), SENT_MS) for each in reports]


async def send(settings: Settings) -> None:
    """Send it all; what is read of the reports is not waited for."""
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for number, each in enumerate(sent()):
            if number == HOUSEHOLDS:  # so that it is the report that opens the alert
                await producer.flush()
                await drained(settings, 60)
            await producer.send(settings.topic(each.topic), each.value, each.key, timestamp_ms=each.timestamp)


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
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, policy: Policy
) -> None:
    """docs/contract-time.md: one of two workers is killed while the ticks of two years run, and loses its folder.

    What was said by then is what the inputs say with the ticks of the topic when they are lived again.
    """
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
    alerts, ticks, cases = await alerts_of(settings), await read_all(settings, "ticks"), await read_all(settings, "cases")
    check(alerts, ticks)
    check_cases(cases)
    replayed = replay([*sent(), *ticks], policy)
    assert without_clock([json.loads(record.value) for record in cases]) == without_clock(replayed["cases"])
    assert without_clock([each for some in alerts.values() for each in some]) == without_clock(replayed["alerts"])


def replay(records: Iterable[Any], policy: Policy) -> dict[str, list[dict[str, Any]]]:
    """Live what was sent, and the ticks that workers sent, once more as they came: nobody looks at a clock."""
    states: dict[str, HouseholdState] = {}
    said: dict[str, list[dict[str, Any]]] = {"alerts": [], "cases": []}
    for record in records:
        name, topic = record.key.decode(), TOPIC_OF[json.loads(record.value)["schema"]]
        message = normalise(topic, record.key, record.value, record.timestamp)
        if isinstance(message, AreaTick):
            continue
        assert isinstance(message, Report | RegistryChange | Tick)
        step = advance(name, states.get(name, EMPTY), message, record.timestamp * 1_000_000, policy)
        states[name] = step.state
        said["alerts"] += [json.loads(codec.encode_alert(step.alert, ""))] if step.alert is not None else []
        said["cases"] += [json.loads(codec.encode_case(step.case, ""))] if step.case is not None else []
    return said


def without_clock(said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was said, by household; when it left is the only thing that a worker reads off a clock (contract §5)."""
    return sorted((each | {"emitted_at": ""} for each in said), key=lambda each: (each["household_id"], each["sequence"]))


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
