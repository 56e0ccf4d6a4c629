"""What stands against removal, on both sides of each condition; who may report which step (docs/contract-cases.md §1, §3)."""

from typing import Any

import msgspec
import pytest

from schemas.fields import parse_instant
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.rejections import Rejection
from schemas.reports import Report
from streams.case_guard import against_removal, facts_at
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import Topic
from tests.build import TIMESTAMP, cadre, declaration, department, encode, entry, member, statement
from tests.streams.test_against_oracle import read

STEP = parse_instant("2026-10-12T09:00:00+08:00")
EARNS = statement("2024-05", "2025-04", "12000"), statement("2025-05", "2026-04", "12000")
"""Two people, 6,000.00 a head in every window that ends from April to September 2026: at the line, which is not under it."""


WELL = (
    {"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "housing", "grade": "B"},
    {"type": "water", "safe": True}, {"type": "medical_cover", "person_id": "P-0001", "enrolled": True},
)  # fmt: skip
KNOWN = cadre("well", *WELL, at="2026-05-01T09:00:00+08:00")
"""Somebody saw that all is well."""


def lived(policy: Policy, *records: dict[str, Any]) -> HouseholdState:
    state = EMPTY
    for record in records:
        message = read(record)
        assert isinstance(message, Report | RegistryChange)
        state = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy).state
    return state


def against(policy: Policy, *records: dict[str, Any]) -> list[tuple[str, str]]:
    """Of a household of which all is known to be well but what the records say."""
    return [(each.code, each.detail) for each in against_removal(lived(policy, KNOWN, *records).facts, STEP, policy)]


def visit(*facts: dict[str, Any], at: str = "2026-09-01T09:00:00+08:00") -> dict[str, Any]:
    return cadre(f"v-{at}", *facts, at=at)


def test_nothing_stands_against_a_household_that_is_well(policy: Policy) -> None:
    assert [] == against(policy, entry(), visit(*EARNS))


@pytest.mark.parametrize(("wage", "expected"), [("12000", []), ("11999.98", [("income-below-line", "2026-09")])])
def test_income_at_the_line_is_enough_and_a_fen_a_head_less_is_not(
    policy: Policy, wage: str, expected: list[tuple[str, str]]
) -> None:
    exact = statement("2025-10", "2026-09", wage)
    records = [entry(), visit(*EARNS), visit(exact, at="2026-10-01T09:00:00+08:00")]

    assert expected == against(policy, *records)


def test_each_of_the_last_six_windows_must_be_above_the_line(policy: Policy) -> None:
    """A poor year that ended in March 2026 shows in the window up to April, the sixth before October; not in the fifth."""
    months = [{"type": "income", "component": "wage", "month": f"2025-{month:02d}", "amount": "0"} for month in (4, 5)]
    bad = department("d1", "human-resources", months[1], at="2026-06-01T09:00:00+08:00")
    good = department("d2", "human-resources", months[0], at="2026-06-01T09:00:00+08:00")

    assert [("income-below-line", "2026-04")] == against(policy, entry(), visit(*EARNS), bad)
    assert [] == against(policy, entry(), visit(*EARNS), good)


def test_what_is_not_known_is_not_above_the_line(policy: Policy) -> None:
    assert ("income-undetermined", "2026-09") in against(policy, entry(), visit({"type": "water", "safe": True}))
    assert ("income-undetermined", "2026-09") in against(policy, visit(*EARNS))


@pytest.mark.parametrize(
    ("fact", "rule"),
    [
        ({"type": "food", "adequate": False}, "food@1"),
        ({"type": "clothing", "adequate": False}, "clothing@1"),
        ({"type": "schooling", "person_id": "P-0002", "stage": "compulsory", "status": "dropout"}, "schooling@1"),
        ({"type": "medical_cover", "person_id": "P-0002", "enrolled": False}, "medical-cover@1"),
        ({"type": "housing", "grade": "C"}, "housing@1"),
        ({"type": "water", "safe": False}, "water@1"),
    ],
)
def test_every_guarantee_must_hold(policy: Policy, fact: dict[str, Any], rule: str) -> None:
    assert [("guarantee", rule)] == against(policy, entry(), visit(*EARNS, fact))


