"""What is read in one step is what is read step by step; whatever else there is, is left to be read step by step."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.rejections import Rejection
from streams.normalise import normalise, read_carefully
from streams.plain import read_plain
from streams.topics import TOPIC_OF, Topic
from tests.build import TIMESTAMP, cadre, department, encode, identity_number
from tests.faults.poison import TOKENS, healthy, poison
from tests.oracle.histories import history
from tests.oracle.signal_histories import history as signal_history

RECORDS = 4_000
FORMS: tuple[dict[str, Any], ...] = (
    {"separators": (",", ":")}, {}, {"indent": 1}, {"separators": (" , ", " : ")}, {"ensure_ascii": False}, {"sort_keys": True},
)  # fmt: skip
MARKS = (b'"', b'":', b'" :', b'"\t:', b" ", b"\n", b'"x":1,', b'"voids":null,', b'"event_id":"e1",', b"-0", b"1.50")
WATER = {"type": "water", "safe": True}
NUMBER = identity_number().encode()


def same(topic: Topic, key: bytes | None, value: bytes | None, timestamp: int = TIMESTAMP) -> bool:
    """Check both ways of reading a record, and tell whether it was read in one step."""
    assert read_carefully(topic, key, value, timestamp) == normalise(topic, key, value, timestamp), (topic, key, value)
    return value is not None and read_plain(value) is not None


def test_valid_reports_are_read_in_one_step_however_they_are_written() -> None:
    rng = random.Random(1)
    plain = count = 0
    for at in range(200):
        for report in (history if at % 2 else signal_history)(rng)[0]:
            value = json.dumps(report, **rng.choice(FORMS[:2])).encode()
            plain += same(rng.choice([TOPIC_OF[report["schema"]], Topic.REROUTED]), b"H000001", value)
            count += 1
            same(TOPIC_OF[report["schema"]], None, json.dumps(report, **rng.choice(FORMS)).encode())

    assert plain == count


def test_poison_is_read_alike() -> None:
    rng = random.Random(2)
    for record in [*healthy(rng, RECORDS // 4), *poison(rng, RECORDS)]:
        same(Topic(record.topic), record.key, record.value, record.timestamp)


@settings(deadline=None, max_examples=400)
@given(st.integers(0, 1 << 32), st.data())
def test_reports_with_anything_put_anywhere_are_read_alike(seed: int, data: st.DataObject) -> None:
    rng = random.Random(seed)
    report = rng.choice(data.draw(st.sampled_from((history, signal_history)))(rng)[0])
    value = json.dumps(report, **data.draw(st.sampled_from(FORMS))).encode()
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(value)))
        end = start + data.draw(st.integers(0, 30))
        other = data.draw(st.integers(0, len(value)))
        piece = data.draw(st.one_of(
            st.sampled_from(TOKENS), st.binary(max_size=4), st.just(value[other : other + 30]),
            st.sampled_from(MARKS),
        ))  # fmt: skip
        value = value[:start] + piece + value[end:]
    same(TOPIC_OF[report["schema"]], b"H000001", value)


@pytest.mark.parametrize(("old", "new"), [
    (b'"voids":null', b'"event_id":"e1"'),  # a key twice, and as many as there would be with all
    (b'"voids":null', b'"event_id" :"e1"'),
    (b'"voids":null', b'"event_id"\n\t:"e1","person_id":":x"'),
    (b'"schema":"cadre-report/1"', b'"event_id":"e1"'),
    (b'"safe":true', b'"safe":true,"safe":true'),
    (b'"safe":true', b'"safe":false,"\\u0073afe":true'),
    (b'"safe":true', b'"safe":true,"type":"water"'),
    (b'"safe":true', b'"safe":1'),
    (b'"safe":true', b'"safe":true,"other":NaN'),
    (b'"safe":true', b'"safe":true,"other":"\xff"'),
    (b'"event_id":"e1"', b'"event_id":"a\x01b"'),
    (b'"event_id":"e1"', b'"event_id":"' + NUMBER + b'"'),
    (b'"H000001"', b'"H000001\\n"'),
    (b'"H000001"', "\"H000001\u00b2\"".encode()),
    (b'"H000001"', b'"H00"'),
    (b'"140123100201"', "\"14012310020\u0663\"".encode()),
    (b"+08:00", b""),
    (b"T09", b"T24"),
])  # fmt: skip
def test_what_is_wrong_is_refused_alike(old: bytes, new: bytes) -> None:
    value = json.dumps(cadre("e1", WATER), separators=(",", ":")).encode()
    assert old in value
    changed = value.replace(old, new, 1)

    assert isinstance(normalise(Topic.CADRE_REPORTS, None, changed, TIMESTAMP), Rejection)
    same(Topic.CADRE_REPORTS, None, changed)


@pytest.mark.parametrize("amount", [
    "-0", "-0.0", "1e2", "1E+2", "0.1", "12345678901234567890", "1e999", "1.000000000000000000001", "00", "1.", "-1", "1.005",
    "true", '"1.5"', '"-0.00"', '"0001.00"', '".50"', '"1234567890123.00"', '"٣٣.00"',
])  # fmt: skip
def test_amounts_are_read_alike(amount: str) -> None:
    income = {"type": "income", "component": "business", "month": "2026-05", "amount": 77}
    value = json.dumps(department("e1", "health", income)).encode()
    same(Topic.DEPARTMENT_FEEDS, None, value.replace(b"77", amount.encode()))


@pytest.mark.parametrize("month", ["2026-5", "2026-13", "2026-05 ", "2026-05-01", "２026-05", ""])
def test_months_are_read_alike(month: str) -> None:
    claim = {"type": "claim", "kind": "price", "amount": "1", "month": month}
    same(Topic.DEPARTMENT_FEEDS, None, encode(department("e1", "insurance", claim)))


def test_a_report_on_a_topic_of_another_or_under_an_identity_number_is_refused() -> None:
    value = json.dumps(cadre("e1", WATER)).encode()
    assert read_plain(value) is not None

    assert isinstance(normalise(Topic.DEPARTMENT_FEEDS, None, value, TIMESTAMP), Rejection)
    assert isinstance(normalise(Topic.CADRE_REPORTS, NUMBER, value, TIMESTAMP), Rejection)
