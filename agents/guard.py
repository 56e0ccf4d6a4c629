"""What the client library needs so that no record can stop a worker.

aiokafka 0.14 decodes the names of record headers as UTF-8 and raises on others, in the middle of a fetch: the consumer never
gets past such a record, and what was decoded before it in the same fetch is skipped. Kafka does not look into header names, so
any producer can send one. Here they are read with replacement characters; nothing in fangfan decides by them. We know of no
upstream report.
"""

import struct
from collections import deque
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

_LENGTH: Final = struct.Struct(">qi")
"""What every batch begins with: its first offset, and how many bytes follow."""


class _Lenient(bytearray):
    """Bytes whose slices decode whatever they hold."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Lenient(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        return super().decode(encoding, "replace")


class _LenientBatch(_DefaultRecordBatchPy):
    """The library's batch in pure Python, on lenient bytes."""

    def _maybe_uncompress(self) -> None:
        fresh = not self._decompressed
        super()._maybe_uncompress()
        if fresh:
            self._buffer: bytearray = _Lenient(self._buffer)


class _Kept(MemoryRecords):
    """The library's records of a fetch, which also keep the bytes they were read from."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data


class Rest:
    """The batches of a fetch that reach beyond an offset."""

    def __init__(self, data: bytes, offset: int) -> None:
        """Take the bytes of the fetch and where to go on."""
        self._batches: deque[_LenientBatch] = deque()
        at = 0
        while at + _LENGTH.size <= len(data):
            end = at + _LENGTH.size + _LENGTH.unpack_from(data, at)[1]
            if end > len(data):
                break
            batch = _LenientBatch(data[at:end])
            if batch.next_offset > offset:
                self._batches.append(batch)
            at = end

    def has_next(self) -> bool:
        """Tell whether there is another batch."""
        return bool(self._batches)

    def next_batch(self) -> _LenientBatch:
        """Return it."""
        return self._batches.popleft()


class LenientRecords(fetcher.PartitionRecords):
    """The library's reader of a fetch; it goes on leniently where a header name is not UTF-8."""

    def __next__(self) -> Any:
        """Return the next record."""
        try:
            return super().__next__()
        except UnicodeDecodeError:
            records: Any = self._records
            self._records: Any = Rest(records.data, self.next_fetch_offset)
            self._records_iterator = self._unpack_records()
            return super().__next__()


def read_any_header() -> None:
    """Make every consumer of this process read records whatever the names of their headers."""
    fetcher.MemoryRecords = _Kept
    if not issubclass(fetcher.PartitionRecords, LenientRecords):
        fetcher.PartitionRecords = LenientRecords
