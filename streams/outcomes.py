"""What became of leads: the visit that answers each, and what it found (docs/contract-report.md, "Precision")."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.alerts import Alert
from schemas.fields import day_of, parse_instant
from schemas.household import Facts
from schemas.vocabulary import Transition
from streams.cases import steps_of


class Lead(NamedTuple):
    """A transition ``opened``: its place among the household's, its day (ordinal), county, tier, and rules as ``RULE@V``."""

    sequence: int
    day: int
    county: str
    tier: str
    rules: frozenset[str]


class Visit(NamedTuple):
    """A verification that counts: its day (ordinal), and whether it found the household in need."""

    day: int
    passed: bool


def lead_of(alert: Alert) -> Lead | None:
    """Return the lead that a transition is, None where it opens nothing."""
    if alert.transition is not Transition.OPENED:
        return None
    day = day_of(parse_instant(alert.opened_at))
    rules = frozenset(reason.rule for reason in alert.reasons)
    return Lead(alert.sequence, day, alert.county_code or "unknown", alert.tier, rules)


def visits_of(facts: Facts) -> tuple[Visit, ...]:
    """Return a household's verifications as they occurred, also those its case refused: somebody was there."""
    return tuple(Visit(taken.day, taken.step.passed) for taken in steps_of(facts) if taken.step.step == "verification")


def answered(leads: Iterable[Lead], visits: tuple[Visit, ...], until: int) -> Iterator[tuple[Lead, bool | None]]:
    """Yield each lead of one household with what the visit that answers it found, None where nobody came.

    It is the first on or after the lead's day, before the day of the household's next lead and not after ``until`` (ordinal).
    What repeats a ``sequence`` takes the place of the one before it.
    """
    ordered = sorted({lead.sequence: lead for lead in leads}.values())
    ends = [*(lead.day for lead in ordered[1:]), until + 1]
    for lead, end in zip(ordered, ends, strict=True):
        days = range(lead.day, min(end, until + 1))
        yield lead, next((visit.passed for visit in visits if visit.day in days), None)
