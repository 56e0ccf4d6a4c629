"""Noise control against a naive retelling of docs/contract-noise.md, and its laws: red is heard, nothing is held for ever."""

import random
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec
from schemas.alerts import Alert
from schemas.fields import day_of
from schemas.household import EMPTY, HouseholdState
from schemas.reports import Tick
from schemas.vocabulary import SEVERITIES
from streams.alerts import decide, thread_of
from streams.assess import assess
from streams.due import due
from streams.noise import snoozed_until
from streams.pipeline import Step, advance
from streams.policy import Policy
from streams.policy_cases import NoiseRules
from tests.build import TIMESTAMP, cadre, department, entry
from tests.oracle import naive
from tests.oracle.signal_histories import history
from tests.streams.test_against_oracle import read

NOW = TIMESTAMP * 1_000_000
WINDOWS = (0, 1, 30, 366)
MONTHS = 150
"""Ticks, one a month at least: enough for everything to have come out."""


def noisy(policy: Policy, window_days: int, snooze_days: int = 92) -> Policy:
    province = msgspec.structs.replace(policy.province, noise=NoiseRules(window_days, snooze_days))
    return msgspec.structs.replace(policy, province=province, mark=policy.mark + 1 + window_days)


def snooze(rng: random.Random, at: int) -> dict[str, Any]:
    """A cadre's snooze, some of a day that has passed, some longer than any policy lets it."""
    until = date(2026, 6, 1) + timedelta(days=rng.randint(-30, 400))
    fact = {"type": "snooze", "until": until.isoformat(), "reason": rng.choice(["visited", "being_helped"])}
    return cadre(f"z{at}", fact, at=f"2026-{rng.randint(4, 6):02d}-{rng.randint(1, 28):02d}T09:00:00+08:00")


def records_of(seed: int) -> list[dict[str, Any]]:
    rng = random.Random(seed)
    reports, registry = history(rng)
    records = [*reports, *([registry] if registry else []), *(snooze(rng, at) for at in range(rng.choice([0, 1, 3])))]
    rng.shuffle(records)
    return records


def steps_of(records: list[dict[str, Any]], policy: Policy) -> list[Step]:
    """Live through the records, and then through every tick that is due."""
    steps, state = [], EMPTY
    for record in records:
        steps.append(advance("H000001", state, read(record), NOW, policy))
        state = steps[-1].state
    for _ in range(MONTHS):
        if (instant := due(state, policy)) is None:
            break
        steps.append(advance("H000001", state, Tick("H000001", instant), NOW, policy))
        state = steps[-1].state
    return steps


class Retold:
    """The rules of the page, told again day by day over what the rules find: nothing of ``streams.noise`` in it."""

    def __init__(self, window: int, snooze_days: int) -> None:
        self.window, self.snooze_days = window, snooze_days
        self.severity: str | None = None
        self.changed: date | None = None

    def asleep(self, records: list[dict[str, Any]], today: date) -> bool:
        live, _ = naive.live([record for record in records if "event_id" in record])
        for report in live:
            for fact in report["facts"]:
                if fact["type"] == "snooze":
                    said = naive.when(report["occurred_at"]).astimezone(naive.CHINA).date()
                    last = min(date.fromisoformat(fact["until"]), said + timedelta(days=self.snooze_days))
                    return self.snooze_days > 0 and today <= last
        return False

    def says(self, kind: str, severity: str | None, today: date, asleep: bool) -> bool:
        """Whether a transition is published today."""
        if asleep and kind != "cleared" and "red" not in (self.severity, severity):
            return False
        mild = kind in ("updated", "deescalated", "cleared")
        if mild and self.changed is not None and today < self.changed + timedelta(days=self.window):
            return False
        self.severity, self.changed = severity, today
        return True


@pytest.mark.parametrize("snooze_days", [0, 20, 92])
@pytest.mark.parametrize("window", WINDOWS)
def test_what_is_published_is_what_the_page_says(policy: Policy, window: int, snooze_days: int) -> None:
    judged = noisy(policy, window, snooze_days)
    waited = told = 0
    for seed in range(150):
        records, retold, before = records_of(seed), Retold(window, snooze_days), EMPTY
        for at, step in enumerate(steps_of(records, judged)):
            found = assess(step.state.facts, judged)
            kind = decide(before.thread.open, found) if found is not None else None
            today = date.fromordinal(day_of(step.state.facts.as_of or 0))
            if step.state.facts is before.facts or kind is None or found is None:
                assert (seed, at, None) == (seed, at, step.alert)
            else:
                says = retold.says(kind.value, found.severity, today, retold.asleep(records[: at + 1], today))
                assert (seed, at, says) == (seed, at, step.alert is not None)
                told, waited = told + says, waited + (not says)
            before = step.state
    assert told > 150
    assert (waited > 20) == bool(window or snooze_days)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 1 << 32), st.sampled_from(WINDOWS), st.sampled_from([0, 20, 366]))
