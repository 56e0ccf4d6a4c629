"""Time without reports: between due instants it says nothing, a tick at one leads to the next (docs/contract-time.md)."""

import random
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest

from schemas.area_alerts import AreaClaim, AreaMember, AreaState
from schemas.fields import day_of, parse_day, parse_instant, render_instant
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from schemas.vocabulary import SEVERITIES
from streams.due import area_due, due
from streams.pipeline import Judges, advance
from streams.policies import Policies, alone, policies_of
from streams.policy import Line, Policy
from streams.scale_risk import merge_claim, turn_area
from tests.build import AREA as VILLAGE
from tests.build import TIMESTAMP, cadre, department, entry, member, statement
from tests.oracle.histories import history
from tests.streams.test_against_oracle import read
from tests.streams.test_policies import document, published

HOUSEHOLDS = 1_500
UNVERIFIED = "2026-11-26T00:00:00+08:00"
"""The records of these tests come on 18 November 2026; five working days later an alert should have been verified."""
VISIT, VISITED = {"type": "case_step", "step": "verification"}, "2026-11-19T09:00:00+08:00"
JUNE = parse_day("2026-06-01")
HORIZON_YEARS = 6
"""Longer than anything counts: by then a household has nothing left to be due for."""


def lived(records: list[dict[str, Any]], policy: Judges) -> HouseholdState:
    state = EMPTY
    for record in records:
        message = read(record)
        assert isinstance(message, Report | RegistryChange)
        state = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy).state
    return state


def at(instant: int) -> Tick:
    return Tick("H000001", instant)


def later_versions(policy: Policy) -> Policies:
    """The policy, and two more that take effect after most households' last report: another line, worse water."""
    water = document("3", 6000, "2027-02-20")
    water["rules"]["water"]["severity"] = "red"
    return policies_of((*alone(policy).versions, published(document("2", 9000, "2026-08-15"), 0), published(water, 1)))


