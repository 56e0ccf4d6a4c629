"""The words of calls and petitions: gone from whatever is stored, however they were spelt; and nothing else is."""

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fangfan.mapping import Mapping
from fangfan.publish import _checked
from fangfan.rejects import Refused
from schemas.rejections import Rejection, RejectionCode
from streams.free_text import is_spoken, kept, without_free_text
from streams.normalise import normalise
from streams.redrive import Going, Repair, Staying, Why, decide
from streams.topics import Topic
from tests.build import TIMESTAMP, cadre, declaration, department, encode, entry, statement, tick
from tests.streams.test_redrive import letter

CALL = {"type": "petition", "ref": "c-1", "category": "water", "urgent": True, "status": "open", "since": "2026-06"}
FOOD = {"type": "food", "adequate": False}
OBJECTION = {"type": "case_step", "step": "objection", "phase": "entry"}
WORDS = "my husband is gone"


def as_bytes(record: Any) -> bytes:
    return encode(record) or b""


def escaped(value: bytes, *names: str) -> bytes:
    """Spell names with an escape for each letter: the same JSON."""
    for name in names:
        value = value.replace(name.encode(), "".join(f"\\u{ord(letter):04x}" for letter in name).encode())
    return value


def words_in(value: bytes) -> list[str]:
    """What is left of the words, in clear or by escapes."""
    text = value.decode("utf-8", "replace").replace("\0", "")
    read = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text) + value.decode("gb18030", "replace")
    return [word for word in ("husband", "gone", "水井", "13800000000") if word in read]


SPOKEN = [
    declaration("d1", CALL, source="hotline"), declaration("d1", CALL, source="window"), cadre("d1", CALL),
    declaration("d1", CALL | {"type": "Petition"}), department("d1", "petitions", CALL),
    {"report": declaration("d1", FOOD, CALL, source="hotline")}, {"schema": "self-declaration/1", "petition": {}},
]  # fmt: skip
SENT_BY_CALLS = [
    declaration("d1", FOOD, source="hotline"), declaration("d1", FOOD, source="Hotline "),
    department("d1", "petitions", OBJECTION), department("d1", "PETITIONS", FOOD),
]  # fmt: skip
spoken = st.sampled_from(SPOKEN)
plain_field = st.sampled_from(["note", "text", "caller", WORDS, "category", "step", "urgent", "since", "adequate"])
said = st.sampled_from([WORDS, "村里两年没修水井", "call 13800000000", "13800000000", 13800000000, [WORDS], {"a": WORDS}])


@given(
    spoken,
    plain_field,
    said,
    st.booleans(),
    st.booleans(),
    st.sampled_from(["utf-8", "utf-16", "utf-16-be", "gb18030"]),
    st.data(),
)
def test_no_word_survives_whatever_the_spelling(
    record: dict[str, Any], name: str, words: Any, ascii_only: bool, inside: bool, encoding: str, data: st.DataObject
) -> None:
    """In a fact or beside it, escaped or not, whole or cut off, in UTF-8 or not."""
    facts = record.get("facts")
    if inside and isinstance(facts, list):
        record = record | {"facts": [facts[0] | {name: words}, *facts[1:]]}
    else:
        record = record | {f"x-{name}": words}
    value = json.dumps(record, ensure_ascii=ascii_only).encode(encoding)
    if encoding == "utf-8" and data.draw(st.booleans()):
        value = escaped(value, "etition", "otline", "ETITION")
    if data.draw(st.booleans()):
        value = value[:-1]
    masked = without_free_text(value)

    assert [] == words_in(masked)


@given(st.sampled_from(SENT_BY_CALLS), plain_field, said, st.booleans(), st.booleans(), st.booleans())
def test_what_calls_say_of_other_facts_moves_without_words_and_dies_as_it_came(
    record: dict[str, Any], name: str, words: Any, ascii_only: bool, whole: bool, spelt_out: bool
) -> None:
    """Moved or set aside fields that no table names are gone; a dead letter keeps its bytes (contract §6)."""
    value = json.dumps(record | {f"x-{name}": words}, ensure_ascii=ascii_only).encode()
    value = escaped(value, "etition", "otline", "ETITION") if spelt_out else value

    assert [] == words_in(kept(value) or b"")
    dead = value if whole else value[:-1]
    assert dead is without_free_text(dead)


@pytest.mark.parametrize("field", ["ref", "category", "status", "since", "urgent"])
@pytest.mark.parametrize("words", [WORDS, "水井", "13800000000", "138-0000-0000", 13800000000])
def test_a_code_field_keeps_no_words(field: str, words: Any) -> None:
    fact = json.loads(without_free_text(as_bytes(declaration("d1", CALL | {field: words}, source="hotline"))))["facts"][0]

    assert CALL | {field: "*" * len(str(words))} == fact


