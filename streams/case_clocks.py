"""The clocks of a case, and when the next of them strikes (docs/contract-cases.md §4)."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from typing import Final

from schemas.cases import Case, Clock, Stage
from schemas.fields import day_of
from schemas.household import OpenAlert
from streams.cases import notice_over, pauses_until
from streams.policy import CaseRules
from streams.workdays import add_workdays

AT_WORK: Final[frozenset[Stage]] = frozenset({"verified", "authorised", "compared", "appraised", "noticed", "reviewed"})
ON_NOTICE: Final[frozenset[Stage]] = frozenset({"noticed", "removal_noticed"})
AT_REST: Final[frozenset[Stage]] = frozenset({"none", "ended", "removed"})


def clocks_of(case: Case, as_of: int, alert: OpenAlert | None, rules: CaseRules) -> tuple[Clock, ...]:
    """Return the clocks that run at a household's clock (nanoseconds)."""
    return tuple(_clocks(case, day_of(as_of), alert, rules))


def _clocks(case: Case, today: int, alert: OpenAlert | None, rules: CaseRules) -> Iterator[Clock]:
    if alert is not None and case.stage in AT_REST and not _visited(case, day_of(alert.opened_at)):
        yield Clock("verify", alert.verify_by, today > alert.verify_by)
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


def _visited(case: Case, since: int) -> bool:
    return case.visited_on is not None and case.visited_on >= since


def add_months(day: int, months: int) -> int:
    """Return an ordinal day some months later, the last day of a month that is too short for it."""
    there = date.fromordinal(day)
    year, month = divmod(there.year * 12 + there.month - 1 + months, 12)
    return date(year, month + 1, min(there.day, monthrange(year, month + 1)[1])).toordinal()


def watched(case: Case, clocks: tuple[Clock, ...]) -> bool:
    """Tell whether a case was removed and its household is still watched."""
    return case.stage == "removed" and any(clock.clock == "watch" for clock in clocks)
