"""Rules that a record cannot have touched are not asked again, and nobody can tell."""

import random
from typing import Any

import msgspec
import pytest

from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report
from streams.household import merge
from streams.normalise import Message
from streams.pipeline import Step, advance
from streams.policy import Policy
from streams.rules import MONEY_RULES
from streams.touched import touched
from tests.build import TIMESTAMP, cadre, department, entry, statement
from tests.oracle.histories import history
from tests.streams.test_against_oracle import read

HOUSEHOLDS = 3_000
MONEY = set(MONEY_RULES)
SPENT = {"type": "spending", "category": "medical", "self_paid": "1"}


def step(state: HouseholdState, message: Message, policy: Policy) -> Step:
    assert isinstance(message, Report | RegistryChange)
    return advance("H000001", state, message, TIMESTAMP * 1_000_000, policy)


def forgetful(state: HouseholdState) -> HouseholdState:
    """The same household, as if nobody had judged it before: every rule is asked."""
    return msgspec.structs.replace(state, thread=msgspec.structs.replace(state.thread, judged_by=0))


def test_what_is_said_and_kept_is_the_same_as_if_every_rule_were_asked_each_time(policy: Policy) -> None:
    spared = asked = 0
    for seed in range(HOUSEHOLDS):
        rng = random.Random(seed)
        reports, registry = history(rng)
        records = [*reports, *rng.sample(reports, len(reports) // 3)] + ([registry] if registry else [])
        if seed % 2:
            rng.shuffle(records)
        state = EMPTY
        for record in records:
            message = read(record)
            found, expected = step(state, message, policy), step(forgetful(state), message, policy)

            assert (seed, expected.alert, expected.state.facts) == (seed, found.alert, found.state.facts)
            assert forgetful(expected.state) == forgetful(found.state)
            spared += found.assessment != expected.assessment
            asked += 1
            state = found.state
    assert spared > asked // 10


def test_another_policy_asks_every_rule_again(policy: Policy) -> None:
    """5,500 yuan a head are above a line of 5,000. The real line is higher, and the next report tells only of food."""
    rule = policy.province.income_line
    line = msgspec.structs.replace(rule.lines[0], amount=500_000)
    province = msgspec.structs.replace(policy.province, income_line=msgspec.structs.replace(rule, lines=(line,)))
    lower = msgspec.structs.replace(policy, province=province, mark=policy.mark + 1)
    state = EMPTY
    for record in (entry(), cadre("e1", statement("2025-06", "2026-05", "11000"))):
        before = step(state, read(record), lower)
        state = before.state

        assert before.alert is None

    found = step(state, read(cadre("e2", {"type": "food", "adequate": True}, at="2026-06-11T09:00:00+08:00")), policy)

    assert found.alert is not None
    assert ["income-line@1"] == [reason.rule for reason in found.alert.reasons]
    assert policy.mark == found.state.thread.judged_by


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        ({"type": "water", "safe": False}, {"water"}),
        ({"type": "claim", "kind": "price", "amount": "1", "month": "2026-06"}, set()),
        ({"type": "claim", "kind": "price", "amount": "1", "month": "2026-05"}, MONEY),
        ({"type": "claim", "kind": "price", "amount": "1", "month": "2024-06"}, MONEY),
        ({"type": "claim", "kind": "price", "amount": "1", "month": "2024-05"}, set()),
        (SPENT | {"month": "2026-06"}, set()),
        (SPENT | {"month": "2026-12", "cumulative": True}, MONEY),
        (SPENT | {"month": "2026-05"}, MONEY),
        (SPENT | {"category": "disaster", "month": "2026-05"}, {"expenditure_shock"}),
        (SPENT | {"category": "disaster", "month": "2026-12", "cumulative": True}, {"expenditure_shock"}),
        (statement("2020-01", "2020-02", "1"), MONEY - {"expenditure_shock"}),
    ],
)
def test_a_fact_touches_the_rules_that_read_it(policy: Policy, fact: dict[str, Any], expected: set[str]) -> None:
    state = EMPTY
    for record in (entry(), cadre("e1", {"type": "food", "adequate": True})):
        state = step(state, read(record), policy).state
    message = read(cadre("e2", fact, at="2026-06-12T09:00:00+08:00"))
    assert isinstance(message, Report)
    after = merge(state.facts, message)

    assert expected == touched(state.facts, after, message, policy.province)


def test_a_departments_income_touches_the_rules_of_income(policy: Policy) -> None:
    state = EMPTY
    for record in (entry(), cadre("e1", {"type": "food", "adequate": True})):
        state = step(state, read(record), policy).state
    for month, expected in (("2026-05", MONEY - {"expenditure_shock"}), ("2026-06", set())):
        paid = {"type": "income", "component": "wage", "month": month, "amount": "1"}
        message = read(department("e2", "human-resources", paid, at="2026-06-12T09:00:00+08:00"))
        assert isinstance(message, Report)

        assert expected == touched(state.facts, merge(state.facts, message), message, policy.province)