def test_red_is_never_hidden_and_nothing_waits_for_ever(policy: Policy, seed: int, window: int, snooze_days: int) -> None:
    judged, withheld, before = noisy(policy, window, snooze_days), 0, EMPTY
    steps = steps_of(records_of(seed), judged)
    for step in steps:
        found, opened = assess(step.state.facts, judged), step.state.thread.open
        if found is not None and found.severity == "red":
            assert opened is not None
            assert "red" == opened.severity
        if step.state is not before:
            withheld += step.withheld is not None
        if step.alert is not None:
            assert withheld == (step.alert.noise.withheld if step.alert.noise is not None else 0)
            withheld = 0
        before = step.state
    end = steps[-1].state
    assert due(end, judged) is None or end.thread.noise is None or end.thread.noise.pending is None
    assert content(end) == content(steps_of(records_of(seed), noisy(policy, 0, 0))[-1].state)


def content(state: HouseholdState) -> object:
    """What is open after all ticks, without the days that differ because it was said later."""
    opened = state.thread.open
    return (opened.severity, opened.category, opened.pathway, opened.reasons, opened.conflicts) if opened else None


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 1 << 32), st.sampled_from(WINDOWS[1:]))
def test_a_window_lets_one_milder_change_through(policy: Policy, seed: int, window: int) -> None:
    said: list[tuple[int, Alert]] = []
    for step in steps_of(records_of(seed), noisy(policy, window)):
        if step.alert is None:
            continue
        today = day_of(step.state.facts.as_of or 0)
        if said and step.alert.transition in ("updated", "deescalated", "cleared"):
            assert today >= said[-1][0] + window
        if step.alert.transition == "escalated":
            rank = [SEVERITIES.index(each) for each in (step.alert.previous_severity, step.alert.severity) if each is not None]
            assert rank[0] < rank[1]
        said.append((today, step.alert))


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 1 << 32), st.randoms(use_true_random=False))
def test_a_snooze_counts_in_any_order_and_is_withdrawn_like_a_report(policy: Policy, seed: int, order: random.Random) -> None:
    """Docs: the newest counts, whichever came first; a withdrawn one never was."""
    records = [record for record in records_of(seed) if "event_id" in record] + [snooze(random.Random(seed), 9)]
    shuffled = order.sample(records, len(records))
    rules = policy.province.noise
    one, other = (_folded(each, policy) for each in (records, shuffled))
    undone = _folded([*shuffled, cadre("void", voids="z9", at="2026-06-28T23:00:00+08:00")], policy)
    never = _folded([*(r for r in records if r["event_id"] != "z9"), cadre("void", at="2026-06-28T23:00:00+08:00",
                                                                            voids="z9")], policy)  # fmt: skip

    assert snoozed_until(one.facts, rules) == snoozed_until(other.facts, rules)
    assert snoozed_until(undone.facts, rules) == snoozed_until(never.facts, rules)


def _folded(records: list[dict[str, Any]], policy: Policy) -> HouseholdState:
    state = EMPTY
    for record in records:
        state = advance("H000001", state, read(record), NOW, policy).state
    return state


@settings(deadline=None, max_examples=100)
@given(st.integers(0, 1 << 32), st.sampled_from(WINDOWS))
def test_an_alert_tells_what_a_window_needs_to_go_on(policy: Policy, seed: int, window: int) -> None:
    """Decision 21: who adopts an alert whose state was lost knows since when the window runs."""
    for step in steps_of(records_of(seed), noisy(policy, window)):
        if step.alert is not None:
            adopted = thread_of(codec.decode_alert(codec.encode_alert(step.alert, "")))
            assert msgspec.structs.replace(step.state.thread, judged_by=0) == adopted


def test_who_never_was_snoozed_or_damped_is_stored_without_a_word_of_it(policy: Policy) -> None:
    state = _folded([entry(), department("w", "water", {"type": "water", "safe": False})], policy)

    assert state.thread.open is not None
    assert state.thread.noise is None
