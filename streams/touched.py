"""Which rules a record may have given another answer: what it cannot have touched need not be asked again.

Safe by being coarse: whatever is not plainly one report more, within the month and under the line of the report before it,
counts as touching every rule.
"""

from typing import Final

from schemas.cases import CaseStep
from schemas.fields import day_of, month_of, month_of_day
from schemas.household import Facts
from schemas.registry import RegistryChange
from schemas.reports import (
    Claim,
    Fact,
    Income,
    IncomeStatement,
    Indicator,
    KeptReport,
    Reassess,
    Report,
    Signal,
    Spending,
    Tick,
)
from schemas.vocabulary import SignalKind
from streams.ledger import WINDOW_MONTHS
from streams.policy import Parameters
from streams.rules import EVERY_RULE, INDICATOR_RULES, MONEY_RULES

NO_RULE: Final[frozenset[str]] = frozenset()
_MONEY: Final = frozenset(MONEY_RULES)
_INCOME: Final = frozenset({"income_line", "income_drop", "policy_dependence"})
_SPENDING: Final = frozenset({"expenditure_shock"})
_SILENCE: Final = frozenset({"silence"})
_OF_INDICATOR: Final = {name: frozenset({name}) for name in INDICATOR_RULES}
"""Indicators are called as the rules that ask them."""

_OF_SIGNAL: Final[dict[SignalKind, frozenset[str]]] = {
    "employment": frozenset({"employment", "skills_stall"}),
    "skills": frozenset({"skills_stall"}),
    "disability": frozenset({"disability"}),
    "support": frozenset({"new_relief", "support_withdrawn"}),
    "loss": frozenset({"production_loss", "disaster_loss", "claim_reminder"}),
    "cover": frozenset({"claim_reminder", "insurance_gap"}),
    "accident": frozenset({"accident", "claim_reminder"}),
    "membership": frozenset({"deceased_paid", "bereavement", "registration", "newborn_cover"}),
    "petition": frozenset({"petition"}),
    "grows": frozenset({"market_slump", "claim_reminder"}),
    "market": frozenset({"market_slump", "claim_reminder"}),
    "asset_link": frozenset({"project_asset", "dividend"}),
    "asset_status": frozenset({"project_asset"}),
    "dividend": frozenset({"dividend"}),
    "snooze": NO_RULE,
}
_BESIDE: Final[dict[type[Fact], frozenset[str]]] = {
    Claim: frozenset({"disaster_loss", "claim_reminder"}),
    Income: frozenset({"deceased_paid"}),
    Indicator: frozenset({"newborn_cover"}),
}
"""Rules on signals that read other facts too."""


def touched(
    before: Facts, after: Facts, message: Report | RegistryChange | Tick | Reassess, parameters: Parameters
) -> frozenset[str]:
    """Return the rules, by the names of their parameters, whose answer may differ between two states of a household."""
    if not isinstance(message, Report) or message.voids is not None or not _same_frame(before, after, parameters):
        return EVERY_RULE
    rules = NO_RULE
    if after.signals:
        if not _one_more(before.signals, after.signals):
            return EVERY_RULE
        rules = _with_signals(message, after.signals is not before.signals)
    if parameters.silence.enabled and after.newest is not before.newest:  # after ticks it may lie long before the clock
        rules = rules | _SILENCE
    added = len(after.reports) - len(before.reports)
    if added == 0 and after.reports == before.reports:
        return rules  # withdrawn before it came, or empty: only the clock moved, within its month
    if added != 1:
        return EVERY_RULE
    month = month_of(after.as_of or 0)
    for fact in message.kept.facts:
        of_fact = _of(fact, month)
        if not of_fact <= rules:
            rules = rules | of_fact if rules else of_fact
    return rules


def _one_more(before: tuple[KeptReport, ...], after: tuple[KeptReport, ...]) -> bool:
    """Tell whether signals are those of before, or those and one more report."""
    return len(after) == len(before) + 1 or after == before


def _with_signals(message: Report, grown: bool) -> frozenset[str]:
    """Return the rules on signals that a report may move in a household that has some."""
    rules = {_BESIDE[type(fact)] for fact in message.kept.facts if type(fact) in _BESIDE}
    if grown and message.signals is not None:
        rules |= {_OF_SIGNAL[fact.kind] for fact in message.signals.facts if isinstance(fact, Signal)}
    return frozenset().union(*rules)


def _same_frame(before: Facts, after: Facts, parameters: Parameters) -> bool:
    """Tell whether both are judged alike: by one month, one income line and the parameters of one place."""
    if before.as_of is None or after.as_of is None:
        return False
    if before.as_of != after.as_of:
        earlier, later = day_of(before.as_of), day_of(after.as_of)
        if earlier != later:
            if month_of_day(earlier) != month_of_day(later):
                return False
            for line in parameters.income_line.lines:
                if earlier < line.start <= later:
                    return False
    if after.registry is not None or before.newest is after.newest:
        return True
    return before.newest is not None and after.newest is not None and before.newest.area_code == after.newest.area_code


def _of(fact: Fact, month: int) -> frozenset[str]:
    """Return the rules that may read a fact. Income rules look at two windows, which end with the month before ``month``."""
    match fact:
        case Indicator():
            return _OF_INDICATOR[fact.kind]
        case IncomeStatement():
            return _INCOME
        case Income():
            rules = _INCOME
        case Claim():
            rules = _MONEY
        case Spending():
            rules = _MONEY if fact.category == "medical" else _SPENDING  # other spending is no matter of income
            if fact.cumulative:
                return rules  # a year's total takes the place of an older one wherever its month lies
        case Signal() | CaseStep():
            return EVERY_RULE  # never here: these are kept apart
    return rules if month - 2 * WINDOW_MONTHS <= fact.month < month else NO_RULE
