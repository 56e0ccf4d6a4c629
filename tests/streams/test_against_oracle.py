"""The pure path against a naive recomputation that shares nothing with it, and the laws of its facts."""

import random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec
from schemas.fields import render_money
from schemas.household import EMPTY, HouseholdState
from schemas.rejections import Rejection
from streams.alerts import thread_of
from streams.assess import area_code, assess
from streams.ledger import Missing, Window
from streams.normalise import Message, normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.rules.context import Context
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, encode
from tests.oracle import naive
from tests.oracle.histories import history

HOUSEHOLDS = 10_000


def read(record: dict[str, Any]) -> Message:
    message = normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)
    assert not isinstance(message, Rejection), (message, record)
    return message


def fold(messages: list[Message], policy: Policy) -> HouseholdState:
    state = EMPTY
    for message in messages:
        state = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy).state
    return state


def check_window(expected: dict[str, Any] | None, found: Window | Missing) -> None:
    if expected is None:
        assert isinstance(found, Missing)
        return
    assert isinstance(found, Window)
    amounts = (found.gross, found.transfers, found.production_cost, found.claims, found.medical, found.reference)
    assert tuple(expected[name] for name in ("gross", "transfers", "cost", "claims", "medical", "reference")) == amounts
    assert set(expected["used"]) == {report.event_id for report, _ in found.support}


def test_ten_thousand_households_agree_with_the_naive_recomputation(policy: Policy) -> None:
    determined = alerting = 0
    for seed in range(HOUSEHOLDS):
        rng = random.Random(seed)
        reports, registry = history(rng)
        records = [*reports, *rng.sample(reports, len(reports) // 3)] + ([registry] if registry else [])
        rng.shuffle(records)
        state = fold([read(record) for record in records], policy)
        expected, found = naive.assess(reports, registry), assess(state.facts, policy)

        assert expected is not None
        assert found is not None
        reasons = {(f.rule.partition("@")[0], f.subject, f.severity, f.channels) for f in found.findings}
        assert (seed, expected["reasons"]) == (seed, reasons)
        assert (expected["severity"], expected["category"], expected["pathway"]) == (
            found.severity,
            found.category,
            found.pathway,
        )
        inside = [f.conflict for f in found.findings if f.conflict is not None]
        sides = {(c.rule.partition("@")[0], c.subject): (c.key.good, c.key.bad) for c in (*found.conflicts, *inside)}
        assert (seed, expected["conflicts"]) == (seed, sides)
        assert expected["area_code"] == area_code(state.facts)
        context = Context(state.facts, policy.province)
        check_window(expected["now"], context.income)
        check_window(expected["earlier"], context.earlier_income)
        for finding in found.findings:
            if finding.rule.startswith("expenditure-shock"):
                assert render_money(expected["net"]) == finding.value
        opened = state.thread.open
        assert expected["severity"] == (opened.severity if opened else None)
        if opened:
            keys = {(k.rule.partition("@")[0], k.subject or None, k.severity, k.channels) for k in opened.reasons}
            assert (expected["reasons"], expected["category"], expected["pathway"]) == (keys, opened.category, opened.pathway)
        determined += expected["now"] is not None
        alerting += opened is not None
    assert determined > HOUSEHOLDS // 3
    assert HOUSEHOLDS // 3 < alerting < HOUSEHOLDS


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 1 << 32), st.randoms(use_true_random=False), st.floats(0, 1))
def test_any_order_any_duplication_any_split_gives_the_same_bytes(
    policy: Policy, seed: int, order: random.Random, share: float
) -> None:
    """Contract §3.2: facts are a function of the set of reports and the registry entry."""
    reports, registry = history(random.Random(seed))
    messages = [read(record) for record in [*reports, *([registry] if registry else [])]]
    shuffled = messages + order.sample(messages, len(messages) // 2)
    order.shuffle(shuffled)
    cut = int(len(shuffled) * share)
    first, second = shuffled[:cut], shuffled[cut:]
    one, other = fold(messages, policy), fold(first + second + first, policy)

    assert msgspec.msgpack.encode(one.facts) == msgspec.msgpack.encode(other.facts)
    content = [
        (o.severity, o.category, o.pathway, o.reasons, o.conflicts) if (o := s.thread.open) else None for s in (one, other)
    ]
    assert content[0] == content[1]


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 1 << 32), st.randoms(use_true_random=False), st.floats(0, 1))
def test_who_adopts_an_alert_whose_state_was_lost_ends_where_all_others_do(
    policy: Policy, seed: int, order: random.Random, share: float
) -> None:
    """Decision 21: the state is as of an older batch, and the reports since then come again in another order."""
    reports, registry = history(random.Random(seed))
    messages = [read(record) for record in [*reports, *([registry] if registry else [])]]
    cut = int(len(messages) * share)
    stored = fold(messages[:cut], policy)
    state, said = stored, None
    for message in messages[cut:]:
        step = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy)
        state, said = step.state, step.alert or said
        if step.alert is not None:
            assert msgspec.structs.replace(state.thread, judged_by=0) == thread_of(
                codec.decode_alert(codec.encode_alert(said, ""))
            )
    again, before = messages[cut:], stored
    order.shuffle(again)
    if said is not None:
        before = msgspec.structs.replace(stored, thread=thread_of(said))
    found, sequences = before, [before.thread.sequence]
    for message in again:
        step = advance("H000001", found, message, TIMESTAMP * 1_000_000, policy)
        found = step.state
        sequences += [step.alert.sequence] if step.alert is not None else []

    assert state.facts == found.facts
    assert list(range(sequences[0], sequences[0] + len(sequences))) == sequences
    contents = [
        (o.severity, o.category, o.pathway, o.reasons, o.conflicts) if (o := s.thread.open) else None for s in (state, found)
    ]
    assert contents[0] == contents[1]
