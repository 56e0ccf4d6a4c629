"""normalise: the bytes of a record -> a Report, a RegistryChange, a PersonClaim, or a Rejection that says why not."""

import re
from typing import Any, Final, TypeVar

import msgspec

from schemas import wire
from schemas.area_alerts import AreaClaim, AreaTick, place_of
from schemas.areas import AreaEvent, AreaNotice, LinkClaim
from schemas.fields import NANOSECONDS, instant_of, is_household_id, parse_day, parse_instant, render_instant
from schemas.registry import Member, PersonClaim, RegistryChange, RegistryEntry
from schemas.rejections import Rejected, Rejection, RejectionCode
from schemas.reports import APART, Apart, KeptReport, Report, Tick
from schemas.wire_fields import PATTERN_WORDS
from streams.areas import FUTURE_LIMIT_SECONDS, read_area_event
from streams.case_steps import check_steps
from streams.facts import read_facts
from streams.identity import has_identity_number
from streams.json_object import parse_object
from streams.plain import SHAPES, read_plain
from streams.signals import check_reporters
from streams.topics import SCHEMA_OF, Topic

_RANK: Final = {"self-declaration/1": 0, "cadre-report/1": 1, "department-record/1": 2}
_WIRE: Final[dict[str, type[wire.WireReport]]] = {
    "self-declaration/1": wire.SelfDeclaration,
    "cadre-report/1": wire.CadreReport,
    "department-record/1": wire.DepartmentRecord,
}
_SCHEMA: Final = {SHAPES[shape]: schema for schema, shape in _WIRE.items()}
IDENTITY_WORDS: Final = "carries an identity number; send a pseudonym"
_PATH = re.compile(r" - at `(.*)`$")
_SAID_OF: Final = {repr(pattern): words for pattern, words in PATTERN_WORDS.items()}
"""By a pattern as msgspec quotes it."""
_MISSING = re.compile(r"missing required field `([^`]*)`")

T = TypeVar("T")
Message = Report | RegistryChange | PersonClaim | Tick | AreaNotice | LinkClaim | AreaClaim | AreaTick


def normalise(topic: Topic, key: bytes | None, value: bytes | None, timestamp: int) -> Message | Rejection:
    """Read one record. ``timestamp`` is the record's, in milliseconds (negative: it has none).

    Returns the message, or the Rejection of the first thing found wrong; never raises.
    """
    report = _plain_report(topic, key, value, timestamp) if value is not None else None
    return report if report is not None else read_carefully(topic, key, value, timestamp)


def _plain_report(topic: Topic, key: bytes | None, value: bytes, timestamp: int) -> Report | None:
    """Return what :func:`read_carefully` would, for nearly all that is right and at a fraction of its price, else None."""
    message = read_plain(value)
    if message is None or (key is not None and has_identity_number(key)):
        return None
    schema = _SCHEMA[type(message)]
    if schema != SCHEMA_OF.get(topic, schema) or topic is Topic.AREA_EVENTS:
        return None
    try:
        return _report(message, _RANK[schema], timestamp)
    except ValueError:
        return None


def read_carefully(topic: Topic, key: bytes | None, value: bytes | None, timestamp: int) -> Message | Rejection:
    """Read one record step by step, so that the first thing found wrong can be named."""
    try:
        return _read(topic, key, value, timestamp)
    except Rejected as refused:
        return refused.rejection


def read_removal(value: bytes) -> RegistryChange | Rejection:
    """Read a file's line that removes a registry entry as the record without a value that it stands for (contract-backtest).

    A record's timestamp has whole milliseconds, none before 1970: what is finer is cut off, what is earlier refused.
    """
    try:
        if has_identity_number(value):
            raise Rejected(RejectionCode.IDENTITY_NUMBER, "$", IDENTITY_WORDS)
        removal = _convert(parse_object(value), wire.HouseholdRemoval)
        timestamp = _instant(removal.updated_at, "$.updated_at") // 1_000_000
        if timestamp < 0:
            raise Rejected(RejectionCode.INVALID_VALUE, "$.updated_at", "lies before 1970, as no record's timestamp does")
        return _removal(Topic.HOUSEHOLDS, removal.household_id.encode(), timestamp)
    except Rejected as refused:
        return refused.rejection


