"""The clocks of a case, and when the next of them strikes (docs/contract-cases.md §4)."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Final

from schemas.cases import Case, Clock, Stage
from schemas.fields import day_of
from schemas.household import OpenAlert
from streams.cases import notice_over, pauses_until
from streams.policy_cases import CaseRules
from streams.workdays import add_workdays

AT_WORK: Final[frozenset[Stage]] = frozenset({"verified", "authorised", "compared", "appraised", "noticed", "reviewed"})
ON_NOTICE: Final[frozenset[Stage]] = frozenset({"noticed", "removal_noticed"})
AT_REST: Final[frozenset[Stage]] = frozenset({"none", "ended", "removed"})


def clocks_of(case: Case, as_of: int, visit_by: int | None, rules: CaseRules) -> tuple[Clock, ...]:
    """Return the clocks that run at a household's clock (nanoseconds); ``visit_by`` is the ordinal day of :func:`visit_by`."""
    return tuple(_clocks(case, day_of(as_of), visit_by, rules))


def visit_by(case: Case, alert: OpenAlert | None, new_since: int | None, working_days: int) -> int | None:
    """Return the ordinal day by which somebody should verify what is open, None where nobody is waited for.

    What is new since a removal is verified as an alert is: so many working days after the day it came, or by the day of the
    alert where that is later. No visit of before the removal answers it, and what was known at the removal asks for none.
    """
    if alert is None or case.stage not in AT_REST:
        return None
    if case.stage == "removed":
        return None if new_since is None else max(alert.verify_by, add_workdays(new_since, working_days).day)
    visited = case.visited_on is not None and case.visited_on >= day_of(alert.opened_at)
    return None if visited else alert.verify_by


def _clocks(case: Case, today: int, visit: int | None, rules: CaseRules) -> Iterator[Clock]:
    if visit is not None:
        yield Clock("verify", visit, today > visit)
    if case.stage in AT_WORK and case.visited_on is not None:
        due = add_workdays(case.visited_on, rules.finish_days, pauses_until(case, today)).day
        yield Clock("finish", due, today > due)
    if case.objections:
        due = add_workdays(case.objections[0], rules.settle_days).day
        yield Clock("settle", due, today > due)
    if case.stage in ON_NOTICE:
        due = notice_over(case, today, rules) - 1
        if today <= due:
            yield Clock("notice", due, False)
    if case.removed_on is not None:
        due = add_months(case.removed_on, rules.watch_months)
        if today <= due:
            yield Clock("watch", due, False)


def add_months(day: int, months: int) -> int:
    """Return an ordinal day some months later, the last day of a month that is too short for it."""
    there = date.fromordinal(day)
    year, month = divmod(there.year * 12 + there.month - 1 + months, 12)
    return date(year, month + 1, min(there.day, monthrange(year, month + 1)[1])).toordinal()


def watched(case: Case, clocks: tuple[Clock, ...]) -> bool:
    """Tell whether a case was removed and its household is still watched."""
    return case.stage == "removed" and any(clock.clock == "watch" for clock in clocks)
