"""A partition's store after an unclean stop: never ahead of what was committed, and rebuilt where it cannot be read."""

import asyncio
import errno
import json
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.record.default_records import DefaultRecord

from agents.households import Households
from agents.memory import Memory
from agents.recovery import Recovery
from agents.settings import Settings
from agents.store import HOUSEHOLD, Store, StoreUnreadable
from agents.topics import create_topics
from agents.transactions import CHANGELOGS
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from streams.policy import Policy
from streams.topics import Topic
from tests.build import TIMESTAMP, cadre, encode
from tests.worker import alerts_of, read_all, start_worker, workers

LONG = 20.0
"""Seconds; a recovery that waits for an offset that holds no record waits for ever."""


@pytest.fixture
async def settings(broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    made = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(made)
    return made


@asynccontextmanager
async def changelog(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(
        bootstrap_servers=settings.brokers, transactional_id=f"{settings.topic_prefix}lane"
    ) as producer:
        yield producer


async def write(producer: AIOKafkaProducer, settings: Settings, *, committed: bool = True, **values: bytes) -> None:
    """Write entries of households in a transaction of their own."""
    await producer.begin_transaction()
    for household, value in values.items():
        name = settings.topic(Topic.HOUSEHOLDS_CHANGELOG)
        await producer.send_and_wait(name, value, household.encode(), partition=0)
    await (producer.commit_transaction() if committed else producer.abort_transaction())


async def recovered(settings: Settings, folder: Path) -> dict[bytes, bytes]:
    """Return what a lane of a worker on this folder would begin with."""
    async with asyncio.timeout(LONG):
        store = await Recovery(replace(settings, data_dir=folder), Memory()).bring_up(0)
    try:
        return dict(store.scan(HOUSEHOLD))
    finally:
        store.close()


def stored(folder: Path, offset: int, settings: Settings, **values: bytes) -> None:
    store = Store(folder / settings.group / "0")
    entries = ((HOUSEHOLD + household.encode(), value) for household, value in values.items())
    store.write(entries, {settings.topic(Topic.HOUSEHOLDS_CHANGELOG): offset})
    store.close()


async def test_what_was_taken_back_is_not_recovered_and_markers_at_the_end_are_not_waited_for(
    settings: Settings, tmp_path: Path
) -> None:
    async with changelog(settings) as producer:
        await write(producer, settings, one=b"1", two=b"2")
        await write(producer, settings, one=b"taken back", three=b"taken back", committed=False)

    assert {b"hone": b"1", b"htwo": b"2"} == await recovered(settings, tmp_path)
    assert {b"hone": b"1", b"htwo": b"2"} == await recovered(settings, tmp_path)


async def test_a_store_ahead_of_its_changelog_is_discarded_and_rebuilt(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broker lost what it had confirmed, or the topic was made anew: what the changelog does not hold never counts."""
    async with changelog(settings) as producer:
        await write(producer, settings, one=b"1")
    stored(tmp_path, 1_000, settings, one=b"ahead", two=b"ahead")

    assert {b"hone": b"1"} == await recovered(settings, tmp_path)
    [said] = [json.loads(line) for line in capsys.readouterr().err.splitlines() if "store.unfit" in line]
    topic = settings.topic(Topic.HOUSEHOLDS_CHANGELOG)
    assert (0, {topic: 1_000}, {topic: [0, 2]}) == (said["partition"], said["stands"], said["changelog"])


async def test_a_store_behind_what_the_broker_still_keeps_is_discarded_and_rebuilt(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    names = [settings.topic(topic) for topic in CHANGELOGS]
    admin = AIOKafkaAdminClient(**settings.client())
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1) for name in names])  # a compacted one deletes nothing by offset
        async with changelog(settings) as producer:
            await write(producer, settings, one=b"1", gone=b"deleted later")
            await write(producer, settings, one=b"2")
        [tp] = [TopicPartition(name, 0) for name in names if "households" in name]
        await admin.delete_records({tp: RecordsToDelete(before_offset=3)})
    finally:
        await admin.close()
    stored(tmp_path, 1, settings, gone=b"behind")

    assert {b"hone": b"2"} == await recovered(settings, tmp_path)


async def test_an_emptied_changelog_is_not_waited_for(settings: Settings, tmp_path: Path) -> None:
    assert {} == await recovered(settings, tmp_path)


def damage(folder: Path, pattern: str) -> None:
    """Turn over bits near the beginning of a file, as a disk does; a table has its data there, looked at only when read."""
    [file, *_] = sorted((folder / "db").glob(pattern))
    data = bytearray(file.read_bytes())
    for at in range(2, min(32, len(data))):
        data[at] ^= 0xFF
    file.write_bytes(data)


@pytest.mark.parametrize("pattern", ["*.sst", "CURRENT", "MANIFEST*"])
async def test_a_store_that_cannot_be_read_is_discarded_and_rebuilt(settings: Settings, tmp_path: Path, pattern: str) -> None:
    folder = tmp_path / settings.group / "0"
    async with changelog(settings) as producer:
        await write(producer, settings, **{f"H{number:04d}": bytes([number]) * 100 for number in range(200)})
    whole = await recovered(settings, tmp_path)
    assert 200 == len(whole)
    damage(folder, pattern)
    if pattern == "*.sst":  # found only where it is read
        store = Store(folder)
        with pytest.raises(StoreUnreadable):
            store.get(b"hH0000")
        store.close()

    assert whole == await recovered(settings, tmp_path)


def test_a_disk_that_cannot_be_read_is_not_the_records_fault(tmp_path: Path, policy: Policy) -> None:
    """A healthy report must not end among the dead letters because its household could not be loaded."""
    store = Store(tmp_path / "store")
    households = Households(0, 1, "", store, policy)
    value = encode(cadre("c1", {"type": "food", "adequate": False}))
    report = "cadre-reports", DefaultRecord(0, TIMESTAMP, 0, b"H000001", value, [])
    store.write(households.run([report], TIMESTAMP * 1_000_000).changes.items(), {})
    store.close()
    damage(tmp_path / "store", "*.sst")
    store = Store(tmp_path / "store")

    with pytest.raises(StoreUnreadable):
        Households(0, 1, "", store, policy).run([report], TIMESTAMP * 1_000_000)
    store.close()


def test_a_folder_that_may_not_be_written_is_not_thrown_away(tmp_path: Path) -> None:
    """No room and no rights are for a person to mend."""
    (tmp_path / "store").write_text("somebody's file")
    with pytest.raises(OSError) as refused:  # noqa: PT011 # which one is what is asserted
        Store(tmp_path / "store")

    assert errno.EEXIST == refused.value.errno
    assert "somebody's file" == (tmp_path / "store").read_text()


async def test_a_worker_goes_on_where_it_was_though_its_disk_was_damaged(settings: Settings, tmp_path: Path) -> None:
    async def send(event_id: str, *, good: bool) -> None:
        value = encode(cadre(event_id, {"type": "food", "adequate": good}, at=f"2026-06-1{event_id}T09:00:00+08:00"))
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            await producer.send_and_wait(settings.topic("cadre-reports"), value, b"H000001")

    await send("1", good=False)
    async with workers(settings, tmp_path, 1) as [worker]:
        await drained(settings, 60)
        assert 0 == await worker.stop()
    [folder] = (tmp_path / "worker-0").glob(f"*{settings.group}/0")
    damage(folder, "*.sst")
    await send("2", good=True)
    async with workers(settings, tmp_path, 1) as [worker]:
        await drained(settings, 60)
        assert 0 == await worker.stop()
        assert "store.discarded" in worker.log.read_text()

    assert [("opened", 1), ("cleared", 2)] == [(a["transition"], a["sequence"]) for a in (await alerts_of(settings))["H000001"]]
    assert [] == await read_all(settings, "dead-letters")


async def test_a_recovery_says_how_far_it_is(settings: Settings, tmp_path: Path) -> None:
    """In the log while it goes on, and as a metric; here it speaks at once, else every five seconds."""
    async with changelog(settings) as producer:
        await write(producer, settings, **{f"H{number:04d}": b"state" for number in range(300)})
    script = "import agents.recovery, sys; agents.recovery.SAY_SECONDS = -1; sys.argv = ['fangfan', 'worker']\n"
    worker = await start_worker(settings, tmp_path, sys.executable, "-c", f"{script}from fangfan.cli import main; main()")
    try:
        metrics = await asyncio.to_thread(lambda: urllib.request.urlopen(f"{worker.web}/metrics").read().decode())
        assert 0 == await worker.stop()
    finally:
        if worker.process.returncode is None:
            worker.process.kill()
            await worker.process.wait()
    lines = [json.loads(line) for line in worker.log.read_text().splitlines() if line.startswith("{")]
    said = [(line["read"], line["left"]) for line in lines if line["event"] == "recovery.progress"]

    assert (0, 301) == said[0]
    assert (300, 0) == said[-1]
    assert said == sorted(said, key=lambda pair: (pair[0], -pair[1]))
    assert 'fangfan_recovery_remaining_records{partition="0"} 0.0' in metrics
    assert 'fangfan_recovery_seconds{partition="0"}' in metrics
