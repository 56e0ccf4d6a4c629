"""horizon: what counts (contract §3.2), and what a household's case still rests on after that (docs/contract-cases.md §2)."""

from collections.abc import Iterator
from typing import Final

from schemas.cases import CaseStep
from schemas.fields import DAY_SECONDS, NANOSECONDS, month_of
from schemas.household import Facts, Past
from schemas.reports import KeptReport

HORIZON_MONTHS: Final = 36
"""A report counts in the month of ``as_of`` and this many months before it (contract §3.2)."""

_WITHIN: Final = 1_000 * DAY_SECONDS * NANOSECONDS
"""Within so many days there are never more month beginnings than the horizon has months."""


def rested(facts: Facts, first: int) -> Past | None:
    """Return what a household's case rests on of all that lies before the ``first`` month that counts.

    That is every step, and for each that the guard of removal is asked of what it was asked of. None for a household that
    has no case, which is most of them.
    """
    past = facts.past or Past()
    steps = [report for report in (*past.signals, *facts.signals) if _has_step(report)]
    if not steps:
        return None
    removals = [report.occurred_at for report in steps if any(_is_guarded(fact) for fact in report.facts)]

    def kept(reports: tuple[KeptReport, ...]) -> Iterator[KeptReport]:
        for report in reports:
            at = report.occurred_at
            if month_of(at) < first and (any(at <= each and counted(at, each) for each in removals) or _has_step(report)):
                yield report

    found = Past((*kept(past.reports), *kept(facts.reports)), (*kept(past.signals), *kept(facts.signals)))
    return found if found.reports or found.signals else None


def counted(occurred_at: int, instant: int) -> bool:
    """Tell whether a report lies within the horizon of an instant (both in nanoseconds)."""
    if 0 <= instant - occurred_at < _WITHIN:
        return True
    return month_of(occurred_at) >= month_of(instant) - HORIZON_MONTHS


def _has_step(report: KeptReport) -> bool:
    return any(type(fact) is CaseStep for fact in report.facts)


def _is_guarded(fact: object) -> bool:
    """Tell whether a fact is a step that needs the guard of removal, or leads to a removal whose reasons are compared."""
    if not isinstance(fact, CaseStep):
        return False
    if fact.step == "standing":
        return fact.stage == "removed"
    return fact.phase == "removal" and fact.passed and fact.step in ("appraisal", "decision")
