"""What further departments report: against a naive recomputation, in any order, and nothing for who has none of it."""

import random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.findings import Assessment
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report
from streams.alerts import reason
from streams.assess import assess
from streams.household import merge
from streams.normalise import Message
from streams.pipeline import advance
from streams.policy import Policy
from streams.rules import SIGNAL_RULES, name_of
from tests.build import TIMESTAMP
from tests.oracle import naive, naive_signals
from tests.oracle.histories import history as first_release
from tests.oracle.signal_histories import history
from tests.streams.test_against_oracle import fold, read

HOUSEHOLDS = 1_500
Record = dict[str, Any]


def on_signals(rule: str) -> bool:
    return name_of(rule) in SIGNAL_RULES


def records_of(seed: int, *, shuffled: bool = False) -> tuple[list[Record], list[Record], Record | None]:
    """A household's records as they come, its reports and its registry entry."""
    rng = random.Random(seed)
    reports, registry = history(rng)
    records = [*reports, *rng.sample(reports, len(reports) // 3)] + ([registry] if registry else [])
    if shuffled:
        rng.shuffle(records)
    return records, reports, registry


def test_households_agree_with_the_naive_recomputation(policy: Policy) -> None:
    seen: dict[str, int] = {}
    for seed in range(HOUSEHOLDS):
        records, reports, registry = records_of(seed, shuffled=True)
        state = fold([read(record) for record in records], policy)
        found, expected = assess(state.facts, policy), naive.assess(reports, registry)
        assert found is not None
        assert expected is not None
        tier = policy.tier(expected["area_code"][:6])
        reasons, conflicts, unknown = naive_signals.assess(reports, registry, tier)
        if not state.facts.signals:
            reasons, conflicts, unknown = set(), {}, set()
        said = [each for each in found.findings if on_signals(each.rule)]
        beside = [each for each in (*found.conflicts, *(f.conflict for f in said)) if each is not None]

        assert (seed, reasons) == (seed, {(f.rule.partition("@")[0], f.subject, f.severity, f.channels, f.value) for f in said})
        sides = {(c.rule[:-2], c.subject): (c.key.good, c.key.bad) for c in beside if on_signals(c.rule)}
        assert (seed, conflicts) == (seed, sides)
        assert (seed, unknown) == (seed, {each.rule[:-2] for each in found.undetermined if on_signals(each.rule)})
        first = {(f.rule[:-2], f.subject, f.severity, f.channels) for f in found.findings if not on_signals(f.rule)}
        assert (seed, expected["reasons"]) == (seed, first)
        _opened_like(state, found)
        for each in said:
            seen[each.rule] = seen.get(each.rule, 0) + 1
    missing = {name for name in SIGNAL_RULES if not any(name_of(rule) == name for rule in seen)}

    assert not missing
    assert min(seen.values()) > 10, seen


def _opened_like(state: HouseholdState, found: Assessment) -> None:
    """What is open is what is found."""
    keys = tuple(sorted(each.key for each in found.findings))
    assert keys == (state.thread.open.reasons if state.thread.open else ())


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 1 << 32), st.randoms(use_true_random=False), st.floats(0, 1))
def test_any_order_any_duplication_any_split_gives_the_same_bytes(
    policy: Policy, seed: int, order: random.Random, share: float
) -> None:
    records, _, _ = records_of(seed)
    messages = [read(record) for record in records]
    shuffled = messages + order.sample(messages, len(messages) // 2)
    order.shuffle(shuffled)
    cut = int(len(shuffled) * share)
    one, other = fold(shuffled, policy), fold(shuffled[cut:] + shuffled[:cut] + shuffled[cut:], policy)

    assert msgspec.msgpack.encode(one.facts) == msgspec.msgpack.encode(other.facts)
    assert (one.thread.open is None) == (other.thread.open is None)
    if one.thread.open and other.thread.open:
        assert one.thread.open.reasons == other.thread.open.reasons
        assert one.thread.open.conflicts == other.thread.open.conflicts


def test_a_household_without_signals_is_judged_and_stored_as_if_there_were_none(policy: Policy) -> None:
    """docs/contract-more.md: nothing changes for it, whatever the policy says of the rules on signals."""
    off = {name: msgspec.structs.replace(getattr(policy.province, name), enabled=False) for name in SIGNAL_RULES}
    silent = msgspec.structs.replace(policy, province=msgspec.structs.replace(policy.province, **off))
    for seed in range(500):
        reports, registry = first_release(random.Random(seed))
        lived = []
        for judge in (policy, silent):
            state, alerts = EMPTY, []
            for record in [*reports, *([registry] if registry else [])]:
                step = advance("H000001", state, _message(read(record)), TIMESTAMP * 1_000_000, judge)
                state = step.state
                alerts.append((step.alert, step.assessment))
            lived.append((state, alerts))

        assert lived[0] == lived[1]
        assert () == lived[0][0].facts.signals
        assert not [each for _, found in lived[0][1] if found for each in found.undetermined if on_signals(each.rule)]


def test_rules_that_a_record_cannot_have_touched_are_not_asked_and_nobody_can_tell(policy: Policy) -> None:
    spared = asked = 0
    for seed in range(500):
        records, _, _ = records_of(seed, shuffled=seed % 2 == 1)
        state = EMPTY
        for record in records:
            message = _message(read(record))
            forgot = msgspec.structs.replace(state, thread=msgspec.structs.replace(state.thread, judged_by=0))
            found = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy)
            expected = advance("H000001", forgot, message, TIMESTAMP * 1_000_000, policy)

            assert (seed, expected.alert, expected.state.facts) == (seed, found.alert, found.state.facts)
            assert expected.state.thread.open == found.state.thread.open
            spared += found.assessment != expected.assessment
            asked += 1
            state = found.state
    assert spared > asked // 20


def test_each_reason_is_recomputable_from_its_own_evidence(policy: Policy) -> None:
    seen: dict[str, int] = {}
    for seed in range(500):
        records, reports, registry = records_of(seed)
        whole = EMPTY.facts
        for record in records:
            whole = merge(whole, _message(read(record)))
        found = assess(whole, policy)
        assert found is not None
        clock = next(each for each in reports if read(each).kept.occurred_at == whole.as_of)  # type: ignore[union-attr] # reports
        for finding in [each for each in found.findings if on_signals(each.rule)]:
            named = {report.event_id for report in finding.reports}
            some = [record | {"voids": None} for record in reports if record["event_id"] in named]
            some.append(clock | {"event_id": "clock", "facts": [], "voids": "nothing"})
            facts = EMPTY.facts
            for record in [*some, *([registry] if registry else [])]:
                facts = merge(facts, _message(read(record)))
            again = assess(facts, policy)
            assert again is not None
            twin = [each for each in again.findings if (each.rule, each.subject) == (finding.rule, finding.subject)]

            assert twin, (seed, finding.rule)
            assert reason(finding) == reason(twin[0]), (seed, finding.rule)
            seen[finding.rule] = seen.get(finding.rule, 0) + 1
    assert len(SIGNAL_RULES) == len(seen)


def _message(message: Message) -> Report | RegistryChange:
    assert isinstance(message, Report | RegistryChange)
    return message
