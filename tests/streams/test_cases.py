"""A case from lead to removal: folded from its steps in the order in which they occurred, whatever the order they came in."""

import random
from typing import Any

import msgspec
import pytest

from schemas.cases import Case, CaseNow, CaseStep, CaseThread, ClockNote, Condition, Stage, Step
from schemas.fields import parse_day, parse_instant, render_day
from schemas.household import EMPTY, Facts, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import KeptReport, Report, Tick
from streams.alerts import Cause, Place
from streams.case_clocks import add_months, clocks_of, watched
from streams.case_turn import turn_case
from streams.cases import WAYS, fold
from streams.casework import case_now
from streams.due import due
from streams.household import merge
from streams.pipeline import Step as Outcome
from streams.pipeline import advance
from streams.policy import Policy
from streams.policy_cases import CaseRules
from tests.build import cadre, department, entry
from tests.streams.test_against_oracle import read

AREA = "140123100201"
FREE: tuple[Condition, ...] = ()
CHANNEL = {"declaration": 0, "cadre": 1, "department": 2}
OF_DEPARTMENTS = ("comparison", "decision", "rollback", "standing")


@pytest.fixture
def rules(policy: Policy) -> CaseRules:
    return policy.province.cases


def step(at: str, name: Step, phase: str = "entry", passed: bool = True, **more: Any) -> Report:
    """One step as a report; ``at`` is a date, or a date and hour."""
    moment = at if "T" in at else f"{at}T09:00:00+08:00"
    fact = CaseStep(name, phase, passed, more.get("category"), more.get("stage"))  # type: ignore[arg-type] # words of the tests
    channel = CHANNEL["department" if name in OF_DEPARTMENTS else "cadre"]
    signals = KeptReport(parse_instant(moment), channel, f"{name}-{phase}-{at}", "x", (fact,))
    return Report("H000001", None, AREA, msgspec.structs.replace(signals, facts=()), None, signals)


def facts_of(*reports: Report) -> Facts:
    facts = Facts()
    for report in reports:
        facts = merge(facts, report)
    return facts


def case_of(rules: CaseRules, *reports: Report, against: tuple[Condition, ...] = FREE) -> Case:
    return fold(facts_of(*reports), rules, lambda _: against)


ENTRY = (
    step("2026-03-02", "verification"),
    step("2026-03-03", "authorisation"),
    step("2026-03-04", "comparison"),
    step("2026-03-05", "appraisal"),
    step("2026-03-06", "notice"),
    step("2026-03-16", "review"),
    step("2026-03-18", "decision", category="marginal"),
)
"""A whole way in; the notice of Friday the 6th is over from Saturday the 14th on."""
REMOVAL = (
    step("2026-10-12", "appraisal", "removal"),
    step("2026-10-13", "notice", "removal"),
    step("2026-10-26", "review", "removal"),
    step("2026-10-28", "decision", "removal"),
)


def missing(case: Case) -> list[tuple[str, list[tuple[str, str]]]]:
    return [(each.step, [(one.code, one.detail) for one in each.missing]) for each in case.refused]


def test_the_whole_way_in_and_out(rules: CaseRules) -> None:
    stages = [case_of(rules, *(ENTRY + REMOVAL)[:count]).stage for count in range(1, len(ENTRY + REMOVAL) + 1)]
    case = case_of(rules, *ENTRY, *REMOVAL)

    way: list[Stage] = [
        "verified", "authorised", "compared", "appraised", "noticed", "reviewed", "registered",
        "removal_appraised", "removal_noticed", "removal_reviewed", "removed",
    ]  # fmt: skip
    assert way == stages
    assert ("marginal", 1, parse_day("2026-10-28"), ()) == (case.category, case.episode, case.removed_on, case.refused)
    assert len(ENTRY + REMOVAL) == len(case.history)


