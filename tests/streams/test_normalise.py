"""What contract §3 lets in and what it refuses, class by class; the record around the case is always a good one."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import pytest

from schemas import wire
from schemas.area_alerts import AreaClaim
from schemas.areas import AreaEvent, LinkClaim
from schemas.registry import PersonClaim
from schemas.rejections import Rejection, RejectionCode
from schemas.wire_fields import PATTERN_WORDS
from streams.normalise import _explain, normalise
from streams.topics import TOPIC_OF, Topic
from tests.build import TIMESTAMP, cadre, declaration, department, entry, identity_number, member, statement

Record = dict[str, Any]
WATER = {"type": "water", "safe": True}
CHANNELS = (declaration("e", WATER), cadre("e", WATER), department("e", "water", WATER))
NUMBER = identity_number()


def paid(amount: Any, component: str = "wage", **over: Any) -> Record:
    return department("e", "health", {"type": "income", "component": component, "month": "2026-05", "amount": amount} | over)


def read(record: Record | bytes, topic: Topic = Topic.DEPARTMENT_FEEDS, key: bytes = b"H000001") -> Any:
    if isinstance(record, bytes):
        return normalise(topic, key, record, TIMESTAMP)
    return normalise(TOPIC_OF[record["schema"]], key, json.dumps(record).encode(), TIMESTAMP)


WIRE = (AreaEvent, LinkClaim, AreaClaim, PersonClaim, wire.SelfDeclaration, wire.CadreReport, wire.DepartmentRecord,
        wire.HouseholdEntry, wire.TickMessage, wire.AreaTickMessage)  # fmt: skip


def test_every_pattern_of_the_wire_is_said_in_words_of_both_languages() -> None:
    """Who sent it reads the reason; a pattern is for machines."""
    _, shapes = msgspec.json.schema_components(WIRE)
    patterns = {found for shape in shapes.values() for found in _patterns(shape)}

    assert patterns == PATTERN_WORDS.keys()
    for pattern, words in PATTERN_WORDS.items():
        refused: Any = None
        try:
            msgspec.convert("?\n", Annotated[str, msgspec.Meta(pattern=pattern)])
        except msgspec.ValidationError as error:
            refused = _explain(str(error)).rejection
        assert Rejection(RejectionCode.INVALID_VALUE, "$", words) == refused
        assert words.isascii() is False
        assert " must be " in words


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _patterns(each)


def test_a_reason_shows_no_pattern() -> None:
    found = read(cadre("c", WATER) | {"household_id": "a b"})

    assert ("$.household_id", "须为4至32位数字、英文字母或连字符 must be 4 to 32 of 0-9, A-Z, a-z and -") == (
        found.field,
        found.message,
    )


def code(record: Record | bytes, topic: Topic = Topic.DEPARTMENT_FEEDS, key: bytes = b"H000001") -> str | None:
    found = read(record, topic, key)
    return found.code.value if isinstance(found, Rejection) else None


def written(amount: str) -> bytes:
    """A record with an amount as it stands in the bytes."""
    return json.dumps(paid("@")).replace('"@"', amount).encode()


@pytest.mark.parametrize("amount", [
    ("0", 0), ('"0"', 0), ("-0", 0), ('"-0"', 0), ("-0.0", 0), ('"12.3"', 1230), ('"012"', 1200), ("12.30", 1230),
    ("1E2", 10_000),
    ("100e-2", 100), ("0.01", 1), ("999999999999.99", 99_999_999_999_999), ('"999999999999.99"', 99_999_999_999_999),
])  # fmt: skip
def test_an_amount_that_reads_like_yuan_is_taken(amount: tuple[str, int]) -> None:
    assert amount[1] == read(written(amount[0])).kept.facts[0].amount


@pytest.mark.parametrize("amount", [
    "1.005", '"1.005"', '"1e3"', '"1E2"', '"+1"', '" 1"', '"1 "', '"1\\n"', '"1."', '".5"', '""', '"1,000"', '"１"',
    "1000000000000", '"1000000000000"', "1e12", "1e-3", "18446744073709551616", "0.30000000000000004", "-1", '"-0.01"',
])  # fmt: skip
def test_an_amount_that_reads_otherwise_is_refused(amount: str) -> None:
    assert "invalid-value" == code(written(amount))


@pytest.mark.parametrize("amount", ["null", "true", "[]", "{}"])
def test_what_is_no_amount_is_ill_typed(amount: str) -> None:
    assert "wrong-type" == code(written(amount))


@pytest.mark.parametrize("amount", ["01", "+1", ".5", "1.", "NaN", "Infinity"])
def test_what_json_has_no_number_for_is_no_json(amount: str) -> None:
    assert "not-json" == code(written(amount))


def test_only_business_and_property_may_be_negative() -> None:
    for component in ("business", "property"):
        assert code(paid("-1.5", component)) is None
        assert code(cadre("e", statement("2026-05", "2026-05", "1") | {component: "-1"})) is None
    for component in ("wage", "transfer", "production_cost"):
        assert "invalid-value" == code(cadre("e", statement("2026-05", "2026-05", "1") | {component: "-0.01"}))


@pytest.mark.parametrize("over", [
    {"person_id": "人员一二"}, {"event_id": "事" * 64}, {"household_id": "----"}, {"household_id": "X" * 32}, {"voids": "x"},
    {"voids": "x", "facts": []}, {"facts": [WATER] * 64}, {"facts": [WATER | {"note": {"type": None}}]},
    {"more": [{"schema": 1}]},
    {"area_code": "999999999999"}, {"reported_at": "2099-01-01T00:00:00Z"},
    {"occurred_at": "1950-01-01t00:00:00.123456789123z"},
    {"occurred_at": "2026-06-10T23:59:59+23:59"}, {"occurred_at": "2016-12-31T23:59:60-00:00"},
    {"occurred_at": "2026-11-19T19:06:40+08:00"},
], ids=str)  # fmt: skip
def test_every_channel_takes(over: Record) -> None:
    """The last case is exactly 24 hours after the record's timestamp."""
    for report in CHANNELS:
        assert code(report | over) is None


