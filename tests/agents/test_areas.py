"""Area events on a real store: they reach the households that are linked, whichever comes first, and nobody else."""

import itertools
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.store import HOUSEHOLD, Store
from schemas import codec
from schemas.rejections import Rejection
from streams.areas import reaches
from streams.normalise import normalise
from streams.policy import Policy
from streams.topics import Topic
from tests.agents.test_households import Partition
from tests.build import AREA, TIMESTAMP, cadre, declaration, encode, entry, member

COUNTY = AREA[:6] + "000000"
Input = tuple[Topic, bytes | None, bytes | None]


def slump(event_id: str = "apple-1", area: str = COUNTY, percent: int = 35, **over: Any) -> dict[str, Any]:
    fact = {"type": "market", "product": "apple", "measure": "price", "drop_percent": percent, "month": "2026-06"}
    at = "2026-06-11T09:00:00+08:00"
    return {"schema": "area-event/1", "event_id": event_id, "area_code": area, "about": "grows:apple", "occurred_at": at,
            "reported_at": at, "source": "commerce", "facts": [fact]} | over  # fmt: skip


def outage(event_id: str = "pv-1-down") -> dict[str, Any]:
    fact = {"type": "asset_status", "asset": "pv-1", "status": "outage", "since": "2026-04"}
    about = {"about": "asset:pv-1", "source": "rural-revitalization", "facts": [fact]}
    return slump(event_id, AREA[:9] + "000") | about


def area(event: dict[str, Any], key: bytes = b"any") -> Input:
    return Topic.AREA_EVENTS, key, encode(event)


def home(name: str, code: str = AREA, at: str = "2026-01-01T00:00:00+08:00") -> Input:
    made = entry(name, member(f"P-{name}"), area_code=code, updated_at=at)
    return Topic.HOUSEHOLDS, name.encode(), encode(made)


def grows(name: str, *, active: bool = True, at: str = "2026-06-01T09:00:00+08:00", **over: Any) -> Input:
    fact = {"type": "grows", "product": "apple", "active": active}
    made = declaration(f"g-{name}-{active}", fact, at=at, household_id=name, **over)
    return Topic.SELF_DECLARATIONS, name.encode(), encode(made)


def linked(name: str) -> Input:
    fact = {"type": "asset_link", "asset": "pv-1", "kind": "photovoltaic", "linked": True}
    return Topic.CADRE_REPORTS, name.encode(), encode(cadre(f"l-{name}", fact, household_id=name))


