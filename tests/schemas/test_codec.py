"""What is stored reads back the same, also what an earlier build stored; what is too new is refused, not guessed."""

import random

import msgspec
import orjson
import pytest

from schemas import codec
from schemas.household import EMPTY, STATE_VERSION, Facts, HouseholdState, Thread
from schemas.registry import PersonState
from schemas.vocabulary import Transition
from streams.pipeline import advance
from streams.policy import Policy
from tests.build import TIMESTAMP, cadre, department, entry
from tests.oracle.histories import history
from tests.releases import OLD, OLD_LAYOUT
from tests.streams.test_against_oracle import fold, read

WATER = {"type": "water", "safe": False}
OLD_STATE = bytes.fromhex(
    "930196cf18b79272f012a00094cf18b79272f012a00002a27331ac3134303132333130303230319295cf18b79272f012a000"
    "01a26331a763616472652d37919405a57761746572c0a6756e7361666595cf18b79272f012a00002a27331a66865616c7468"
    "919603a76d65646963616ccd04e2cd5efcc0c290cf188658206835000095cf1886582068350000ac31343031323331303032"
    "3031a872656c6965766564ce000b40729294a6502d30303031cd07bca466756c6cc294a6502d30303032cd07dea466756c6c"
    "c293010197cf18e91efd5bd38000ce000b4a69a66f72616e6765a8756e737461626c65ab646576656c6f706d656e749194a7"
    "77617465724031a0a66f72616e676591a5636164726590"
)
"""A relieved household of two whose cadre found unsafe water, with 12.50 yuan of medical spending and one alert open, as the
first build stored it: its thread ended with what is open."""


class OlderState(msgspec.Struct, frozen=True, array_like=True):
    """A household as releases store it that know no shadow."""

    version: int
    facts: Facts
    thread: Thread


def test_states_of_random_households_read_back(policy: Policy) -> None:
    for seed in range(200):
        reports, registry = history(random.Random(seed))
        state = fold([read(record) for record in [*reports, *([registry] if registry else [])]], policy)

        assert state == codec.decode_state(codec.encode_state(state))
        assert codec.encode_state(state) == codec.encode_state(codec.decode_state(codec.encode_state(state)))


def test_what_the_first_build_stored_still_reads(policy: Policy) -> None:
    state = codec.decode_state(OLD_STATE)
    spent = {"type": "spending", "category": "medical", "self_paid": "12.50", "month": "2026-05"}
    same = fold([read(each) for each in (entry(), cadre("c1", WATER), department("s1", "health", spent))], policy)

    assert same.facts == state.facts
    assert msgspec.structs.replace(same.thread, judged_by=0) == state.thread
    assert state.shadow is None


def test_a_release_without_a_shadow_reads_what_one_with_it_stored_and_leaves_the_rest_alone(policy: Policy) -> None:
    """Fields are only added at the end: an older worker beside a newer one drops the shadow's thread and keeps all else."""
    state = advance("H000001", EMPTY, read(cadre("c1", WATER)), TIMESTAMP * 1_000_000, policy, policy).state
    assert state.shadow is not None
    older = msgspec.msgpack.decode(codec.encode_state(state), type=OlderState)
    back = codec.decode_state(msgspec.msgpack.encode(older))

    assert state == codec.decode_state(codec.encode_state(state))
    assert (state.facts, state.thread, None) == (back.facts, back.thread, back.shadow)


@pytest.mark.parametrize("state", [
    msgspec.msgpack.encode([STATE_VERSION + 1, [], []]),
    msgspec.msgpack.encode([STATE_VERSION + 1, {"facts": "of another shape"}, 7, "and more of it"]),
    codec.encode_state(HouseholdState(version=STATE_VERSION + 1)),
])  # fmt: skip
def test_a_state_of_a_newer_release_is_refused_by_its_version(state: bytes) -> None:
    with pytest.raises(codec.UnknownStateVersion, match=f"state version {STATE_VERSION + 1}"):
        codec.decode_state(state)


def test_the_previous_layout_is_read_and_written_on_both_sides_of_an_upgrade(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the previous release stored is the same household here; pinned to its layout, it reads what this one stored."""
    monkeypatch.setitem(codec.LAYOUTS, OLD, OLD_LAYOUT)
    for seed in range(200):
        reports, registry = history(random.Random(seed))
        state = fold([read(record) for record in [*reports, *([registry] if registry else [])]], policy)
        old = codec.encode_state(state, OLD)
        found = codec.decode_state(old)

        assert (OLD, STATE_VERSION) == (codec.version_of(old), codec.version_of(codec.encode_state(found)))
        assert (state.facts, state.thread.open) == (found.facts, found.thread.open)
        assert (state.thread.episode, state.thread.sequence) == (found.thread.episode, found.thread.sequence)
        assert old == codec.encode_state(found, OLD)


def test_the_previous_release_refuses_what_this_one_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = codec.encode_state(EMPTY)
    monkeypatch.setattr(codec, "LAYOUTS", {OLD: OLD_LAYOUT})

    with pytest.raises(codec.UnknownStateVersion, match=f"state version {STATE_VERSION}, this release reads 0"):
        codec.decode_state(stored)


def test_a_person_reads_back() -> None:
    state = PersonState({"H000001": (1, True), "H000002": (2, False)}, parked=3, released=2)

    assert state == codec.decode_person(codec.encode_person(state))


def test_a_waiting_report_reads_back_with_its_timestamp_and_headers() -> None:
    waiting = (1_795_000_000_000, b"\xff{}", [("source.topic", b"department-feeds")])

    assert waiting == codec.decode_parked(codec.encode_parked(*waiting))


def test_an_alert_on_the_wire_has_its_moment_and_every_field(policy: Policy) -> None:
    step = advance("H000001", EMPTY, read(cadre("c1", WATER)), TIMESTAMP * 1_000_000, policy)
    assert step.alert is not None
    sent = orjson.loads(codec.encode_alert(step.alert, "2026-11-24T10:00:00+08:00"))

    assert ("2026-11-24T10:00:00+08:00", Transition.OPENED) == (sent["emitted_at"], sent["transition"])
    assert set(msgspec.structs.asdict(step.alert)) == set(sent)
