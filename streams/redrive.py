"""redrive: may a dead letter go back to its topic, and as what; else why not."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from msgspec import UNSET, UnsetType

from schemas.dead_letters import DeadLetter, Redriven
from schemas.registry import RegistryChange
from schemas.rejections import Rejection, RejectionCode
from schemas.reports import Report
from streams.free_text import is_spoken, kept
from streams.normalise import Message, normalise
from streams.topics import INPUTS, Topic

MASK: Final = b"*" * 18
"""What stands in a dead letter in place of an identity number, at the least."""


_HIDDEN = re.compile(rb'"(?:event_id|voids|person_id|source)": *"[*]+"')
"""A masked id that a worker would take for one; every other masked field is refused again."""


class Why(StrEnum):
    """Why a dead letter stays where it is."""

    REDRIVEN = "already-redriven"
    MASKED = "masked"
    REFUSED = "refused-again"
    NO_SOURCE = "no-source"


@dataclass(frozen=True, slots=True)
class Repair:
    """What a person puts in place of a letter's value, key or topic; what is UNSET stays as it was."""

    value: bytes | UnsetType | None = UNSET
    key: bytes | UnsetType | None = UNSET
    topic: Topic | UnsetType = UNSET


@dataclass(frozen=True, slots=True)
class Going:
    """What is sent for a dead letter."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    repaired: bool


@dataclass(frozen=True, slots=True)
class Staying:
    """Why a dead letter is not sent, with a sentence that carries nothing of the record."""

    why: Why
    reason: str


def marks(marker: Redriven | None, letter: DeadLetter) -> bool:
    """Tell whether a marker speaks of this letter, and not of one that lay at its place before the topic was made anew."""
    return marker is not None and marker.failed_at == letter.failed_at


def source_of(letter: DeadLetter, prefix: str) -> Topic | None:
    """Return the input topic that a letter's record lay on, None where its headers name none of this deployment."""
    name = letter.source_topic.removeprefix(prefix) if letter.source_topic.startswith(prefix) else ""
    return next((topic for topic in INPUTS if topic.value == name), None)


def decide(letter: DeadLetter, repair: Repair | None, prefix: str, now: int, *, checked: bool = True) -> Going | Staying:
    """Say what goes back for a letter, or why nothing does.

    ``now`` is the timestamp the record will have (milliseconds). What the worker of this release would refuse again stays;
    with ``checked`` false it goes all the same, unless a person repaired it.
    """
    part = repair or Repair()
    topic = source_of(letter, prefix) if part.topic is UNSET else part.topic
    if topic is None:
        return Staying(Why.NO_SOURCE, "its headers name no input topic of this deployment; say one with a repair's topic")
    value = letter.value if part.value is UNSET else part.value
    key = letter.key if part.key is UNSET else part.key
    if key is None and value is None:
        return Staying(Why.REFUSED, "has neither key nor value")
    if _masked(letter, value):
        return Staying(Why.MASKED, "an identity number is masked in its value: repair it with a pseudonym")
    message = normalise(topic, key, value, now)
    if value is not None and not isinstance(message, Rejection) and _HIDDEN.search(value) and is_spoken(value):
        return Staying(Why.MASKED, "an id that read like free text is masked in its value: repair it")
    if isinstance(message, Rejection) and (checked or repair is not None):
        whose = "the repair would be refused" if repair is not None else "would be refused again"
        return Staying(Why.REFUSED, f"{whose}: {message.code.value} at {message.field}: {message.message}")
    if _masked(letter, key):
        key = _named(message) if value is not None else None
        if key is None:
            return Staying(Why.MASKED, "an identity number is masked in its key: repair the key")
    repaired = (topic, key, value) != (source_of(letter, prefix), letter.key, letter.value)
    return Going(topic, key, value if isinstance(message, Rejection) else kept(value), repaired)


def _masked(letter: DeadLetter, part: bytes | None) -> bool:
    return letter.code == RejectionCode.IDENTITY_NUMBER and part is not None and MASK in part


def _named(message: Message | Rejection) -> bytes | None:
    """Return the key that a repaired report or entry gives itself: its household, else its person."""
    if isinstance(message, Report):
        return (message.household_id or message.person_id or "").encode()
    return message.household_id.encode() if isinstance(message, RegistryChange) else None
