"""The words of people who call or petition: gone before a record is written anywhere (docs/contract-more.md §1.2)."""

import re
from typing import Any, Final, get_args

import msgspec

from schemas import wire

_MARK: Final = b"petition"
_FACTS: Final = {
    shape.__struct_config__.tag: frozenset({"type", *shape.__struct_encode_fields__}) for shape in get_args(wire.WireFact)
}
_OF_REPORT: Final = frozenset({"schema", *wire.SelfDeclaration.__struct_encode_fields__})
LONGEST: Final = 64
"""No field of a petition is longer, so that a longer one is somebody's words."""
_WORDS: Final = frozenset(name.encode() for name in (*_OF_REPORT, *_FACTS, *frozenset().union(*_FACTS.values())))
_STRING = re.compile(rb'"((?:[^"\\]|\\.)*)("?)', re.DOTALL)
_TELLING = re.compile(rb"[\x80-\xff]|[0-9]{7,}")


def without_free_text(value: bytes) -> bytes:
    """Return a record's value without free text where it speaks of a petition; the same object where there is none.

    Fields that no table names are dropped from petitions and from the reports that hold them; what is no code is masked. Bytes
    that are no JSON keep their length: every string is masked but the names of fields and facts, and so are long numbers and
    what is beyond ASCII.
    """
    if _MARK not in value:
        return value
    try:
        document = msgspec.json.decode(value)
    except (ValueError, RecursionError):
        return _TELLING.sub(_mask, _STRING.sub(_mask_string, value))
    if not isinstance(document, dict) or not isinstance(document.get("facts"), list):
        return value
    facts = document["facts"]
    if not any(_speaks(fact) for fact in facts):
        return value
    codes = {name: each for name, each in document.items() if name in _OF_REPORT}
    codes["facts"] = [_codes_of(fact) for fact in facts]
    return value if codes == document else msgspec.json.encode(codes)


def _mask(found: re.Match[bytes]) -> bytes:
    return b"*" * len(found[0])


def _mask_string(found: re.Match[bytes]) -> bytes:
    return found[0] if found[1] in _WORDS else b'"' + b"*" * len(found[1]) + found[2]


def kept(value: bytes | None) -> bytes | None:
    """Return a record's value as it may be moved or set aside; None, a removal, stays None."""
    return without_free_text(value) if value is not None else None


def _speaks(fact: Any) -> bool:
    return isinstance(fact, dict) and str(fact.get("type")).startswith("petition")


def _codes_of(fact: Any) -> Any:
    if not isinstance(fact, dict):
        return None
    known = _FACTS.get(str(fact.get("type")))
    named = {name: each for name, each in fact.items() if known is None or name in known}
    return named if known is not None and not _speaks(fact) else {name: _code(each) for name, each in named.items()}


def _code(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() and len(value) <= LONGEST else "*" * len(value)
    return value if isinstance(value, bool | int | float | None) else None
