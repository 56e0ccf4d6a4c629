"""The one place that turns states and alerts into bytes and back."""

from collections.abc import Callable
from typing import Final

import msgspec
import orjson

from schemas.alerts import Alert
from schemas.area_alerts import AreaAlert, AreaClaim, AreaMember, AreaState, AreaTick
from schemas.areas import AreaNotice, LinkClaim
from schemas.cases import CaseRecord
from schemas.dead_letters import Redriven
from schemas.fields import render_instant
from schemas.household import STATE_VERSION, HouseholdState
from schemas.registry import PersonClaim, PersonState
from schemas.reports import Tick
from schemas.shares import Claim, Share
from schemas.wire import AreaTickMessage, TickMessage

_encoder: Final = msgspec.msgpack.Encoder()
_redriven: Final = msgspec.json.Decoder(Redriven)
_person: Final = msgspec.msgpack.Decoder(PersonState)
_area_member: Final = msgspec.msgpack.Decoder(AreaMember)
_area_state: Final = msgspec.msgpack.Decoder(AreaState)
_area: Final = msgspec.msgpack.Decoder(tuple[AreaNotice, int, list[tuple[str, bytes]]])


class UnknownStateVersion(ValueError):
    """A household was stored by a newer release; this one must not touch it."""


class Layout(msgspec.Struct, frozen=True):
    """One version of a stored household: a MessagePack array of at most 15, its version (0 to 127) first."""

    encode: Callable[[HouseholdState], bytes]
    decode: Callable[[bytes], HouseholdState]


_state: Final = msgspec.msgpack.Decoder(HouseholdState)


def _encode_without_signals(state: HouseholdState) -> bytes:
    """Return version 1, which knows no signals. A household that has some is stored in the version that keeps them.

    Such a household comes from a worker that is not pinned any more: there are none then that read version 1 alone.
    """
    facts = state.facts
    if facts.signals or facts.past:
        return _encoder.encode(state)
    known = (facts.as_of, facts.newest, facts.reports, facts.withdrawals, facts.registry_at, facts.registry)
    return _encoder.encode((WITHOUT_SIGNALS, known, state.thread, state.shadow))


def _decode_without_signals(data: bytes) -> HouseholdState:
    return msgspec.structs.replace(_state.decode(data), version=STATE_VERSION)


WITHOUT_SIGNALS: Final = 1
"""The version before households had signals. While it is written, facts that are signals are refused as unknown."""
LAYOUTS: Final = {
    WITHOUT_SIGNALS: Layout(_encode_without_signals, _decode_without_signals),
    STATE_VERSION: Layout(_encoder.encode, _state.decode),
}
"""Every version this release reads and writes: its own and the one before, so that both run side by side in an upgrade.

A layout may be taken out once no changelog holds it any more. Its encoder writes all that the release before knew.
"""


def encode_state(state: HouseholdState, version: int = STATE_VERSION) -> bytes:
    """Return a household as the table and its changelog hold it, in one of the versions of :data:`LAYOUTS`."""
    return LAYOUTS[version].encode(state)


def decode_state(data: bytes) -> HouseholdState:
    """Return the household that :func:`encode_state` wrote.

    Raises:
        UnknownStateVersion: none of the versions this release reads.
    """
    layout = LAYOUTS.get(version_of(data))
    if layout is None:
        known = " and ".join(str(version) for version in sorted(LAYOUTS))
        raise UnknownStateVersion(f"a household is stored in state version {version_of(data)}, this release reads {known}")
    return layout.decode(data)


def version_of(data: bytes) -> int:
    """Return the version of a stored household: the byte behind the array's head, whatever follows."""
    return data[1]


def encode_person(state: PersonState) -> bytes:
    """Return a person's entry as the index holds it."""
    return _encoder.encode(state)


def decode_person(data: bytes) -> PersonState:
    """Return the entry that :func:`encode_person` wrote."""
    return _person.decode(data)


def encode_claim(claim: PersonClaim) -> bytes:
    """Return a claim as it travels on ``persons``."""
    return msgspec.json.encode(claim)


def encode_tick(tick: Tick) -> bytes:
    """Return a tick as it travels on ``ticks``."""
    return msgspec.json.encode(TickMessage(tick.household_id, render_instant(tick.at)))


