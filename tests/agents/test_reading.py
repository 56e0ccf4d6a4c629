"""Records read in batches are those that the library reads one by one."""

import asyncio
import struct
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder, _DefaultRecordBatchBuilderPy
from aiokafka.record.util import calc_crc32c
from hypothesis import given
from hypothesis import strategies as st

from agents.guard import LenientRecords
from agents.reading import Fetched, Reader, Record, read_batches

TP = TopicPartition("cadre-reports", 0)
COMMITTED = fetcher.READ_COMMITTED
CONTROL, ATTRIBUTES, CRC = 0x20, 21, 17
ABORT, COMMIT = b"\0\0\0\0", b"\0\0\0\1"


class Raw(bytes):
    """A header's name as it is, UTF-8 or not."""

    def encode(self, encoding: str = "utf-8") -> bytes:
        return bytes(self)


def batch(start: int, values: list[bytes | None], *, producer: int = -1, codec: int = 0, control: bool = False,
          key: bytes = b"H000001", name: Any = "h", transactional: bool = True) -> bytes:  # fmt: skip
    """Return a record batch as it lies in the log; None is a record that compaction took."""
    kind = DefaultRecordBatchBuilder if isinstance(name, str) else _DefaultRecordBatchBuilderPy
    builder = kind(2, codec, transactional and producer >= 0, producer, 0, 0, 1 << 20)
    for at, value in enumerate(values):
        if value is not None:
            assert builder.append(at, 1_000 + at, key, value, [(name, b"v")]) is not None
    made = bytearray(builder.build())
    struct.pack_into(">q", made, 0, start)
    struct.pack_into(">i", made, 23, len(values) - 1)
    if control:
        made[ATTRIBUTES + 1] |= CONTROL
    struct.pack_into(">I", made, CRC, calc_crc32c(bytes(made[ATTRIBUTES:])))
    return bytes(made)


@dataclass
class Log:
    """What a fetch brought, and how a reader is made of it."""

    data: bytes = b""
    aborted: tuple[tuple[int, int], ...] = ()
    end: int = 0

    def add(self, values: list[bytes | None], **how: Any) -> None:
        self.data += batch(self.end, values, **how)
        self.end += len(values)

    def reader(self, start: int = 0, kind: Callable[..., Any] = Fetched) -> Any:
        read_batches()
        records = fetcher.MemoryRecords(self.data)
        return kind(TP, records, list(self.aborted), start, None, None, True, COMMITTED)


def what(record: Any) -> tuple[Any, ...]:
    return record.offset, record.timestamp, record.key, record.value, tuple(record.headers)


def read(reader: Any, count: int) -> list[Record]:
    found: list[Record] = []
    while not reader.ended:
        some = reader.take(count)
        assert len(some) <= count
        found += some
    return found


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """Plain and transactional batches of two producers, markers, compaction, every compression, names of any bytes."""
    log, aborted = Log(), []
    open_since: dict[int, int] = {}
    for _ in range(draw(st.integers(1, 8))):
        producer = draw(st.sampled_from([-1, 7, 8]))
        if producer in open_since and draw(st.booleans()):
            marker = draw(st.sampled_from([ABORT, COMMIT]))
            if marker == ABORT:
                aborted.append((producer, open_since[producer]))
            del open_since[producer]
            log.add([b"\0" * 6], producer=producer, control=True, key=marker)
            continue
        values = [b"x" * draw(st.integers(0, 30)) for _ in range(draw(st.integers(1, 6)))]
        kept = [value if draw(st.integers(0, 4)) else None for value in values[:-1]]
        if producer >= 0:
            open_since.setdefault(producer, log.end)
        name = draw(st.sampled_from(["h", "户", Raw(b"\xff")]))
        log.add([*kept, values[-1]], producer=producer, codec=draw(st.integers(0, 4)), name=name)
    aborted += [each for each in open_since.items() if draw(st.booleans())]
    log.aborted = tuple(aborted)
    return log


@given(log=logs(), count=st.integers(1, 9), data=st.data())
def test_any_fetch_read_in_batches_is_what_the_library_reads(log: Log, count: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, log.end))
    one_by_one = log.reader(start, LenientRecords)
    expected = [what(record) for record in one_by_one]
    reader = log.reader(start)

    assert expected == [what(record) for record in read(reader, count)]
    assert log.end == reader.next_fetch_offset == one_by_one.next_fetch_offset


def test_an_aborted_transaction_is_not_read_and_its_marker_is_passed() -> None:
    log = Log(aborted=((7, 0),))
    log.add([b"taken back"] * 3, producer=7)
    log.add([b"\0" * 6], producer=7, control=True, key=ABORT)
    log.add([b"kept"], producer=7)
    log.add([b"\0" * 6], producer=7, control=True, key=COMMIT)
    reader = log.reader()

    assert [(4, b"kept")] == [(record.offset, record.value) for record in reader.take(100)]
    assert (True, 6) == (reader.ended, reader.next_fetch_offset)


class Source:
    """What a reader needs of the library's fetcher: what was fetched, and how it is told to fetch again."""

    def __init__(self, log: Log) -> None:
        self._records: dict[TopicPartition, Any] = {}
        self._wait_consume_future = None
        self.asked = asyncio.Event()
        self._log = log
        self.state = SimpleNamespace(paused=False, position=0, consumed_to=self._consumed_to)
        self.fetch()

    def fetch(self) -> None:
        assignment = SimpleNamespace(active=True, state_value=lambda tp: self.state)
        reader = self._log.reader(self.state.position)
        self._records[TP] = fetcher.FetchResult(TP, assignment=assignment, partition_records=reader, backoff=0)

    def _consumed_to(self, offset: int) -> None:
        self.state.position = offset

    def _notify(self, waiter: object) -> None:
        self.asked.set()


def test_a_broken_batch_loses_nothing_of_those_before_it() -> None:
    """What was read before it in the same call is fetched again: the position stays."""
    log = Log()
    log.add([b"a", b"b"])
    whole = len(log.data)
    log.add([b"c"])
    log.data = log.data[: whole + CRC] + b"\0\0\0\0" + log.data[whole + CRC + 4 :]
    source: Any = Source(log)
    with pytest.raises(CorruptRecordException):
        Reader(0)._take(source, {TP}, 100)

    assert ({}, 0) == (source._records, source.state.position)


async def test_fetches_lie_apart_so_that_records_gather() -> None:
    """The first after a pause is followed up at once; the next only when the time is over, and nothing is read twice."""
    log, loop, times = Log(), asyncio.get_running_loop(), []
    log.add([b"a", b"b"])
    source: Any = Source(log)
    reader = Reader(0.05)
    for _ in range(2):
        source.state.position = 0
        source.fetch()
        ((records, end),) = reader._take(source, {TP}, 100).values()

        assert ([b"a", b"b"], 2) == ([record.value for record in records], end)
        assert {} == reader._take(source, {TP}, 100)
        source.asked.clear()
        await source.asked.wait()
        times.append(loop.time())
        assert {} == source._records

    assert times[1] - times[0] >= 0.05


async def test_a_seek_meanwhile_is_not_undone() -> None:
    log = Log()
    log.add([b"a", b"b"])
    source: Any = Source(log)
    reader = Reader(0)
    reader._take(source, {TP}, 100)
    source.state.position = 0
    source.fetch()  # the library dropped what there was, and fetched again
    await asyncio.sleep(0.01)

    assert [b"a", b"b"] == [record.value for record in reader._take(source, {TP}, 100)[TP][0]]
