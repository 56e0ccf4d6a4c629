"""On a real store: nobody's words are written anywhere, and a worker that is pinned neither takes nor loses signals."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.record.default_records import DefaultRecord

from agents.households import Households
from agents.store import HOUSEHOLD, Store
from agents.work import Work
from schemas import codec
from schemas.household import STATE_VERSION, Facts, HouseholdState
from streams.free_text import without_free_text
from streams.policy import Policy
from streams.topics import Topic
from tests.agents.test_households import NOW, Partition
from tests.build import TIMESTAMP, cadre, declaration, department, encode, entry, member

WORDS = "村里两年没修水井，找过王书记"
CALL = {"type": "petition", "ref": "c-1", "category": "water", "urgent": True, "status": "open", "since": "2026-06"}
JOBLESS = {"type": "employment", "person_id": "P-0001", "status": "not_working", "since": "2026-01"}
HOME = (Topic.HOUSEHOLDS, b"H000001", encode(entry("H000001", member("P-0001"))))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store")
    yield made
    made.close()


def written(work: Work) -> bytes:
    """Everything a batch would write: records and store."""
    values = [each.value or b"" for each in work.outgoing] + [each or b"" for each in work.changes.values()]
    return b"\n".join(values)


def call(**over: Any) -> dict[str, Any]:
    return declaration("d1", CALL | {"text": WORDS, "caller": "13800000000"}, source="hotline") | {"remark": WORDS} | over


def as_bytes(record: dict[str, Any]) -> bytes:
    return encode(record) or b""


@pytest.mark.parametrize(("record", "key", "outcome"), [
    (as_bytes(call()), b"H000001", "fangfan-households-changelog"),
    (as_bytes(call()), b"by-hand", "rerouted"),
    (as_bytes(call(area_code="14")), b"H000001", "dead-letters"),
    (as_bytes(call(facts=[CALL | {"category": WORDS}])), b"H000001", "dead-letters"),
    (as_bytes(call(facts=[CALL, {"type": "complaint", "text": WORDS}])), b"H000001", "dead-letters"),
    (as_bytes(call())[:-2], b"H000001", "dead-letters"),
    (as_bytes(call(facts=[CALL | {"text": "a" * 65}]))[:-2], b"H000001", "dead-letters"),
])  # fmt: skip
def test_nobody_s_words_are_written_anywhere(policy: Policy, store: Store, record: bytes, key: bytes, outcome: str) -> None:
    work = Partition(store, policy).take((Topic.SELF_DECLARATIONS, key, record))
    said = written(work)

    assert outcome in [each.topic.value for each in work.outgoing]
    assert not [part for part in ("水井", "王书记", "13800000000", "a" * 65) if part.encode() in said]
    assert "水井" not in said.decode("utf-8", "replace").encode().decode("unicode_escape", "ignore")


def test_a_petition_that_waits_for_its_person_waits_without_words(policy: Policy, store: Store) -> None:
    record = department("p1", "petitions", CALL | {"text": WORDS}, household_id=None, person_id="P-0001")
    partition = Partition(store, policy)
    work = partition.take((Topic.DEPARTMENT_FEEDS, b"P-0001", encode(record)))
    released = partition.settle(HOME)

    assert 1 == work.tally.parked
    assert "水井".encode() not in written(work)
    assert ["petition@1"] == [
        reason["rule"] for each in released if each.topic is Topic.ALERTS for reason in json.loads(each.value or b"")["reasons"]
    ]


def test_a_key_that_stands_twice_is_not_named_where_it_may_be_a_word(policy: Policy, store: Store) -> None:
    twice = b', "husband": 1, "husband": 2}'
    for fact, named in ((CALL, b"$"), ({"type": "food", "adequate": False}, b"$..husband")):
        value = as_bytes(declaration("d1", fact, source="hotline"))[:-1] + twice
        work = Partition(store, policy).take((Topic.SELF_DECLARATIONS, b"H000001", value))
        [letter] = [each for each in work.outgoing if each.topic is Topic.DEAD_LETTERS]

        assert named == dict(letter.headers or [])["error.field"]
        assert (fact is not CALL) == (b"husband" in (letter.value or b""))


def test_an_area_event_of_the_petitions_office_moves_without_words(policy: Policy, store: Store) -> None:
    """It can only withdraw; here its links are kept on another partition."""
    event = department("e1", "petitions", voids="e0", about="asset:pv-17", note=WORDS) | {"schema": "area-event/1"}
    del event["household_id"], event["person_id"]
    record = DefaultRecord(1, TIMESTAMP, 0, b"asset:pv-17", as_bytes(event), [])
    moved = [
        each.value or b"" for partition in range(2)
        for each in Households(partition, 2, "", store, policy).run([(Topic.AREA_EVENTS, record)], NOW).outgoing
        if each.topic is Topic.PERSONS
    ]  # fmt: skip

    assert [{name: each for name, each in event.items() if name != "note"}] == [json.loads(each) for each in moved]


def test_other_records_and_petitions_without_words_are_left_as_they_are() -> None:
    for record in (cadre("c1", JOBLESS, note=WORDS), declaration("d1", CALL, source="hotline"), {"a": "petition"}):
        value = as_bytes(record)
        assert value is without_free_text(value)


def test_while_version_1_is_pinned_signals_are_refused_and_none_is_lost(policy: Policy, store: Store) -> None:
    """They come back by a redrive once nothing is pinned; a household that has some is never written without them."""

    def take(version: int, event_id: str) -> Work:
        record = DefaultRecord(1, TIMESTAMP, 0, b"H000001", encode(cadre(event_id, JOBLESS)), [])
        work = Households(0, 1, "", store, policy, version).run([(Topic.CADRE_REPORTS, record)], NOW)
        store.write(work.changes.items(), {})
        return work

    refused = take(codec.WITHOUT_SIGNALS, "c1")
    assert {"unknown-fact": 1} == dict(refused.tally.rejections)
    assert store.get(HOUSEHOLD + b"H000001") is None

    assert {} == dict(take(STATE_VERSION, "c1").tally.rejections)
    water = DefaultRecord(2, TIMESTAMP, 0, b"H000001", encode(cadre("w1", {"type": "water", "safe": False})), [])
    pinned = Households(0, 1, "", store, policy, codec.WITHOUT_SIGNALS).run([(Topic.CADRE_REPORTS, water)], NOW)
    store.write(pinned.changes.items(), {})
    data = store.get(HOUSEHOLD + b"H000001")

    assert data is not None
    state = codec.decode_state(data)
    assert (["c1"], ["w1"]) == (
        [each.event_id for each in state.facts.signals],
        [each.event_id for each in state.facts.reports],
    )
    assert STATE_VERSION == codec.version_of(data)


def test_version_1_is_written_as_the_release_before_wrote_it() -> None:
    """Six fields of facts and no more: it forgets what it does not know, so nothing unknown may be there."""
    data = codec.encode_state(HouseholdState(facts=Facts(as_of=5)), codec.WITHOUT_SIGNALS)

    assert [1, [5, None, [], [], None, None]] == msgspec.msgpack.decode(data)[:2]
    assert HouseholdState(facts=Facts(as_of=5)) == codec.decode_state(data)


@pytest.mark.parametrize("words", [r"水井", r"\u6c34\u4e95", "a well, 13800000000", 'he said \\"no\\"'])
def test_bytes_that_are_no_json_keep_their_length_and_no_words(words: str) -> None:
    value = ('{"facts": [{"type": "petition", "text": "' + words + '", "ref": "c-1"}], ').encode()
    masked = without_free_text(value)

    assert len(value) == len(masked)
    assert masked.startswith(b'{"facts": [{"type": "petition", "****": "**')
    assert words.encode() not in masked
