"""What one household counts for on the day of a report (docs/contract-report.md, "What is counted")."""

from collections.abc import Iterator
from typing import Final

from schemas.fields import instant_of_day, month_of, month_of_day
from schemas.findings import channels_of
from schemas.household import Facts, HouseholdState
from schemas.vocabulary import CHANNELS
from streams.assess import area_code, ask
from streams.casework import clocks_at
from streams.ledger import Missing, Window
from streams.noise import snoozed_until
from streams.policy import Policy
from streams.rules import INDICATOR_RULES, SIGNAL_RULES, name_of
from streams.rules.context import Context
from streams.scope import Scope

_HEARD: Final = frozenset([*INDICATOR_RULES, *SIGNAL_RULES])
"""Rules of what several channels may say otherwise."""


def standing(state: HouseholdState, scope: Scope) -> Iterator[str]:
    """Yield what a household counts for, each once, but its income and who works away."""
    facts, opened = state.facts, state.thread.open
    if opened is not None:
        yield from ("open", f"open_{opened.severity}", opened.category)
        yield from {f"rule_{name_of(reason.rule)}" for reason in opened.reasons}
    if opened is not None or facts.signals or facts.past:  # whoever has none of them has no case
        late = {clock.clock for clock in clocks_at(state, scope.policies, instant_of_day(scope.day)) if clock.overdue}
        yield from (f"overdue_{name}" for name in late)
        yield from ("overdue",) if "verify" in late else ()
    if facts.signals:
        noise = scope.policy.parameters((area_code(facts) or "")[:6]).noise
        yield from ("snoozed",) if snoozed_until(facts, noise, scope.day) is not None else ()
    if state.thread.noise is not None and state.thread.noise.pending is not None:
        yield "withheld"
    if facts.as_of is not None:
        yield "reported"
        yield from {f"reported_{CHANNELS[report.channel]}" for report in (*facts.reports, *facts.signals)}
        sides = _sides(facts, scope.policy)
        yield from ("conflicting",) if sides else ()
        yield from (f"conflicting_{name}" for name in sides)
    heard = month_of(facts.newest.occurred_at) if facts.newest is not None else None
    if heard is None or heard <= month_of_day(scope.day) - scope.silent_months:
        yield "silent"


def _sides(facts: Facts, policy: Policy) -> frozenset[str]:
    """Return the channels that stand good or bad in a conflict on an indicator or a signal."""
    found = ask(facts, policy, _HEARD)
    if found is None:
        return frozenset()
    conflicts = (*found.conflicts, *(finding.conflict for finding in found.findings if finding.conflict is not None))
    return frozenset(name for each in conflicts for name in channels_of((*each.good, *each.bad)))


def income_of(state: HouseholdState, policy: Policy) -> Window | None:
    """Return the reference income at the household's clock, None where it has none or it is undetermined."""
    if state.facts.as_of is None:
        return None
    income = Context(state.facts, policy.province).income
    return None if isinstance(income, Missing) else income
