"""Scale risk on a real Kafka: an area and its households on different partitions, each transition once, over a kill."""

import asyncio
import json
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from fangfan.reading import read_topic
from streams.topics import Topic
from tests.agents.test_scale_risk import VILLAGE, Input, well
from tests.conftest import ROOT
from tests.doors import fangfan
from tests.worker import read_all, start_worker

NAMES = [f"H{number:06d}" for number in range(24)]
PARTITIONS = 4


async def test_a_village_is_told_of_once_over_a_kill_and_cleared_when_its_wells_are_good(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Issue: as one area alert with members, updated and cleared; exactly once like all that lanes say."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=PARTITIONS)
    await create_topics(settings)
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:

        async def send(*records: Input) -> None:
            for topic, key, value in records:
                await producer.send(settings.topic(topic), value, key)
            await producer.flush()
            await drained(settings, 60)

        first = await start_worker(settings, tmp_path / "first")
        await send(*[well(name, safe=False) for name in NAMES[:12]])
        first.process.kill()
        await first.process.wait()
        second = await start_worker(settings, tmp_path / "second")  # its areas come from the changelogs
        await send(*[well(name, safe=False) for name in NAMES])
        await send(*[well(name, safe=True, at="2026-06-11") for name in NAMES])
        assert 0 == await second.stop()
    said: dict[str, list[dict[str, object]]] = {}
    async for record in read_topic(settings, Topic.AREA_ALERTS, range(PARTITIONS)):
        said.setdefault((record.key or b"").decode(), []).append(json.loads(record.value))

    shown = await asyncio.to_thread(fangfan, "alerts", "--areas", BROKERS=settings.brokers, TOPIC_PREFIX=topic_prefix)

    assert {VILLAGE, VILLAGE[:9]} == set(said)
    assert "本村30天内新增" in shown.stdout
    assert "water@1 24" in shown.stdout
    assert ", ".join(f"{name} 橙" for name in NAMES[:10]) + ", 另有 and 14 more\n" in shown.stdout
    for alerts in said.values():
        assert list(range(1, len(alerts) + 1)) == [each["sequence"] for each in alerts]
        assert ("opened", "cleared") == (alerts[0]["transition"], alerts[-1]["transition"])
        assert {"updated"} >= {each["transition"] for each in alerts[1:-1]}
        assert max(len(each["members"]) for each in alerts) == len(NAMES)  # type: ignore[arg-type] # a list, as JSON has it


@pytest.mark.parametrize("how", ["file", "version"])
async def test_what_another_policy_no_longer_calls_a_risk_ends_though_nobody_speaks(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, how: str
) -> None:
    """A worker starts on a file that asks nothing of areas, or a version that does so is published; there are no ticks."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=PARTITIONS)
    await create_topics(settings)
    off = tmp_path / "off.toml"
    text = (ROOT / "policy" / "shanxi.toml").read_text("utf-8").replace('version = "1"', 'version = "2"', 1)
    head, rule, rest = text.partition("[rules.scale-risk]")
    off.write_text(head + rule + rest.replace("enabled = true", "enabled = false", 1), "utf-8")
    worker = await start_worker(settings, tmp_path / "one")
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for topic, key, value in (well(name, safe=False) for name in NAMES):
            await producer.send(settings.topic(topic), value, key)
        await producer.flush()
    await drained(settings, 60)
    if how == "file":
        assert 0 == await worker.stop()
        worker = await start_worker(settings, tmp_path / "one", POLICY=str(off))
    else:
        given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}
        assert 0 == (await asyncio.to_thread(fangfan, "policy", "publish", str(off), **given)).returncode
    open_now = {VILLAGE, VILLAGE[:9]}
    async with asyncio.timeout(60):
        async for record in read_topic(settings, Topic.AREA_ALERTS, range(PARTITIONS), follow=True):
            alert = json.loads(record.value)
            if alert["transition"] == "cleared":
                assert "shanxi@2" == alert["policy"]
                open_now.discard((record.key or b"").decode())
            if not open_now:
                break
    assert 0 == await worker.stop()
    said = [json.loads(each.value) for each in await read_all(settings, "area-alerts")]

    assert 2 == sum(each["transition"] == "opened" for each in said) == sum(each["transition"] == "cleared" for each in said)
