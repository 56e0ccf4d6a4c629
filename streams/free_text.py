"""The words of people who call or petition: gone before a record is written anywhere (docs/contract-more.md §1.2)."""

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec

from schemas.rejections import Rejected
from streams.codes import FIELDS, OF_REPORT, REPORTS, code_of, table_of, top_of
from streams.json_object import parse_object

_MARKS: Final = ("petition", "hotline")
_RAW: Final = tuple(mark.encode() for mark in _MARKS)
_OF_FACT: Final = frozenset({"type"})
_OF_RECORD: Final = frozenset({"type", "source"})
"""What these fields say tells whose record it is, wherever they stand and in whatever case."""
_SOURCE = re.compile(rb'"source"\s*:\s*"[^"]*"')
_WORDS: Final = frozenset(name.encode() for name in (*OF_REPORT, *FIELDS, *frozenset().union(*FIELDS.values())))
_PART = re.compile(rb'"((?:[^"\\]|\\.)*)("?)|[^{}\[\]:,"\s]+', re.DOTALL)
_PLAIN = re.compile(rb"true|false|null|-?[0-9.]{1,6}")
_BACKSLASH: Final = ord("\\")
_ESCAPE = re.compile(rb"\\u00([0-7][0-9a-f])")

_Code = Callable[[Any, Any], Any]
"""Takes the value of a field and the type it should have; returns what may be written of it."""


def without_free_text(value: bytes) -> bytes:
    """Return a refused record's value without free text where it tells of a petition; the same object where there is none.

    By its facts alone: of others a dead letter keeps the bytes, whoever sent them (contract §6). Fields that no table names are
    dropped, and what is no code is masked. Bytes that are no JSON object, or that name a key twice, keep their length: all is
    masked but the names of fields and facts, the signs between, and short numbers.
    """
    return _cleared(value, code_of, _OF_FACT)


def kept(value: bytes | None) -> bytes | None:
    """Return the value of a record that was taken, as it may be moved or set aside; None, a removal, stays None.

    Fields that no table names are dropped from reports as above. The others were checked, and stay as they are.
    """
    return _cleared(value, _as_it_is, _OF_RECORD) if value is not None else None


def is_spoken(value: bytes) -> bool:
    """Tell whether a call or petition speaks in a record's value, or may do so in bytes that are no JSON object."""
    if not _mentions(value):
        return False
    try:
        return _speaks(parse_object(value), _OF_RECORD)
    except Rejected:
        return True


def is_known(name: str) -> bool:
    """Tell whether some table names a field or fact so."""
    return name.encode() in _WORDS


def _cleared(value: bytes, code: _Code, saying: frozenset[str]) -> bytes:
    if not _mentions(value):
        return value
    try:
        document = parse_object(value)
    except Rejected:
        return _PART.sub(_mask, value) if saying is _OF_RECORD or _RAW[0] in _SOURCE.sub(b"", _seen(value)) else value
    if not _speaks(document, saying) or (code is _as_it_is and document["schema"] not in REPORTS):
        return value
    codes = _codes(document, code)
    return value if codes == document else msgspec.json.encode(codes)


def _mentions(value: bytes) -> bool:
    """Tell whether the bytes may speak of a call or petition, in any case, with JSON escapes or in UTF-16."""
    seen = _seen(value)
    return _RAW[0] in seen or _RAW[1] in seen


def _seen(value: bytes) -> bytes:
    seen = value.lower()
    if _BACKSLASH in seen or 0 in seen:  # whole numbers, for those are found fastest
        seen = _ESCAPE.sub(lambda found: bytes.fromhex(found[1].decode()), seen.replace(b"\0", b"")).lower()
    return seen


def _speaks(document: dict[str, Any], saying: frozenset[str]) -> bool:
    """Tell whether a call or petition speaks, also in an object that another one wraps; a registry entry never does.

    ``saying`` are the fields that tell it.
    """
    if document.get("schema") == "household/1" and "facts" not in document:
        return False
    stack: list[Any] = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if any(_marked(name) or (name.lower() in saying and _marked(each)) for name, each in node.items()):
                return True
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
    return False


def _marked(text: Any) -> bool:
    return isinstance(text, str) and any(mark in text.lower() for mark in _MARKS)


def _codes(document: dict[str, Any], code: _Code) -> dict[str, Any]:
    shapes, facts = top_of(document), document.get("facts")
    codes = {name: code(each, shapes[name]) for name, each in document.items() if name in shapes}
    if "facts" in document:
        codes["facts"] = [_fact(each, code) for each in facts] if isinstance(facts, list) else None
    return codes


def _fact(fact: Any, code: _Code) -> Any:
    if not isinstance(fact, dict):
        return None
    shapes = table_of(fact.get("type"))
    return {name: code(each, shapes[name]) for name, each in fact.items() if name in shapes}


def _as_it_is(value: Any, _shape: Any) -> Any:
    return value


def _mask(found: re.Match[bytes]) -> bytes:
    whole, text = found[0], found[1]
    if text is None:
        return whole if _PLAIN.fullmatch(whole) else b"*" * len(whole)
    return whole if text in _WORDS else b'"' + b"*" * len(text) + found[2]
