"""The rule on silence: when it fires, what it names, when it is due, and that what did not touch it need not ask it."""

import random
from typing import Any

import msgspec
import pytest

from schemas.fields import instant_of_month, month_of, parse_instant, render_instant
from schemas.household import EMPTY, HouseholdState
from schemas.reports import Tick
from streams.assess import assess
from streams.due import due
from streams.explain import explain
from streams.pipeline import advance
from streams.policy import Policy
from streams.policy_layers import in_force
from tests.build import TIMESTAMP, cadre, department, entry
from tests.oracle.histories import history
from tests.streams.test_against_oracle import read
from tests.streams.test_due import lived
from tests.streams.test_policies import document
from tests.streams.test_touched import forgetful

HOUSEHOLDS = 800
SAFE = {"type": "water", "safe": True}
HEARD = cadre("c1", SAFE, at="2025-06-30T23:59:59+08:00")


@pytest.fixture
def listening(policy: Policy) -> Policy:
    return with_silence(policy, 12)


def with_silence(policy: Policy, months: int) -> Policy:
    rule = msgspec.structs.replace(policy.province.silence, enabled=True, months=months)
    return msgspec.structs.replace(
        policy, province=msgspec.structs.replace(policy.province, silence=rule), mark=policy.mark + 1
    )


def ticked(state: HouseholdState, at: str, policy: Policy) -> HouseholdState:
    instant = parse_instant(at)
    return advance("H000001", state, Tick("H000001", instant), instant, policy).state


def said(records: list[dict[str, Any]], at: str, policy: Policy) -> list[tuple[str, str, list[tuple[str, str]]]]:
    found = assess(ticked(lived(records, policy), at, policy).facts, policy)
    assert found is not None
    return [(f.severity, f.value, [(r.event_id, r.source) for r in f.reports]) for f in found.findings if f.rule == "silence@1"]


def test_it_fires_from_the_month_on_and_a_policy_must_switch_it_on(policy: Policy, listening: Policy) -> None:
    records = [entry(), HEARD]

    assert [] == said(records, "2026-05-31T23:59:59+08:00", listening)
    assert [("yellow", "12", [("c1", "cadre-7")])] == said(records, "2026-06-01T00:00:00+08:00", listening)
    assert [] == said(records, "2026-06-01T00:00:00+08:00", policy)


def test_without_an_entry_it_is_not_determined(listening: Policy) -> None:
    found = assess(ticked(lived([HEARD], listening), "2026-06-01T00:00:00+08:00", listening).facts, listening)

    assert found is not None
    assert ["registry entry"] == [each.missing for each in found.undetermined if each.rule == "silence@1"]
    assert not found.findings


@pytest.mark.parametrize("last", ["signal", "withdrawal", "withdrawn"])
def test_whatever_was_said_was_heard(listening: Policy, last: str) -> None:
    later = "2025-08-10T09:00:00+08:00"
    petition = {"type": "petition", "ref": "c-1", "category": "water", "urgent": False, "status": "closed", "since": "2025-08"}
    records = {
        "signal": [department("w9", "petitions", petition, at=later)],
        "withdrawal": [cadre("w9", voids="c1", at=later)],
        "withdrawn": [cadre("w9", SAFE, at=later), cadre("w8", voids="w9", at=later)],
    }[last]

    assert [] == said([entry(), HEARD, *records], "2026-07-31T00:00:00+08:00", listening)
    source = "petitions" if last == "signal" else "unknown"
    assert [("yellow", "12", [("w9", source)])] == said([entry(), HEARD, *records], "2026-08-01T00:00:00+08:00", listening)


def test_it_outlasts_the_report_that_was_last_and_says_what_is_known_of_it(listening: Policy) -> None:
    """36 months later the report itself counts no more; that nobody came since does."""
    water = department("w1", "water", SAFE, at="2025-06-10T09:00:00+08:00")
    state = ticked(lived([entry(), water], listening), "2028-07-01T00:00:00+08:00", listening)
    found = assess(state.facts, listening)

    assert () == state.facts.reports
    assert found is not None
    assert ("37个月没有任何渠道的消息(预警线12个月)；依据：部门6月10日报告记录",
            "no channel said anything for 37 months (warning from 12); on the word of: a department's report record of "
            "2025-06-10") == (explain(found.findings[0]).zh, explain(found.findings[0]).en)  # fmt: skip


def test_a_household_is_due_when_it_falls_silent(policy: Policy, listening: Policy) -> None:
    state = lived([entry(), HEARD], listening)

    assert "2026-06-01T00:00:00+08:00" == render_instant(due(state, listening) or 0)
    assert "2028-07-01T00:00:00+08:00" == render_instant(due(state, policy) or 0)


def test_a_report_from_before_the_clock_is_heard_too(listening: Policy) -> None:
    """The clock stands at June 2026; a visit of March, sent late, ends the silence though the clock does not move."""
    state = ticked(lived([entry(), HEARD], listening), "2026-06-01T00:00:00+08:00", listening)
    late = read(cadre("c2", SAFE, at="2026-03-05T09:00:00+08:00"))
    step = advance("H000001", state, late, TIMESTAMP * 1_000_000, listening)

    assert state.thread.open is not None
    assert step.alert is not None
    assert ("cleared", "c2") == (step.alert.transition, step.alert.caused_by)


def test_what_is_said_is_the_same_as_if_it_were_asked_each_time(policy: Policy) -> None:
    """Lives of reports in any order with ticks between them; silence counts from two months on."""
    rules, opened = with_silence(policy, 2), 0
    for seed in range(HOUSEHOLDS):
        rng = random.Random(seed)
        reports, registry = history(rng)
        records = [*reports, *([registry] if registry else [])]
        rng.shuffle(records)
        state = EMPTY
        for record in records:
            messages = [read(record)]
            if state.facts.as_of is not None and rng.random() < 0.5:
                instant = instant_of_month(month_of(state.facts.as_of) + rng.randrange(1, 5))
                messages.insert(0, Tick("H000001", instant))
            for message in messages:
                stamp = TIMESTAMP * 1_000_000
                found = advance("H000001", state, message, stamp, rules)
                expected = advance("H000001", forgetful(state), message, stamp, rules)

                assert (seed, expected.alert, expected.state.facts) == (seed, found.alert, found.state.facts)
                opened += found.alert is not None and any(r.rule == "silence@1" for r in found.alert.reasons)
                state = found.state
    assert opened > HOUSEHOLDS // 10


def test_a_version_that_leaves_the_rule_out_is_shown_with_its_default() -> None:
    """As an older release published it: nobody is silent there."""
    older = document("0", 6000, "2021-01-01")
    del older["rules"]["silence"]
    shown = {(each.key, each.value, each.layer) for each in in_force(older, "140221") if each.rule == "silence"}

    assert {("enabled", False, "default"), ("months", 12, "default"), ("severity", "yellow", "default")} == shown
