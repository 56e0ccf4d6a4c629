"""What several rules ask of a member of the household."""

from schemas.registry import Member
from streams.rules.context import Context

LABOURING = frozenset({"full", "partial"})


def member_of(context: Context, person_id: str | None) -> Member | None:
    """Return the member the registry entry names so, None where it names none."""
    registry = context.facts.registry
    if registry is None:
        return None
    return next((member for member in registry.members if member.person_id == person_id), None)


def works_by_age(context: Context, member: Member) -> bool:
    """Tell whether a member could work: of working age (year of ``as_of`` less year of birth), with labour, no student."""
    working, age = context.parameters.working, context.month // 12 - member.birth_year
    return member.labour in LABOURING and not member.student and working.age_from <= age <= working.age_to
