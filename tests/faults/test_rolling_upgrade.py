"""Two releases side by side: partitions move between them both ways under a stream of reports, and nothing shows outside."""

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from schemas import codec
from schemas.household import STATE_VERSION
from streams.topics import Topic
from tests.build import cadre, encode
from tests.doors import fangfan
from tests.faults.judge import judge
from tests.faults.world import World, build
from tests.releases import OLD, OLD_LAYOUT
from tests.worker import WorkerProcess, alerts_of, read_all, start_worker

HOUSEHOLD = "H000001"


@pytest.fixture(autouse=True)
def both_layouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test reads what either release stored."""
    monkeypatch.setitem(codec.LAYOUTS, OLD, OLD_LAYOUT)


class Upgrade:
    """Workers of two releases on one set of topics, each step under reports that go on."""

    def __init__(self, settings: Settings, folder: Path, stack: AsyncExitStack) -> None:
        self._settings, self._folder, self._stack, self._count = settings, folder, stack, 0

    async def previous(self) -> WorkerProcess:
        return await self._start("previous", OLD)

    async def pinned(self) -> WorkerProcess:
        return await self._start("next", OLD)

    async def next(self) -> WorkerProcess:
        return await self._start("next", STATE_VERSION)

    async def _start(self, release: str, version: int) -> WorkerProcess:
        self._count += 1
        command = (sys.executable, "-m", "tests.releases", release, "worker")
        worker = await start_worker(
            self._settings, self._folder / f"{self._count}-{release}", *command, STATE_VERSION=str(version)
        )
        self._stack.push_async_callback(self._end, worker)
        return worker

    async def _end(self, worker: WorkerProcess) -> None:
        if worker.process.returncode is None:
            worker.process.kill()
            await worker.process.wait()


class Feed:
    """Sends a world's records; each call of :meth:`on` sends a share of them while something else goes on."""

    def __init__(self, settings: Settings, world: World, shares: int) -> None:
        self._settings, self._records = settings, iter(world.records)
        self._share = -(-len(world.records) // shares)

    def on(self) -> "asyncio.Task[None]":
        return asyncio.create_task(self._send())

    async def _send(self) -> None:
        """Ten portions, each confirmed, so that they spread over what goes on meanwhile."""
        async with AIOKafkaProducer(bootstrap_servers=self._settings.brokers) as producer:
            for _ in range(10):
                sent = [
                    await producer.send(self._settings.topic(topic), value, key)
                    for _, (topic, key, value) in zip(range(self._share // 10 + 1), self._records, strict=False)
                ]
                await asyncio.gather(*sent)


async def stored_versions(settings: Settings) -> set[int]:
    return {codec.version_of(each.value) for each in await read_all(settings, Topic.HOUSEHOLDS_CHANGELOG)}


@pytest.mark.timeout(240)
async def test_an_upgrade_worker_by_worker_does_not_show_outside(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    await create_topics(settings)
    world = build(8_000, 20261124)
    feed = Feed(settings, world, 5)
    async with AsyncExitStack() as stack:
        upgrade = Upgrade(settings, tmp_path, stack)
        old = await upgrade.previous()
        sent = feed.on()
        beside = await upgrade.pinned()  # old and new side by side
        await sent
        sent = feed.on()
        assert 0 == await beside.stop()  # back to the old one, which reads what the new one stored
        pinned = await upgrade.pinned()
        await sent
        sent = feed.on()
        assert 0 == await old.stop()  # all to the new one
        await sent
        await drained(settings, 60)
        assert {OLD} == await stored_versions(settings)
        sent = feed.on()
        unpinned = await upgrade.next()  # pinned and unpinned side by side
        await sent
        assert 0 == await pinned.stop()
        await drained(settings, 60)
        before = {(each.partition, each.offset) for each in await read_all(settings, Topic.HOUSEHOLDS_CHANGELOG)}
        await feed.on()
        await drained(settings, 60)
        assert 0 == await unpinned.stop()
    logs = [log.read_text() for log in tmp_path.glob("*/worker.log")]
    verdict = await judge(settings, world)
    stored = await read_all(settings, Topic.HOUSEHOLDS_CHANGELOG)
    last = {codec.version_of(each.value) for each in stored if (each.partition, each.offset) not in before}

    assert ([], [], []) == (verdict.lost, verdict.doubled, verdict.wrong)
    assert not [log for log in logs if "lane.state_too_new" in log]
    assert {STATE_VERSION} == last


async def test_an_older_release_says_that_a_household_is_too_new_for_it_and_the_next_one_goes_on_with_it(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)

    async def send(event_id: str, *, good: bool) -> None:
        value = encode(cadre(event_id, {"type": "food", "adequate": good}, at=f"2026-06-1{event_id}T09:00:00+08:00"))
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            await producer.send_and_wait(settings.topic("cadre-reports"), value, HOUSEHOLD.encode())

    async with AsyncExitStack() as stack:
        upgrade = Upgrade(settings, tmp_path, stack)
        await send("1", good=False)
        new = await upgrade.next()
        await drained(settings, 60)
        assert 0 == await new.stop()
        before = await read_all(settings, Topic.HOUSEHOLDS_CHANGELOG)
        old = await upgrade.previous()
        await send("2", good=True)
        await old.until_logged("worker.stands_aside")

        assert f"a household is stored in state version {STATE_VERSION}, this release reads 0" in old.log.read_text()
        assert 1 == old.log.read_text().count("lane.state_too_new")
        assert before == await read_all(settings, Topic.HOUSEHOLDS_CHANGELOG)
        assert [] == await read_all(settings, "dead-letters")

        again = await upgrade.next()
        await drained(settings, 60)
        assert [1, 0] == [await each.stop() for each in (old, again)]
        assert "Traceback" not in old.log.read_text()
    assert ["opened", "cleared"] == [each["transition"] for each in (await alerts_of(settings))[HOUSEHOLD]]


def test_a_state_version_that_this_release_does_not_know_is_refused_before_anything_starts(tmp_path: Path) -> None:
    refused = fangfan("worker", BROKERS="127.0.0.1:1", DATA_DIR=str(tmp_path), WEB_PORT="0", STATE_VERSION="3")

    assert (1, 1) == (refused.returncode, refused.stderr.count("\n"))
    assert "FANGFAN_STATE_VERSION" in refused.stderr
    assert "must be a state version this release writes: 1 or 2" in refused.stderr
