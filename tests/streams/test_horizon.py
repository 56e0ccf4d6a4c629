"""What a case rests on is remembered where it does not count any more: time alone makes nobody's case another."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.cases import Case
from schemas.fields import instant_of_month, month_of
from schemas.household import Facts, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.casework import case_now
from streams.household import merge
from streams.normalise import normalise
from streams.policy import Policy
from streams.topics import TOPIC_OF
from tests.build import cadre, department, encode, entry, statement
from tests.oracle import case_histories, histories

NAME = "H000001"
IN_2040 = 2_208_960_000_000
Records = list[dict[str, Any]]


def taken(facts: Facts, record: dict[str, Any]) -> Facts:
    message = normalise(TOPIC_OF[record["schema"]], None, encode(record), IN_2040)
    assert isinstance(message, Report | RegistryChange)
    return merge(facts, message)


def later(facts: Facts, months: int) -> Facts:
    """Let months pass, each with a tick at its first instant."""
    assert facts.as_of is not None
    month = month_of(facts.as_of)
    for each in range(month + 1, month + months + 1):
        facts = merge(facts, Tick(NAME, instant_of_month(each)))
    return facts


def folded(facts: Facts, policy: Policy) -> Case:
    return case_now(HouseholdState(facts=facts), policy).case


def lived(rng: random.Random) -> tuple[Facts, Records]:
    """A household with a case, and its reports; they came in the order in which they occurred."""
    reports, registry = case_histories.history(rng)
    reports = sorted(reports + case_histories.steps(rng), key=lambda each: str(each["occurred_at"]))
    facts = Facts()
    for record in [*([registry] if registry else []), *reports]:
        facts = taken(facts, record)
    return facts, reports


@settings(deadline=None)
@given(rng=st.randoms(use_true_random=False), months=st.sampled_from([1, 7, 30, 37, 38, 120]))
def test_time_alone_changes_no_case(policy: Policy, rng: random.Random, months: int) -> None:
    facts, _ = lived(rng)

    assert folded(facts, policy) == folded(later(facts, months), policy)


def test_those_households_have_what_removal_rests_on_and_loses_by_time(policy: Policy) -> None:
    """Else the law above said nothing: without what is remembered a third of them had another case."""
    other = stages = 0
    for seed in range(100):
        facts, _ = lived(random.Random(seed))
        case, aged = folded(facts, policy), later(facts, 30)
        other += case != folded(msgspec.structs.replace(aged, past=None), policy)
        stages += case.stage == "removed"

    assert other > 30
    assert stages > 10


@settings(deadline=None)
@given(rng=st.randoms(use_true_random=False), waits=st.integers(0, 30))
def test_a_withdrawal_undoes_a_step_and_evidence_also_when_they_count_no_more(
    policy: Policy, rng: random.Random, waits: int
) -> None:
    """As if the withdrawn report had never been."""
    facts, reports = lived(rng)
    chosen = rng.choice([each for each in reports if each["voids"] is None])  # else another would count again
    void = _declared(chosen, "void") | {"voids": chosen["event_id"], "facts": []}
    without = Facts()
    for record in reports:
        if record["event_id"] != chosen["event_id"]:
            without = taken(without, record)
    without = msgspec.structs.replace(without, registry=facts.registry, registry_at=facts.registry_at)
    facts = taken(later(facts, 10 + waits), void)

    assert folded(taken(later(without, 10 + waits), void | {"voids": "nothing"}), policy) == folded(facts, policy)


def _declared(report: dict[str, Any], name: str) -> dict[str, Any]:
    at = "2031-01-05T09:00:00+08:00"
    return report | {"event_id": name, "occurred_at": at, "reported_at": at}


@settings(deadline=None)
@given(rng=st.randoms(use_true_random=False), months=st.integers(0, 90))
def test_whoever_never_had_a_step_is_remembered_nothing_of(rng: random.Random, months: int) -> None:
    facts = Facts()
    for record in histories.history(rng)[0]:
        facts = taken(facts, record)

    assert later(facts, months).past is None


def test_what_a_withdrawn_removal_rested_on_is_forgotten_with_the_next_month() -> None:
    """Kept is what a step needs: reports that no removal was asked of count no more and are dropped as ever."""
    step = {"type": "case_step", "step": "decision", "phase": "removal"}
    facts = Facts()
    for record in (
        entry(),
        cadre("early", statement("2024-01", "2024-12", "14000"), at="2025-02-01T09:00:00+08:00"),
        department("out", "rural-revitalization", step, at="2026-01-05T09:00:00+08:00"),
        cadre("after", {"type": "water", "safe": True}, at="2026-01-06T09:00:00+08:00"),
    ):
        facts = taken(facts, record)
    facts = later(facts, 37)
    assert facts.past is not None
    assert (["early"], ["out"]) == tuple([each.event_id for each in some] for some in (facts.past.reports, facts.past.signals))
    void = department("void", "rural-revitalization", at="2029-02-05T09:00:00+08:00") | {"voids": "out"}

    assert later(taken(facts, void), 1).past is None


@pytest.mark.parametrize("again", ["out", "early"])
def test_what_comes_again_when_it_counts_no_more_changes_nothing(again: str) -> None:
    step = {"type": "case_step", "step": "decision", "phase": "removal"}
    sent = {
        "early": cadre("early", statement("2024-01", "2024-12", "14000"), at="2025-02-01T09:00:00+08:00"),
        "out": department("out", "rural-revitalization", step, at="2026-01-05T09:00:00+08:00"),
    }
    facts = Facts()
    for record in (entry(), *sent.values()):
        facts = taken(facts, record)
    facts = later(facts, 37)

    assert facts is taken(facts, sent[again])
