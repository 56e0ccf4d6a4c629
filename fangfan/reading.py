"""Reads topics to their end or follows them, read committed: what `alerts` and `explain` stand on."""

from collections.abc import AsyncIterator

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from agents.settings import Settings


async def read_topic(
    settings: Settings, topic: str, partitions: range, *, follow: bool = False
) -> AsyncIterator[ConsumerRecord]:
    """Yield the committed records of some partitions from their beginning, to the end of now or, following, forever."""
    consumer = AIOKafkaConsumer(**settings.client(), isolation_level="read_committed", enable_auto_commit=False)
    await consumer.start()
    try:
        tps = [TopicPartition(settings.topic(topic), partition) for partition in partitions]
        consumer.assign(tps)
        for tp, offset in (await consumer.beginning_offsets(tps)).items():
            consumer.seek(tp, offset)
        ends = await consumer.end_offsets(tps)
        while follow or [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    yield record
    finally:
        await consumer.stop()
