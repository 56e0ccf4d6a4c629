"""Noise control and scale risk as who runs workers and who reads alerts sees them: alerts, metrics, screens of one worker."""

import asyncio
import json
import urllib.request
from pathlib import Path

from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from tests.build import cadre, encode, entry
from tests.doors import fangfan, get
from tests.worker import alerts_of, workers

NAME, VILLAGE = "H000001", "140123100201"


async def test_what_waits_and_what_a_village_says_is_counted_and_shown(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """A well of a household that is asleep waits, then red goes and says so; four neighbours make five of the village."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}
    fact = {"type": "snooze", "until": "2026-06-30", "reason": "visited"}
    unsafe = {"type": "water", "safe": False}
    first = [cadre("z1", fact, at="2026-06-01T09:00:00+08:00"), cadre("w1", unsafe, at="2026-06-02T09:00:00+08:00")]
    red = cadre("f1", {"type": "food", "adequate": False}, at="2026-06-03T09:00:00+08:00")
    village = [cadre(f"w{n}", unsafe, household_id=f"H00000{n}", at="2026-06-04T09:00:00+08:00") for n in range(2, 6)]
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer, workers(settings, tmp_path, 1) as (worker,):
        await producer.send_and_wait(settings.topic("households"), encode(entry()), NAME.encode())
        await drained(settings, 60)

        async def send(*records: dict[str, object]) -> None:
            for record in records:
                key = str(record["household_id"]).encode()
                await producer.send_and_wait(settings.topic("cadre-reports"), encode(record), key)
            await drained(settings, 60)

        await send(*first)
        _, waiting = await asyncio.to_thread(get, f"{worker.web}/households/{NAME}")
        shown = await asyncio.to_thread(fangfan, "explain", NAME, **given)
        assert {} == await alerts_of(settings)
        await send(red, *village)
        metrics = await asyncio.to_thread(_metrics, worker.web)
    (alert,) = (await alerts_of(settings))[NAME]
    lines = await asyncio.to_thread(fangfan, "alerts", **given)
    places = await asyncio.to_thread(fangfan, "alerts", "--areas", "--json", **given)

    assert (["opened", "orange", "snooze"], "2026-06-30") == (waiting["noise"]["pending"], waiting["noise"]["pending_until"])
    assert "opened, 橙 orange, by snooze 暂缓, until 至 2026-06-30" in shown.stdout
    assert {"window_days": 0, "withheld": 1, "snoozed_until": "2026-06-30"} == alert["noise"]
    assert "1 held back before this one" in lines.stdout.replace("\n", " ")
    assert 'fangfan_transitions_withheld_total{by="snooze",severity="orange"} 1.0' in metrics
    assert 'fangfan_area_alerts_total{level="village",transition="opened"} 1.0' in metrics
    assert [(VILLAGE, "opened", 5)] == [
        (each["area_code"], each["transition"], each["households"]) for each in map(json.loads, places.stdout.splitlines())
    ]


def _metrics(web: str) -> str:
    return str(urllib.request.urlopen(f"{web}/metrics").read().decode())
