"""Reads what people repaired: JSON Lines, one dead letter a line, as `fangfan dlq list --json --values` writes them."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from msgspec import UNSET, UnsetType

from fangfan.tables import read_lines
from schemas.dead_letters import Handle, parse_handle
from schemas.rejections import Rejected
from streams.json_object import parse_object
from streams.redrive import Repair
from streams.topics import SCHEMA_OF, Topic

TOPICS: Final = tuple(topic.value for topic in SCHEMA_OF)


@dataclass(slots=True)
class Repairs:
    """Repairs by their dead letter, with their lines, and what is wrong with others: (line, reason)."""

    of: dict[Handle, Repair] = field(default_factory=dict)
    lines: dict[Handle, int] = field(default_factory=dict)
    wrong: list[tuple[int, str]] = field(default_factory=list)


def read_repairs(path: Path) -> Repairs:
    """Read a file of repairs. A line that cannot be read holds up no other.

    Raises:
        FileError: the file cannot be opened.
    """
    found = Repairs()
    for number, line in read_lines(path):
        try:
            handle, repair = _read(line)
        except ValueError as error:
            found.wrong.append((number, str(error)))
            continue
        if handle in found.lines:
            found.wrong.append((number, f"dead_letter: {handle} stands on line {found.lines[handle]} already"))
            continue
        found.lines[handle], found.of[handle] = number, repair
    return found


def _read(line: bytes) -> tuple[Handle, Repair]:
    try:
        document = parse_object(line)
    except Rejected as refused:
        raise ValueError(f"{refused.rejection.field}: {refused.rejection.message}") from None
    text = document.get("dead_letter")
    if not isinstance(text, str):
        raise ValueError("dead_letter: is missing; PARTITION:OFFSET, such as 3:17")
    try:
        handle = parse_handle(text)
    except ValueError as error:
        raise ValueError(f"dead_letter: {error}") from None
    if not document.keys() & {"value", "key", "topic"}:
        raise ValueError("value: is missing, and so are key and topic: nothing is repaired")
    return handle, Repair(_value(document), _key(document), _topic(document))


def _value(document: dict[str, Any]) -> bytes | UnsetType | None:
    value = document.get("value")
    return orjson.dumps(value) if isinstance(value, dict) else _text(document, "value", "an object, the text of the record")


def _key(document: dict[str, Any]) -> bytes | UnsetType | None:
    return _text(document, "key", "a text")


def _text(document: dict[str, Any], name: str, allowed: str) -> bytes | UnsetType | None:
    if name not in document:
        return UNSET
    text = document[name]
    if text is not None and not isinstance(text, str):
        raise ValueError(f"{name}: must be {allowed}, or null")
    return None if text is None else text.encode()


def _topic(document: dict[str, Any]) -> Topic | UnsetType:
    if "topic" not in document:
        return UNSET
    name = document["topic"]
    if name not in TOPICS:
        raise ValueError(f"topic: must be one of {', '.join(TOPICS)}")
    return Topic(name)