@pytest.mark.parametrize(("versions", "households"), [(alone, HOUSEHOLDS), (later_versions, HOUSEHOLDS // 5)])
def test_between_two_due_instants_time_says_nothing_and_after_the_last_nothing_ever(
    policy: Policy, versions: Callable[[Policy], Policies], households: int
) -> None:
    """The law that lets a sweep look only at what is due: any other instant gives no transition and keeps every report."""
    policies = versions(policy)
    ticks = transitions = 0
    for seed in range(households):
        rng = random.Random(seed)
        reports, registry = history(rng)
        state = lived([*reports, *([registry] if registry else [])], policies)
        end = (state.facts.as_of or 0) + HORIZON_YEARS * 366 * 86_400 * 10**9
        while (instant := due(state, policies)) is not None and instant <= end:
            assert state.facts.as_of is not None
            assert instant > state.facts.as_of
            between = advance("H000001", state, at(rng.randrange(state.facts.as_of, instant)), instant, policies)
            assert (seed, None) == (seed, between.alert)
            assert state.facts.reports == between.state.facts.reports
            step = advance("H000001", state, at(instant), instant, policies)
            transitions += step.alert is not None
            ticks += 1
            state = step.state
        late = advance("H000001", state, at(rng.randrange(state.facts.as_of or 0, end + 1)), end, policies)
        assert due(state, policies) is not None or late.alert is None
    assert ticks > households * 10
    assert transitions > households // 4


def test_many_ticks_one_by_one_end_like_one_tick_at_the_last(policy: Policy) -> None:
    """How often the clock was told does not matter for what holds; only for what was said on the way."""
    for seed in range(200):
        reports, registry = history(random.Random(seed))
        state = begin = lived([*reports, *([registry] if registry else [])], policy)
        instants = []
        while (instant := due(state, policy)) is not None and len(instants) < 20:
            instants.append(instant)
            state = advance("H000001", state, at(instant), instant, policy).state
        if not instants:
            continue
        once = advance("H000001", begin, at(instants[-1]), instants[-1], policy).state
        assert state.facts == once.facts
        content = [
            (o.severity, o.category, o.pathway, o.reasons, o.conflicts) if (o := s.thread.open) else None for s in (state, once)
        ]
        assert content[0] == content[1]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([entry()], None),
        ([cadre("e1", {"type": "water", "safe": False})], UNVERIFIED),
        ([cadre("e1", {"type": "water", "safe": True}), entry()], "2029-07-01T00:00:00+08:00"),
        ([cadre("e1", {"type": "water", "safe": False}), cadre("e2", VISIT, at=VISITED), entry()], "2026-12-01T00:00:00+08:00"),
        ([cadre("e1", statement("2025-06", "2026-05", "30000"))], "2026-07-01T00:00:00+08:00"),
        ([cadre("e1", statement("2025-06", "2026-05", "30000"), at="2026-10-31T23:59:59+08:00")], "2026-11-01T00:00:00+08:00"),
        ([cadre("e1", statement("2025-06", "2026-05", "30000"), at="2026-06-30T16:00:00Z")], "2026-08-01T00:00:00+08:00"),
        ([department("e1", "health", voids="e0")], "2029-07-01T00:00:00+08:00"),
    ],
)
def test_a_household_is_due_when_time_may_say_something_new(
    policy: Policy, records: list[dict[str, Any]], expected: str | None
) -> None:
    instant = due(lived(records, policy), policy)

    assert expected == (render_instant(instant) if instant is not None else None)


def test_the_day_an_income_line_begins_is_due_where_there_is_money(policy: Policy) -> None:
    """A mid-year change of the line (8,800 from 14 March 2024 in one place) is nobody's report."""
    rule = policy.province.income_line
    march = parse_instant("2026-03-14T00:00:00+08:00")
    lines = (*rule.lines, Line(day_of(march), 880_000))
    province = msgspec.structs.replace(policy.province, income_line=msgspec.structs.replace(rule, lines=lines))
    changed = msgspec.structs.replace(policy, province=province, mark=policy.mark + 1)
    money = [entry(), cadre("e1", statement("2025-03", "2026-02", "17000"), at="2026-03-02T09:00:00+08:00")]
    water = [entry(), cadre("e1", {"type": "water", "safe": True}, at="2026-03-02T09:00:00+08:00")]

    state = lived(money, changed)
    assert state.thread.open is None
    assert march == due(state, changed)
    assert march != due(lived(water, changed), changed)

    step = advance("H000001", state, at(march), march, changed)
    assert step.alert is not None
    assert ("opened", "tick:2026-03-14T00:00:00+08:00") == (step.alert.transition, step.alert.caused_by)
    assert "8800.00" == step.alert.reasons[0].threshold


def test_the_first_day_of_a_version_is_due_where_any_report_counts(policy: Policy) -> None:
    """Also where all that is known of a household are signals: a rule on them may have changed."""
    later = policies_of((*alone(policy).versions, published(document("2", 9000, "2026-06-20"), 0)))
    first, when = parse_instant("2026-06-20T00:00:00+08:00"), "2026-06-12T09:00:00+08:00"
    for fact in ({"type": "water", "safe": True}, {"type": "grows", "product": "apple", "active": True}):
        assert first == due(lived([cadre("e1", fact, at=when), entry()], later), later), fact["type"]
    assert due(lived([entry()], later), later) is None


def test_a_new_year_moves_a_member_out_of_working_age(policy: Policy) -> None:
    """Born 1967: 59 in 2026, 60 on the first of January 2027; help changes its kind without anybody reporting."""
    state = lived([entry("H000001", member("P-0001", birth_year=1967)), cadre("e1", {"type": "water", "safe": False})], policy)
    seen = []
    step = None
    while (step is None or step.alert is None) and (instant := due(state, policy)) is not None:
        step = advance("H000001", state, at(instant), instant, policy)
        state = step.state
        seen.append(render_instant(instant))

    assert [UNVERIFIED, "2027-01-01T00:00:00+08:00"] == seen
    assert step is not None
    assert step.alert is not None
    assert ("updated", "security") == (step.alert.transition, step.alert.pathway)


def area_of(rng: random.Random, policy: Policy) -> tuple[AreaState, dict[str, AreaMember]]:
    """A village whose households opened alerts on several days of June, and what was said of it."""
    state, members = AreaState(), dict[str, AreaMember]()
    for number in range(rng.randint(1, 14)):
        rules = rng.choice([("water@1",), ("disaster-loss@1",), ("market-slump@1",)])
        severity, name = rng.choice(SEVERITIES), f"H{number:06d}"
        claim = AreaClaim((VILLAGE,), name, True, JUNE + rng.randrange(40), severity, rules)
        state, member = merge_claim(state, None, claim)
        assert member is not None
        members[name] = member
        state, _ = turn_area(VILLAGE, state, policy, lambda: members)
    return state, members


def on(state: AreaState, day: int) -> AreaState:
    return msgspec.structs.replace(state, day=day)


def content(state: AreaState) -> tuple[object, ...]:
    """What is open of an area, but for who the households are."""
    return () if state.open is None else (state.open.severity, state.open.because)


def test_between_two_due_days_an_area_is_as_much_at_risk_as_before_and_time_ends_every_alert(policy: Policy) -> None:
    """The law that lets a sweep look at few areas: of what is open nothing changes on any other day, until nothing is."""
    ended = lessened = 0
    for seed in range(300):
        rng = random.Random(seed)
        state, members = area_of(rng, policy)
        was_open, ticks = state.open is not None, 0
        while (instant := area_due(VILLAGE, state, policy)) is not None:
            before, day = content(state), day_of(instant)
            assert day > state.day
            between, _ = turn_area(VILLAGE, on(state, rng.randrange(state.day, day)), policy, partial(dict, members))
            assert before == content(between)
            state, alert = turn_area(VILLAGE, on(state, day), policy, partial(dict, members))
            assert alert is not None, "a due day says something"
            assert before != content(state)
            ticks += 1
        assert state.open is None
        ended += was_open
        lessened += ticks > 1
    assert ended > 100
    assert lessened > 50


def test_an_area_is_due_on_the_first_day_of_a_version_that_may_see_a_risk_in_it(policy: Policy) -> None:
    later = policies_of((*alone(policy).versions, published(document("2", 6000, "2026-06-20"), 0)))
    state, member = merge_claim(AreaState(), None, AreaClaim((VILLAGE,), "H000001", True, JUNE, "blue", ("water@1",)))

    assert member is not None
    assert state.open is None
    assert area_due(VILLAGE, state, policy) is None
    assert parse_instant("2026-06-20T00:00:00+08:00") == area_due(VILLAGE, state, later)
    assert area_due(VILLAGE, AreaState(), later) is None, "nobody lives there who could be at risk"