@pytest.mark.parametrize(("field", "code"), [
    ("category", "Water"), ("since", "2026-6"), ("since", "2026/06"), ("urgent", 1), ("ref", "12317-88"), ("status", "closed"),
])  # fmt: skip
def test_what_is_a_code_stays_for_whoever_repairs_it(field: str, code: Any) -> None:
    value = as_bytes(declaration("d1", CALL | {field: code}, source="hotline"))

    assert value is without_free_text(value)


def test_a_mistyped_type_keeps_the_codes_beside_it_and_goes_back_repaired() -> None:
    masked = without_free_text(as_bytes(declaration("d1", CALL | {"type": "Petition", "text": WORDS}, source="hotline")))
    assert declaration("d1", CALL | {"type": "Petition"}, source="hotline") == json.loads(masked)

    dead = letter(masked, b"H000001", "unknown-fact", **{"source.topic": "x-self-declarations"})
    mended = as_bytes(declaration("d1", CALL | {"text": WORDS}, source="hotline"))
    going = decide(dead, Repair(mended), "x-", TIMESTAMP)
    assert isinstance(going, Going)
    assert declaration("d1", CALL, source="hotline") == json.loads(going.value or b"")


def test_a_masked_id_does_not_go_back_as_an_id() -> None:
    early = without_free_text(as_bytes(declaration(WORDS, CALL, source="hotline")))
    verdict = decide(
        letter(early, b"H000001", "future-event", **{"source.topic": "x-self-declarations"}), None, "x-", TIMESTAMP
    )

    assert isinstance(verdict, Staying)
    assert Why.MASKED == verdict.why


def test_a_report_that_was_taken_keeps_its_ids_and_its_meaning() -> None:
    """Else the same report, sent again, would count as another."""
    record = declaration("来电 12", FOOD, statement("2025-01", "2025-12", 15000000.5), source="hotline")
    moved = kept(as_bytes(record | {"note": WORDS}))

    assert record == json.loads(moved or b"")


@pytest.mark.parametrize("record", [
    cadre("c1", FOOD, note="call the hotline about the petition"), declaration("d1", FOOD, source="window", note=WORDS),
    department("w1", "water", {"type": "water", "safe": "no", "note": WORDS}), entry() | {"source": "hotline"},
    declaration("d1", CALL, FOOD, source="hotline"), department("d1", "petitions", OBJECTION),
])  # fmt: skip
def test_other_records_and_those_without_words_stay_as_they_are(record: dict[str, Any]) -> None:
    value = as_bytes(record)

    assert value is without_free_text(value)
    assert value is kept(value)


@pytest.mark.parametrize("record", [entry(), tick("2026-06-10T09:00:00+08:00")])
def test_what_is_no_report_moves_whole_whatever_it_names(record: dict[str, Any]) -> None:
    """Members of a household must not be lost with a field that the registry added."""
    value = as_bytes(record | {"source": "hotline", "facts": [CALL]})

    assert value is kept(value)


def test_a_key_that_stands_twice_hides_nothing() -> None:
    first = as_bytes(declaration("d1", CALL | {"text": WORDS}, source="hotline"))
    value = first[:-1] + b', "source": "app", "facts": []}'
    masked = without_free_text(value)

    assert [] == words_in(masked)
    assert len(value) == len(masked)
    assert is_spoken(value)


def test_what_is_published_leaves_without_words() -> None:
    """Only what this command writes; a plain report leaves as it is."""
    mapping, where = Mapping.__new__(Mapping), Refused("a.jsonl", "", 1, "", "")
    spoken_of = as_bytes(department("d1", "petitions", OBJECTION | {"text": WORDS}, note=WORDS))
    plain = as_bytes(cadre("c1", FOOD, note=WORDS))
    item = _checked(spoken_of, where, None, mapping)

    assert not isinstance(item, Refused)
    assert (Topic.DEPARTMENT_FEEDS, b"H000001") == item[:2]
    assert department("d1", "petitions", OBJECTION) == msgspec.json.decode(item[2])
    assert (Topic.CADRE_REPORTS, b"H000001", plain, None) == _checked(plain, where, None, mapping)


@pytest.mark.parametrize(("ref", "taken"), [
    ("13800000000", False), ("tel:13800000000", False), ("8613800000000", False), ("138-0000-0000", False),
    ("c-19912345678.2", False),
    ("12317-88", True), ("12345678901", True), ("20260615138000", True), ("113800000000", True), ("1380000000", True),
    ("9b2f4c1e-0000-4000-8000-a13800000000", True),
])  # fmt: skip
def test_a_telephone_number_is_no_case_number(ref: str, taken: bool) -> None:
    read = normalise(
        Topic.SELF_DECLARATIONS, b"H000001", as_bytes(declaration("d1", FOOD, CALL | {"ref": ref}, source="hotline")), TIMESTAMP
    )

    assert taken != isinstance(read, Rejection)
    if isinstance(read, Rejection):
        assert (RejectionCode.INVALID_VALUE, "$.facts[1].ref") == (read.code, read.field)
        assert ref not in read.message
