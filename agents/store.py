"""One partition's households and persons on disk: RocksDB, written in one batch with the changelog offsets it reflects.

Nothing is written ahead to a log of RocksDB's own: the changelog is that log. What a crash takes from memory is taken with the
offset that says so, and read again.
"""

import shutil
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from rocksdict import (
    IngestExternalFileOptions,
    Rdict,
    ReadOptions,
    SstFileWriter,
    WriteBatch,
    WriteOptions,
)

from agents import telemetry
from agents.memory import Memory

HOUSEHOLD: Final = b"h"
PERSON: Final = b"p"
PARKED: Final = b"w"
LINK: Final = b"l"
EVENT: Final = b"e"
AREA: Final = b"a"
RESIDENT: Final = b"r"
_OFFSET: Final = b"\0offset\0"
_COUNTS: Final = b"\0counts"
_DAMAGED: Final = "damaged"
"""A file of this name says that the folder was found unreadable."""
COUNT_SLICE: Final = 2_000


class StoreUnreadable(RuntimeError):
    """What was stored cannot be read: no fault of the record that asked. Opened again, the store is empty and is rebuilt."""


class Store:
    """Keys carry a prefix byte: households, persons, parked reports; meta keys begin with NUL."""

    def __init__(self, path: Path, memory: Memory | None = None) -> None:
        """Open or create the partition's folder; one that is damaged is discarded: its changelogs have everything.

        ``memory`` is shared by the stores of a worker.
        """
        self._path, self._memory = path, memory or Memory()
        self._options = self._memory.options()
        self._write = WriteOptions()
        self._write.disable_wal = True  # its stubs call this a method
        self._counts: tuple[int, int] | None = None
        self._counts_read = False
        self._meanwhile = 0, 0
        self._counting: Generator[None, None, None] | None = None
        self._compacts = True
        try:
            if (path / _DAMAGED).exists():
                raise StoreUnreadable("it was found unreadable")
            self._open()
        except Exception as error:
            if not _is_damage(error):
                raise
            telemetry.log("error", "store.discarded", partition=path.name, reason=str(error)[:300])
            shutil.rmtree(path)
            self._open()

    def _open(self) -> None:
        self._path.mkdir(parents=True, exist_ok=True)
        # Without the families named, a store that is there already takes what it once wrote down of its options, which names
        # no cache: each store has a small one of its own then, outside the worker's bound.
        self._db = Rdict(str(self._path / "db"), self._options, column_families={"default": self._options})

    def get(self, key: bytes) -> bytes | None:
        """Return a value, None where there is none.

        Raises:
            StoreUnreadable: the disk gives something else than what was written, or nothing.
        """
        try:
            value: bytes | None = self._db.get(key)
        except Exception as error:
            (self._path / _DAMAGED).touch()
            raise StoreUnreadable(str(error)[:300]) from error
        return value

    def offset(self, topic: str) -> int:
        """Return the next changelog offset this store has not taken in yet (0 for a new store)."""
        value = self.get(_OFFSET + topic.encode())
        return int(value) if value is not None else 0

    def write(
        self, changes: Iterable[tuple[bytes, bytes | None]], offsets: Mapping[str, int], households: int = 0, parked: int = 0
    ) -> None:
        """Write values (None deletes), changelog offsets and how many households and parked reports came, all or nothing."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        for topic, offset in offsets.items():
            batch.put(_OFFSET + topic.encode(), b"%d" % offset)
        counts = self.counts
        if counts is None:
            self._meanwhile = self._meanwhile[0] + households, self._meanwhile[1] + parked
        elif households or parked:
            self._counts = counts[0] + households, counts[1] + parked
            batch.put(_COUNTS, b"%d %d" % self._counts)
        self._db.write(batch, self._write)
        if self._memory.full:
            self._db.flush()

    def replay(self, entries: Mapping[bytes, bytes | None], offsets: Mapping[str, int]) -> None:
        """Take in some entries of the changelogs, the newest value of each key."""
        households, parked = self._added(entries, HOUSEHOLD), self._added(entries, PARKED)
        self.write(entries.items(), offsets, households, parked)

    def _added(self, entries: Mapping[bytes, bytes | None], prefix: bytes) -> int:
        return sum(
            (value is not None) - (self.get(key) is not None) for key, value in entries.items() if key.startswith(prefix)
        )  # fmt: skip

    def ingest(self, entries: Mapping[bytes, bytes | None], offsets: Mapping[str, int]) -> None:
        """Take in very many entries, all or nothing, as a table file; :meth:`settle` and :meth:`count` are to follow.

        Meanwhile nothing is compacted: each file spans all keys, so every few of them would rewrite those before.
        """
        self._compact(False)
        meta: dict[bytes, bytes | None] = {_OFFSET + topic.encode(): b"%d" % offset for topic, offset in offsets.items()}
        meta[_COUNTS] = None
        path = self._path / "ingest.sst"
        writer = SstFileWriter(self._options)
        writer.open(str(path))
        for some in (meta, entries):  # meta keys come before all others
            for key in sorted(some):
                value = some[key]
                if value is None:
                    del writer[key]
                else:
                    writer[key] = value
        writer.finish()
        how = IngestExternalFileOptions()
        how.set_move_files(True)
        self._db.ingest_external_file([str(path)], how)
        self._counts, self._counts_read = None, True

    def settle(self) -> None:
        """Compact again, in the background, after the last of many :meth:`ingest`."""
        self._compact(True)

    def _compact(self, wanted: bool) -> None:
        if self._compacts != wanted:
            self._db.set_options({"disable_auto_compactions": "false" if wanted else "true"})
            self._compacts = wanted

    @property
    def counts(self) -> tuple[int, int] | None:
        """How many households and parked reports there are, None until they are counted."""
        if not self._counts_read:
            data = self.get(_COUNTS)
            households, parked = data.split() if data is not None else (None, None)
            self._counts = (int(households), int(parked)) if households and parked else None
            self._counts_read = True
        return self._counts

    def count(self, slice_size: int = COUNT_SLICE) -> Generator[None, None, None]:
        """Count households and parked reports, where that is not known; yields after each slice. Batches may be stored between.

        Known from then on: writes keep the counts, and only :meth:`ingest` forgets them.
        """
        self._counting = slices = self._count(slice_size)
        return slices

    def _count(self, slice_size: int) -> Generator[None, None, None]:
        if self.counts is not None:
            return
        self._meanwhile = 0, 0
        found = []
        for prefix, keys in [(each, self._db.keys(from_key=each, read_opt=ReadOptions())) for each in (HOUSEHOLD, PARKED)]:
            number = 0
            for key in keys:  # as it was when counting began
                if not key.startswith(prefix):
                    break
                number += 1
                if number % slice_size == 0:
                    yield
            found.append(number)
        self._counts = found[0] + self._meanwhile[0], found[1] + self._meanwhile[1]
        batch = WriteBatch(raw_mode=True)
        batch.put(_COUNTS, b"%d %d" % self._counts)
        self._db.write(batch, self._write)

    def delete_range(self, begin: bytes, end: bytes) -> None:
        """Delete every key from ``begin`` to before ``end``."""
        self._db.delete_range(begin, end, write_opt=self._write)

    def scan(self, prefix: bytes, begin: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries whose keys begin with a prefix, in order of their keys, from a key on where one is given."""
        for key, value in self._db.items(from_key=max(prefix, begin), read_opt=ReadOptions()):
            if not key.startswith(prefix):
                return
            yield key, value

    def close(self) -> None:
        """Put what waits in memory on disk and close the store; its folder stays."""
        if self._counting is not None:
            self._counting.close()  # what still reads would keep the folder locked
        try:
            self._db.flush()
        finally:
            self._db.close()

    def destroy(self) -> None:
        """Close the store and remove its folder: it no longer fits its changelog."""
        self._db.close()
        shutil.rmtree(self._path)


def _is_damage(error: Exception) -> bool:
    """Tell damage from what passes or is for a person to mend: no room, no rights, somebody else has it open."""
    return isinstance(error, StoreUnreadable) or str(error).startswith("Corruption") or "No such file" in str(error)