@pytest.mark.parametrize("silent", WELL, ids=lambda fact: fact["type"])
def test_what_nobody_ever_reported_on_is_not_known_to_be_well(policy: Policy, silent: dict[str, Any]) -> None:
    """Missing data is not health; which guarantees must be known is the policy's to say."""
    seen = cadre("seen", *[fact for fact in WELL if fact is not silent], at="2026-05-01T09:00:00+08:00")
    state = lived(policy, entry(), visit(*EARNS), seen)
    name = silent["type"].replace("_", "-")
    cases = msgspec.structs.replace(policy.province.cases, known_good=())
    lenient = msgspec.structs.replace(policy, province=msgspec.structs.replace(policy.province, cases=cases))

    assert [("guarantee", f"{name}@1:unknown")] == [
        (each.code, each.detail) for each in against_removal(state.facts, STEP, policy)
    ]
    assert () == against_removal(state.facts, STEP, lenient)


@pytest.mark.parametrize("rule", ["water", "expenditure_shock"])
def test_a_rule_that_is_switched_off_opens_no_way_out(policy: Policy, rule: str) -> None:
    off = msgspec.structs.replace(getattr(policy.province, rule), enabled=False)
    quiet = msgspec.structs.replace(policy, province=msgspec.structs.replace(policy.province, **{rule: off}))
    spent = {"type": "spending", "category": "housing", "self_paid": "9000.00", "month": "2026-09"}
    fact = {"type": "water", "safe": False} if rule == "water" else spent
    facts = lived(policy, KNOWN, entry(), visit(*EARNS, fact)).facts

    assert ["guarantee" if rule == "water" else "spending"] == [each.code for each in against_removal(facts, STEP, quiet)]


def test_rigid_spending_must_be_solved(policy: Policy) -> None:
    def spent(amount: str) -> dict[str, Any]:
        return {"type": "spending", "category": "housing", "self_paid": amount, "month": "2026-09"}

    assert [("spending", "5000.00")] == against(policy, entry(), visit(*EARNS, spent("5000.00")))
    assert [] == against(policy, entry(), visit(*EARNS, spent("4999.99")))


def test_a_household_in_which_nobody_can_work_is_never_marked_removed_unless_the_policy_says_so(policy: Policy) -> None:
    nobody = entry("H000001", member("P-0001", labour="none"), member("P-0002", birth_year=2014))
    cases = msgspec.structs.replace(policy.province.cases, without_labour=True)
    switched = msgspec.structs.replace(policy, province=msgspec.structs.replace(policy.province, cases=cases))

    assert [("labour", "")] == against(policy, nobody, visit(*EARNS))
    assert [] == against(switched, nobody, visit(*EARNS))


