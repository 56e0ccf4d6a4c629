"""How a batch leaves: everything it sends and the input offsets, exactly once in one transaction or at least once in order."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Protocol

from aiokafka import TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from agents.offsets import notes
from agents.producing import Requests
from agents.reading import Record
from agents.settings import Settings
from agents.tail import read_tail
from agents.work import Outgoing
from streams.topics import INPUTS, Topic

MAX_BATCH_BYTES: Final = 1 << 19
ZSTD: Final = 4
"""Its number in the attributes of a record batch."""
CHANGELOGS: Final = (Topic.HOUSEHOLDS_CHANGELOG, Topic.PERSONS_CHANGELOG)
"""In this order in the mark of an index (``due_index``)."""

COMMIT_SECONDS: Final = 0.1
"""How long offsets wait at most, at least once, to be committed with those of other batches and lanes."""

Offsets = Mapping[TopicPartition, int]
Committed = Mapping[TopicPartition, tuple[int, str]]
"""Offsets, each with a note that is kept beside it."""
CommitOffsets = Callable[[Committed], Awaitable[None]]
TakeAlerts = Callable[[list[Record]], Awaitable[None]]


class Sender(Protocol):
    """One lane's way to the broker. After an error it is of no more use."""

    async def start(self) -> None:
        """Connect; exactly once, this ends a former owner's transaction (fences it)."""

    async def ahead(self, take: TakeAlerts) -> None:
        """Hand over, in their order, the alerts that may have left though the states that say so did not."""

    async def commit(self, outgoing: list[Outgoing], offsets: Offsets) -> dict[str, int]:
        """Send records and input offsets, where there are any; return the next offset of every changelog written to."""

    @property
    def due(self) -> float | None:
        """When :meth:`settle` is to be called at the latest (monotonic seconds), None where nothing is left to be committed."""

    async def settle(self) -> None:
        """Return once the offsets of all that was sent are committed."""

    async def stop(self) -> None:
        """Let go of the broker; what is not settled comes again."""


class ExactlyOnce:
    """One transaction per batch by the lane's own producer, whose id is the lane's."""

    def __init__(self, settings: Settings, partition: int) -> None:
        """Prepare the producer of a partition."""
        self._settings = settings
        self._requests = Requests(settings, f"{settings.group}-{partition}")

    async def start(self) -> None:
        """Connect and fence."""
        await self._requests.start()

    async def ahead(self, take: TakeAlerts) -> None:
        """Hand over nothing: an alert and the state that says so stand in one transaction."""

    async def commit(self, outgoing: list[Outgoing], offsets: Offsets) -> dict[str, int]:
        """Send everything and the offsets in one transaction.

        Records and offsets one after the other: a broker that is asked for both at once asks the coordinator twice at once
        whether the transaction is known, gives up one of the two questions and refuses what it belonged to.
        """
        requests, group = self._requests, self._settings.group
        batches = _packed(self._settings, outgoing, transactional=True)
        await requests.begin({tp for tp, _ in batches}, group)
        ends = await requests.produce(batches)
        if offsets:
            await requests.commit_offsets(offsets, group)
        await requests.end()
        return _changelogs(self._settings, ends)

    @property
    def due(self) -> float | None:
        """Never: offsets went with what was sent."""
        return None

    async def settle(self) -> None:
        """Leave nothing to be committed."""

    async def stop(self) -> None:
        """Stop the producer."""
        await self._requests.stop()


class Commits:
    """Offset commits of lanes at least once: one every so often carries what all lanes have noted meanwhile.

    A commit is a round trip through the consumer's thread, and no promise to anybody outside: what it would have spared after
    a crash is read again and changes nothing.
    """

    def __init__(self, commit: CommitOffsets) -> None:
        """Take what commits as a member of the consumer group."""
        self._commit = commit
        self._turn = asyncio.Lock()
        self._noted: dict[TopicPartition, tuple[int, str]] = {}
        self._due = 0.0

    def note(self, offsets: Committed) -> None:
        """Let offsets be committed, by :meth:`settle`."""
        if not self._noted:
            self._due = time.monotonic() + COMMIT_SECONDS
        self._noted.update(offsets)

    def due(self, tps: Iterable[TopicPartition]) -> float | None:
        """Return when something noted of some partitions is to be committed (monotonic seconds), None where nothing is."""
        return self._due if self._noted and any(tp in self._noted for tp in tps) else None

    async def settle(self, tps: Iterable[TopicPartition]) -> None:
        """Return once all that was noted of some partitions is committed; an error is told to whoever asks, and to the next."""
        async with self._turn:  # a later commit never before an earlier one
            if self.due(tps) is None:
                return  # it went with another lane's
            going, self._noted = self._noted, {}
            try:
                await self._commit(going)
            except BaseException:  # a lane that is told to end, too, may have committed for others
                self.note(going | self._noted)
                raise

    def forget(self, tps: Iterable[TopicPartition]) -> None:
        """Commit nothing of some partitions: somebody else may go on with them from here."""
        for tp in tps:
            self._noted.pop(tp, None)


