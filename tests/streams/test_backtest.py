"""What if: two policies over one history (docs/contract-backtest.md)."""

import random
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.fields import instant_of
from schemas.household import EMPTY
from schemas.registry import RegistryChange
from schemas.rejections import Rejection
from schemas.reports import Report, Tick
from streams.arrivals import Arrival, Claimed, claims, place
from streams.backtest import Comparison, Outcome, replay
from streams.due import due
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policies import BEGINNING, FILE, Judges, Version, policies_of
from streams.policy import Policy
from streams.policy_parse import parse_policy
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, cadre, department, encode, entry, member, statement
from tests.oracle import naive
from tests.oracle.histories import history
from tests.streams.test_policy import changed

DAY = 86_400_000


def with_line(yuan: int) -> Policy:
    """The shipped policy with another income line."""
    lines = [{"from": date(2021, 1, 1), "amount": yuan}]
    return parse_policy(changed(lambda document: document["rules"]["income-line"].update(lines=lines)), "raised")


RAISED = with_line(8500)


def arrive(*records: dict[str, Any], begin: int = TIMESTAMP, step: int = 1000) -> list[Arrival]:
    """Records one after the other; those of a person reach the person."""
    arrivals = []
    for number, record in enumerate(records):
        timestamp = begin + number * step
        message = normalise(TOPIC_OF[record["schema"]], None, encode(record), timestamp)
        assert not isinstance(message, Rejection), message
        order = (timestamp, 0, 0, number)
        if isinstance(message, RegistryChange):
            arrivals.append(Arrival(order, message.household_id, timestamp, None, message))
        else:
            assert isinstance(message, Report)
            reaches = message.household_id or message.person_id or ""
            arrivals.append(Arrival(order, reaches, timestamp, message, None))
    return arrivals


