"""One partition's households and persons on disk: RocksDB, written in one batch with the changelog offsets it reflects."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options, Rdict, ReadOptions, WriteBatch

from agents import telemetry

HOUSEHOLD: Final = b"h"
PERSON: Final = b"p"
PARKED: Final = b"w"
_OFFSET: Final = b"\0offset\0"
_DAMAGED: Final = "damaged"
"""A file of this name says that the folder was found unreadable."""


class StoreUnreadable(RuntimeError):
    """What was stored cannot be read: no fault of the record that asked. Opened again, the store is empty and is rebuilt."""


class Store:
    """Keys carry a prefix byte: households, persons, parked reports; meta keys begin with NUL."""

    def __init__(self, path: Path) -> None:
        """Open or create the partition's folder; one that is damaged is discarded: its changelogs have everything."""
        self._path = path
        try:
            if (path / _DAMAGED).exists():
                raise StoreUnreadable("it was found unreadable")
            path.mkdir(parents=True, exist_ok=True)
            self._db = Rdict(str(path / "db"), _options())
        except Exception as error:
            if not _is_damage(error):
                raise
            telemetry.log("error", "store.discarded", partition=path.name, reason=str(error)[:300])
            shutil.rmtree(path)
            path.mkdir(parents=True)
            self._db = Rdict(str(path / "db"), _options())

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

    def write(self, changes: Iterable[tuple[bytes, bytes | None]], offsets: dict[str, int]) -> None:
        """Write values (None deletes) and changelog offsets, all or nothing."""
        batch = WriteBatch(raw_mode=True)
        for key, value in changes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        for topic, offset in offsets.items():
            batch.put(_OFFSET + topic.encode(), str(offset).encode())
        self._db.write(batch)

    def delete_range(self, begin: bytes, end: bytes) -> None:
        """Delete every key from ``begin`` to before ``end``."""
        self._db.delete_range(begin, end)

    def scan(self, prefix: bytes, begin: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield the entries whose keys begin with a prefix, in order of their keys, from a key on where one is given."""
        for key, value in self._db.items(from_key=max(prefix, begin), read_opt=ReadOptions()):
            if not key.startswith(prefix):
                return
            yield key, value

    def close(self) -> None:
        """Close the store; its folder stays."""
        self._db.close()

    def destroy(self) -> None:
        """Close the store and remove its folder: it no longer fits its changelog."""
        self.close()
        shutil.rmtree(self._path)


def _is_damage(error: Exception) -> bool:
    """Tell damage from what passes or is for a person to mend: no room, no rights, somebody else has it open."""
    return isinstance(error, StoreUnreadable) or str(error).startswith("Corruption") or "No such file" in str(error)


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(16 << 20)
    options.set_max_write_buffer_number(2)
    options.set_compression_type(DBCompressionType.lz4())
    table = BlockBasedOptions()
    table.set_block_cache(Cache(16 << 20))
    table.set_bloom_filter(10, False)
    options.set_block_based_table_factory(table)
    return options