def _read(topic: Topic, key: bytes | None, value: bytes | None, timestamp: int) -> Message:
    if (key is not None and has_identity_number(key)) or (value is not None and has_identity_number(value)):
        raise Rejected(RejectionCode.IDENTITY_NUMBER, "$", IDENTITY_WORDS)
    if value is None:
        return _removal(topic, key, timestamp)
    document = parse_object(value)
    schema = document.get("schema", msgspec.UNSET)
    if schema is msgspec.UNSET:
        raise Rejected(RejectionCode.MISSING_FIELD, "$.schema", "is missing")
    if not isinstance(schema, str):
        raise Rejected(RejectionCode.WRONG_TYPE, "$.schema", "must be a string")
    expected = SCHEMA_OF.get(topic)
    if expected is not None and schema != expected:
        raise Rejected(RejectionCode.WRONG_SCHEMA, "$.schema", f"topic {topic.value} carries {expected}")
    if schema in _RANK and topic is not Topic.AREA_EVENTS:
        return _report(_convert(document, _WIRE[schema]), _RANK[schema], timestamp)
    if schema == "household/1" and topic is not Topic.AREA_EVENTS:
        return _registry_change(_convert(document, wire.HouseholdEntry))
    if schema == "person-claim/1" and topic is Topic.PERSONS:
        return _convert(document, PersonClaim)
    if schema == "area-event/1" and topic in (Topic.AREA_EVENTS, Topic.PERSONS):
        return read_area_event(_convert(document, AreaEvent), timestamp)
    if schema == "link/1" and topic is Topic.PERSONS:
        return _convert(document, LinkClaim)
    if schema == "area-claim/1" and topic is Topic.PERSONS:
        return _convert(document, AreaClaim)
    if schema == "tick/1" and topic is Topic.TICKS:
        return _tick(_convert(document, wire.TickMessage), key, timestamp)
    if schema == "area-tick/1" and topic is Topic.TICKS:
        return _area_tick(_convert(document, wire.AreaTickMessage), key, timestamp)
    raise Rejected(RejectionCode.WRONG_SCHEMA, "$.schema", f"unknown on topic {topic.value}")


def _tick(message: wire.TickMessage, key: bytes | None, timestamp: int) -> Tick:
    """Read a tick; only workers write them, so what lies elsewhere or ahead of time was not meant for anybody."""
    if household_of_key(key) != message.household_id:
        raise Rejected(RejectionCode.INVALID_KEY, "key", "is not the household of the tick")
    return Tick(message.household_id, _passed(message.at, timestamp))


def _area_tick(message: wire.AreaTickMessage, key: bytes | None, timestamp: int) -> AreaTick:
    if key != place_of(message.area).encode():
        raise Rejected(RejectionCode.INVALID_KEY, "key", "is not the township of the tick")
    return AreaTick(message.area, _passed(message.at, timestamp))


def _passed(text: str, timestamp: int) -> int:
    at = _instant(text, "$.at")
    if at > instant_of(timestamp):
        raise Rejected(RejectionCode.FUTURE_EVENT, "$.at", "after the record's timestamp")
    return at


def _removal(topic: Topic, key: bytes | None, timestamp: int) -> RegistryChange:
    if topic not in (Topic.HOUSEHOLDS, Topic.REROUTED):
        raise Rejected(RejectionCode.NULL_VALUE, "$", "has no value")
    removed_at = instant_of(timestamp)
    return RegistryChange(household_of_key(key), removed_at, None, render_instant(removed_at))


def household_of_key(key: bytes | None) -> str:
    """Return the household a record's key names.

    Raises:
        Rejected: the key is not a household id.
    """
    text = key.decode("ascii", "replace") if key is not None else ""
    if not is_household_id(text):
        raise Rejected(RejectionCode.INVALID_KEY, "key", "is not a household id")
    return text


