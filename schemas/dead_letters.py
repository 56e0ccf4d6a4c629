"""What is written on ``dead-letters`` and ``dead-letters-redriven`` (contract §6), and how a person names a dead letter."""

import re
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import msgspec

ORIGIN: Final = ("source.topic", "source.partition", "source.offset")
REDRIVEN_FROM: Final = "redriven.from"
"""Header of a record that was sent back, and of what becomes of it: the dead letter it was."""
_HANDLE: Final = re.compile(r"(0|[1-9][0-9]{0,8}):(0|[1-9][0-9]{0,17})")


class Handle(NamedTuple):
    """Where a dead letter lies on ``dead-letters``; as text ``PARTITION:OFFSET``."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """Return it as a person types it."""
        return f"{self.partition}:{self.offset}"


def parse_handle(text: str) -> Handle:
    """Return the dead letter that ``PARTITION:OFFSET`` names.

    Raises:
        ValueError: not of that form.
    """
    found = _HANDLE.fullmatch(text)
    if found is None:
        raise ValueError("must be PARTITION:OFFSET, such as 3:17")
    return Handle(int(found[1]), int(found[2]))


class DeadLetter(msgspec.Struct, frozen=True):
    """A refused record with what its headers say; an empty text or None where a header is missing or reads otherwise."""

    handle: Handle
    key: bytes | None
    value: bytes | None
    code: str
    field: str
    message: str
    source_topic: str
    source_partition: int | None
    source_offset: int | None
    failed_at: str
    redriven_from: Handle | None


def read_dead_letter(
    handle: Handle, key: bytes | None, value: bytes | None, headers: Iterable[tuple[str, bytes | None]]
) -> DeadLetter:
    """Return the dead letter that a record of ``dead-letters`` is; never raises, whoever wrote the record."""
    said = {name: data.decode("utf-8", "replace") for name, data in headers if data is not None}
    topic, partition, offset = (said.get(name, "") for name in ORIGIN)
    before = said.get(REDRIVEN_FROM, "")
    return DeadLetter(
        handle, key, value, said.get("error.code", ""), said.get("error.field", ""), said.get("error.message", ""),
        topic, _number(partition), _number(offset), said.get("failed.at", ""),
        parse_handle(before) if is_handle(before) else None,
    )  # fmt: skip


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def is_handle(text: str) -> bool:
    """Tell whether a text names a dead letter."""
    return _HANDLE.fullmatch(text) is not None


class Redriven(msgspec.Struct, frozen=True):
    """A dead letter was sent back: when, where it now lies, whether a person repaired it, how often by now."""

    schema: Literal["redriven/1"]
    failed_at: str  # the letter's own: a topic made anew counts offsets from 0, and this marker must not speak of another
    redriven_at: str
    topic: str
    partition: int
    offset: int
    repaired: bool
    times: int