def encode_area_tick(tick: AreaTick) -> bytes:
    """Return an area's tick as it travels on ``ticks``."""
    return msgspec.json.encode(AreaTickMessage(tick.area, render_instant(tick.at)))


def encode_area(notice: AreaNotice, timestamp: int, headers: list[tuple[str, bytes]]) -> bytes:
    """Return an area event as the index keeps it for households that are linked later, with its timestamp (ms) and headers."""
    return _encoder.encode((notice, timestamp, headers))


def decode_area(data: bytes) -> tuple[AreaNotice, int, list[tuple[str, bytes]]]:
    """Return what :func:`encode_area` wrote."""
    return _area.decode(data)


def encode_link(claim: LinkClaim) -> bytes:
    """Return a household's link as it travels on ``persons``."""
    return msgspec.json.encode(claim)


def encode_area_claim(claim: AreaClaim) -> bytes:
    """Return what a household tells an area as it travels on ``persons``."""
    return msgspec.json.encode(claim)


def encode_area_state(state: AreaState) -> bytes:
    """Return an area as its partition keeps it."""
    return _encoder.encode(state)


def decode_area_state(data: bytes) -> AreaState:
    """Return what :func:`encode_area_state` wrote."""
    return _area_state.decode(data)


def encode_area_member(member: AreaMember) -> bytes:
    """Return what an area knows of a household."""
    return _encoder.encode(member)


def decode_area_member(data: bytes) -> AreaMember:
    """Return what :func:`encode_area_member` wrote."""
    return _area_member.decode(data)


def encode_area_alert(alert: AreaAlert) -> bytes:
    """Return an area's alert as JSON."""
    return msgspec.json.encode(alert)


def encode_alert(alert: Alert, emitted_at: str) -> bytes:
    """Return an alert as JSON, stamped with the moment it is sent."""
    return orjson.dumps(msgspec.to_builtins(msgspec.structs.replace(alert, emitted_at=emitted_at)))


def decode_alert(data: bytes) -> Alert:
    """Return an alert that :func:`encode_alert` wrote.

    Raises:
        msgspec.DecodeError: it did not.
    """
    return _alert.decode(data)


def encode_case(record: CaseRecord, emitted_at: str) -> bytes:
    """Return what is said of a case as JSON, stamped with the moment it is sent."""
    return msgspec.json.encode(msgspec.structs.replace(record, emitted_at=emitted_at))


def encode_redriven(marker: Redriven) -> bytes:
    """Return the marker of a dead letter that was sent back, as ``dead-letters-redriven`` holds it."""
    return msgspec.json.encode(marker)


def decode_redriven(data: bytes) -> Redriven | None:
    """Return the marker that :func:`encode_redriven` wrote, None for bytes that this release cannot read as one."""
    try:
        return _redriven.decode(data)
    except msgspec.DecodeError:
        return None


_alert: Final = msgspec.json.Decoder(Alert)
_parked: Final = msgspec.msgpack.Decoder(tuple[int, bytes | None, list[tuple[str, bytes]]])


def encode_parked(timestamp: int, value: bytes | None, headers: list[tuple[str, bytes]]) -> bytes:
    """Return a report that waits for its person, with its record timestamp (ms) and headers."""
    return _encoder.encode((timestamp, value, headers))


def decode_parked(data: bytes) -> tuple[int, bytes | None, list[tuple[str, bytes]]]:
    """Return what :func:`encode_parked` wrote."""
    return _parked.decode(data)


_claim: Final = msgspec.msgpack.Decoder(Claim)
_share: Final = msgspec.msgpack.Decoder(Share)


def encode_claim_of_partitions(claim: Claim) -> bytes:
    """Return what a worker brings when its group shares out the partitions."""
    return _encoder.encode(claim)


def decode_claim_of_partitions(data: bytes | None) -> Claim:
    """Return what :func:`encode_claim_of_partitions` wrote; a claim of nothing for what this release cannot read."""
    try:
        return _claim.decode(data or b"")
    except msgspec.DecodeError:
        return Claim()


def encode_share(share: Share) -> bytes:
    """Return what a worker is given beside its partitions."""
    return _encoder.encode(share)


def decode_share(data: bytes | None) -> Share:
    """Return what :func:`encode_share` wrote; nothing for what this release cannot read."""
    try:
        return _share.decode(data or b"")
    except msgspec.DecodeError:
        return Share()
