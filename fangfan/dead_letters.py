"""Reads dead letters and their markers from the broker, and chooses among them."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import orjson

from agents.settings import Settings
from fangfan.reading import read_topic
from schemas.codec import decode_redriven
from schemas.dead_letters import DeadLetter, Handle, Redriven, is_handle, parse_handle, read_dead_letter
from schemas.fields import is_area_code, parse_instant
from streams.redrive import marks, source_of
from streams.topics import Topic

Markers = Mapping[Handle, Redriven]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dead letters are meant; None or empty means that it does not matter. Instants in nanoseconds."""

    codes: frozenset[str] = frozenset()
    topics: frozenset[Topic] = frozenset()
    since: int | None = None
    until: int | None = None
    county: str | None = None
    handles: frozenset[Handle] = frozenset()
    only_open: bool = False

    def takes(self, letter: DeadLetter, markers: Markers, prefix: str) -> bool:
        """Tell whether a dead letter is meant."""
        return (
            (not self.handles or letter.handle in self.handles)
            and (not self.codes or letter.code in self.codes)
            and (not self.topics or source_of(letter, prefix) in self.topics)
            and self._in_time(letter)
            and (self.county is None or county_of(letter) == self.county)
            and not (self.only_open and marks(markers.get(letter.handle), letter))
        )

    def _in_time(self, letter: DeadLetter) -> bool:
        if self.since is None and self.until is None:
            return True
        try:
            failed_at = parse_instant(letter.failed_at)
        except ValueError:
            return False
        return (self.since is None or failed_at >= self.since) and (self.until is None or failed_at < self.until)


def county_of(letter: DeadLetter) -> str | None:
    """Return the county of a dead letter, where it is still a JSON object with an area code."""
    try:
        document = orjson.loads(letter.value or b"")
    except orjson.JSONDecodeError:
        return None
    area = document.get("area_code") if isinstance(document, dict) else None
    return area[:6] if isinstance(area, str) and is_area_code(area) else None


async def read_letters(settings: Settings, wanted: Wanted, markers: Markers) -> AsyncIterator[DeadLetter]:
    """Yield the dead letters that are meant, in order per partition; named ones without reading all of the topic."""
    spans: dict[int, tuple[int, int]] = {}
    for handle in wanted.handles:
        if handle.partition >= settings.partitions:
            continue
        first, stop = spans.get(handle.partition, (handle.offset, handle.offset + 1))
        spans[handle.partition] = (min(first, handle.offset), max(stop, handle.offset + 1))
    partitions = spans if wanted.handles else range(settings.partitions)
    async for record in read_topic(settings, Topic.DEAD_LETTERS, partitions, spans=spans):
        handle = Handle(record.partition, record.offset)
        letter = read_dead_letter(handle, record.key, record.value, record.headers)
        if wanted.takes(letter, markers, settings.topic_prefix):
            yield letter


async def read_markers(settings: Settings, handles: frozenset[Handle] = frozenset()) -> dict[Handle, Redriven]:
    """Return what was sent back by now: of the partitions of some dead letters, or of all."""
    named = {handle.partition for handle in handles}
    partitions = [each for each in range(settings.partitions) if not named or each in named]
    markers: dict[Handle, Redriven] = {}
    async for record in read_topic(settings, Topic.DEAD_LETTERS_REDRIVEN, partitions):
        text = (record.key or b"").decode("utf-8", "replace")
        marker = decode_redriven(record.value) if record.value is not None else None
        if marker is not None and is_handle(text):
            markers[parse_handle(text)] = marker
    return markers
