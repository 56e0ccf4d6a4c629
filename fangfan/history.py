"""Reads the past for a replay: lines of files, or spans of topics, as a worker reads records (docs/contract-backtest.md)."""

import asyncio
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from agents.settings import Settings
from fangfan import removals
from fangfan.reading import extents, read_topic
from fangfan.spool import Spool
from fangfan.tables import FileError
from schemas.areas import AreaNotice
from schemas.fields import parse_instant
from schemas.registry import RegistryChange
from schemas.rejections import Rejection
from schemas.reports import Report
from schemas.wire import Schema
from streams.area_arrivals import Heard
from streams.arrivals import Arrival
from streams.normalise import Message, normalise, read_removal
from streams.topics import TOPIC_OF, Topic

RANKS: Final = (Topic.HOUSEHOLDS, Topic.SELF_DECLARATIONS, Topic.CADRE_REPORTS, Topic.DEPARTMENT_FEEDS, Topic.AREA_EVENTS)
"""Records of one instant arrive in this order, so that a household is known before it is spoken of."""
CHUNK_BYTES: Final = 4 << 20
CHUNK_RECORDS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a file that begin in a span of bytes; ``number`` is the file's among all."""

    path: Path
    number: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """How much there is to read, in bytes."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Span:
    """The offsets of one partition from ``start`` to before ``end``."""

    settings: Settings
    topic: Topic
    partition: int
    start: int
    end: int

    @property
    def size(self) -> int:
        """How much there is to read, in offsets."""
        return self.end - self.start


Source = Lines | Span


@dataclass(slots=True)
class Counted:
    """What was read: records that are replayed by topic, refused ones by code, and those after the end that was asked for."""

    records: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    later: int = 0
    newest: int = -1
    """The greatest timestamp of a record that is replayed, in milliseconds."""

    def add(self, other: "Counted") -> None:
        """Take in what another process read."""
        self.records.update(other.records)
        self.refused.update(other.refused)
        self.later += other.later
        self.newest = max(self.newest, other.newest)


def of_files(files: list[Path]) -> list[Source]:
    """Return files cut into spans of lines.

    Raises:
        FileError: one cannot be read.
    """
    sources: list[Source] = []
    for number, path in enumerate(files):
        try:
            found = path.stat()
        except OSError as error:
            raise FileError(f"{path}: {error.strerror}") from None
        if not stat.S_ISREG(found.st_mode):
            raise FileError(f"{path}: is not a regular file")
        size = found.st_size
        sources += [Lines(path, number, at, min(at + CHUNK_BYTES, size)) for at in range(0, size, CHUNK_BYTES)]
    return sources


async def of_topics(settings: Settings) -> list[Source]:
    """Return what the broker keeps of the input topics and the registry, to its end of now, cut into spans."""
    sources: list[Source] = []
    for topic in RANKS:
        for partition, (begin, end) in (await extents(settings, topic)).items():
            cuts = range(begin, end, CHUNK_RECORDS)
            sources += [Span(settings, topic, partition, at, min(at + CHUNK_RECORDS, end)) for at in cuts]
    return sources


def read_source(source: Source, spool: Spool, until: int | None) -> Counted:
    """Read a source into the spool: registry changes, reports by household or person, area events. ``until`` in nanoseconds.

    Raises:
        FileError: a file cannot be read.
        TimeoutError: the broker no longer answers.
    """
    counted = Counted()
    kinds: dict[str, list[Arrival]] = {"registry": [], "placed": [], "persons": []}
    events: list[Heard] = []
    for order, message in _lines(source) if isinstance(source, Lines) else asyncio.run(_records(source)):
        if isinstance(message, Rejection):
            counted.refused[message.code.value] += 1
        elif until is not None and order[0] * 1_000_000 >= until:
            counted.later += 1
        elif isinstance(message, RegistryChange):
            counted.records[Topic.HOUSEHOLDS.value] += 1
            kinds["registry"].append(Arrival(order, message.household_id, order[0], None, message))
        elif isinstance(message, Report):
            counted.records[RANKS[message.kept.channel + 1].value] += 1
            kind = "persons" if message.household_id is None else "placed"
            kinds[kind].append(Arrival(order, message.household_id or message.person_id or "", order[0], message, None))
        elif isinstance(message, AreaNotice):
            counted.records[Topic.AREA_EVENTS.value] += 1
            events.append(Heard(order, order[0], message))
    stamps = [each.timestamp for arrivals in kinds.values() for each in arrivals] + [each.timestamp for each in events]
    counted.newest = max(stamps, default=-1)
    for kind, arrivals in kinds.items():
        spool.add_arrivals(kind, arrivals)
    spool.add_events(events)
    return counted


Read = tuple[tuple[int, int, int, int], Message | Rejection]
"""A record's order, and what a worker reads in it."""


class _Sent(msgspec.Struct, gc=False):
    """When a line says that it was sent, and what it is."""

    schema: str = ""
    reported_at: str = ""
    updated_at: str = ""


_schema = msgspec.json.Decoder(Schema)
_sent = msgspec.json.Decoder(_Sent)
_RANK_OF: Final = {schema: RANKS.index(topic) for schema, topic in TOPIC_OF.items()}


def _lines(source: Lines) -> Iterator[Read]:
    """Yield the lines that begin in a span."""
    try:
        with source.path.open("rb") as file:
            if source.start:
                file.seek(source.start - 1)
                file.readline()
            while (at := file.tell()) < source.end and (line := file.readline()):
                if line.strip():
                    (rank, timestamp), message = _read(line)
                    yield (timestamp, rank, source.number, at), message
    except OSError as error:
        raise FileError(f"{source.path}: {error.strerror}") from None


def _read(line: bytes) -> tuple[tuple[int, int], Message | Rejection]:
    """Return the rank of a line's topic and when it was sent (ms), and what a worker would read in its record."""
    schema, rank, timestamp = _when(line)
    if schema == removals.SCHEMA:
        return (rank, timestamp), read_removal(line)
    # The household's own topic takes every schema but this: what a line may say is then decided by its own.
    topic = Topic.AREA_EVENTS if RANKS[rank] is Topic.AREA_EVENTS else Topic.REROUTED
    return (rank, timestamp), normalise(topic, None, line, timestamp)


def _when(line: bytes) -> tuple[str, int, int]:
    """Return a line's schema, the rank of its topic, and when it was sent (ms).

    The time is -1 where it does not say so, for which it will be refused.
    """
    try:
        sent = _sent.decode(line)
        rank = _RANK_OF.get(sent.schema, 0)
        return sent.schema, rank, parse_instant(sent.reported_at if rank else sent.updated_at) // 1_000_000
    except ValueError:  # as are msgspec's errors and those of bad UTF-8
        return _schema_alone(line), 0, -1


def _schema_alone(line: bytes) -> str:
    try:
        return _schema.decode(line).schema
    except ValueError:
        return ""


async def _records(source: Span) -> Iterable[Read]:
    """Return the committed records of a span."""
    rank = RANKS.index(source.topic)
    spans = {source.partition: (source.start, source.end)}
    return [
        (
            (record.timestamp, rank, source.partition, record.offset),
            normalise(source.topic, record.key, record.value, record.timestamp),
        )
        async for record in read_topic(source.settings, source.topic, spans, spans=spans)
        if source.start <= record.offset < source.end
    ]
