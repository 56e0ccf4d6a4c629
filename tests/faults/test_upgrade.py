"""Releases side by side: what the one stores the other reads, and what is too new is left alone."""

import asyncio
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from schemas import codec
from schemas.household import STATE_VERSION, HouseholdState
from tests.build import cadre, encode
from tests.doors import Running, get
from tests.faults.driver import carry_out
from tests.faults.plan import Plan
from tests.worker import read_all

UNSAFE = {"type": "water", "safe": False}


async def test_workers_of_two_layouts_share_the_work_and_nothing_is_lost(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """Partitions move both ways between a worker of the first build and one of this release while reports flow."""
    plan = Plan(reports=8_000, seed=4, faults=["term", "kill", "term"], nodes=1, workers=2, older=frozenset({0}))
    line, verdict = await carry_out(plan, tmp_path, broker, "upgrade-")
    settings = Settings(brokers=broker.bootstrap, topic_prefix="upgrade-", partitions=plan.partitions)
    lengths = [len(msgspec.msgpack.decode(each.value)[2]) for each in await read_all(settings, "fangfan-households-changelog")]

    assert verdict.right, line
    assert {3, 5} == set(lengths)  # the thread of the first build, and of this release


async def test_a_worker_stands_aside_where_a_newer_release_has_stored(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """It leaves the group and says why; it neither ends, which would have it started again and again, nor writes."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    newer = codec.encode_state(HouseholdState(version=STATE_VERSION + 1))
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        await producer.send_and_wait(settings.topic("fangfan-households-changelog"), newer, b"H000001")
        await producer.send_and_wait(settings.topic("cadre-reports"), encode(cadre("c1", UNSAFE)), b"H000001")
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": topic_prefix, "PARTITIONS": "1", "WEB_PORT": "0"}
    with Running(tmp_path / "log", "worker", DATA_DIR=str(tmp_path / "data"), **given) as worker:
        web = (await asyncio.to_thread(worker.until, "web ")).removeprefix("web ")
        await asyncio.to_thread(worker.until_logged, "worker.stands_aside")

        known = " and ".join(str(version) for version in sorted(codec.LAYOUTS))
        assert f"state version {STATE_VERSION + 1}, this release reads {known}" in worker.said()
        assert 503 == (await asyncio.to_thread(get, f"{web}/readyz"))[0]
        assert 200 == (await asyncio.to_thread(get, f"{web}/healthz"))[0]
        assert [newer] == [each.value for each in await read_all(settings, "fangfan-households-changelog")]
        assert [] == await read_all(settings, "dead-letters")
        assert 1 == await asyncio.to_thread(worker.end)
