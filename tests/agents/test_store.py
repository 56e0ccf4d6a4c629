"""A partition's store: what it counts, what a crash takes, and what many of them hold of memory together."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

from agents.memory import Memory
from agents.store import HOUSEHOLD, PARKED, PERSON, Store


def counted(store: Store) -> tuple[int, int] | None:
    for _ in store.count():
        pass
    return store.counts


def test_counts_follow_writes_and_outlive_the_process(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert (0, 0) == counted(store)
    store.write([(HOUSEHOLD + b"H1", b"1"), (HOUSEHOLD + b"H2", b"1"), (PARKED + b"a", b"x")], {"t": 3}, 2, 1)
    store.write([(HOUSEHOLD + b"H1", b"2"), (PARKED + b"a", None)], {"t": 5}, 0, -1)
    store.close()
    again = Store(tmp_path)

    assert (2, 0) == again.counts
    assert (5, b"2") == (again.offset("t"), again.get(HOUSEHOLD + b"H1"))
    again.close()


def test_what_the_changelog_brings_is_counted_whichever_way_it_is_taken_in(tmp_path: Path) -> None:
    first = {HOUSEHOLD + b"H%d" % number: b"1" for number in range(100)} | {PARKED + b"a": b"x", PERSON + b"P": b"y"}
    then: dict[bytes, bytes | None] = {HOUSEHOLD + b"H99": b"2", HOUSEHOLD + b"H100": b"1", PARKED + b"a": None}
    then[PARKED + b"b"] = b"x"
    ways = [Store(tmp_path / "one"), Store(tmp_path / "other")]
    for store in ways:
        counted(store)
    ways[0].replay(first, {"t": 7})
    ways[0].replay(then, {"t": 9})
    ways[1].ingest(first, {"t": 7})
    ways[1].ingest(then, {"t": 9})
    for store in ways:
        number, held = counted(store), dict(store.scan(HOUSEHOLD))
        store.close()

        assert (101, 1) == number
        assert b"2" == held[HOUSEHOLD + b"H99"]
    for name in ("one", "other"):
        again = Store(tmp_path / name)

        assert ((101, 1), 9) == (again.counts, again.offset("t"))
        again.close()


def top(store: Store) -> int:
    """How many table files lie above all levels, as RocksDB counts them."""
    return int(store._db.property_int_value("rocksdb.num-files-at-level0") or 0)


def test_table_files_wait_for_the_last_of_them_before_they_are_compacted(tmp_path: Path) -> None:
    """Each spans all keys: a rebuild that compacted on the way would write most of a store several times."""
    store = Store(tmp_path)
    for offset in range(12):
        store.ingest({HOUSEHOLD + b"H%03d" % number: b"%d" % offset for number in range(100)}, {"t": offset})
    apart = top(store)
    store.settle()
    deadline = time.monotonic() + 30
    while (left := top(store)) >= 4 and time.monotonic() < deadline:
        time.sleep(0.01)

    assert (11, True) == (apart, left < 4), "the first lies at the bottom, where nothing overlaps it"
    assert b"11" == store.get(HOUSEHOLD + b"H042")
    store.close()


def test_counting_and_writing_go_on_beside_each_other(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.ingest({HOUSEHOLD + b"H%03d" % number: b"1" for number in range(100)} | {PARKED + b"a": b"x"}, {"t": 7})
    slices = store.count(slice_size=40)
    next(slices)
    store.write([(HOUSEHOLD + b"H000a", b"1"), (HOUSEHOLD + b"H099a", b"1"), (PARKED + b"b", b"x")], {"t": 8}, 2, 1)
    assert store.counts is None
    assert (102, 2) == (list(slices) and store.counts)
    store.close()


CRASH = """
import os, sys
from pathlib import Path
from agents.memory import Memory
from agents.store import HOUSEHOLD, Store
store = Store(Path(sys.argv[1]), Memory(32))
list(store.count())
for number in range(40_000):
    store.write([(HOUSEHOLD + b"H%06d" % number, os.urandom(700))], {"t": number + 1}, 1)
os._exit(9)
"""


def test_a_crash_takes_what_was_last_and_the_offset_that_says_so(tmp_path: Path) -> None:
    """Whatever was not on disk yet is gone together: entries, count and offset, so that it is read again."""
    ended = subprocess.run([sys.executable, "-c", CRASH, str(tmp_path)], check=False)
    store = Store(tmp_path)
    offset = store.offset("t")
    held = {key for key, _ in store.scan(HOUSEHOLD)}
    number = store.counts
    store.close()

    assert 9 == ended.returncode
    assert 0 < offset < 40_000
    assert {HOUSEHOLD + b"H%06d" % number for number in range(offset)} == held
    assert (offset, 0) == number


def test_many_stores_share_what_one_may_take(tmp_path: Path) -> None:
    """48 partitions take in 4 MiB each, which each could keep for itself: the worker holds a sixth of the 192 MiB, and what one
    partition writes at once."""
    memory = Memory(32)
    stores = [Store(tmp_path / str(number), memory) for number in range(48)]
    most = 0
    for turn in range(64):
        for store in stores:
            store.write([(HOUSEHOLD + b"H%d" % turn, os.urandom(64 << 10))], {"t": turn})
            most = max(most, memory.usage())
    for store in stores:
        store.close()

    assert most < 40 << 20


def test_a_store_opened_again_reads_through_the_cache_its_worker_shares(tmp_path: Path) -> None:
    """What RocksDB wrote down of a store's options names no cache: it would give each store a small one of its own."""
    keys = [HOUSEHOLD + b"%05d" % number for number in range(2_000)]
    store = Store(tmp_path, Memory(64))
    store.write(((key, random.Random(key).randbytes(4_000)) for key in keys), {})
    store.close()

    memory = Memory(64)
    again = Store(tmp_path, memory)
    before = memory.usage()
    found = sum(len(again.get(key) or b"") for key in keys)
    used = memory.usage() - before
    again.close()

    assert 2_000 * 4_000 == found
    assert used > found // 2
