"""The end of a partition that this monitor writes itself, from some offset on."""

from collections.abc import AsyncGenerator
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.reading import Reader, Record, read_batches
from agents.settings import Settings

AT_ONCE: Final = 2_000
LOOK_SECONDS: Final = 0.05
"""How long one look for more takes at most; the last offsets may hold only transaction markers, which nothing tells of."""


async def read_tail(settings: Settings, tp: TopicPartition, start: int) -> AsyncGenerator[tuple[list[Record], int]]:
    """Yield the records from an offset to the end as of now, each time with the offset behind them; at last none."""
    read_batches()
    consumer = AIOKafkaConsumer(
        **settings.client(), isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest",
        fetch_max_wait_ms=50,
    )  # fmt: skip
    await consumer.start()
    try:
        consumer.assign([tp])
        end, reader = (await consumer.end_offsets([tp]))[tp], Reader(0.0)
        consumer.seek(tp, min(start, end))
        while await consumer.position(tp) < end:
            for records, behind in (await reader.take(consumer._fetcher, [tp], LOOK_SECONDS, AT_ONCE)).values():
                yield records, behind
        yield [], end
    finally:
        await consumer.stop()
