"""Sends simulated records to Kafka at a pace, delivery confirmed."""

import asyncio
import time
from collections.abc import Callable, Sequence
from zlib import crc32

from agents.settings import Settings
from fangfan.confirming import Confirming
from fangfan.sent import Sent


async def send(settings: Settings, records: Sequence[Sent], rate: float, progress: Callable[[int], None]) -> None:
    """Send records in order, at most ``rate`` a second (0: as fast as the broker takes them); wait for every confirmation.

    Raises:
        Unconfirmed: the broker refused one, or no longer confirms any.
    """
    async with Confirming(settings, progress) as sending:
        began = time.monotonic()
        for number, record in enumerate(records):
            if rate:
                ahead = number / rate - (time.monotonic() - began)
                if ahead > 0.005:
                    await asyncio.sleep(ahead)
            topic = settings.topic(record.topic)
            key, partition = record.key.encode(), None
            if record.crc32:
                partition = crc32(key) % await sending.partitions(topic)
            await sending.send(topic, record.payload, key, partition, record.sent_at)
