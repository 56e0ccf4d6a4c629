"""Sends simulated records to Kafka at a pace, delivery confirmed."""

import asyncio
import time
from collections.abc import Callable, Sequence
from zlib import crc32

from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from fangfan.sent import Sent


async def send(settings: Settings, records: Sequence[Sent], rate: float, progress: Callable[[int], None]) -> None:
    """Send records in order, at most ``rate`` a second (0: as fast as the broker takes them); wait for every confirmation."""
    producer = AIOKafkaProducer(**settings.client(), enable_idempotence=True, linger_ms=5)
    await producer.start()
    try:
        began, pending = time.monotonic(), []
        for number, record in enumerate(records):
            if rate:
                ahead = number / rate - (time.monotonic() - began)
                if ahead > 0.005:
                    await asyncio.sleep(ahead)
            topic = settings.topic(record.topic)
            key, partition = record.key.encode(), None
            if record.crc32:
                partition = crc32(key) % len(await producer.partitions_for(topic))
            pending.append(
                await producer.send(topic, record.payload, key=key, partition=partition, timestamp_ms=record.sent_at)
            )
            if len(pending) >= 500:
                await asyncio.gather(*pending)
                progress(len(pending))
                pending.clear()
        await asyncio.gather(*pending)
        progress(len(pending))
    finally:
        await producer.stop()
