"""place: which household a person belongs to, by the registry entries that name the person (contract §3.3)."""

import msgspec

from schemas.household import Facts
from schemas.registry import PersonClaim, PersonState


def claims_of(household_id: str, before: Facts, after: Facts) -> list[PersonClaim]:
    """Return what a changed registry entry says of persons: all it names, and those it names no more."""
    if after.registry_at is None or (before.registry_at, before.registry) == (after.registry_at, after.registry):
        return []
    named = {member.person_id for member in after.registry.members} if after.registry is not None else set()
    old = {member.person_id for member in before.registry.members} if before.registry is not None else set()
    return [PersonClaim(person, household_id, after.registry_at, person in named) for person in sorted(named | old)]


def merge_claim(state: PersonState, claim: PersonClaim) -> PersonState:
    """Take a claim; per household the newest ``updated_at`` wins, of two of one instant the one not naming."""
    known = state.claims.get(claim.household_id)
    if known is not None and (known[0], not known[1]) >= (claim.updated_at, not claim.named):
        return state
    return msgspec.structs.replace(state, claims={**state.claims, claim.household_id: (claim.updated_at, claim.named)})


def household_of(state: PersonState) -> str | None:
    """Return the household whose entry names the person with the newest ``updated_at`` (tie: greatest id)."""
    naming = [(updated_at, household) for household, (updated_at, named) in state.claims.items() if named]
    return max(naming)[1] if naming else None
