"""A worker comes and another is killed: what stays is left alone, and a standby needs only what it has not read yet."""

import asyncio
import itertools
import json
import random
import re
import urllib.request
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer, TopicPartition

from agents.offsets import committed
from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from streams.policy import Policy
from tests.broker.test_join import TOPIC_OF, expected_end, life
from tests.build import encode
from tests.worker import WorkerProcess, alerts_of, start_worker

HOUSEHOLDS = 80


def said(worker: WorkerProcess, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]


def standby(worker: WorkerProcess) -> tuple[float, float]:
    """Return how many partitions it follows and how far it is behind."""
    metrics = urllib.request.urlopen(f"{worker.web}/metrics").read().decode()
    found = dict(re.findall(r"^(fangfan_standby_\w+) (\S+)$", metrics, re.MULTILINE))
    return float(found["fangfan_standby_partitions"]), float(found["fangfan_standby_lag_records"])


async def until_followed(worker: WorkerProcess, partitions: int) -> None:
    """Wait until it has read all there is: for longer than it takes to hear of something new."""
    async with asyncio.timeout(60):
        quiet = 0
        while quiet < 20:
            quiet = quiet + 1 if (partitions, 0.0) == await asyncio.to_thread(standby, worker) else 0
            await asyncio.sleep(0.1)


async def send(settings: Settings, lives: list[list[dict[str, Any]]]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for record in [record for life_ in lives for record in life_]:
            key = (record["household_id"] or record["person_id"]).encode()
            await producer.send(settings.topic(TOPIC_OF[record["schema"]]), encode(record), key)
    await drained(settings, 120)


async def test_a_takeover_reads_only_the_rest_and_what_stays_is_left_alone(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, policy: Policy
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    rng = random.Random(20261125)
    lives = {f"H{number:06d}": life(number, rng) for number in range(HOUSEHOLDS)}
    parts = [[life_[at::3] for life_ in lives.values()] for at in range(3)]
    await create_topics(settings)
    first = await start_worker(settings, tmp_path / "first", STANDBY="1")
    running = [first]
    try:
        await send(settings, parts[0])
        second = await start_worker(settings, tmp_path / "second", STANDBY="1")
        running.append(second)
        kept, given = (said(worker, "partitions.assigned")[-1]["partitions"] for worker in running)
        await until_followed(first, len(given))
        await until_followed(second, len(kept))
        await send(settings, parts[1])
        await until_followed(second, len(kept))
        first.process.kill()
        await first.process.wait()
        await send(settings, parts[2])
        assert 0 == await second.stop()
    finally:
        for worker in running:
            if worker.process.returncode is None:
                worker.process.kill()
    opened = [line["partition"] for line in said(first, "recovery.done")]
    taken = [(line["partition"], line["read"]) for line in said(second, "recovery.done")]
    found = await alerts_of(settings)

    assert [0, 1, 2, 3] == sorted(kept + given)
    assert [0, 1, 2, 3] == sorted(opened), "a lane whose partition stays is not opened again"
    assert [] == said(first, "lane.fenced") + said(first, "lane.restarts")
    assert sorted((partition, 0) for partition in kept) == sorted(each for each in taken if each[0] in kept)
    for household, records in lives.items():
        alerts = found.get(household, [])
        end = expected_end(records, household, policy)
        last = alerts[-1] if alerts else None
        assert list(range(1, len(alerts) + 1)) == [alert["sequence"] for alert in alerts]
        assert (end is None) == (last is None or last["transition"] == "cleared")
        if end is not None and last is not None:
            keys = {(r["rule"], r["subject"] or "", r["severity"], tuple(r["channels"])) for r in last["reasons"]}
            assert {(r.rule, r.subject, r.severity, r.channels) for r in end.reasons} == keys


async def test_workers_that_start_together_settle(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """Each joins once for each round of the group; one that joined twice, saying two things, began a round without end."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=6)
    await create_topics(settings)
    starting = [start_worker(settings, tmp_path / str(number)) for number in range(4)]
    running = [each for each in await asyncio.gather(*starting, return_exceptions=True) if not isinstance(each, BaseException)]
    codes = [await worker.stop() for worker in running]

    assert [0, 0, 0, 0] == codes, "every one of them was ready"
    assert max(len(said(worker, "partitions.assigned")) for worker in running) <= 8


async def test_a_lane_that_rested_while_somebody_else_went_on_starts_over(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Its store may lack what the other did: it fences, recovers and reads from what is committed now."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    rng = random.Random(20261125)
    await create_topics(settings)
    first = await start_worker(settings, tmp_path / "first")
    running = [first]
    try:
        await send(settings, [life(number, rng) for number in range(20)])
        tps = [TopicPartition(settings.topic("cadre-reports"), partition) for partition in range(2)]
        where = await committed(settings, tps)
        other = AIOKafkaProducer(bootstrap_servers=settings.brokers, transactional_id=f"{topic_prefix}other")
        async with other, other.transaction():
            await other.send_offsets_to_transaction({tp: offset - 1 for tp, offset in where.items()}, settings.group)
        running.append(await start_worker(settings, tmp_path / "second"))
        await drained(settings, 60)
        kept = said(first, "partitions.assigned")[-1]["partitions"]
        assert [0, 0] == [await worker.stop() for worker in running]
    finally:
        for worker in running:
            if worker.process.returncode is None:
                worker.process.kill()
    fenced = {line["partition"]: line["reason"] for line in said(first, "lane.fenced")}

    assert 1 == len(kept)
    assert {"Overtaken"} == set(fenced.values())
    assert kept[0] in fenced
    assert where == await committed(settings, tps), "what was read again is committed again"


async def test_lanes_that_rest_have_committed_what_they_sent(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """At least once offsets wait for others a while; a lane whose partition stays would else think that somebody went back."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4, guarantee="at-least-once")
    given, rng, enough = {"GUARANTEE": settings.guarantee}, random.Random(20261129), asyncio.Event()
    await create_topics(settings)
    first = await start_worker(settings, tmp_path / "first", **given)
    running = [first]

    async def report() -> None:
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            for record in (each for number in itertools.count() for each in life(number, rng)):
                key = (record["household_id"] or record["person_id"]).encode()
                await producer.send_and_wait(settings.topic(TOPIC_OF[record["schema"]]), encode(record), key)
                if enough.is_set():
                    return

    reporting = asyncio.create_task(report())
    try:
        for _ in range(2):  # lanes rest when a worker comes and when it goes
            second = await start_worker(settings, tmp_path / "second", **given)
            running.append(second)
            assert 0 == await second.stop()
        enough.set()
        await reporting
        await drained(settings, 60)
        assert 0 == await first.stop()
    finally:
        reporting.cancel()
        for worker in running:
            if worker.process.returncode is None:
                worker.process.kill()
    shares = [len(line["partitions"]) for line in said(first, "partitions.assigned")]

    assert [4, 2, 4, 2, 4] == shares
    assert [] == said(first, "lane.fenced"), "no lane found other offsets than its own"
