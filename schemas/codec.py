"""The one place that turns states and alerts into bytes and back."""

from typing import Final

import msgspec
import orjson

from schemas.alerts import Alert
from schemas.dead_letters import Redriven
from schemas.household import STATE_VERSION, HouseholdState
from schemas.registry import PersonClaim, PersonState

_encoder: Final = msgspec.msgpack.Encoder()
_state: Final = msgspec.msgpack.Decoder(HouseholdState)
_version: Final = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, msgspec.Raw])
_redriven: Final = msgspec.json.Decoder(Redriven)
_person: Final = msgspec.msgpack.Decoder(PersonState)


class UnknownStateVersion(ValueError):
    """A household was stored by a newer release; this one must not touch it."""


def encode_state(state: HouseholdState) -> bytes:
    """Return a household as the table and its changelog hold it: MessagePack arrays, version first."""
    return _encoder.encode(state)


def decode_state(data: bytes) -> HouseholdState:
    """Return the household that :func:`encode_state` wrote.

    Raises:
        UnknownStateVersion: another version than this release writes.
    """
    try:
        state = _state.decode(data)
    except msgspec.ValidationError:
        version = _version.decode(data)[0]
        raise UnknownStateVersion(f"state version {version}, this release reads {STATE_VERSION}") from None
    if state.version != STATE_VERSION:
        raise UnknownStateVersion(f"state version {state.version}, this release reads {STATE_VERSION}")
    return state


def encode_person(state: PersonState) -> bytes:
    """Return a person's entry as the index holds it."""
    return _encoder.encode(state)


def decode_person(data: bytes) -> PersonState:
    """Return the entry that :func:`encode_person` wrote."""
    return _person.decode(data)


def encode_claim(claim: PersonClaim) -> bytes:
    """Return a claim as it travels on ``persons``."""
    return msgspec.json.encode(claim)


def encode_alert(alert: Alert, emitted_at: str) -> bytes:
    """Return an alert as JSON, stamped with the moment it is sent."""
    return orjson.dumps(msgspec.to_builtins(msgspec.structs.replace(alert, emitted_at=emitted_at)))


def encode_redriven(marker: Redriven) -> bytes:
    """Return the marker of a dead letter that was sent back, as ``dead-letters-redriven`` holds it."""
    return msgspec.json.encode(marker)


def decode_redriven(data: bytes) -> Redriven | None:
    """Return the marker that :func:`encode_redriven` wrote, None for bytes that this release cannot read as one."""
    try:
        return _redriven.decode(data)
    except msgspec.DecodeError:
        return None


_parked: Final = msgspec.msgpack.Decoder(tuple[int, bytes | None, list[tuple[str, bytes]]])


def encode_parked(timestamp: int, value: bytes | None, headers: list[tuple[str, bytes]]) -> bytes:
    """Return a report that waits for its person, with its record timestamp (ms) and headers."""
    return _encoder.encode((timestamp, value, headers))


def decode_parked(data: bytes) -> tuple[int, bytes | None, list[tuple[str, bytes]]]:
    """Return what :func:`encode_parked` wrote."""
    return _parked.decode(data)