def _convert(document: Any, shape: type[T]) -> T:
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as error:
        raise _explain(str(error)) from None


def _explain(text: str) -> Rejected:
    """Turn msgspec's sentence into a code and a path, leaving out any value it quotes."""
    found = _PATH.search(text)
    path = found[1] if found else "$"
    missing = _MISSING.search(text)
    if missing:
        return Rejected(RejectionCode.MISSING_FIELD, f"{path}.{missing[1]}", "is missing")
    if path.endswith(".type") and text.startswith("Invalid value"):
        return Rejected(RejectionCode.UNKNOWN_FACT, path, "is not a fact this release knows")
    if text.startswith(("Invalid value", "Invalid enum value")):
        return Rejected(RejectionCode.INVALID_VALUE, path, "is not one of the values allowed here")
    sentence = text[: found.start()] if found else text
    pattern = sentence.partition(" matching regex ")[2]
    if pattern:
        return Rejected(RejectionCode.INVALID_VALUE, path, _SAID_OF[pattern])
    if " of length " in text or "out of range" in text.lower():
        return Rejected(RejectionCode.INVALID_VALUE, path, sentence)
    return Rejected(RejectionCode.WRONG_TYPE, path, sentence)


def _instant(text: str, path: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Rejected(RejectionCode.INVALID_VALUE, path, str(error)) from None


def _report(message: wire.WireReport, channel: int, timestamp: int) -> Report:
    household, person, voids = message.household_id or None, message.person_id or None, message.voids or None
    if household is None and person is None:
        raise Rejected(RejectionCode.MISSING_FIELD, "$.household_id", "is missing, and so is person_id")
    try:
        occurred_at = parse_instant(message.occurred_at)
        parse_instant(message.reported_at)
    except ValueError:  # which of them, and why
        occurred_at = _instant(message.occurred_at, "$.occurred_at")
        _instant(message.reported_at, "$.reported_at")
    if timestamp >= 0 and occurred_at > instant_of(timestamp) + FUTURE_LIMIT_SECONDS * NANOSECONDS:
        raise Rejected(RejectionCode.FUTURE_EVENT, "$.occurred_at", "more than 24 h after the record's timestamp")
    if not message.facts and voids is None:
        raise Rejected(RejectionCode.INVALID_VALUE, "$.facts", "may be empty only with voids")
    facts = read_facts(message.facts, channel)
    kept = KeptReport(occurred_at, channel, message.event_id, message.source, facts)
    report = Report(household, person, message.area_code, kept, voids)
    for fact in facts:
        if type(fact) in APART:
            check_reporters(message.facts, channel, message.source)
            check_steps(message.facts, channel, message.source)
            return _apart(report)
    return report


def _apart(report: Report) -> Report:
    """Part the signals of a report from its other facts, each in its order."""
    facts = report.kept.facts
    kept = msgspec.structs.replace(report.kept, facts=tuple(fact for fact in facts if not isinstance(fact, Apart)))
    signals = msgspec.structs.replace(report.kept, facts=tuple(fact for fact in facts if isinstance(fact, Apart)))
    return msgspec.structs.replace(report, kept=kept, signals=signals)


def _registry_change(message: wire.HouseholdEntry) -> RegistryChange:
    updated_at = _instant(message.updated_at, "$.updated_at")
    relieved_on = None
    if message.relieved_on is not None:
        try:
            relieved_on = parse_day(message.relieved_on)
        except ValueError:
            raise Rejected(RejectionCode.INVALID_VALUE, "$.relieved_on", "is not a date") from None
    members = tuple(Member(m.person_id, m.birth_year, m.labour, m.student) for m in message.members)
    entry = RegistryEntry(updated_at, message.area_code, message.status, relieved_on, members)
    return RegistryChange(message.household_id, updated_at, entry, message.updated_at)
