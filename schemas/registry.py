"""The household registry entry (contract §3.3) and what it says about persons."""

import msgspec

from schemas.vocabulary import HouseholdStatus, Labour


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One member of a household."""

    person_id: str
    birth_year: int
    labour: Labour
    student: bool


class RegistryEntry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the registry says of a household at ``updated_at`` (nanoseconds)."""

    updated_at: int
    area_code: str
    status: HouseholdStatus
    relieved_on: int | None
    members: tuple[Member, ...]


class RegistryChange(msgspec.Struct, frozen=True, gc=False):
    """A registry record: the household's whole entry, or None where the registry removed it.

    ``stamp`` is ``updated_at`` as the entry wrote it, so that an alert's ``caused_by`` can be found in the registry.
    """

    household_id: str
    updated_at: int
    entry: RegistryEntry | None
    stamp: str


class PersonClaim(msgspec.Struct, frozen=True, tag_field="schema", tag="person-claim/1", gc=False):
    """A household's registry entry of ``updated_at`` names a person, or names the person no more (internal topic)."""

    person_id: str
    household_id: str
    updated_at: int
    named: bool


class PersonState(msgspec.Struct, array_like=True):
    """Who claims a person: household id -> (updated_at, named). Newest wins per household."""

    claims: dict[str, tuple[int, bool]]
    parked: int = 0
    released: int = 0