def random_life(seed: int) -> tuple[list[dict[str, Any]], dict[str, Any] | None, list[Arrival]]:
    rng = random.Random(seed)
    reports, registry = history(rng)
    records = [*reports, *rng.sample(reports, len(reports) // 3)] + ([registry] if registry else [])
    rng.shuffle(records)
    return reports, registry, arrive(*records)


@pytest.mark.parametrize("seed", range(150))
def test_a_policy_beside_itself_adds_and_removes_nothing(policy: Policy, seed: int) -> None:
    outcome = replay("H000001", random_life(seed)[2], policy, policy)

    assert outcome.change is None
    assert outcome.old == outcome.new


def test_the_ends_are_those_of_a_naive_recomputation_under_each_line(policy: Policy) -> None:
    seen = set()
    for seed in range(150):
        reports, registry, arrivals = random_life(seed)
        outcome = replay("H000001", arrivals, policy, RAISED)
        for side, line in ((outcome.old, 600_000), (outcome.new, 850_000)):
            expected = naive.assess(reports, registry, line)
            assert expected is not None
            assert (seed, expected["severity"]) == (seed, side.gravest())
            assert {reason[0] for reason in expected["reasons"]} == set(side.rules)
        seen.add(outcome.change)

    assert {None, "added", "raised", "reasons"} <= seen, "the line must matter in these histories"


def poor(household: str, wage: str) -> list[dict[str, Any]]:
    """Two members and a year's wage."""
    income = cadre(f"s-{household}", statement("2025-06", "2026-05", wage), household_id=household)
    return [entry(household, member(f"P-{household}"), member(f"Q-{household}", birth_year=2014)), income]


def lives(**wages: str) -> list[Outcome]:
    made = with_line(6000)
    return [replay(name, arrive(*poor(name, wage)), made, RAISED) for name, wage in wages.items()]


def test_a_raised_line_adds_exactly_the_households_between_the_lines() -> None:
    """5,999.99, 6,000.00, 8,499.99 and 8,500.00 yuan a head: `<` by default."""
    under, at_old, between, at_new = lives(H0001="11999.98", H0002="12000", H0003="16999.98", H0004="17000")

    assert ["raised", "added", "added", None] == [each.change for each in (under, at_old, between, at_new)]
    assert ("yellow", "orange") == (under.old.gravest(), under.new.gravest())
    assert [0, 1, 1, 0] == [each.new.leads - each.old.leads for each in (under, at_old, between, at_new)]


def test_a_lowered_line_removes_them() -> None:
    outcome = replay("H0001", arrive(*poor("H0001", "12000")), RAISED, with_line(6000))

    assert "removed" == outcome.change


def test_counts_by_place_rule_month_and_change() -> None:
    comparison = Comparison()
    for outcome in lives(H0001="11999.98", H0002="12000", H0003="17000"):
        comparison.add(outcome)
    whole = comparison.rows["all"]["all"]

    assert {"households": 3, "open_old": 1, "open_new": 2, "added": 1, "raised": 1, "leads_old": 1, "leads_new": 2,
            "led_only_new": 1, "transitions_old": 1, "transitions_new": 2} == {k: v for k, v in whole.items() if v}  # fmt: skip
    assert {"140123"} == set(comparison.rows["county"])
    assert {"key"} == set(comparison.rows["tier"])
    assert whole == comparison.rows["county"]["140123"] == comparison.rows["tier"]["key"]
    assert {"income-line"} == set(comparison.rows["rule"])
    assert 2 == comparison.rows["rule"]["income-line"]["households"]
    assert {"2026-11": {"leads_old": 1, "leads_new": 2, "transitions_old": 1, "transitions_new": 2}} == comparison.rows["month"]
    assert {"yellow>orange", "none>orange", "none>none"} == set(comparison.rows["change"])


def test_a_rule_counts_for_itself_though_the_alert_stays_open() -> None:
    """The household hungers (red) under both; the raised line adds a reason, not an alert."""
    hunger = cadre("f", {"type": "food", "adequate": False}, household_id="H0001")
    outcome = replay("H0001", arrive(*poor("H0001", "13000"), hunger), with_line(6000), RAISED)
    comparison = Comparison()
    comparison.add(outcome)

    assert "reasons" == outcome.change
    assert 0 == comparison.rows["all"]["all"]["added"]
    assert 1 == comparison.rows["rule"]["income-line"]["added"]
    assert 0 == comparison.rows["rule"]["food"]["added"]


def test_only_transitions_since_then_are_counted_but_all_is_lived() -> None:
    records = arrive(*poor("H0001", "8000"), step=DAY)
    late = replay("H0001", records, with_line(6000), RAISED, (records[-1].timestamp + 1) * 1_000_000)
    at = replay("H0001", records, with_line(6000), RAISED, records[-1].timestamp * 1_000_000)

    assert (0, 0) == (late.old.leads, late.new.leads)
    assert late.old.gravest() is not None
    assert (1, 1) == (at.old.leads, at.new.leads)


@given(st.lists(st.integers(0, 400), max_size=8, unique=True), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_counts_do_not_depend_on_how_households_are_divided(seeds: list[int], rng: random.Random) -> None:
    old = with_line(6000)
    outcomes = [replay(f"H{seed:06d}", random_life(seed)[2], old, RAISED) for seed in seeds]
    whole, parts = Comparison(), [Comparison() for _ in range(3)]
    for outcome in outcomes:
        whole.add(outcome)
    rng.shuffle(outcomes)
    for outcome in outcomes:
        rng.choice(parts).add(outcome)
    merged = Comparison()
    for part in parts:
        merged.merge(part)

    assert whole.rows == merged.rows


def of_person(event_id: str, person: str) -> dict[str, Any]:
    return department(event_id, "water", {"type": "water", "safe": False}) | {"household_id": None, "person_id": person}


def test_a_report_of_a_person_reaches_the_household_that_names_it_then() -> None:
    """Before anybody names the person it waits; then it goes to whose entry is the newest at that moment."""
    first = entry("H0001", member("P-0001"), updated_at="2026-01-01T00:00:00+08:00")
    second = entry("H0002", member("P-0001"), updated_at="2026-02-01T00:00:00+08:00")
    gone = entry("H0002", member("P-0009"), updated_at="2026-03-01T00:00:00+08:00")
    records = [of_person("early", "P-0001"), first, of_person("a", "P-0001"), second, of_person("b", "P-0001"), gone,
               of_person("c", "P-0001"), of_person("nobody", "P-0002")]  # fmt: skip
    arrivals = arrive(*records)
    placed, waiting = place(claims(arrivals), [each for each in arrivals if each.report is not None])
    reached = {each.report.kept.event_id: each for each in placed if each.report is not None}

    assert {"early": "H0001", "a": "H0001", "b": "H0002", "c": "H0001"} == {
        name: each.reaches for name, each in reached.items()
    }
    assert 1 == waiting
    assert arrivals[0].timestamp == reached["early"].timestamp
    assert arrivals[1].order < reached["early"].order < arrivals[2].order


def test_claims_come_from_what_a_newer_entry_changes() -> None:
    older = entry("H0001", member("P-0001"), updated_at="2025-01-01T00:00:00+08:00")
    said = list(claims(arrive(entry("H0001", member("P-0002")), older)))

    assert [("P-0002", True)] == [(each.claim.person_id, each.claim.named) for each in said]
    assert isinstance(said[0], Claimed)


def test_time_passes_where_ticks_are_on() -> None:
    """Income of 2025 leaves the window: with ticks the months after it are judged though nobody reports."""
    records = arrive(*poor("H0001", "13000"), step=DAY)
    end = (records[-1].timestamp + 400 * DAY) * 1_000_000
    without = replay("H0001", records, with_line(6000), RAISED)
    lived = replay("H0001", records, with_line(6000), RAISED, None, end)

    assert "added" == without.change
    assert (0, 1) == (len(lived.old.turned), len([each for each in lived.new.turned if each.opened]))
    assert lived.change is None, "carried forward for a year, then undetermined"
    assert lived.new.turned[-1].month > lived.new.turned[0].month


STAGED = policies_of((
    Version(with_line(6000), BEGINNING, FILE, None, b""), Version(RAISED, date(2026, 6, 20).toordinal(), 0, 0, b""),
))  # fmt: skip
"""The line is raised in the middle of the year."""


def test_a_version_judges_from_its_day_on() -> None:
    """Found poor under the coming line ten days before it comes, and seen again ten days after."""
    water = {"type": "water", "safe": True}
    seen = cadre("w", water, household_id="H0001", at="2026-06-30T09:00:00+08:00")
    before = replay("H0001", arrive(*poor("H0001", "13000")), with_line(6000), STAGED)
    after = replay("H0001", arrive(*poor("H0001", "13000"), seen), with_line(6000), STAGED)
    ticked = replay("H0001", arrive(*poor("H0001", "13000")), with_line(6000), STAGED, None, TIMESTAMP * 1_000_000)

    assert [None, "added", "added"] == [each.change for each in (before, after, ticked)]


@pytest.mark.parametrize("other", [RAISED, STAGED], ids=["alone", "in mid-year"])
@pytest.mark.parametrize("seed", range(60))
def test_with_ticks_each_side_is_what_a_worker_of_its_policy_publishes(policy: Policy, seed: int, other: Judges) -> None:
    """One side alone, its own ticks: the other one's beside change nothing."""
    _, _, arrivals = random_life(seed)
    end = (arrivals[-1].timestamp + 800 * DAY) * 1_000_000
    both = replay("H000001", arrivals, policy, other, None, end)

    for made, side in ((policy, both.old), (other, both.new)):
        state, said = EMPTY, []
        for arrival in [*arrivals, None]:
            at = instant_of(arrival.timestamp) if arrival is not None else end
            while (tick := due(state, made)) is not None and tick <= at:
                step = advance("H000001", state, Tick("H000001", tick), tick, made)
                state, said = step.state, [*said, step.alert]
            message = arrival.report or arrival.change if arrival is not None else None
            if message is not None:
                step = advance("H000001", state, message, at, made)
                state, said = step.state, [*said, step.alert]
        published = [(each.transition == "opened", {r.rule.partition("@")[0] for r in each.reasons}) for each in said if each]

        assert state.thread.open == side.open
        assert published == [(each.opened, set(each.rules)) for each in side.turned]
