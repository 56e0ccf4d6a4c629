"""Simulated records as ingest systems send them."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import orjson

from fangfan.removals import line_of


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as an ingest system sends it; ``crc32``: one whose client library partitions so.

    ``turn``: -1 is sent before, 1 after everything else. ``sent_at``: its timestamp in milliseconds, where it is not that of
    the moment. ``gone``: a removed registry entry, whose record has no value
    but a timestamp; ``value`` is the entry that is removed.
    """

    topic: str
    key: str
    value: dict[str, Any]
    crc32: bool = False
    turn: int = 0
    sent_at: int | None = None
    gone: bool = False

    @property
    def line(self) -> bytes:
        """What a file says for it."""
        return line_of(self.key, self.sent_at or 0) if self.gone else orjson.dumps(self.value)

    @property
    def payload(self) -> bytes | None:
        """The record's value."""
        return None if self.gone else orjson.dumps(self.value)


def in_order(records: list[Sent], alone: Container[str]) -> list[Sent]:
    """Return records each in its turn, the reports of some households as they occurred, in the places they had by then."""
    sorted_out = sorted(records, key=lambda record: record.turn)
    records = list(sorted_out)
    places: dict[str, list[int]] = {}
    for at, record in enumerate(records):
        if record.topic != "households" and record.value.get("household_id") in alone:
            places.setdefault(record.value["household_id"], []).append(at)
    for taken in places.values():
        reports = sorted((records[at] for at in taken), key=lambda record: str(record.value["occurred_at"]))
        for at, record in zip(taken, reports, strict=True):
            sorted_out[at] = record
    return sorted_out
