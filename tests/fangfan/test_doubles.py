"""`fangfan doubles` as a person types it, on a real broker: who stands in two registry entries, and where the person counts."""

import asyncio
import json
from pathlib import Path

from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from tests.build import encode, entry, member
from tests.doors import fangfan
from tests.worker import workers


async def test_who_is_named_twice_is_listed_until_one_entry_lets_go(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """A daughter married into another household; nobody took her off the first entry. Later somebody does."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=3)
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}
    await create_topics(settings)
    parents = entry("H-parents", member("P-father"), member("P-daughter"), updated_at="2026-01-01T00:00:00+08:00")
    married = entry("H-married", member("P-husband"), member("P-daughter"), updated_at="2026-03-01T00:00:00+08:00")
    corrected = entry("H-parents", member("P-father"), updated_at="2026-04-01T00:00:00+08:00")
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer, workers(settings, tmp_path, 1):

        async def send(*entries: dict[str, object]) -> None:
            for each in entries:
                await producer.send(settings.topic("households"), encode(each), str(each["household_id"]).encode())
            await producer.flush()
            await drained(settings, 60)

        await send(married, parents)
        file = tmp_path / "doubles.csv"
        listed = await asyncio.to_thread(fangfan, "doubles", "--json", "--csv", str(file), **given)
        shown = await asyncio.to_thread(fangfan, "doubles", **given)
        await send(corrected)
        after = await asyncio.to_thread(fangfan, "doubles", "--json", **given)

    assert (0, "") == (listed.returncode, listed.stderr)
    assert [{
        "person_id": "P-daughter", "household_id": "H-married",
        "entries": [
            {"household_id": "H-married", "updated_at": "2026-03-01T00:00:00+08:00"},
            {"household_id": "H-parents", "updated_at": "2026-01-01T00:00:00+08:00"},
        ],
    }] == [json.loads(line) for line in listed.stdout.splitlines()]  # fmt: skip
    assert [
        "person_id,household_id,updated_at,counts", "P-daughter,H-married,2026-03-01T00:00:00+08:00,yes",
        "P-daughter,H-parents,2026-01-01T00:00:00+08:00,no",
    ] == file.read_text("utf-8-sig").splitlines()  # fmt: skip
    assert "1 persons 人" in shown.stdout
    assert (0, "") == (after.returncode, after.stdout)
