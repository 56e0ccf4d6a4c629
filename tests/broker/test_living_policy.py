"""A version is published while workers run: who judges by it, what is refused, and that nothing is lost, doubled or starved."""

import asyncio
import json
import signal
import urllib.request
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from schemas.codec import decode_state
from streams.policies import Version
from streams.policy_documents import record_of
from streams.topics import partition_of
from tests.build import cadre, encode, entry, member, statement
from tests.conftest import ROOT
from tests.doors import fangfan
from tests.streams.test_policies import STAMP, document, published
from tests.worker import WorkerProcess, alerts_of, read_all, start_worker, workers

PARTITIONS = 4
ACTIVE_MS = 10_000
"""The promise of §3, here from the version's record to the last household's alert, by the timestamps of their records."""
Alerts = dict[str, list[dict[str, Any]]]


def income(name: str, number: int, wage: str = "13000") -> dict[str, Any]:
    """13,000 yuan for two: above the line of the file, below one of 7,000."""
    at = f"2026-06-{10 + number // 1440:02d}T{number // 60 % 24:02d}:{number % 60:02d}:00+08:00"
    return cadre(f"c{number}-{name}", statement("2025-06", "2026-05", wage), household_id=name, at=at)


async def send(producer: AIOKafkaProducer, settings: Settings, *records: dict[str, Any]) -> None:
    pending = []
    for record in records:
        topic = "households" if record["schema"] == "household/1" else "cadre-reports"
        pending.append(await producer.send(settings.topic(topic), encode(record), record["household_id"].encode()))
    await asyncio.gather(*pending)


async def publish(producer: AIOKafkaProducer, settings: Settings, version: Version) -> int:
    """Put a version on the topic; returns its record's timestamp in milliseconds."""
    key, value = record_of(version, STAMP)
    return int((await producer.send_and_wait(settings.topic("policy"), value, key)).timestamp)


def metrics_of(worker: WorkerProcess) -> str:
    return str(urllib.request.urlopen(f"{worker.web}/metrics").read().decode())


def registered(name: str) -> dict[str, Any]:
    """A household of two: persons of its own, because a person of thousands of households is slow to place."""
    return entry(name, member(f"P-{name}"), member(f"Q-{name}", birth_year=2014))


def named(count: int) -> list[str]:
    return [f"H{number:06d}" for number in range(count)]


async def people(producer: AIOKafkaProducer, settings: Settings, names: list[str]) -> None:
    await send(producer, settings, *(registered(name) for name in names), *(income(name, 0) for name in names))
    await drained(settings, 120)


async def until(settings: Settings, wanted: int, cause: str) -> Alerts:
    """Wait until so many households have a transition with a cause."""
    async with asyncio.timeout(90):
        while True:
            found = await alerts_of(settings)
            if sum(any(each["caused_by"] == cause for each in some) for some in found.values()) >= wanted:
                return found


def caused(found: Alerts) -> dict[str, list[tuple[int, str, str]]]:
    return {name: [(each["sequence"], each["transition"], each["caused_by"]) for each in some] for name, some in found.items()}