def test_fields_that_may_be_null_may_be_absent() -> None:
    for report in CHANNELS:
        assert code({name: value for name, value in report.items() if name not in ("person_id", "voids")}) is None
    person = department("e", "water", WATER, household_id=None, person_id="P-01")
    assert code(person) is None
    assert code({name: value for name, value in person.items() if name != "household_id"}) is None
    assert code(paid("1", person_id=None)) is None


@pytest.mark.parametrize("source", ["", "干部一", "c" * 200])
def test_a_cadre_goes_by_any_pseudonym(source: str) -> None:
    """Contract §3 bounds the length of ids, not of a source."""
    assert source == read(cadre("e", WATER, source=source)).kept.source


@pytest.mark.parametrize(("over", "why"), [
    ({"event_id": ""}, "invalid-value"), ({"event_id": "x" * 65}, "invalid-value"), ({"event_id": 5}, "wrong-type"),
    ({"household_id": "abc"}, "invalid-value"), ({"household_id": "ab_cd"}, "invalid-value"),
    ({"household_id": "abcd\n"}, "invalid-value"), ({"person_id": "abc"}, "invalid-value"),
    ({"voids": ""}, "invalid-value"), ({"voids": 5}, "wrong-type"), ({"facts": []}, "invalid-value"),
    ({"facts": [WATER] * 65}, "invalid-value"), ({"facts": None, "voids": "x"}, "wrong-type"),
    ({"facts": [WATER, {"type": "debt"}]}, "unknown-fact"), ({"facts": [{"safe": True}]}, "missing-field"),
    ({"facts": [WATER | {"safe": "yes"}]}, "wrong-type"), ({"area_code": "14012310020"}, "invalid-value"),
    ({"area_code": "１４０１２３１００２０１"}, "invalid-value"), ({"area_code": 140123100201}, "wrong-type"),
    ({"occurred_at": "2026-06-10T09:00:00"}, "invalid-value"), ({"occurred_at": "2026-02-29T09:00:00Z"}, "invalid-value"),
    ({"occurred_at": "2026-06-10T09:00:00+0800"}, "invalid-value"), ({"reported_at": "2026-06-10"}, "invalid-value"),
    ({"occurred_at": "2026-11-19T19:06:40.001+08:00"}, "future-event"), ({"schema": "cadre-report/2"}, "wrong-schema"),
], ids=str)  # fmt: skip
def test_every_channel_refuses(over: Record, why: str) -> None:
    for report in CHANNELS:
        topic = TOPIC_OF[report["schema"]]
        assert why == code(json.dumps(report | over).encode(), topic)


