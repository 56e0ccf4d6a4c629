"""Which visit answers which lead, and how precise a rule was (docs/contract-report.md, "Precision")."""

import pytest

from streams.indicators import Indicators
from streams.outcomes import Lead, Turn, Visit, answered, leads_of, turn_of, visits_of
from streams.policy import Policy
from tests.build import cadre, entry
from tests.streams.test_indicators import COUNTY, live, scope
from tests.ways import Pure

FOOD, WATER = frozenset({"food@1"}), frozenset({"water@1", "food@2"})


def lead(day: int, rules: frozenset[str] = FOOD) -> Lead:
    return Lead(day, COUNTY, "key", rules, frozenset({"cadre"}))


@pytest.mark.parametrize(("leads", "visits", "expected"), [
    ([lead(10)], [], [None]),
    ([lead(10)], [Visit(9, True)], [None]),
    ([lead(10)], [Visit(10, True)], [True]),
    ([lead(10)], [Visit(12, False), Visit(13, True)], [False]),
    ([lead(10)], [Visit(20, True)], [True]),
    ([lead(10)], [Visit(21, True)], [None]),
    ([lead(10), lead(15)], [Visit(14, False), Visit(15, True)], [False, True]),
    ([], [Visit(15, True)], []),
    ([lead(15), lead(15)], [Visit(15, True)], [None, True]),
    ([lead(10), lead(25)], [Visit(12, True), Visit(26, True)], [True, None]),
])  # fmt: skip
def test_a_lead_is_answered_by_the_first_visit_before_the_next_one(
    leads: list[Lead], visits: list[Visit], expected: list[bool | None]
) -> None:
    """Until the 20th."""
    assert expected == [passed for _, passed in answered(leads, tuple(visits), 20)]


def test_a_rule_is_as_precise_as_visits_found_it(policy: Policy) -> None:
    found, asked = Indicators(), scope(policy)
    for rules, passed in ((FOOD, True), (FOOD, False), (FOOD, True), (WATER, False), (FOOD, None)):
        visits = () if passed is None else (Visit(asked.day, passed),)
        found.add_leads([lead(asked.day, rules)], visits, asked)
    found.add_leads([lead(asked.since - 1)], (Visit(asked.day, True),), asked)  # no lead of the time asked about
    merged = Indicators()
    merged.merge(found)
    row = merged.row("county", COUNTY)

    assert ["food@1", "food@2", "water@1"] == row.judged
    assert [(3, 2, 6667), (1, 0, 0), (1, 0, 0)] == [
        (row.counts[f"verified_{rule}"], row.counts[f"confirmed_{rule}"], row.precision(rule)) for rule in row.judged
    ]
    assert merged.row("all", "all").counts == row.counts == merged.row("tier", "key").counts


def test_nobody_came_is_no_precision_of_zero(policy: Policy) -> None:
    found, asked = Indicators(), scope(policy)
    found.add_leads([lead(asked.day)], (), asked)

    assert (["food@1"], None) == (found.row("all", "all").judged, found.row("all", "all").precision("food@1"))


def test_a_visit_counts_though_the_case_refused_it_and_not_if_it_was_withdrawn(policy: Policy) -> None:
    step = {"type": "case_step", "step": "verification"}
    steps = [cadre("v1", step), cadre("v2", step | {"passed": False}, at="2026-06-12T09:00:00+08:00")]
    withdrawn = cadre("x1", voids="v1", at="2026-06-13T09:00:00+08:00")

    assert [True, False] == [visit.passed for visit in visits_of(live(policy, entry(), *steps).facts)]
    assert [False] == [visit.passed for visit in visits_of(live(policy, entry(), *steps, withdrawn).facts)]


def test_only_what_opens_is_a_lead(policy: Policy) -> None:
    _, alerts = Pure(policy)(entry(), cadre("c1", {"type": "food", "adequate": False}),
                             cadre("c2", {"type": "food", "adequate": True}, at="2026-06-12T09:00:00+08:00"))  # fmt: skip
    turns = list(map(turn_of, alerts))

    assert [(1, FOOD), (2, None)] == [(turn.sequence, turn.lead and turn.lead.rules) for turn in turns]
    assert [FOOD] == [found.rules for found in leads_of(turns)]


def turn(sequence: int, day: int | None = None) -> Turn:
    return Turn(sequence, lead(day) if day is not None else None)


@pytest.mark.parametrize(("said", "days"), [
    ([], []), ([turn(1, 10), turn(2), turn(3, 12)], [10, 12]),
    ([turn(1, 10), turn(1, 10)], [10]),  # said twice
    ([turn(1, 10), turn(2), turn(3, 12), turn(2), turn(3)], [10]),  # the second time it was another turn
    ([turn(1, 10), turn(2), turn(3, 12), turn(1, 11)], [11]),
])  # fmt: skip
def test_what_is_taken_back_is_no_lead(policy: Policy, said: list[Turn], days: list[int]) -> None:
    """Contract §5: the last one with a sequence is right."""
    assert days == [found.day for found in leads_of(said)]
    found, asked = Indicators(), scope(policy, "1970-01-01", since=0)
    found.add_leads(leads_of(said), (), asked)
    assert len(days) == found.row("all", "all").counts["leads"]
