"""Bytes of whoever sent them, shown so that a terminal takes them for nothing but text."""

import json
from collections.abc import Iterator
from typing import Any, Final

from rich.text import Text

HEX_BYTES: Final = 4_096
"""How much of a value that is no text is shown."""


def safe(text: str) -> str:
    """Return a text with everything that does not print (control characters, marks that turn writing round) escaped."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def safe_json(line: bytes) -> str:
    """Return a line of JSON with every character that does not print as a JSON escape; it means the same.

    Such a character stands in a string: outside of them JSON has only blanks, which are spaces by now.
    """
    text = line.decode()
    return text if text.isprintable() else "".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text)


def plain(data: bytes | None) -> str:
    """Return a key in one line: as text, or escaped byte by byte where it is not UTF-8."""
    if data is None:
        return "none 无"
    try:
        return safe(data.decode())
    except UnicodeDecodeError:
        return safe(data.decode("ascii", "backslashreplace"))


def value_lines(value: bytes, field: str) -> Iterator[Text]:
    """Yield a value for a terminal: JSON indented with the field in error marked, else text escaped, else hexadecimal."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        yield from _hexadecimal(value)
        return
    try:
        lines = list(_pretty(json.loads(text, object_pairs_hook=_Pairs, parse_float=_Raw, parse_int=_Raw, parse_constant=_Raw)))
    except (ValueError, RecursionError):
        yield from (Text(safe(line)) for line in text.split("\n"))
        return
    marked = _marked([path for path, _ in lines], field)
    for number, (_, words) in enumerate(lines):
        yield Text(f"{words}   ◄── {field}", "bold red") if number in marked else Text(words)


class _Raw(str):
    """A number as it stands in the text."""


class _Pairs(list[tuple[str, Any]]):
    """An object with every key, also those that stand in it twice."""


def _pretty(node: Any, path: str = "$", lead: str = "", tail: str = "") -> Iterator[tuple[str, str]]:
    """Yield (JSON path, line) of a document."""
    indent = " " * (len(lead) - len(lead.lstrip(" ")))
    if not isinstance(node, list) or not node:
        empty = "{}" if isinstance(node, _Pairs) else "[]"
        words = node if isinstance(node, _Raw) else empty if isinstance(node, list) else json.dumps(node, ensure_ascii=False)
        yield path, lead + safe(words) + tail
        return
    opening, closing = "{}" if isinstance(node, _Pairs) else "[]"
    yield path, lead + opening
    for number, each in enumerate(node):
        comma = "," if number + 1 < len(node) else ""
        if isinstance(node, _Pairs):
            name = safe(json.dumps(each[0], ensure_ascii=False))
            yield from _pretty(each[1], f"{path}.{each[0]}", f"{indent}  {name}: ", comma)
        else:
            yield from _pretty(each, f"{path}[{number}]", f"{indent}  ", comma)
    yield "", indent + closing + tail


def _marked(paths: list[str], field: str) -> set[int]:
    """Return the lines of a field: of all of its name where it stands twice, of what it is missing from where it does."""
    if field.startswith("$.."):
        ends = [number for number, path in enumerate(paths) if path.endswith(field[2:])]
        return {number for number in ends if paths.count(paths[number]) > 1}
    while field and field not in paths:
        field = field[: max(field.rfind("."), field.rfind("["), 0)]
    return {number for number, path in enumerate(paths) if field != "$" and path == field}


def _hexadecimal(value: bytes) -> Iterator[Text]:
    for at in range(0, min(len(value), HEX_BYTES), 16):
        row = value[at : at + 16]
        text = "".join(chr(each) if 32 <= each < 127 else "." for each in row)
        yield Text(f"{at:08x}  {row.hex(' '):<47}  {text}")
    if len(value) > HEX_BYTES:
        yield Text(f"… {len(value) - HEX_BYTES} more bytes: --raw writes all of them", "dim")
