"""A policy document as it is published and compared: files merged into one, one way of writing it, and records that hold it.

A document is what TOML or JSON says, numbers as integers and exact decimals, days as dates or ``YYYY-MM-DD``.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import msgspec

from schemas.fields import instant_of
from streams.policies import Version
from streams.policy_parse import Document, PolicyError, effective_from, parse_policy

SCHEMA: Final = "policy/1"
_FIELDS: Final = frozenset({"schema", "id", "version", "effective_from", "published_at", "document"})
_writer: Final = msgspec.json.Encoder(order="sorted", decimal_format="number")


class Outcome(StrEnum):
    """What became of a record of the topic ``policy``."""

    JOINED = "joined"
    KNOWN = "known"
    OTHER_ID = "other-id"
    MALFORMED = "malformed"
    INVALID = "invalid"
    OVERWRITES = "overwrites"
    REMOVES = "removes"


REFUSALS: Final = (Outcome.MALFORMED, Outcome.INVALID, Outcome.OVERWRITES, Outcome.REMOVES)


class Admission(msgspec.Struct, frozen=True):
    """What became of a record: the versions with it, or as they were with the error that says why."""

    outcome: Outcome
    versions: tuple[Version, ...]
    error: PolicyError | None = None


def merge_documents(base: Document, overlays: Sequence[Document]) -> dict[str, Any]:
    """Return a base with its overlays in it; they were found valid together, so only notes stand twice, and they add up."""
    merged: dict[str, Any] = _copy(base)
    for overlay in overlays:
        _lay(merged, overlay)
    return merged


def _lay(under: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        known = under.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            _lay(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            under[key] = [*known, *value]
        elif isinstance(known, str) and isinstance(value, str) and known != value:
            under[key] = f"{known}; {value}"
        else:
            under[key] = _copy(value)


def _copy(value: Any) -> Any:
    return {key: _copy(each) for key, each in value.items()} if isinstance(value, Mapping) else value


def content_of(document: Document) -> bytes:
    """Return a document as bytes that are equal for equal documents: keys sorted, 0.30 as 0.3, days as text."""
    return _writer.encode(_plain(document))


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
        case Decimal() if value.is_finite() and abs(value.adjusted()) < 20:
            return int(value) if value == value.to_integral_value() else value.normalize()
        case date():
            return value.isoformat()
        case _:
            return value


def document_of(content: bytes) -> dict[str, Any]:
    """Return the document that :func:`content_of` wrote.

    Raises:
        ValueError: not one JSON object, or a key stands twice in one.
    """
    document = json.loads(content, parse_float=Decimal, parse_constant=_no_number, object_pairs_hook=_unique)
    if not isinstance(document, dict):
        raise ValueError("is not a JSON object")
    return document


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def version_of(document: Document, source: str, place: int, published_at: int | None) -> Version:
    """Return the version that a whole document makes.

    Raises:
        PolicyError: the document is not a policy.
    """
    policy = parse_policy(document, source)
    return Version(policy, effective_from(document, source), place, published_at, content_of(document))


def record_of(version: Version, published_at: str) -> tuple[bytes, bytes]:
    """Return key and value that publish a version; ``published_at`` is RFC 3339."""
    document = document_of(version.content)
    value = {
        "schema": SCHEMA,
        "id": version.policy.id,
        "version": version.policy.version,
        "effective_from": document.get("effective-from"),
        "published_at": published_at,
        "document": document,
    }
    return version.policy.label.encode(), _writer.encode(value)


def admit(
    policy_id: str, versions: tuple[Version, ...], key: bytes | None, value: bytes | None, timestamp: int, offset: int
) -> Admission:
    """Take a record of the topic beside the versions of a policy that are known. ``timestamp`` in milliseconds."""
    label = (key or b"").decode("utf-8", "replace")
    source = f"policy topic, offset {offset}"
    if "@" in label and label.partition("@")[0] != policy_id:
        return Admission(Outcome.OTHER_ID, versions)
    if value is None:
        return _refused(Outcome.REMOVES, versions, source, label, "a version cannot be removed")
    try:
        document = _read(label, value, source)
    except PolicyError as error:
        return Admission(Outcome.MALFORMED, versions, error)
    try:
        version = version_of(document, f"{source}, {label}", offset, instant_of(timestamp))
    except PolicyError as error:
        return Admission(Outcome.INVALID, versions, error)
    for known in versions:
        if known.policy.label == label:
            if known.content == version.content:
                return Admission(Outcome.KNOWN, versions)
            return _refused(Outcome.OVERWRITES, versions, source, label, "has another content than the version of this name")
    return Admission(Outcome.JOINED, (*versions, version))


def _refused(outcome: Outcome, versions: tuple[Version, ...], source: str, key: str, reason: str) -> Admission:
    return Admission(outcome, versions, PolicyError(source, key, reason))


def _read(label: str, value: bytes, source: str) -> dict[str, Any]:
    """Return the document of a record, whose fields must say what it says.

    Raises:
        PolicyError: not a record of a version under its own key.
    """
    try:
        record = document_of(value)
    except (ValueError, RecursionError) as error:
        raise PolicyError(source, "$", f"is not JSON: {error}") from None
    document = record.get("document")
    if record.get("schema") != SCHEMA or not set(record) >= _FIELDS or not isinstance(document, dict):
        raise PolicyError(source, "$", f"is not a record of schema {SCHEMA}")
    said = (record["id"], record["version"], record["effective_from"])
    if said != (document.get("id"), document.get("version"), document.get("effective-from")):
        raise PolicyError(source, "id, version, effective_from", "do not say what the document says")
    if label != f"{record['id']}@{record['version']}":
        raise PolicyError(source, "key", "is not id@version of the record")
    return document
