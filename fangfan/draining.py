"""Waits until the workers have taken in everything that was sent."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from agents.guard import read_any_header
from agents.settings import Settings
from streams.topics import INPUTS


async def drained(settings: Settings, seconds: float) -> None:
    """Wait until no input partition has a record that is not committed, also those the workers moved themselves.

    Raises:
        TimeoutError: that took longer than ``seconds``.
    """
    read_any_header()
    tps = [TopicPartition(settings.topic(topic), partition) for topic in INPUTS for partition in range(settings.partitions)]
    admin = AIOKafkaAdminClient(**settings.client())
    consumer = AIOKafkaConsumer(**settings.client(), isolation_level="read_committed")
    await admin.start()
    await consumer.start()
    try:
        consumer.assign(tps)
        async with asyncio.timeout(seconds):
            quiet = 0
            while quiet < 3:
                quiet = 0 if await _lagging(settings, admin, consumer, tps) else quiet + 1
                await asyncio.sleep(0.2)
    finally:
        await consumer.stop()
        await admin.close()


async def _lagging(settings: Settings, admin: Any, consumer: Any, tps: list[TopicPartition]) -> bool:
    """Tell whether any record lies behind the committed offsets; the last offsets may hold only transaction markers."""
    committed = await admin.list_consumer_group_offsets(settings.group, partitions=tps)
    for tp, end in (await consumer.end_offsets(tps)).items():
        at = max(committed[tp].offset, 0) if tp in committed else 0
        if at < end:
            consumer.seek(tp, at)
            while await consumer.position(tp) < end:
                if await consumer.getmany(tp, timeout_ms=100):
                    return True
    return False