def test_any_order_any_repetition_gives_the_same_case(rules: CaseRules) -> None:
    """Random steps at random times, many of them refused: the case is a function of their set."""
    names = [*WAYS, ("standing", "entry")]
    refused = taken = 0
    for seed in range(400):
        rng = random.Random(seed)
        reports = [*ENTRY[: rng.randint(0, 7)]]
        for _ in range(rng.randint(1, 25)):
            name, phase = rng.choice(names)
            at = f"2026-{rng.randint(3, 11):02d}-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:00:00+08:00"
            stage = rng.choice(["registered", "removed"]) if name == "standing" else None
            reports.append(step(at, name, phase, rng.random() < 0.8, category="unstable" if stage else None, stage=stage))
        again = reports + rng.sample(reports, len(reports) // 2)
        rng.shuffle(again)
        case = case_of(rules, *reports)

        assert case == case_of(rules, *again)
        refused += len(case.refused)
        taken += len(case.history)
    assert refused > 400
    assert taken > 400


@pytest.mark.parametrize(
    ("reports", "code", "detail"),
    [
        ([step("2026-03-03", "authorisation")], "stage", "verified"),
        ([ENTRY[0], step("2026-03-03", "verification")], "stage", "none|ended|removed"),
        ([*ENTRY[:5], step("2026-03-13", "review")], "notice-period", "2026-03-14"),
        ([*ENTRY[:5], step("2026-03-10", "objection"), step("2026-03-20", "review")], "objection-open", ""),
        ([*ENTRY[:5], step("2026-03-10", "settlement")], "no-objection", ""),
        (
            [
                *ENTRY[:5],
                step("2026-03-10", "objection"),
                step("2026-03-11", "objection"),
                step("2026-03-12", "settlement"),
                step("2026-03-30", "review"),
            ],
            "objection-open",
            "",
        ),
        ([*ENTRY[:6], step("2026-03-20", "decision", "removal")], "stage", "removal_reviewed"),
        ([*ENTRY, step("2026-03-20", "rollback", "removal")], "stage", "removed"),
        ([*ENTRY, step("2026-03-20", "standing", category="sudden", stage="removed")], "stage", "none|ended|removed"),
        ([*ENTRY[:5], step("2026-03-20", "standing", category="sudden", stage="registered")], "stage", "none|ended|registered"),
    ],
)
def test_a_step_out_of_order_is_refused_with_what_is_missing(
    rules: CaseRules, reports: list[Report], code: str, detail: str
) -> None:
    case, before = case_of(rules, *reports), case_of(rules, *reports[:-1])

    assert (code, detail) in [(one.code, one.detail) for one in case.refused[-1].missing]
    assert case.refused[-1].missing[0].zh
    assert case.refused[-1].missing[0].en
    assert before == msgspec.structs.replace(case, refused=())


def test_a_report_that_comes_late_may_make_a_refused_step_hold(rules: CaseRules) -> None:
    """The county's decision arrived before the township's review, which had occurred before it."""
    early = case_of(rules, *ENTRY[:5], ENTRY[6])
    late = case_of(rules, *ENTRY[:5], ENTRY[6], ENTRY[5])

    assert ("noticed", "decision") == (early.stage, early.refused[0].step)
    assert ("registered", ()) == (late.stage, late.refused)


def test_an_objection_stops_the_notice_until_it_is_settled(rules: CaseRules) -> None:
    """Notice on Friday; an objection on Tuesday and Wednesday: counted are Monday, then Thursday to Tuesday the 17th."""
    raised, settled = step("2026-03-10", "objection"), step("2026-03-12", "settlement")
    at_17 = case_of(rules, *ENTRY[:5], raised, settled, step("2026-03-17", "review"))
    at_18 = case_of(rules, *ENTRY[:5], raised, settled, step("2026-03-18", "review"))

    assert [("review", [("notice-period", "2026-03-18")])] == missing(at_17)
    assert "reviewed" == at_18.stage


def test_an_objection_that_is_upheld_ends_the_case(rules: CaseRules) -> None:
    case = case_of(rules, *ENTRY[:5], step("2026-03-10", "objection"), step("2026-03-12", "settlement", passed=False))

    assert ("ended", ()) == (case.stage, case.objections)


def test_every_objection_wants_its_own_settlement_and_the_notice_waits_for_the_last(rules: CaseRules) -> None:
    """Open from Monday the 9th to Monday the 16th without a gap: counted are the 17th to the 23rd."""
    raised = [step("2026-03-09", "objection"), step("2026-03-11", "objection")]
    settled = [step("2026-03-12", "settlement"), step("2026-03-17", "settlement")]
    one = case_of(rules, *ENTRY[:5], *raised, settled[0], step("2026-03-30", "review"))
    early = case_of(rules, *ENTRY[:5], *raised, *settled, step("2026-03-23", "review"))
    after = case_of(rules, *ENTRY[:5], *raised, *settled, step("2026-03-24", "review"))
    clocks = clocks_of(one, parse_instant("2026-03-30T09:00:00+08:00"), None, rules)
    upheld = step("2026-03-12T10:00:00+08:00", "settlement", passed=False)

    assert ("noticed", "objection-open") == (one.stage, one.refused[0].missing[0].code)
    assert [parse_day("2026-03-25")] == [each.due for each in clocks if each.clock == "settle"], "of the one of the 11th"
    assert [("review", [("notice-period", "2026-03-24")])] == missing(early)
    assert ("reviewed", ()) == (after.stage, after.refused)
    ended = case_of(rules, *ENTRY[:5], *raised, upheld)
    assert ("ended", ()) == (ended.stage, ended.objections), "one that is upheld is enough"


@pytest.mark.parametrize("count", range(1, 8))
def test_each_step_of_the_way_in_may_end_the_case(rules: CaseRules, count: int) -> None:
    last = ENTRY[count - 1]
    assert last.signals is not None
    fact = last.signals.facts[0]
    assert isinstance(fact, CaseStep)
    if fact.step == "notice":
        return
    no = msgspec.structs.replace(fact, passed=False, category=None)
    failed = msgspec.structs.replace(last, signals=msgspec.structs.replace(last.signals, facts=(no,)))

    assert "ended" == case_of(rules, *ENTRY[: count - 1], failed).stage


def test_removal_is_refused_with_every_condition_that_does_not_hold(rules: CaseRules) -> None:
    against = (Condition("guarantee", "water@1", "饮水", "water"), Condition("labour", "", "劳动力", "labour"))
    case = case_of(rules, *ENTRY, REMOVAL[0], against=against)

    assert "registered" == case.stage
    assert [("appraisal", [("guarantee", "water@1"), ("labour", "")])] == missing(case)
    refusal = step("2026-10-12", "appraisal", "removal", passed=False)
    assert () == case_of(rules, *ENTRY, refusal, against=against).refused, "a village that says no needs no guard"


@pytest.mark.parametrize("reports", [(), ENTRY[:6], ENTRY])
def test_a_removal_that_comes_too_early_names_also_what_stands_against_it(
    rules: CaseRules, reports: tuple[Report, ...]
) -> None:
    against = (Condition("guarantee", "water@1", "饮水", "water"),)
    case = case_of(rules, *reports, REMOVAL[3], against=against)
    refusal = step("2026-10-28", "decision", "removal", passed=False)

    assert [("decision", [("stage", "removal_reviewed"), ("guarantee", "water@1")])] == missing(case)
    assert [("decision", [("stage", "removal_reviewed")])] == missing(case_of(rules, *reports, refusal, against=against))


def test_of_another_stage_no_objection_is_open_and_no_notice_runs(rules: CaseRules) -> None:
    other = case_of(rules, *ENTRY[:5], step("2026-03-09", "objection"), step("2026-03-10", "settlement", "removal"),
                    step("2026-03-11", "review", "removal"))  # fmt: skip
    none = case_of(rules, step("2026-03-10", "settlement"))

    stage = ("stage", "removal_noticed")
    assert [("settlement", [stage, ("no-objection", "")]), ("review", [stage])] == missing(other)
    assert [("settlement", [("stage", "noticed"), ("no-objection", "")])] == missing(none)


def test_a_removal_can_be_rolled_back_and_a_relapse_begins_a_new_episode_with_its_category(rules: CaseRules) -> None:
    back = case_of(rules, *ENTRY, *REMOVAL, step("2026-11-02", "rollback", "removal"))
    again = case_of(rules, *ENTRY, *REMOVAL, step("2026-11-02", "verification"))

    assert ("registered", None, 1) == (back.stage, back.removed_on, back.episode)
    assert ("verified", 2, "marginal") == (again.stage, again.episode, again.category)
    assert [1] * len(ENTRY + REMOVAL) + [2] == [each.episode for each in again.history], "that it was removed is not forgotten"


def test_a_case_that_began_elsewhere_stands_where_the_county_says(rules: CaseRules) -> None:
    case = case_of(rules, step("2026-01-05", "standing", category="sudden", stage="registered"), *REMOVAL)

    assert ("removed", "sudden", 1) == (case.stage, case.category, case.episode)


def test_a_statement_that_confirms_the_case_moves_none_of_its_days(rules: CaseRules) -> None:
    again = step("2026-11-20", "standing", category="sudden", stage="removed")
    before, after = case_of(rules, *ENTRY, *REMOVAL), case_of(rules, *ENTRY, *REMOVAL, again)

    assert ("removed", before.removed_on, before.since) == (after.stage, after.removed_on, after.since)
    assert ("marginal", "sudden") == (before.category, after.category)


def test_a_statement_is_asked_for_labour_alone_and_only_where_it_removes(rules: CaseRules) -> None:
    against = (Condition("guarantee", "water@1", "饮水", "water"), Condition("labour", "", "劳动力", "labour"))
    removes = step("2026-01-05", "standing", category="sudden", stage="removed")
    registers = step("2026-01-05", "standing", category="sudden", stage="registered")
    facts = facts_of(removes, step("2026-11-20", "standing", category="marginal", stage="removed"))
    confirmed = fold(facts, rules, lambda instant: against if instant > removes.kept.occurred_at else FREE)

    assert [("standing", [("labour", "")])] == missing(case_of(rules, removes, against=against))
    assert "registered" == case_of(rules, registers, against=against).stage
    assert ("removed", "marginal", ()) == (confirmed.stage, confirmed.category, confirmed.refused)


@pytest.mark.parametrize(
    ("reports", "on", "clock", "due", "overdue"),
    [
        (ENTRY[:1], "2026-03-23", "finish", "2026-03-23", False),
        (ENTRY[:1], "2026-03-24", "finish", "2026-03-23", True),
        ((*ENTRY[:5], step("2026-03-10", "objection")), "2026-03-24", "settle", "2026-03-24", False),
        ((*ENTRY[:5], step("2026-03-10", "objection")), "2026-03-25", "settle", "2026-03-24", True),
        (ENTRY[:5], "2026-03-13", "notice", "2026-03-13", False),
        ((*ENTRY, *REMOVAL[:2]), "2026-10-20", "notice", "2026-10-20", False),
        ((*ENTRY, *REMOVAL), "2027-10-28", "watch", "2027-10-28", False),
    ],
)
def test_clocks_run_to_the_end_of_their_day(
    rules: CaseRules, reports: tuple[Report, ...], on: str, clock: str, due: str, overdue: bool
) -> None:
    clocks = clocks_of(case_of(rules, *reports), parse_instant(f"{on}T23:59:59+08:00"), None, rules)
    found = {each.clock: each for each in clocks}

    assert (parse_day(due), overdue) == (found[clock].due, found[clock].overdue)  # type: ignore[index] # words of the tests


def test_days_with_an_objection_open_are_not_counted_against_who_works_on_the_case(rules: CaseRules) -> None:
    """15 working days from Monday 2 March are the 23rd; three of them stood still."""
    raised, settled = step("2026-03-10", "objection"), step("2026-03-13", "settlement")
    case = case_of(rules, *ENTRY[:5], raised, settled)
    finish = next(each for each in clocks_of(case, parse_instant("2026-03-20T09:00:00+08:00"), None, rules))

    assert ("finish", parse_day("2026-03-26")) == (finish.clock, finish.due)


def test_a_notice_ends_by_itself_and_that_is_said_once(rules: CaseRules) -> None:
    """Friday the 13th is the fifth working day; from Saturday on the township may review."""
    place, said = Place("H000001", AREA, "key", "shanxi@1", 5), CaseThread()
    case, kinds = case_of(rules, *ENTRY[:5]), []
    for day in ("2026-03-13", "2026-03-14", "2026-03-15"):
        as_of = parse_instant(f"{day}T09:00:00+08:00")
        turned = turn_case(said, CaseNow(case, clocks_of(case, as_of, None, rules), False, as_of), Cause("x", 0), place)
        if turned:
            said, record = turned
            kinds.append((day, record.transition, [clock.clock for clock in record.clocks]))

    assert [("2026-03-13", "opened", ["finish", "notice"]), ("2026-03-14", "updated", ["finish"])] == kinds


def test_the_end_of_the_watch_is_said_once_and_its_tick_is_due(policy: Policy) -> None:
    """Removed on 5 January: watched to the end of 5 January a year later."""
    state, told = EMPTY, []
    for message in (read(entry()), step("2026-01-05", "standing", category="sudden", stage="removed")):
        assert isinstance(message, Report | RegistryChange)
        state = advance("H000001", state, message, parse_instant(LEAD), policy).state
    while (instant := due(state, policy)) is not None and instant <= parse_instant("2027-03-01T00:00:00+08:00"):
        found = advance("H000001", state, Tick("H000001", instant), instant, policy)
        state = found.state
        if found.case is not None:
            told.append((found.case.as_of, found.case.transition, found.case.stage, found.case.clocks))

    assert [("2027-01-06T00:00:00+08:00", "updated", "removed", [])] == told


def test_the_watch_ends_by_itself(rules: CaseRules) -> None:
    case = case_of(rules, *ENTRY, *REMOVAL)
    clocks = clocks_of(case, parse_instant("2027-10-29T00:00:00+08:00"), None, rules)

    assert () == clocks
    assert not watched(case, clocks)


def test_the_same_day_a_month_later_is_the_last_of_a_shorter_month() -> None:
    assert parse_day("2024-02-29") == add_months(parse_day("2023-08-31"), 6)
    assert parse_day("2025-02-28") == add_months(parse_day("2024-02-29"), 12)
    assert parse_day("2027-01-15") == add_months(parse_day("2026-12-15"), 1)


def test_each_change_is_said_once_and_its_kind_is_the_first_that_holds(rules: CaseRules) -> None:
    place, said, kinds = Place("H000001", AREA, "key", "shanxi@1", 5), CaseThread(), []
    reports = [
        ENTRY[0], step("2026-03-02T10:00:00+08:00", "decision", category="sudden"), *ENTRY[1:5],
        step("2026-03-10", "objection"), step("2026-03-11", "settlement"), step("2026-03-20", "review"),
        step("2026-03-30", "decision", category="sudden"), *REMOVAL, step("2026-11-02", "rollback", "removal"),
        step("2026-11-03", "standing", category="unstable", stage="registered"),
    ]  # fmt: skip
    for count in range(1, len(reports) + 1):
        facts = facts_of(*reports[:count])
        case, as_of = fold(facts, rules, lambda _: FREE), facts.as_of or 0
        clocks = clocks_of(case, as_of, None, rules)
        for again in (False, True):
            turned = turn_case(said, CaseNow(case, clocks, False, as_of), Cause("x", 0), place)
            assert not (turned and again), "the second time nothing is to be said"
            if turned:
                said, record = turned
                kinds.append(record.transition)
                assert len(kinds) == record.sequence

    way_in = ["opened", "refused", "advanced", "advanced", "advanced", "advanced", "updated", "updated", "advanced", "advanced"]
    assert [*way_in, "advanced", "advanced", "advanced", "removed", "rolled_back", "updated"] == kinds


def test_what_a_refused_step_lacks_is_said_again_when_it_lacks_less(rules: CaseRules) -> None:
    """A bill that comes late shows that the spending was solved at the step; the water is still unsafe."""
    place = Place("H000001", AREA, "key", "shanxi@1", 5)
    water, spending = Condition("guarantee", "water@1", "", ""), Condition("spending", "6000.00", "", "")
    said, told = CaseThread(), []
    for against in ((water, spending), (water, spending), (water,), (water,), ()):
        case = case_of(rules, *ENTRY, REMOVAL[0], against=against)
        turned = turn_case(said, CaseNow(case, (), False, case.since), Cause("x", 0), place)
        if turned is not None:
            said, record = turned
            told.append((record.transition, [each.code for refused in record.refused for each in refused.missing]))

    assert [("opened", ["guarantee", "spending"]), ("updated", ["guarantee"]), ("advanced", [])] == told


LEAD = "2026-03-02T09:00:00+08:00"
"""A Monday; five working days after it are the 9th."""


def alerting(policy: Policy) -> HouseholdState:
    """A household whose well went bad: the record of it came at once, so its alert opened on that day."""
    found = EMPTY
    for record in (entry(), department("w1", "water", {"type": "water", "safe": False}, at=LEAD)):
        message = read(record)
        assert isinstance(message, Report | RegistryChange)
        found = advance("H000001", found, message, parse_instant(LEAD), policy).state
    return found


def on(policy: Policy, state: HouseholdState, at: str) -> Outcome:
    instant = parse_instant(at)
    return advance("H000001", state, Tick("H000001", instant), instant, policy)


def test_an_alert_that_nobody_verified_in_time_is_said_to_be_overdue_once(policy: Policy) -> None:
    state = alerting(policy)
    assert on(policy, state, "2026-03-09T23:59:59+08:00").case is None
    late = on(policy, state, "2026-03-10T00:00:00+08:00")
    assert late.case is not None
    assert ("overdue", "none", 1, "tick:2026-03-10T00:00:00+08:00") == (
        late.case.transition, late.case.stage, late.case.sequence, late.case.caused_by,
    )  # fmt: skip
    assert [ClockNote("verify", "2026-03-09", True)] == late.case.clocks
    assert late.alert is None
    assert on(policy, late.state, "2026-03-11T00:00:00+08:00").case is None


def test_a_visit_on_the_day_the_alert_opened_answers_it(policy: Policy) -> None:
    visit = advance("H000001", alerting(policy), step("2026-03-02", "verification"), parse_instant(LEAD), policy)

    assert visit.case is not None
    assert ["finish"] == [clock.clock for clock in visit.case.clocks]
    assert on(policy, visit.state, "2026-03-10T00:00:00+08:00").case is None


def test_a_snooze_hides_no_relapse(policy: Policy) -> None:
    """The alert is kept back; that a household which was removed is badly off again is not."""
    state = EMPTY
    removed = step("2026-01-05", "standing", category="sudden", stage="removed")
    sleeps = cadre("z", {"type": "snooze", "until": "2026-03-31", "reason": "being_helped"}, at="2026-02-01T09:00:00+08:00")
    bad = department("w1", "water", {"type": "water", "safe": False}, at=LEAD)
    for message in (read(entry()), removed, read(sleeps), read(bad)):
        assert isinstance(message, Report | RegistryChange)
        found = advance("H000001", state, message, parse_instant(LEAD), policy)
        state = found.state

    assert (None, None) == (found.alert, state.thread.open)
    assert found.case is not None
    assert ("relapsed", True) == (found.case.transition, found.case.relapsed)


LOSS = {"type": "loss", "event": "hail-1", "hazard": "hail", "object": "crop", "month": "2025-12"}


def relapses(policy: Policy, *records: dict[str, Any], shuffle: int | None = None) -> tuple[bool, list[str]]:
    """Whether a household relapses that was removed on 5 January, and the clocks of its case, after all records."""
    messages = [read(entry()), step("2026-01-05", "standing", category="sudden", stage="removed"), *map(read, records)]
    if shuffle is not None:
        random.Random(shuffle).shuffle(messages)
    state = EMPTY
    for message in messages:
        assert isinstance(message, Report | RegistryChange)
        state = advance("H000001", state, message, parse_instant(LEAD), policy).state
    now = case_now(state, policy)
    return now.relapsed, [each.clock for each in now.clocks]


@pytest.mark.parametrize("shuffle", [None, *range(4)])
@pytest.mark.parametrize(
    ("then", "later", "expected"),
    [
        ((LOSS | {"lost_percent": 40},), (), False),
        ((LOSS | {"lost_percent": 40},), (LOSS | {"lost_percent": 45},), False),
        ((LOSS | {"lost_percent": 90},), (LOSS | {"lost_percent": 40},), False),
        ((LOSS | {"lost_percent": 40},), (LOSS | {"lost_percent": 90},), True),
        ((LOSS | {"lost_percent": 90},), ({"type": "water", "safe": False},), True),
        ((LOSS | {"lost_percent": 90}, {"type": "water", "safe": False}), ({"type": "water", "safe": False},), False),
        (({"type": "schooling", "person_id": "P-0001", "stage": "compulsory", "status": "dropout"},),
         ({"type": "schooling", "person_id": "P-0002", "stage": "compulsory", "status": "dropout"},), True),
    ],
    ids=["as it was", "a little worse", "better", "graver", "another thing", "told again", "another person"],
)  # fmt: skip
def test_a_relapse_is_a_reason_that_was_not_there_or_less_grave_at_the_removal(
    policy: Policy, then: tuple[dict[str, Any], ...], later: tuple[dict[str, Any], ...], expected: bool, shuffle: int | None
) -> None:
    records = [cadre("then", *then, at="2026-01-04T09:00:00+08:00")]
    records += [cadre("later", *later, at="2026-02-04T09:00:00+08:00")] if later else []

    assert (expected, ["verify", "watch"] if expected else ["watch"]) == relapses(policy, *records, shuffle=shuffle)


def test_silence_is_no_relapse_but_asks_for_a_visit(policy: Policy) -> None:
    silence = msgspec.structs.replace(policy.province.silence, enabled=True, months=6)
    policy = msgspec.structs.replace(policy, province=msgspec.structs.replace(policy.province, silence=silence))
    state = EMPTY
    for message in (read(entry()), step("2026-01-05", "standing", category="sudden", stage="removed")):
        assert isinstance(message, Report | RegistryChange)
        state = advance("H000001", state, message, parse_instant(LEAD), policy).state
    silent = on(policy, state, "2026-07-01T00:00:00+08:00").state
    assert silent.thread.open is not None
    assert ["silence@1"] == [each.rule for each in silent.thread.open.reasons]
    now = case_now(silent, policy)

    assert (False, ["verify", "watch"]) == (now.relapsed, [each.clock for each in now.clocks])


def visit_by(state: HouseholdState, policy: Policy) -> str | None:
    due_days = [clock.due for clock in case_now(state, policy).clocks if clock.clock == "verify"]
    return render_day(due_days[0]) if due_days else None


def test_what_is_new_since_a_removal_is_to_be_verified_five_working_days_after_it_came(policy: Policy) -> None:
    """Who says it again moves nothing; once it is over and comes again the days begin anew. A ruined field was known before."""
    state, told = EMPTY, []
    records = [
        entry(), cadre("hail", LOSS | {"lost_percent": 90}, at="2026-01-02T09:00:00+08:00"), "2026-01-05",
        *(cadre(f"w-{day}", {"type": "water", "safe": safe}, at=f"{day}T09:00:00+08:00")
          for day, safe in [("2026-03-02", False), ("2026-03-04", False), ("2026-03-20", True), ("2026-04-01", False)]),
    ]  # fmt: skip
    for record in records:
        message = step(record, "standing", category="sudden", stage="removed") if isinstance(record, str) else read(record)
        assert isinstance(message, Report | RegistryChange)
        stamp = message.kept.occurred_at if isinstance(message, Report) else parse_instant("2026-01-01T00:00:00+08:00")
        state = advance("H000001", state, message, stamp, policy).state
        told.append(visit_by(state, policy))

    assert state.thread.open is not None
    assert "2026-01-08" == render_day(state.thread.open.verify_by), "of the field"
    assert [None, "2026-01-08", None, "2026-03-09", "2026-03-09", None, "2026-04-09"] == told
    assert parse_instant("2026-04-10T00:00:00+08:00") in midnights(state, policy)


def midnights(state: HouseholdState, policy: Policy) -> list[int]:
    """The first instants at which a household is due."""
    found = []
    for _ in range(3):
        instant = due(state, policy)
        assert instant is not None
        found.append(instant)
        state = advance("H000001", state, Tick("H000001", instant), instant, policy).state
    return found


def test_of_a_household_stored_before_it_was_remembered_the_alert_names_the_day(policy: Policy) -> None:
    """By a release that remembered nothing of it: until its next record, from whose day on five are counted."""
    state = EMPTY
    for message in (read(entry()), step("2026-01-05", "standing", category="sudden", stage="removed"),
                    read(cadre("w1", {"type": "water", "safe": False}, at=LEAD))):  # fmt: skip
        assert isinstance(message, Report | RegistryChange)
        state = advance("H000001", state, message, parse_instant(LEAD), policy).state
    assert state.case is not None
    older = msgspec.structs.replace(state, case=msgspec.structs.replace(state.case, new_since=None))
    later = advance("H000001", older, Tick("H000001", parse_instant("2026-03-05T00:00:00+08:00")),
                    parse_instant("2026-03-05T00:00:00+08:00"), policy)  # fmt: skip

    assert "2026-03-09" == visit_by(state, policy) == visit_by(older, policy)
    assert ("2026-03-12", None) == (visit_by(later.state, policy), later.case)


def test_what_is_given_is_told_against_what_is_suggested(policy: Policy) -> None:
    """A bad well in a registered household: works on the water are suggested, granted, and no longer asked for."""
    state, told = EMPTY, []
    stands = step("2026-01-05", "standing", category="sudden", stage="registered")

    def support(name: str, kind: str, at: str) -> Report:
        fact = {"type": "support", "kind": kind, "status": "granted", "since": at[:7]}
        report = read(department(name, "rural-revitalization", fact, at=f"{at}T09:00:00+08:00"))
        assert isinstance(report, Report)
        return report

    def water(safe: bool, at: str) -> Report:
        report = read(department(f"w-{at}", "water", {"type": "water", "safe": safe}, at=f"{at}T09:00:00+08:00"))
        assert isinstance(report, Report)
        return report

    granted = support("s1", "water_works", "2026-03-05"), support("s2", "training", "2026-03-06")
    for message in (read(entry()), stands, water(False, "2026-03-02"), *granted, water(True, "2026-06-01")):
        assert isinstance(message, Report | RegistryChange)
        found = advance("H000001", state, message, parse_instant(LEAD), policy)
        state = found.state
        if found.case is not None:
            measures = {each.code: (each.status, each.since) for each in found.case.measures}
            told.append((found.case.transition, measures.get("water_works"), measures.get("training")))

    given = ("given", "2026-03")
    assert [
        ("opened", None, None), ("updated", ("not given", None), None), ("updated", given, None),
        ("updated", given, ("given beside", "2026-03")), ("updated", ("given beside", "2026-03"), ("given beside", "2026-03")),
    ] == told  # fmt: skip


def test_between_two_due_instants_nothing_is_said_of_a_case_either(policy: Policy) -> None:
    """The law of docs/contract-time.md, with cases at random stages and alerts that wait."""
    said = 0
    for seed in range(150):
        rng = random.Random(seed)
        state = alerting(policy) if seed % 2 else EMPTY
        reports = [*ENTRY[: rng.randint(1, 7)], *(REMOVAL if seed % 3 == 0 else ())]
        if seed % 5 == 0:
            reports.append(step("2026-03-10", "objection"))
        for report in reports:
            state = advance("H000001", state, report, report.kept.occurred_at, policy).state
        for _ in range(40):
            instant = due(state, policy)
            if instant is None:
                break
            assert state.facts.as_of is not None
            between = rng.randrange(state.facts.as_of, instant)
            assert (seed, None) == (seed, advance("H000001", state, Tick("H000001", between), between, policy).case)
            found = advance("H000001", state, Tick("H000001", instant), instant, policy)
            said += found.case is not None
            state = found.state
    assert said > 100


def test_nor_of_a_household_that_was_removed_and_is_badly_off_again(policy: Policy) -> None:
    """Reasons of before the removal and since, that come and go; a tick is due when a visit of either is."""
    overdue = 0
    for seed in range(150):
        rng, state = random.Random(seed), EMPTY
        days = sorted(rng.sample(range(1, 28), 5))
        first, *rest = (f"2026-{month:02d}-{day:02d}" for month, day in zip((1, 1, 2, 3, 4), days, strict=True))
        records = [cadre("hail", LOSS | {"lost_percent": 90}, at=f"{first}T09:00:00+08:00")] if seed % 2 else []
        records += [
            cadre(f"w-{day}", {"type": "water", "safe": rng.random() < 0.3}, at=f"{day}T09:00:00+08:00") for day in rest[1:]
        ]
        messages = [read(entry()), *map(read, records)]
        messages.insert(len(messages) - 3, step(rest[0], "standing", category="sudden", stage="removed"))
        for message in messages:
            assert isinstance(message, Report | RegistryChange)
            stamp = message.kept.occurred_at if isinstance(message, Report) else parse_instant("2026-01-01T00:00:00+08:00")
            state = advance("H000001", state, message, stamp, policy).state
        while (instant := due(state, policy)) is not None and instant < parse_instant("2027-06-01T00:00:00+08:00"):
            assert state.facts.as_of is not None
            between = rng.randrange(state.facts.as_of, instant)
            assert (seed, None) == (seed, advance("H000001", state, Tick("H000001", between), between, policy).case)
            found = advance("H000001", state, Tick("H000001", instant), instant, policy)
            overdue += found.case is not None and found.case.transition == "overdue"
            state = found.state
    assert overdue > 20
