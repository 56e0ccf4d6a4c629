"""Brings a partition's store up to its changelogs: read committed, from where the store stands to the end.

Faust's own recovery waits for offsets that hold only transaction markers and never comes back; this one asks for positions.
"""

from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.settings import Settings
from agents.store import HOUSEHOLD, Store
from streams.topics import Topic

Progress = Callable[[int, int], None]
"""Called with entries read so far and offsets still to go."""


async def recover(settings: Settings, partition: int, open_store: Callable[[], Store], progress: Progress) -> Store:
    """Return the partition's store, holding everything its changelogs hold.

    A store that lies ahead of its changelog, or behind what the broker still keeps, is discarded and rebuilt.
    """
    households = settings.topic(Topic.HOUSEHOLDS_CHANGELOG)
    persons = settings.topic(Topic.PERSONS_CHANGELOG)
    tps = [TopicPartition(households, partition), TopicPartition(persons, partition)]
    consumer = AIOKafkaConsumer(
        **settings.client(), isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=50
    )
    await consumer.start()
    try:
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        begins = await consumer.beginning_offsets(tps)
        store = open_store()
        if any(not _fits(store.offset(tp.topic), begins[tp], ends[tp]) for tp in tps):
            store.destroy()
            store = open_store()
        for tp in tps:
            consumer.seek(tp, max(store.offset(tp.topic), begins[tp]))
        await _replay(consumer, store, ends, households, progress)
        return store
    finally:
        await consumer.stop()


def _fits(offset: int, begin: int, end: int) -> bool:
    return offset == 0 or begin <= offset <= end


async def _replay(
    consumer: AIOKafkaConsumer, store: Store, ends: dict[TopicPartition, int], households: str, progress: Progress
) -> None:
    read = 0
    while True:
        positions = {tp: await consumer.position(tp) for tp in ends}
        left = sum(max(0, ends[tp] - positions[tp]) for tp in ends)
        progress(read, left)
        if not left:
            return
        batches = await consumer.getmany(timeout_ms=200, max_records=5_000)
        for tp, records in batches.items():
            read += len(records)
            prefix = HOUSEHOLD if tp.topic == households else b""
            store.write(((prefix + record.key, record.value) for record in records), {tp.topic: records[-1].offset + 1})