@pytest.mark.parametrize("field", ["event_id", "schema", "area_code", "occurred_at", "reported_at", "source", "facts"])
def test_a_field_that_must_stand_is_missed(field: str) -> None:
    for report in CHANNELS:
        rest = {name: value for name, value in report.items() if name != field}
        assert "missing-field" == code(json.dumps(rest).encode(), TOPIC_OF[report["schema"]])
        assert "wrong-type" == code(json.dumps(report | {field: None}).encode(), TOPIC_OF[report["schema"]])


@pytest.mark.parametrize(("record", "why"), [
    (declaration("e", paid("1")["facts"][0]), "fact-not-allowed"), (cadre("e", paid("1")["facts"][0]), "fact-not-allowed"),
    (department("e", "water", statement("2026-05", "2026-05", "1")), "fact-not-allowed"),
    (cadre("e", statement("2026-05", "2026-04", "1")), "invalid-value"),
    (cadre("e", statement("2025-05", "2026-05", "1")), "invalid-value"),
    (paid("1", month="2026-13"), "invalid-value"), (paid("1", month="202605"), "invalid-value"),
    (declaration("e", WATER, household_id=None, person_id="P-01"), "wrong-type"),
    (department("e", "water", WATER, household_id=None), "missing-field"),
    (declaration("e", WATER, source="fax"), "invalid-value"), (department("e", "weather", WATER), "invalid-value"),
    (cadre("e", {"type": "schooling", "stage": "higher", "status": "graduated"}), "missing-field"),
    (entry("H000001", member("P-01", birth_year=True)), "wrong-type"),
    (entry("H000001", relieved_on="2019-02-29"), "invalid-value"),
], ids=lambda case: str(case)[:60])  # fmt: skip
def test_what_one_channel_may_not_say(record: Record, why: str) -> None:
    assert why == code(record)


GOOD = json.dumps(CHANNELS[2]).encode()


@pytest.mark.parametrize(("value", "why"), [
    (b"", "not-json"), (b"null", "not-an-object"), (b"[]", "not-an-object"), (GOOD * 2, "not-json"), (GOOD[:-1], "not-json"),
    (b"\xef\xbb\xbf" + GOOD, "not-json"), (GOOD.replace(b"H000001", b"H\xe900001"), "not-utf8"),
    (GOOD.decode().encode("utf-16"), "not-utf8"),
    (GOOD[:-1] + b',"q":1,"q":1}', "duplicate-key"), (GOOD[:-1] + b',"q":1,"\\u0071":1}', "duplicate-key"),
    (GOOD[:-1] + b',"q":[{"z":{"a":1,"a":2}}]}', "duplicate-key"), (GOOD[:-1] + b',"w":1,"w":"a\\":"}', "duplicate-key"),
    (GOOD[:-1] + b',"q":"x\\":y","z":"\\"a\\" : 1"}', None), (GOOD[:-1] + b',"q":{"a":1},"r":{"a":1,"q":2}}', None),
    (b" \r\n\t" + GOOD + b"\n", None),
])  # fmt: skip
def test_one_json_object_with_every_key_once(value: bytes, why: str | None) -> None:
    assert why == code(value)


def test_an_identity_number_is_refused_wherever_it_stands() -> None:
    """Between letters or digits it is none (contract §3)."""
    escaped = "".join(f"\\u{ord(each):04x}" for each in NUMBER)
    for text in (
        NUMBER,
        f"a {NUMBER}.",
        f"x\\n{NUMBER}",
        f"_{NUMBER}_",
        escaped,
        NUMBER[:9] + f"\\u{ord(NUMBER[9]):04X}" + NUMBER[10:],
    ):
        for place in (f'"note":"{text}"', f'"note":[{{"a":"{text}"}}]', f'"{text}":1'):
            assert RejectionCode.IDENTITY_NUMBER.value == code(GOOD[:-1] + f",{place}}}".encode()), (text, place)
    assert RejectionCode.IDENTITY_NUMBER.value == code(GOOD, key=b"k-" + NUMBER.encode())
    for text in ("A" + NUMBER, NUMBER + "9", "\\u0041" + NUMBER, f"\\\\n{NUMBER}"):
        assert code(GOOD[:-1] + f',"note":"{text}"}}'.encode()) is None, text
