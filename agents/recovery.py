"""Brings a partition's store up to its changelogs: read committed, from where the store stands to the end.

Faust's own recovery waits for offsets that hold only transaction markers and never comes back; this one asks for positions.
Of what is read together only the newest value of a key is written. Where very much is missing it goes into the store as table
files, past its write buffers.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents import telemetry
from agents.memory import Memory
from agents.reading import Reader, Record, read_batches
from agents.settings import Settings
from agents.store import HOUSEHOLD, Store
from streams.topics import Topic

AT_ONCE: Final = 4
"""How many partitions of a worker recover beside each other; the others wait, so that memory stays bounded."""
CHUNK_BYTES: Final = 24 << 20
"""How much of a changelog is gathered before it is written."""
ENTRY_BYTES: Final = 150
"""What an entry takes beside its value while it waits: its key, and Python's objects."""
BULK_RECORDS: Final = 20_000
"""From so many missing offsets on the store takes table files, and is counted afterwards."""
TAKE_RECORDS: Final = 4_000
TAKE_SECONDS: Final = 0.02
"""How long one look for more takes at most; the last offsets may hold only transaction markers, which nothing tells of."""
SAY_SECONDS: Final = 5.0  # between two lines about a long recovery


@dataclass(slots=True)
class Chunk:
    """Entries of changelogs to be written together, and the offsets behind them."""

    entries: dict[bytes, bytes | None] = field(default_factory=dict)
    offsets: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def add(self, topic: str, prefix: bytes, records: list[Record], end: int) -> None:
        """Take in records of one changelog, all there are up to before ``end``; of each key the last one counts."""
        entries, size = self.entries, 0
        for record in records:
            value = record.value
            entries[prefix + (record.key or b"")] = value
            size += ENTRY_BYTES if value is None else ENTRY_BYTES + len(value)
        self.size += size
        self.offsets[topic] = end


class Telling:
    """Tells metrics, log and watchdog how far a partition's recovery is."""

    def __init__(self, partition: int, moved: Callable[[], None]) -> None:
        """``moved`` is called whenever there was progress, this partition's or, while it waits its turn, another's."""
        self._partition, self.moved = partition, moved
        self._began = self._said = time.monotonic()

    def read(self, read: int, left: int) -> None:
        """Entries read so far, and offsets still to go."""
        telemetry.recovery_left.labels(str(self._partition)).set(left)
        if read:
            self.moved()
        if time.monotonic() - self._said > SAY_SECONDS:
            self._said = time.monotonic()
            telemetry.log("info", "recovery.progress", partition=self._partition, read=read, left=left)

    def done(self, read: int) -> None:
        """The store is complete."""
        took = time.monotonic() - self._began
        telemetry.recovery_seconds.labels(str(self._partition)).set(took)
        telemetry.log("info", "recovery.done", partition=self._partition, seconds=round(took, 2), read=read)


