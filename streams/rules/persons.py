"""What several rules ask of a member of the household."""

from typing import Final

from schemas.registry import Member
from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.signals import Bad, Open

LABOURING = frozenset({"full", "partial"})
UNNAMED: Final = " in the registry entry"
"""How it ends what is missing, after the person, where the household has an entry that does not name the person."""


def member_of(context: Context, person_id: str | None) -> Member | None:
    """Return the member the registry entry names so, None where it names none."""
    registry = context.facts.registry
    if registry is None:
        return None
    return next((member for member in registry.members if member.person_id == person_id), None)


def elsewhere(context: Context, signal: Signal) -> bool:
    """Tell whether a signal speaks of a person whom the household's entry does not name; without an entry nobody is."""
    if context.facts.registry is None or signal.person_id is None:
        return False
    return member_of(context, signal.person_id) is None


def of_member(context: Context, signal: Signal, bad: Bad) -> Bad | Open:
    """Return what fires, or that it cannot be judged of whom the entry does not name: no person in two (contract-more §2)."""
    return unnamed(signal) if elsewhere(context, signal) else bad


def unnamed(signal: Signal) -> Open:
    """Return that the entry does not name a person."""
    return Open(f"{signal.person_id}{UNNAMED}")


def works_by_age(context: Context, member: Member) -> bool:
    """Tell whether a member could work: of working age (year of ``as_of`` less year of birth), with labour, no student."""
    working, age = context.parameters.working, context.month // 12 - member.birth_year
    return member.labour in LABOURING and not member.student and working.age_from <= age <= working.age_to
