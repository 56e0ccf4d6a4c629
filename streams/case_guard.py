"""The guard of removal: what stands against it, of the household as it was at the step (docs/contract-cases.md §3)."""

from collections.abc import Iterator
from typing import Final

import msgspec

from schemas.cases import Condition
from schemas.fields import day_of, render_money, render_month
from schemas.findings import Answer, Finding, Undetermined
from schemas.household import Facts, Past
from streams.assess import area_code
from streams.horizon import counted
from streams.labour import known_pathway
from streams.ledger import Ledger, Missing
from streams.policy import Parameters, Policy, is_below, line_at
from streams.rules import INDICATOR_RULES, MONEY_RULES
from streams.rules.context import Context
from streams.rules.indicators import answer, index_of

_WORDS: Final = {
    "food": ("吃饭", "food"), "clothing": ("穿衣", "clothing"), "schooling": ("义务教育", "schooling"),
    "medical_cover": ("基本医疗", "medical cover"), "housing": ("住房", "housing"), "water": ("饮水", "water"),
}  # fmt: skip


def facts_at(facts: Facts, instant: int) -> Facts:
    """Return a household as it was at an instant: its reports up to then that counted then, its clock there."""
    past = facts.past or Past()
    reports, signals = (
        tuple(each for each in some if each.occurred_at <= instant and counted(each.occurred_at, instant))
        for some in ((*past.reports, *facts.reports), (*past.signals, *facts.signals))
    )
    return msgspec.structs.replace(facts, as_of=instant, reports=reports, signals=signals)


def against_removal(facts: Facts, instant: int, policy: Policy) -> tuple[Condition, ...]:
    """Return every condition of removal that does not hold at an instant.

    Guarantees and spending are asked also where a rule is not enabled: what opens no alert stands in the way all the same.
    """
    then = facts_at(facts, instant)
    county = (area_code(facts) or "")[:6]
    context = Context(then, policy.parameters(county), policy.tier(county))
    missing = _income(then, instant, context.parameters)
    missing += _guarantees(context)
    spending = MONEY_RULES["expenditure_shock"](context)
    if isinstance(spending, Finding):
        missing.append(Condition("spending", spending.value, f"近12个月刚性支出{spending.value}元尚未化解",
                                 f"rigid spending of {spending.value} yuan in 12 months is not solved"))  # fmt: skip
    missing += _labour(context)
    return tuple(missing)


def _labour(context: Context) -> Iterator[Condition]:
    """Yield what stands against removal where nobody is known to be able to work; unknown is not known to be."""
    if context.parameters.cases.without_labour:
        return
    match known_pathway(context):
        case "unknown":
            yield Condition("labour", "unknown", "无登记信息，不知有无劳动力", "no registry entry says who can work")
        case "security":
            yield Condition("labour", "", "家庭无劳动力，不标注风险消除", "no member can work: never marked removed")


def _guarantees(context: Context) -> Iterator[Condition]:
    """Yield the guarantees that are bad, and those that must be known to be good and of which nobody said anything."""
    index = index_of(context.facts, frozenset(INDICATOR_RULES))
    for name, question in INDICATOR_RULES.items():
        answers: list[Answer] = []
        answer(index, question(getattr(context.parameters, name)), answers, [])
        zh, en = _WORDS[name]
        for each in answers:
            if isinstance(each, Finding):
                yield Condition("guarantee", each.rule, f"{zh}未保障", f"{en} is not safe")
            elif isinstance(each, Undetermined) and name.replace("_", "-") in context.parameters.cases.known_good:
                yield Condition("guarantee", f"{each.rule}:unknown", f"{zh}情况无人报告", f"nobody reported on {en}")


def _income(then: Facts, instant: int, parameters: Parameters) -> list[Condition]:
    """Ask the windows that end with each of the last months for an income that is not below the line of the step's day."""
    line, ledger = line_at(parameters, day_of(instant)), Ledger(then)
    for back in range(parameters.cases.income_months):
        window = ledger.income(back=back)
        month = render_month(ledger.month - 1 - back)
        if isinstance(window, Missing) or line is None:
            what = window.what if isinstance(window, Missing) else "an income line in force"
            return [Condition("income-undetermined", month, f"截至{month}的收入不能确定", f"income up to {month} needs {what}")]
        if is_below(parameters.income_line, window.reference, line):
            amount, limit = render_money(window.reference), render_money(line.amount)
            return [Condition("income-below-line", month, f"截至{month}人均监测收入{amount}元，未稳定超过{limit}元监测线",
                              f"reference income of {amount} yuan up to {month} is under the line of {limit}")]  # fmt: skip
    return []