class Recovery:
    """Opens the stores of one worker, each as its changelogs say."""

    def __init__(self, settings: Settings, memory: Memory, at_once: int = AT_ONCE) -> None:
        """Nothing is opened yet; ``memory`` is shared by all stores."""
        self._settings, self._memory = settings, memory
        self.households = settings.topic(Topic.HOUSEHOLDS_CHANGELOG)
        self._persons = settings.topic(Topic.PERSONS_CHANGELOG)
        self._turn = asyncio.Semaphore(at_once)
        self._queue: dict[int, Telling] = {}

    def folder(self, partition: int) -> Path:
        """Return where a partition's store lies."""
        return self._settings.data_dir / self._settings.group / str(partition)

    def held(self) -> list[int]:
        """Return the partitions that have a folder here, however old."""
        group = self.folder(0).parent
        return sorted(int(each.name) for each in group.iterdir() if each.name.isdigit()) if group.is_dir() else []

    def changelogs(self, partition: int) -> list[TopicPartition]:
        """Return what a store is rebuilt from."""
        return [TopicPartition(self.households, partition), TopicPartition(self._persons, partition)]

    def consumer(self, **options: Any) -> AIOKafkaConsumer:
        """Return a reader of committed entries; a position that the broker no longer has is an error to it."""
        read_batches()
        return AIOKafkaConsumer(
            **self._settings.client(), isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="none",
            **options,
        )  # fmt: skip

    async def bring_up(self, partition: int, telling: Telling | None = None, store: Store | None = None) -> Store:
        """Return the partition's store, holding everything its changelogs hold; ``store`` is it where it is open already.

        A store that lies ahead of its changelog, or behind what the broker still keeps, is discarded and rebuilt.
        """
        if telling is not None:
            self._queue[partition] = telling
        try:
            await self._turn.acquire()
        except BaseException:
            if store is not None:
                store.close()
            raise
        finally:
            self._queue.pop(partition, None)
        try:
            return await self._bring_up(partition, telling, store or Store(self.folder(partition), self._memory))
        finally:
            self._turn.release()

    async def _bring_up(self, partition: int, telling: Telling | None, store: Store) -> Store:
        tps = self.changelogs(partition)
        consumer = self.consumer(fetch_max_wait_ms=50)
        try:
            await consumer.start()
            consumer.assign(tps)
            ends = await consumer.end_offsets(tps)
            begins = await consumer.beginning_offsets(tps)
            unfit = [tp.topic for tp in tps if not _fits(store.offset(tp.topic), begins[tp], ends[tp])]
            if unfit:
                stands = {topic: store.offset(topic) for topic in unfit}
                kept = {tp.topic: [begins[tp], ends[tp]] for tp in tps if tp.topic in unfit}
                telemetry.log("error", "store.unfit", partition=partition, stands=stands, changelog=kept)
                store.destroy()
                store = Store(self.folder(partition), self._memory)
            for tp in tps:
                consumer.seek(tp, max(store.offset(tp.topic), begins[tp]))
            read = await self._replay(consumer, store, ends, telling)
        except BaseException:
            store.close()
            raise
        finally:
            await consumer.stop()
        if telling is not None:
            telling.done(read)
        return store

    async def _replay(self, consumer: Any, store: Store, ends: dict[TopicPartition, int], telling: Telling | None) -> int:
        """Take in all up to some offsets; returns how many entries that were."""
        read, chunk, bulk, reader = 0, Chunk(), None, Reader(0.0)
        while True:
            positions = {tp: await consumer.position(tp) for tp in ends}
            left = sum(max(0, ends[tp] - positions[tp]) for tp in ends)
            bulk = left > BULK_RECORDS if bulk is None else bulk
            if telling is not None:
                telling.read(read, left)
            for waits in self._queue.values():
                waits.moved()
            if chunk.size > CHUNK_BYTES or (chunk.entries and not left):
                await in_thread(store.ingest if bulk else store.replay, chunk.entries, chunk.offsets)
                chunk = Chunk()
            if not left:
                await in_thread(store.settle)
                return read
            for tp, (records, end) in (await reader.take(consumer._fetcher, ends, TAKE_SECONDS, TAKE_RECORDS)).items():
                read += len(records)
                chunk.add(tp.topic, self.prefix(tp.topic), records, end)

    def prefix(self, topic: str) -> bytes:
        """Return what a changelog's keys begin with in the store."""
        return HOUSEHOLD if topic == self.households else b""


async def tell_counts(store: Store, partition: str) -> None:
    """Tell how many households and waiting reports a store holds; what a rebuild brought is counted beside the work."""
    for _ in store.count():
        await asyncio.sleep(0)
    households, parked = store.counts or (0, 0)
    telemetry.households.labels(partition).set(households)
    telemetry.waiting.labels(partition).set(parked)


def _fits(offset: int, begin: int, end: int) -> bool:
    return offset == 0 or begin <= offset <= end


async def in_thread(work: Callable[..., object], *arguments: object) -> None:
    """Run something blocking beside the loop; whoever is cancelled meanwhile still waits for its end."""
    done = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        await asyncio.shield(done)
    except asyncio.CancelledError:
        await asyncio.wait([done])
        raise