class County:
    """One partition that is fed and settled; what is open at the end by household."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store, self._partition = store, Partition(store, policy)
        self.sent: list[dict[str, Any]] = []

    def take(self, *records: Input) -> None:
        for record in records:
            for each in self._partition.settle(record):
                assert each.topic is not Topic.DEAD_LETTERS, each
                if each.topic is Topic.REROUTED:
                    self.sent.append(json.loads(each.value or b"{}"))

    def facts(self) -> list[bytes]:
        return [repr(codec.decode_state(data).facts).encode() for _, data in self._store.scan(HOUSEHOLD)]

    def open(self) -> dict[str, list[str]]:
        found = {}
        for key, data in self._store.scan(HOUSEHOLD):
            opened = codec.decode_state(data).thread.open
            if opened is not None:
                found[key[1:].decode()] = [reason.rule for reason in opened.reasons]
        return found


@pytest.fixture
def county(tmp_path: Path, policy: Policy) -> Iterator[County]:
    store = Store(tmp_path / "store")
    yield County(store, policy)
    store.close()


@pytest.mark.parametrize("order", range(6))
def test_a_slump_reaches_those_who_grow_it_whichever_comes_first(county: County, order: int) -> None:
    steps = [
        [home("H-grow"), home("H-other"), home("H-far", "140221100201")],
        [grows("H-grow"), grows("H-far", area_code="140221100201")],
        [area(slump())],
    ]
    for step in list(itertools.permutations(steps))[order]:
        county.take(*step)

    assert {"H-grow": ["market-slump@1"]} == county.open()


def test_a_household_that_stops_or_never_began_is_not_told(county: County) -> None:
    county.take(home("H-0001"), grows("H-0001"), grows("H-0001", active=False, at="2026-06-02T09:00:00+08:00"))
    county.take(home("H-0002"), grows("H-0002", active=False), area(slump()))

    assert {} == county.open()
    assert [] == county.sent


def test_an_outage_reaches_the_linked_households_of_its_area(county: County) -> None:
    county.take(home("H-0001"), linked("H-0001"), home("H-0002"), home("H-0003", "140123200201"), linked("H-0003"))
    county.take(area(outage()))

    assert {"H-0001": ["project-asset@1"]} == county.open()


def test_an_event_twice_changes_nothing_and_a_withdrawn_one_is_gone(county: County) -> None:
    county.take(home("H-0001"), grows("H-0001"), area(slump()), area(slump()))
    once = county.facts()
    assert {"H-0001": ["market-slump@1"]} == county.open()

    county.take(area(slump()))
    assert once == county.facts()
    county.take(area(slump("apple-2", facts=[], voids="apple-1", occurred_at="2026-06-12T09:00:00+08:00")))
    assert {} == county.open()

    county.take(home("H-0002"), grows("H-0002"))  # hears of both
    assert {} == county.open()


def test_who_moves_into_the_county_hears_of_it(county: County) -> None:
    county.take(home("H-0001", "140221100201"), grows("H-0001"), area(slump()))
    assert {} == county.open()

    county.take(home("H-0001", AREA, "2026-05-01T00:00:00+08:00"))
    assert {"H-0001": ["market-slump@1"]} == county.open()


def test_any_order_gives_the_same_facts(tmp_path: Path, policy: Policy) -> None:
    events = [area(slump()), area(slump("apple-2", percent=60)), area(outage()),
              area(slump("apple-3", facts=[], voids="apple-2", occurred_at="2026-06-13T09:00:00+08:00"))]  # fmt: skip
    records = [home("H-0001"), grows("H-0001"), linked("H-0001"), home("H-0002"), linked("H-0002"), *events]
    ends = set()
    for seed in range(12):
        store = Store(tmp_path / str(seed))
        county, order = County(store, policy), list(records)
        random.Random(seed).shuffle(order)
        county.take(*order)
        ends.add((tuple(county.facts()), str(county.open())))
        store.close()

    assert 1 == len(ends)


@pytest.mark.parametrize(
    ("event", "household", "reached"),
    [("140123000000", "140123100201", True), ("140123100000", "140123100201", True), ("140123100201", "140123100201", True),
     ("140123100202", "140123100201", False), ("140123200000", "140123100201", False), ("140221000000", "140123100201", False),
     ("140100000000", "140123100201", True), ("140200000000", "140123100201", False), ("140000000000", "140221100201", True),
     ("130000000000", "140221100201", False)],
)  # fmt: skip
def test_trailing_zeros_widen_an_area(event: str, household: str, reached: bool) -> None:
    assert reached == reaches(event, household)


@pytest.mark.parametrize(("event", "code", "field"), [
    (slump(about="grows:pear"), "invalid-value", "$.facts[0]"),
    (outage() | {"about": "asset:x"}, "invalid-value", "$.facts[0]"),
    (slump(about="asset:apple"), "invalid-value", "$.facts[0]"), (slump(area="140000000000"), "invalid-value", "$.area_code"),
    (slump(facts=[]), "invalid-value", "$.facts"), (slump(source="water"), "fact-not-allowed", "$.facts[0].type"),
    (slump(occurred_at="2026-06-11"), "invalid-value", "$.occurred_at"), (slump(source="radio"), "invalid-value", "$.source"),
    (slump(occurred_at="2027-06-11T00:00:00Z"), "future-event", "$.occurred_at"),
    (slump(facts=[{"type": "food", "adequate": False}]), "unknown-fact", "$.facts[0].type"),
    (cadre("c1", {"type": "food", "adequate": False}), "wrong-schema", "$.schema"),
])  # fmt: skip
def test_an_event_that_must_be_refused(event: dict[str, Any], code: str, field: str) -> None:
    found = normalise(Topic.AREA_EVENTS, b"any", encode(event), TIMESTAMP)

    assert isinstance(found, Rejection)
    assert (code, field) == (found.code.value, found.field)


def test_only_its_topic_carries_an_event() -> None:
    assert isinstance(normalise(Topic.REROUTED, b"any", encode(slump()), TIMESTAMP), Rejection)
    assert isinstance(normalise(Topic.DEPARTMENT_FEEDS, b"any", encode(slump()), TIMESTAMP), Rejection)
