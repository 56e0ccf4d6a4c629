"""Migrant work: who of a household works away from home, as it was known on a day (docs/contract-report.md, "Migrant work")."""

from collections.abc import Iterator
from typing import Final

from schemas.fields import instant_of_day, month_of, month_of_day
from schemas.household import Facts
from schemas.reports import Signal
from streams.case_clocks import add_months
from streams.rules.signals import work_of

AWAY: Final = frozenset({"province", "outside"})
MEMORY_MONTHS: Final = 24
"""How long somebody counts of whom nobody says anything new: so long that a year ago the state still knows as much as now."""


def beside_a_year_before(facts: Facts, day: int) -> dict[str, int]:
    """Return by name the counts of a household on an ordinal day and on that of twelve months before."""
    if not facts.signals:
        return {}
    found = {}
    for end, there in (("", day), ("_before", add_months(day, -12))):
        found[f"migrants{end}"], found[f"migrants_outside{end}"] = migrants(facts, there)
    return found


def migrants(facts: Facts, day: int) -> tuple[int, int]:
    """Return how many persons worked outside the county on an ordinal day, and how many of these outside the province.

    Of what had occurred by the end of the day the newest word of a person counts. Persons whom the registry entry does not
    name are passed over; a household without an entry has no list to go by, so all count.
    """
    members = None if facts.registry is None else {member.person_id for member in facts.registry.members}
    found = [
        place
        for person, place in _places(facts, day)
        if place in AWAY and (members is None or person in members)
    ]  # fmt: skip
    return len(found), found.count("outside")


def _places(facts: Facts, day: int) -> Iterator[tuple[str | None, str]]:
    """Yield each person who works, and where: empty where nobody said."""
    month, end, seen = month_of_day(day), instant_of_day(day + 1), set()
    for report in reversed(facts.signals):
        if report.occurred_at >= end or month_of(report.occurred_at) < month - MEMORY_MONTHS:
            continue
        for fact in report.facts:
            if not isinstance(fact, Signal) or fact.kind != "employment" or fact.person_id in seen:
                continue
            seen.add(fact.person_id)
            status, place = work_of(fact)
            if status == "working" and fact.month <= month:
                yield fact.person_id, place
