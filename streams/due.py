"""due: when time alone may say something new of a household (docs/contract-time.md).

Coarse is safe: an instant at which nothing comes of it costs a tick, one that is missed costs a family.
"""

from collections.abc import Iterator
from typing import Final

from schemas.fields import day_of, instant_of_day, instant_of_month, month_of
from schemas.household import Facts, HouseholdState
from schemas.reports import Indicator
from streams.assess import area_code
from streams.casework import case_now
from streams.household import HORIZON_MONTHS
from streams.noise import heard_again
from streams.policies import Judges
from streams.policy import Parameters

_JANUARY: Final = 12
"""Months are ``year * 12 + month - 1``, so a year begins where this divides them."""


def due(state: HouseholdState, policies: Judges) -> int | None:
    """Return the first instant after ``as_of`` at which a household is due for a tick, None where time says nothing of it."""
    facts = state.facts
    if facts.as_of is None:
        return None
    parameters = policies.of(facts.as_of).parameters((area_code(facts) or "")[:6])
    alert = state.thread.open
    ages = alert is not None and facts.registry is not None and bool(facts.registry.members)
    first = min(_instants(facts, facts.as_of, parameters, ages=ages), default=None)
    clocks = case_now(facts, alert, policies).clocks if alert is not None or state.case is not None else ()
    ends = [end for clock in clocks if (end := instant_of_day(clock.due + 1)) > facts.as_of]
    ends += heard_again(state.thread, facts, facts.as_of, parameters.noise)
    version = policies.next_after(day_of(facts.as_of))
    if version is not None and facts.reports:
        ends.append(instant_of_day(version))
    return min(ends if first is None else [first, *ends], default=None)


def _has_money(facts: Facts) -> bool:
    for report in facts.reports:
        for fact in report.facts:
            if type(fact) is not Indicator:
                return True
    return False


def _instants(facts: Facts, as_of: int, parameters: Parameters, *, ages: bool) -> Iterator[int]:
    month = month_of(as_of)
    if facts.signals:
        yield instant_of_month(month + 1)  # signals age by months; within 36 of them they cease to count
    if _has_money(facts):
        yield instant_of_month(month + 1)
        today = day_of(as_of)
        yield from (instant_of_day(line.start) for line in parameters.income_line.lines if line.start > today)
    if facts.reports:
        yield instant_of_month(month_of(facts.reports[0].occurred_at) + HORIZON_MONTHS + 1)
    for withdrawal in facts.withdrawals:
        yield instant_of_month(month_of(withdrawal.until) + HORIZON_MONTHS + 1)
    if ages:
        yield instant_of_month(month - month % _JANUARY + _JANUARY)
