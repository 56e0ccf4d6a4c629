"""Removed registry entries in files: a line for what a record of ``households`` says by having no value.

What it says and when it arrives: docs/contract-backtest.md.
"""

from typing import Final

import orjson

from schemas.fields import render_instant
from schemas.registry import RegistryChange
from schemas.rejections import Rejection, RejectionCode
from streams.normalise import read_removal

SCHEMA: Final = "household-removal/1"
AHEAD_MS: Final = 3_600_000
"""How far ahead of its clock Apache Kafka takes a record's timestamp (message.timestamp.after.max.ms as it comes)."""


def line_of(household_id: str, timestamp: int) -> bytes:
    """Return the line that stands for a household's record without a value; ``timestamp`` is the record's, in milliseconds."""
    updated_at = render_instant(timestamp * 1_000_000)
    return orjson.dumps({"schema": SCHEMA, "household_id": household_id, "updated_at": updated_at})


def timestamp_of(removal: RegistryChange) -> int:
    """Return the timestamp, in milliseconds, of the record that a removal is."""
    return removal.updated_at // 1_000_000


def sendable(line: bytes, now: int) -> RegistryChange | Rejection:
    """Read a line that is to be sent at ``now`` (ms): one from further ahead than a broker takes is refused here already."""
    found = read_removal(line)
    if isinstance(found, RegistryChange) and timestamp_of(found) > now + AHEAD_MS:
        return Rejection(RejectionCode.FUTURE_EVENT, "$.updated_at", "more than an hour from now")
    return found