class AtLeastOnce:
    """Alerts first, then the states that say so, then the offsets: a crash in between repeats, never loses.

    What is repeated may come in another order, since topics have none among each other, and then lead to other alerts or to
    none. So each commit notes beside its offsets where the alerts end; what lies behind that is adopted by the next owner.

    Nothing fences a worker that was frozen past its session: until it notices, it may write an older state after its
    successor. Who needs that excluded takes exactly once, which is the default.
    """

    def __init__(self, settings: Settings, partition: int, commits: Commits) -> None:
        """Prepare the producer of a partition; ``commits`` are the worker's."""
        self._settings, self._commits = settings, commits
        self._requests = Requests(settings)
        self._alerts = TopicPartition(settings.topic(Topic.ALERTS), partition)
        self._inputs = [TopicPartition(settings.topic(topic), partition) for topic in INPUTS]
        self._end = 0

    async def start(self) -> None:
        """Connect."""
        await self._requests.start()

    async def ahead(self, take: TakeAlerts) -> None:
        """Hand over the alerts behind those that the last commit knew of; where none ever was, all there are."""
        known = [int(note) for note in await notes(self._settings, self._inputs) if note.isdecimal()]
        async with contextlib.aclosing(read_tail(self._settings, self._alerts, max(known, default=0))) as tail:
            async for records, self._end in tail:
                await take(records)

    async def commit(self, outgoing: list[Outgoing], offsets: Offsets) -> dict[str, int]:
        """Send, each step confirmed before the next."""
        before = [each for each in outgoing if each.topic not in CHANGELOGS]
        self._end = (await self._requests.produce(_packed(self._settings, before))).get(self._alerts, self._end)
        states = [each for each in outgoing if each.topic in CHANGELOGS]
        ends = await self._requests.produce(_packed(self._settings, states))
        if offsets:
            self._commits.note({tp: (offset, str(self._end)) for tp, offset in offsets.items()})
        return _changelogs(self._settings, ends)

    @property
    def due(self) -> float | None:
        """When the offsets noted last are to be committed."""
        return self._commits.due(self._inputs)

    async def settle(self) -> None:
        """Commit the offsets noted last."""
        await self._commits.settle(self._inputs)

    async def stop(self) -> None:
        """Stop the producer."""
        self._commits.forget(self._inputs)
        await self._requests.stop()


class _Packed(BatchBuilder):
    """A record batch that is filled at once."""

    def fill(self, records: list[Outgoing], start: int, now: int) -> int:
        """Take records from a position on until the batch is full; return the position of the first that is left."""
        append, count = self._builder.append, 0
        for each in records[start:]:
            timestamp = now if each.timestamp is None else each.timestamp
            if append(count, timestamp, each.key, each.value, each.headers) is None:
                break
            count += 1
        self._relative_offset = count
        self.close()
        return start + count


def _packed(
    settings: Settings, outgoing: list[Outgoing], *, transactional: bool = False
) -> list[tuple[TopicPartition, BatchBuilder]]:
    """Pack records into record batches, in order per topic and partition. What has no timestamp gets this moment."""
    packed: list[tuple[TopicPartition, BatchBuilder]] = []
    places: dict[tuple[Topic, int], list[Outgoing]] = {}
    for each in outgoing:
        places.setdefault((each.topic, each.partition), []).append(each)
    now = time.time_ns() // 1_000_000
    for (topic, partition), records in places.items():
        tp, at = TopicPartition(settings.topic(topic), partition), 0
        while at < len(records):
            batch = _Packed(MAX_BATCH_BYTES, _compression(records[at]), is_transactional=transactional)
            start, at = at, batch.fill(records, at, now)
            if at == start:
                raise ValueError("a record does not fit an empty batch")
            packed.append((tp, batch))
    return packed


def _compression(first: Outgoing) -> int:
    """Return how a batch that begins with a record is compressed: a large one is, as it may have been when it came."""
    return ZSTD if len(first.value or b"") >= MAX_BATCH_BYTES else 0


def _changelogs(settings: Settings, ends: Mapping[TopicPartition, int]) -> dict[str, int]:
    """Return the next offsets of the lane's changelogs."""
    names = {settings.topic(topic) for topic in CHANGELOGS}
    return {tp.topic: offset for tp, offset in ends.items() if tp.topic in names}