WORKER = {"type": "membership", "person_id": "P-0001", "status": "left", "cause": "death", "since": "2026-08"}
UNABLE = {"type": "employment", "person_id": "P-0001", "status": "unable", "since": "2026-08"}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([WORKER], [("labour", "")]),
        ([WORKER | {"cause": "move"}], [("labour", "")]),
        ([UNABLE], [("labour", "")]),
        ([WORKER, WORKER | {"status": "joined", "cause": "move", "since": "2026-09"}], []),
        ([UNABLE, UNABLE | {"status": "seeking", "since": "2026-09"}], []),
        ([WORKER | {"person_id": "P-0002"}, UNABLE | {"person_id": "P-0002"}], []),
        ([UNABLE | {"since": "2026-10"}], [("labour", "")]),
        ([UNABLE | {"since": "2026-11"}], []),
    ],
    ids=["died", "moved away", "unable", "came back", "able again", "somebody else", "since this month", "not yet"],
)
def test_who_is_dead_gone_or_unable_does_not_count_as_labour(
    policy: Policy, facts: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    """The registry still names one who works, and a child."""
    home = entry("H000001", member("P-0001"), member("P-0002", birth_year=2014))
    said = [visit(fact, at=f"2026-09-0{day}T10:00:00+08:00") for day, fact in enumerate(facts, 2)]

    assert expected == against(policy, home, visit(*EARNS), *said)


def test_one_of_two_who_work_is_enough(policy: Policy) -> None:
    home = entry("H000001", member("P-0001"), member("P-0002"))

    assert [] == against(policy, home, visit(*EARNS, WORKER))
    assert [("labour", "")] == against(policy, home, visit(*EARNS, WORKER, UNABLE | {"person_id": "P-0002"}))


def test_that_somebody_died_after_the_step_is_not_asked(policy: Policy) -> None:
    home = entry("H000001", member("P-0001"), member("P-0002", birth_year=2014))

    assert [] == against(policy, home, visit(*EARNS), visit(WORKER, at="2026-10-12T09:00:01+08:00"))


def test_without_a_registry_entry_nobody_is_known_to_work(policy: Policy) -> None:
    assert ("labour", "unknown") in against(policy, visit(*EARNS))


def test_the_guard_sees_the_household_as_it_was_at_the_step(policy: Policy) -> None:
    """The well went bad after the village had agreed: that is for a new lead, it does not undo what was right."""
    late = cadre("w1", {"type": "water", "safe": False}, at="2026-10-13T09:00:00+08:00")
    state = lived(policy, KNOWN, entry(), visit(*EARNS), late)

    assert () == against_removal(state.facts, STEP, policy)
    assert STEP == facts_at(state.facts, STEP).as_of
    assert against_removal(state.facts, parse_instant("2026-10-14T09:00:00+08:00"), policy)


def refused(record: dict[str, Any], topic: Topic) -> tuple[str, str] | None:
    found = normalise(topic, b"H000001", encode(record), TIMESTAMP)
    return (found.code.value, found.field) if isinstance(found, Rejection) else None


def a(step: str, **more: Any) -> dict[str, Any]:
    return {"type": "case_step", "step": step} | more


@pytest.mark.parametrize(
    ("record", "topic", "expected"),
    [
        (cadre("e", a("verification")), Topic.CADRE_REPORTS, None),
        (cadre("e", a("verification", passed=False)), Topic.CADRE_REPORTS, None),
        (declaration("e", a("verification")), Topic.SELF_DECLARATIONS, ("fact-not-allowed", "$.facts[0].type")),
        (cadre("e", a("verification", phase="removal")), Topic.CADRE_REPORTS, ("invalid-value", "$.facts[0].phase")),
        (declaration("e", a("authorisation")), Topic.SELF_DECLARATIONS, None),
        (department("e", "civil-affairs", a("comparison")), Topic.DEPARTMENT_FEEDS, None),
        (department("e", "petitions", a("comparison")), Topic.DEPARTMENT_FEEDS, ("fact-not-allowed", "$.facts[0].type")),
        (cadre("e", a("notice", passed=False)), Topic.CADRE_REPORTS, ("invalid-value", "$.facts[0].passed")),
        (department("e", "petitions", a("objection")), Topic.DEPARTMENT_FEEDS, None),
        (department("e", "health", a("decision", category="sudden")), Topic.DEPARTMENT_FEEDS,
         ("fact-not-allowed", "$.facts[0].type")),
        (department("e", "rural-revitalization", a("decision", category="sudden")), Topic.DEPARTMENT_FEEDS, None),
        (department("e", "rural-revitalization", a("decision")), Topic.DEPARTMENT_FEEDS,
         ("invalid-value", "$.facts[0].category")),
        (department("e", "rural-revitalization", a("decision", passed=False)), Topic.DEPARTMENT_FEEDS, None),
        (department("e", "rural-revitalization", a("decision", phase="removal")), Topic.DEPARTMENT_FEEDS, None),
        (department("e", "rural-revitalization", a("rollback")), Topic.DEPARTMENT_FEEDS, ("invalid-value", "$.facts[0].phase")),
        (department("e", "rural-revitalization", a("standing", stage="removed", category="sudden")), Topic.DEPARTMENT_FEEDS,
         None),
        (department("e", "rural-revitalization", a("standing", category="sudden")), Topic.DEPARTMENT_FEEDS,
         ("invalid-value", "$.facts[0].stage")),
        (cadre("e", a("dance")), Topic.CADRE_REPORTS, ("invalid-value", "$.facts[0].step")),
    ],
)  # fmt: skip
def test_who_may_report_a_step_and_what_it_must_say(
    record: dict[str, Any], topic: Topic, expected: tuple[str, str] | None
) -> None:
    assert expected == refused(record, topic)
