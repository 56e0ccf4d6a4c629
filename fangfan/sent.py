"""Simulated records as ingest systems send them."""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Sent:
    """A record as an ingest system sends it; ``crc32``: one whose client library partitions so."""

    topic: str
    key: str
    value: dict[str, Any]
    crc32: bool = False

    @property
    def payload(self) -> bytes:
        """The record's value."""
        return orjson.dumps(self.value)


def in_order(records: list[Sent], alone: Container[str]) -> list[Sent]:
    """Return records with the reports of some households in the order in which they occurred, in the places they had."""
    sorted_out = list(records)
    places: dict[str, list[int]] = {}
    for at, record in enumerate(records):
        if record.topic != "households" and record.value.get("household_id") in alone:
            places.setdefault(record.value["household_id"], []).append(at)
    for taken in places.values():
        reports = sorted((records[at] for at in taken), key=lambda record: str(record.value["occurred_at"]))
        for at, record in zip(taken, reports, strict=True):
            sorted_out[at] = record
    return sorted_out
