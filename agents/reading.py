"""Records as they were fetched, whole record batches at a time.

aiokafka makes every record a Python object, one by one, through two iterators. Here a record stays what its C extension read;
topic and partition stand once, on the batch. What of a fetch counts is decided as the library does: checksums, batches of
aborted transactions, control batches, records before the position that was asked for.
"""

import asyncio
from collections.abc import Collection, Iterator
from itertools import chain, islice
from typing import Any, Protocol

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import ConsumerStoppedError, CorruptRecordException

from agents.fetch_codec import write_by_partition
from agents.guard import LenientRecords, Rest, read_any_header


class Record(Protocol):
    """A record on its partition. ``timestamp`` in milliseconds, negative where it has none."""

    @property
    def offset(self) -> int:
        """Where it lies."""

    @property
    def timestamp(self) -> int:
        """When it was sent or appended, as the topic wants."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value."""

    @property
    def headers(self) -> list[tuple[str, bytes | None]]:
        """Its headers, in order."""


class Fetched(LenientRecords):
    """What a fetch brought of one partition. Read it either record by record, as the library does, or with :meth:`take`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take what the library's class takes."""
        super().__init__(*args, **kwargs)
        self.next_fetch_offset: int
        self._batches = self._data()
        self._batch: Any = None
        self._left: Iterator[Record] = iter(())
        self.ended = False

    def take(self, count: int) -> list[Record]:
        """Return the next records, ``count`` at most, and move ``next_fetch_offset`` behind them; ``ended`` says that was all.

        Raises:
            CorruptRecordException: a checksum or the structure of a record is wrong.
        """
        taken: list[Record] = []
        while len(taken) < count:
            if self._batch is None:
                self._batch = next(self._batches, None)
                if self._batch is None:
                    self.ended = True
                    break
                self._left = chain(self._batch)  # the library's batch may be asked for its iterator only once
            taken += self._read(count - len(taken))
        return taken

    def _read(self, room: int) -> list[Record]:
        batch, start = self._batch, self.next_fetch_offset
        try:
            found = list(islice(self._left, room))
        except UnicodeDecodeError:  # the name of a header
            self._records: Any = Rest(self._records.data, start)
            self._batch, self._batches = None, self._data()
            return []
        if len(found) < room:
            self._batch, self.next_fetch_offset = None, batch.next_offset
        else:
            self.next_fetch_offset = max(start, found[-1].offset + 1)
        if found and found[0].offset < start:
            return [record for record in found if record.offset >= start]
        return found

    def _data(self) -> Iterator[Any]:
        """Yield the batches that hold data: the library's ``_unpack_records`` without its records."""
        while self._records.has_next():
            batch = self._records.next_batch()
            if self._check_crcs and not batch.validate_crc():
                raise CorruptRecordException(f"Invalid CRC - {self._tp}")
            if self._isolation_level == fetcher.READ_COMMITTED and batch.producer_id is not None:
                self._consume_aborted_up_to(batch.base_offset)
                if batch.is_control_batch and self._contains_abort_marker(batch):
                    self._aborted_producers.discard(batch.producer_id)
                if batch.is_transactional and batch.producer_id in self._aborted_producers:
                    self.next_fetch_offset = batch.next_offset
                    continue
            if batch.is_control_batch:
                self.next_fetch_offset = batch.next_offset
                continue
            yield batch


Taken = dict[TopicPartition, tuple[list[Record], int]]
"""Records by partition, and the offset behind the last of them."""


class Reader:
    """Takes what was fetched, and lets it be fetched again at most once in so long.

    What a fetch and a commit cost does not depend on how many records they carry, so at a steady rate records gather on the
    broker meanwhile. After a while without records the next one is fetched at once.
    """

    def __init__(self, seconds: float) -> None:
        """Take how long from one fetch to the next."""
        self._seconds = seconds
        self._last = 0.0
        self._spent: dict[TopicPartition, fetcher.FetchResult] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, source: fetcher.Fetcher, wanted: Collection[Any], seconds: float, count: int) -> Taken:
        """Return what was fetched of some partitions, ``count`` records at most; wait for it if need be.

        The library's ``fetched_records``, for :class:`Fetched`. A partition whose position moved since is fetched again.
        """
        subscriptions = source._subscriptions
        if subscriptions.reassignment_in_progress:
            await subscriptions.wait_for_assignment()
        taken = self._take(source, wanted, count)
        if taken:
            return taken
        waiter = source._create_fetch_waiter()
        done, _ = await asyncio.wait([waiter], timeout=seconds)
        if source._closed:
            raise ConsumerStoppedError
        if not done:
            waiter.cancel()
            return {}
        waiter.result()  # what the coordinator refuses for good
        return {} if subscriptions.reassignment_in_progress else self._take(source, wanted, count)

    def _take(self, source: fetcher.Fetcher, wanted: Collection[Any], count: int) -> Taken:
        taken: Taken = {}
        for tp, result in list(source._records.items()):
            if tp not in wanted:
                if not source._subscriptions.is_assigned(tp):
                    del source._records[tp]
                continue
            if self._spent.get(tp) is result:
                continue
            if not isinstance(result, fetcher.FetchResult):
                if taken:
                    break  # the error is told next time
                _done(source, tp)
                result.check_raise()
            try:
                records, more = _read(result, count)
            except Exception:
                _done(source, tp)  # fetched again from where the last records ended
                raise
            if records:
                taken[tp] = records, result._assignment.state_value(tp).position
                count -= len(records)
            if not more and records:
                self._spent[tp] = result
            elif not more:
                _done(source, tp)
            if count <= 0:
                break
        if self._spent and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_at(max(loop.time(), self._last + self._seconds), self._again, source)
        return taken

    def _again(self, source: fetcher.Fetcher) -> None:
        """Let what was taken be fetched again, unless it has been already: after a seek, say."""
        self._last, self._timer = asyncio.get_running_loop().time(), None
        spent, self._spent = self._spent, {}
        for tp, result in spent.items():
            if source._records.get(tp) is result:
                _done(source, tp)


def _read(result: fetcher.FetchResult, count: int) -> tuple[list[Record], bool]:
    """Return records of one partition, and whether there are more."""
    if not result.has_more() or not result.check_assignment(result._topic_partition):
        return [], False
    fetched: Fetched = result._partition_records
    records = fetched.take(count)
    result._update_position()
    return records, not fetched.ended


def _done(source: fetcher.Fetcher, tp: TopicPartition) -> None:
    """Let a partition be fetched again."""
    del source._records[tp]
    source._notify(source._wait_consume_future)


def read_batches() -> None:
    """Make every consumer of this process keep what it fetches so that it can be read in batches."""
    read_any_header()
    write_by_partition()
    fetcher.PartitionRecords = Fetched
