"""The one JSON object that a record's value must be: read fast, with every key of every object once."""

import json
import re
from typing import Any, Final

import orjson

from schemas.rejections import Rejected, RejectionCode

_KEY: Final = re.compile(rb'"[ \t\r\n]*:')


def parse_object(value: bytes) -> dict[str, Any]:
    """Return the one JSON object a record's value is.

    Raises:
        Rejected: not UTF-8, not JSON, not an object, or an object in it names a key twice.
    """
    try:
        document = orjson.loads(value)
    except orjson.JSONDecodeError:
        raise _not_json(value) from None
    if type(document) is not dict:
        raise Rejected(RejectionCode.NOT_AN_OBJECT, "$", "is not a JSON object")
    # Every key ends in a quote and a colon, so without escapes there are at most as many keys as such pairs: where they
    # are as many as the keys that are left, none stood twice.
    if b"\\" in value or len(_KEY.findall(value)) != _count_keys(document):
        _refuse_duplicates(value)
    return document


def _not_json(value: bytes) -> Rejected:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return Rejected(RejectionCode.NOT_UTF8, "$", "is not UTF-8")
    return Rejected(RejectionCode.NOT_JSON, "$", "is not one JSON document")


def _count_keys(node: Any) -> int:
    """Count the keys of all objects in a document that orjson has read (it keeps one of a name given twice)."""
    total = 0
    stack = [node]
    while stack:
        node = stack.pop()
        if type(node) is dict:
            total += len(node)
            stack.extend(child for child in node.values() if type(child) is dict or type(child) is list)
        else:
            stack.extend(child for child in node if type(child) is dict or type(child) is list)
    return total


def _refuse_duplicates(value: bytes) -> None:
    """Look again, slowly and exactly, at a document whose keys could not be counted in its bytes."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen = dict(pairs)
        if len(seen) != len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            known = twice if twice.isidentifier() and twice.isascii() else "?"
            raise Rejected(RejectionCode.DUPLICATE_KEY, f"$..{known}", "a key stands twice in one object")
        return seen

    try:
        # Numbers are of no interest here, and Python refuses to read one of thousands of digits.
        json.loads(value.decode(), object_pairs_hook=unique, parse_int=len, parse_float=len)
    except RecursionError:
        raise Rejected(RejectionCode.NOT_JSON, "$", "is nested too deeply") from None