async def test_a_version_judges_on_all_partitions_of_all_workers_in_time_and_stays(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """§3, while reports flow; what is no version changes nothing; a worker that is started later judges alike."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=PARTITIONS)
    await create_topics(settings)
    one_each = {partition_of(name, PARTITIONS): name for name in named(60)}
    assert set(range(PARTITIONS)) == set(one_each)
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        async with workers(settings, tmp_path, 2) as running:
            await people(producer, settings, named(60))
            assert {} == await alerts_of(settings)

            bad = document("2", 7000)
            spoiled = json.loads(record_of(published(bad), STAMP)[1])
            spoiled["document"]["rules"]["food"]["severity"] = "purple"
            await producer.send_and_wait(settings.topic("policy"), json.dumps(spoiled).encode(), b"shanxi@2")
            for worker in running:
                await worker.until_logged("policy.refused")
                assert '"key":"rules.food.severity","reason":"must be one of' in worker.log.read_text()
                metrics = await asyncio.to_thread(metrics_of, worker)
                assert 'fangfan_policy_refused_total{reason="invalid"} 1.0' in metrics
            assert {} == await alerts_of(settings)

            began = await publish(producer, settings, published(document("3", 7000)))
            found = await until(settings, 60, "policy:shanxi@3")
            assert max(record.timestamp for record in await read_all(settings, "alerts")) - began < ACTIVE_MS
            assert {name: [(1, "opened", "policy:shanxi@3")] for name in named(60)} == caused(found)

            await send(producer, settings, *(income(name, 1, "1000") for name in one_each.values()))
            await drained(settings, 60)
            found = await alerts_of(settings)
            assert {"shanxi@3"} == {found[name][-1]["policy"] for name in one_each.values()}
            assert ["7000.00"] * PARTITIONS == [found[name][-1]["reasons"][0]["threshold"] for name in one_each.values()]
            for worker in running:
                assert 0 == await worker.stop()
        again = await start_worker(settings, tmp_path / "another-folder")
        try:
            await again.until_logged("reassessment.done")
            await send(producer, settings, *(income(name, 2) for name in one_each.values()))
            await drained(settings, 60)
        finally:
            await again.stop()
    found = await alerts_of(settings)

    assert {"shanxi@3"} == {each["policy"] for some in found.values() for each in some}
    assert [3] * PARTITIONS == [len(found[name]) for name in one_each.values()]
    assert ["yellow"] * PARTITIONS == [found[name][-1]["severity"] for name in one_each.values()]


async def test_a_worker_killed_in_the_middle_of_a_reassessment_loses_and_doubles_nothing(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=PARTITIONS)
    await create_topics(settings)
    names = named(6_000)
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer, workers(settings, tmp_path, 2) as running:
        await people(producer, settings, names)
        await publish(producer, settings, published(document("2", 7000)))
        await running[0].until_logged("reassessment.started")
        running[0].process.send_signal(signal.SIGKILL)
        assert "reassessment.done" not in running[0].log.read_text()
        found = await until(settings, len(names), "policy:shanxi@2")
    mark = published(document("2", 7000)).policy.mark
    states = [
        (each.key.decode(), decode_state(each.value)) for each in await read_all(settings, "fangfan-households-changelog")
    ]

    assert {name: [(1, "opened", "policy:shanxi@2")] for name in names} == caused(found)
    assert names == sorted(name for name, state in states if state.thread.judged_by == mark)


async def test_reports_are_not_starved_by_a_reassessment(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """§4, by count: on the partition's alerts, what reports say stands between what the walk says, all along it."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    names, own = named(6_000), [f"N{number:06d}" for number in range(200)]
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer, workers(settings, tmp_path, 1) as running:
        await people(producer, settings, names)
        await publish(producer, settings, published(document("2", 7000)))
        await running[0].until_logged("reassessment.started")
        for number, name in enumerate(own):
            await send(producer, settings, registered(name), income(name, number))
        await until(settings, len(names), "policy:shanxi@2")
        await drained(settings, 60)
    order = [json.loads(record.value)["caused_by"].startswith("policy:") for record in await read_all(settings, "alerts")]
    walked = [at for at, is_walk in enumerate(order) if is_walk]
    among = [at for at, is_walk in enumerate(order) if not is_walk and walked[0] < at < walked[-1]]
    longest = max(map(len, "".join("w" if is_walk else " " for is_walk in order[: among[-1]]).split()))

    assert (len(names), len(own)) == (len(walked), len(order) - len(walked))
    assert len(among) > 20
    assert longest <= 2_000


async def test_a_shadow_says_elsewhere_what_it_would_say(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """§5: on a worker that runs with it, households that sent nothing since are judged too, and nothing real differs."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(settings)
    shadow = tmp_path / "shadow.toml"
    text = (ROOT / "policy" / "shanxi.toml").read_text("utf-8").replace('version = "1"', 'version = "draft"')
    shadow.write_text(text.replace("amount = 6000,", "amount = 7000,"), "utf-8")
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        async with workers(settings, tmp_path, 1):
            await people(producer, settings, named(20))
        worker = await start_worker(settings, tmp_path / "beside", SHADOW_POLICY=str(shadow))
        try:
            await worker.until_logged("reassessment.done")
            await send(producer, settings, registered("H000099"), income("H000099", 0), income("H000000", 1, "30000"))
            await drained(settings, 60)
            metrics = await asyncio.to_thread(metrics_of, worker)
            shown = await asyncio.to_thread(fangfan, "alerts", "--shadow", "--json", **given)
        finally:
            await worker.stop()
    said: Alerts = {}
    for alert in map(json.loads, shown.stdout.splitlines()):
        said.setdefault(alert["household_id"], []).append(alert)
    found = caused(said)

    assert {} == await alerts_of(settings)
    assert [] == await read_all(settings, "alerts-current")
    assert {"shanxi@draft"} == {each["policy"] for some in said.values() for each in some}
    assert [(1, "opened", "policy:shanxi@draft"), (2, "cleared", "c1-H000000")] == found.pop("H000000")
    assert [(1, "opened")] == [each[:2] for each in found.pop("H000099")]  # by its report or its entry, whichever came last
    assert {name: [(1, "opened", "policy:shanxi@draft")] for name in named(20)[1:]} == found
    assert 'fangfan_shadow_alerts_total{severity="none",tier="key",transition="cleared"} 1.0' in metrics
    assert "fangfan_alerts_total{" not in metrics
