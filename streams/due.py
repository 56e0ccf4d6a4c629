"""due: when time alone may say something new of a household (docs/contract-time.md).

Coarse is safe: an instant at which nothing comes of it costs a tick, one that is missed costs a family.
"""

from bisect import bisect_left
from typing import Final

import msgspec

from schemas.area_alerts import AreaState
from schemas.fields import day_of, instant_of_day, instant_of_month, month_of, month_of_day
from schemas.household import Facts, HouseholdState
from schemas.reports import Indicator
from streams.area_window import because, gravest, level_of, recent
from streams.assess import area_code
from streams.casework import clocks_at
from streams.horizon import HORIZON_MONTHS
from streams.noise import heard_again
from streams.policies import Judges

_JANUARY: Final = 12
"""Months are ``year * 12 + month - 1``, so a year begins where this divides them."""


def due(state: HouseholdState, policies: Judges) -> int | None:
    """Return the first instant after ``as_of`` at which a household is due for a tick, None where time says nothing of it."""
    facts, as_of = state.facts, state.facts.as_of
    if as_of is None:
        return None
    today, alert = day_of(as_of), state.thread.open
    parameters = policies.of(as_of).parameters((area_code(facts) or "")[:6])
    ends: list[int] = []
    money = _has_money(facts)
    if money or facts.signals:  # both count by months, and what else may bring a new one never does so before the next
        ends.append(instant_of_month(month_of_day(today) + 1))
    else:
        ages = alert is not None and facts.registry is not None and bool(facts.registry.members)
        ends += _months(facts, month_of_day(today), ages=ages)
    if parameters.silence.enabled and facts.newest is not None:
        silent = instant_of_month(month_of(facts.newest.occurred_at) + parameters.silence.months)
        if silent > as_of:
            ends.append(silent)
    for line in parameters.income_line.lines:
        if money and line.start > today:
            ends.append(instant_of_day(line.start))
    if alert is not None or state.case is not None:
        ends += [end for clock in clocks_at(state, policies, as_of) if (end := instant_of_day(clock.due + 1)) > as_of]
    if state.thread.noise is not None:
        ends += heard_again(state.thread, facts, as_of, parameters.noise)
    version = policies.next_after(today)
    if version is not None and (facts.reports or facts.signals):
        ends.append(instant_of_day(version))
    return min(ends, default=None)


def area_due(area: str, state: AreaState, policies: Judges) -> int | None:
    """Return the first instant after an area's clock at which it is due for a tick: what is open would be less, or another
    version begins; None where time says nothing of it.

    As days pass members only leave the window, so that what holds only ever becomes less: its first change is searched for.
    """
    if not state.days:
        return None
    ends: list[int] = []
    before = state.open
    if before is not None:
        rules = policies.of(instant_of_day(state.day)).parameters(area[:6]).scale_risk

        def less(day: int) -> bool:
            then = msgspec.structs.replace(state, day=day)
            count = recent(then, rules)
            causes = because(level_of(area), then, count, rules)
            return not causes or (causes, gravest(count)) != (before.because, before.severity)

        left = sorted(end for since in state.days if (end := since + rules.window_days) > state.day)
        at = bisect_left(left, True, key=less)
        ends.append(left[at] if at < len(left) else state.day + 1)
    version = policies.next_after(state.day)
    if version is not None:
        ends.append(version)
    return min(map(instant_of_day, ends), default=None)


def _has_money(facts: Facts) -> bool:
    for report in facts.reports:
        for fact in report.facts:
            if type(fact) is not Indicator:
                return True
    return False


def _months(facts: Facts, month: int, *, ages: bool) -> list[int]:
    """Return when a household of indicators alone may be judged otherwise: the oldest ceases to count, members grow older."""
    ends = [instant_of_month(month_of(withdrawal.until) + HORIZON_MONTHS + 1) for withdrawal in facts.withdrawals]
    if facts.reports:
        ends.append(instant_of_month(month_of(facts.reports[0].occurred_at) + HORIZON_MONTHS + 1))
    if ages:
        ends.append(instant_of_month(month - month % _JANUARY + _JANUARY))
    return ends
