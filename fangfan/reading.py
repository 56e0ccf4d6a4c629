"""Reads topics to their end or follows them, read committed: what `alerts`, `explain` and `dlq` stand on."""

import time
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from agents.settings import Settings

SILENT_SECONDS: Final = 30
"""How long a read to the end waits for a broker that no longer answers."""


async def read_topic(
    settings: Settings,
    topic: str,
    partitions: Iterable[int],
    *,
    follow: bool = False,
    spans: Mapping[int, tuple[int, int]] | None = None,
) -> AsyncIterator[ConsumerRecord]:
    """Yield the committed records of some partitions from their beginning, to the end of now or, following, forever.

    ``spans`` narrows partitions to offsets (first, one after the last); a little more than that may come.

    Raises:
        TimeoutError: the end was not reached and nothing more came.
    """
    tps = [TopicPartition(settings.topic(topic), partition) for partition in partitions]
    if not tps:
        return
    consumer = AIOKafkaConsumer(**settings.client(), isolation_level="read_committed", enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign(tps)
        begins, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        for tp in tps:
            first, stop = (spans or {}).get(tp.partition, (begins[tp], ends[tp]))
            ends[tp] = min(stop, ends[tp])
            consumer.seek(tp, min(max(first, begins[tp]), ends[tp]) if ends[tp] > begins[tp] else begins[tp])
        heard = time.monotonic()
        while follow or [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
            found = await consumer.getmany(timeout_ms=200)
            if not found and not follow and time.monotonic() - heard > SILENT_SECONDS:
                raise TimeoutError
            for records in found.values():
                for record in records:
                    yield record
            heard = time.monotonic() if found else heard  # whoever takes the records may take their time
    finally:
        await consumer.stop()


async def extents(settings: Settings, topic: str) -> dict[int, tuple[int, int]]:
    """Return by partition the first offset that the broker keeps of a topic, and the one after its last committed record."""
    tps = [TopicPartition(settings.topic(topic), partition) for partition in range(settings.partitions)]
    consumer = AIOKafkaConsumer(**settings.client(), isolation_level="read_committed", enable_auto_commit=False)
    try:
        await consumer.start()
        consumer.assign(tps)
        begins, ends = await consumer.beginning_offsets(tps), await consumer.end_offsets(tps)
        return {tp.partition: (begins[tp], ends[tp]) for tp in tps}
    finally:
        await consumer.stop()
