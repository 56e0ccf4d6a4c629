"""Findings in words a cadre can act on, Chinese and English, from the finding's own fields."""

from collections import Counter
from collections.abc import Callable
from typing import Final, NamedTuple

from schemas.alerts import Explanation
from schemas.fields import day_of, render_day, render_money, render_month
from schemas.findings import Finding
from schemas.reports import Claim, Income, IncomeStatement, Indicator, KeptReport, Signal, Spending
from streams.explain_signals import SENTENCES as ON_SIGNALS
from streams.words import KINDS

DEPARTMENTS: Final = {
    "medical-insurance": ("医保部门", "medical insurance"), "health": ("卫健部门", "health"),
    "education": ("教育部门", "education"), "housing": ("住建部门", "housing"), "water": ("水利部门", "water"),
    "human-resources": ("人社部门", "human resources"), "civil-affairs": ("民政部门", "civil affairs"),
    "disabled-federation": ("残联", "disabled persons' federation"), "emergency": ("应急部门", "emergency"),
    "public-security": ("公安部门", "public security"), "agriculture": ("农业农村部门", "agriculture"),
    "market-regulation": ("市场监管部门", "market regulation"), "commerce": ("商务部门", "commerce"),
    "rural-revitalization": ("乡村振兴部门", "rural revitalization"), "insurance": ("保险机构", "insurer"),
    "petitions": ("信访部门", "petitions"),
}  # fmt: skip
_NO_DEPARTMENTS: Final = frozenset({"disabled-federation", "insurance"})
COMPONENTS: Final = {
    "wage": ("工资", "wage"), "business": ("经营收入", "business income"), "property": ("财产收入", "property income"),
    "transfer": ("转移收入", "transfer"),
}  # fmt: skip
SPENDING: Final = {
    "medical": ("医疗自付", "medical"), "education": ("教育", "education"), "housing": ("住房", "housing"),
    "disaster": ("灾害", "disaster"), "other": ("其他", "other"),
}  # fmt: skip
_SHOWN: Final = 3
"""How many pieces of evidence a sentence names; the alert carries the rest."""


def explain(finding: Finding) -> Explanation:
    """Return the sentence of a finding: what is wrong, against what, on whose word."""
    zh, en = _SENTENCES[finding.rule.partition("@")[0]](finding)
    shown = list(dict.fromkeys(_describe(report, position) for report, position in finding.support))
    more = len(shown) - _SHOWN
    short = Counter(each.short for each in shown)
    basis_zh = "、".join(each.short if short[each.short] == 1 else each.dated for each in shown[:_SHOWN])
    basis_zh += f"等{len(shown)}项" if more > 0 else ""
    basis_en = ", ".join(each.en for each in shown[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    if finding.conflict is not None:
        zh += "；各渠道说法不一，需核实"
        en += "; channels disagree, please verify"
    return Explanation(f"{zh}；依据：{basis_zh}", f"{en}; on the word of: {basis_en}")


class _Basis(NamedTuple):
    """A piece of evidence in words: short Chinese, Chinese with the year where the short form could mean two, English."""

    short: str
    dated: str
    en: str


def _describe(report: KeptReport, position: int) -> _Basis:
    fact = report.facts[position] if report.facts else None
    day = render_day(day_of(report.occurred_at))
    year, short = f"{int(day[:4])}年", f"{int(day[5:7])}月{int(day[8:])}日"
    if report.channel == 1:
        return _Basis(f"干部{short}走访", f"干部{year}{short}走访", f"cadre's visit of {day}")
    if report.channel == 0:
        return _Basis(f"农户{short}申报", f"农户{year}{short}申报", f"household's declaration of {day}")
    zh, en = DEPARTMENTS.get(report.source, ("部门", "a"))  # of a report that is kept no more
    what_zh, what_en = _what(fact)
    month = _month_of_fact(fact)
    whose = f"{en}'s" if report.source in _NO_DEPARTMENTS else f"{en} department's"
    words = f"{whose} {what_en} record of {day}"
    if month is not None:
        year, short = f"{month // 12}年", f"{month % 12 + 1}月"
        words = f"{whose} {what_en} record for {render_month(month)}"
    return _Basis(f"{zh}{short}{what_zh}记录", f"{zh}{year}{short}{what_zh}记录", words)


def _month_of_fact(fact: object) -> int | None:
    return fact.month if isinstance(fact, Income | Spending | Claim) else None


def _what(fact: object) -> tuple[str, str]:
    match fact:
        case Income():
            return COMPONENTS[fact.component]
        case Spending():
            zh, en = SPENDING[fact.category]
            return f"{zh}支出", f"{en} spending"
        case Claim():
            return "理赔", "claim"
        case IncomeStatement():
            return "收入", "income"
        case Indicator():
            return {
                "food": ("饮食", "food"), "clothing": ("穿衣", "clothing"), "schooling": ("学籍", "schooling"),
                "medical_cover": ("参保", "medical cover"), "housing": ("住房", "housing"), "water": ("饮水", "water"),
            }[fact.kind]  # fmt: skip
        case Signal():
            return KINDS[fact.kind]
        case _:
            return "报告", "report"


def _thousands(amount: str) -> str:
    whole, _, decimals = amount.partition(".")
    return f"{int(whole):,}.{decimals}" if not whole.startswith("-") else f"-{int(whole[1:]):,}.{decimals}"


def _yuan(fen: int) -> str:
    return _thousands(render_money(fen))


def _line(finding: Finding) -> tuple[str, str, str]:
    fen, start = finding.figures["line"], render_day(finding.figures["line_from"])
    whole = f"{fen // 100:,}" if fen % 100 == 0 else _yuan(fen)
    return whole, start, _yuan(finding.figures["reference_income"])


def _income_line(finding: Finding) -> tuple[str, str]:
    line, start, income = _line(finding)
    return (
        f"人均监测收入{income}元，低于{line}元监测线({start}起)",
        f"reference income of {income} yuan a head is under the line of {line} yuan (since {start})",
    )


def _income_drop(finding: Finding) -> tuple[str, str]:
    now, before = _yuan(finding.figures["reference_income"]), _yuan(finding.figures["earlier_reference_income"])
    return (
        f"人均监测收入由上年同期{before}元降至{now}元，下降{finding.value}%(预警线{finding.threshold}%)",
        f"reference income a head fell from {before} to {now} yuan within a year, by {finding.value} % "
        f"(warning from {finding.threshold} %)",
    )


def _policy_dependence(finding: Finding) -> tuple[str, str]:
    line, start, income = _line(finding)
    return (
        f"转移性收入占{finding.value}%(预警线{finding.threshold}%)，人均监测收入{income}元，接近{line}元监测线({start}起)",
        f"{finding.value} % of income are transfers (warning from {finding.threshold} %), reference income of {income} "
        f"yuan a head is near the line of {line} yuan (since {start})",
    )


def _expenditure_shock(finding: Finding) -> tuple[str, str]:
    figures = finding.figures
    zh, en = ("脱贫户", "a relieved") if figures["relieved"] else ("一般农户", "a general")
    spent, received = _yuan(figures["spending"]), _yuan(figures["claims"])
    net, limit = _yuan(figures["net_spending"]), _thousands(finding.threshold)
    return (
        f"近12个月自付支出{spent}元，扣除理赔{received}元后为{net}元，达到{zh}预警线{limit}元",
        f"self-paid spending of {spent} yuan in 12 months, {net} after claims of {received}, reaches the "
        f"{limit} yuan of {en} household",
    )


def _simple(zh: str, en: str) -> Callable[[Finding], tuple[str, str]]:
    return lambda finding: (
        zh.format(value=finding.value, threshold=finding.threshold, subject=finding.subject),
        en.format(value=finding.value, threshold=finding.threshold, subject=finding.subject),
    )


_SENTENCES: Final[dict[str, Callable[[Finding], tuple[str, str]]]] = {
    "income-line": _income_line,
    "income-drop": _income_drop,
    "policy-dependence": _policy_dependence,
    "expenditure-shock": _expenditure_shock,
    "food": _simple("吃饭有困难", "food is not adequate"),
    "clothing": _simple("穿衣有困难", "clothing is not adequate"),
    "schooling": _simple("成员{subject}义务教育阶段失学辍学", "member {subject} has left compulsory school"),
    "medical-cover": _simple("成员{subject}未参加基本医保", "member {subject} is not in basic medical insurance"),
    "housing": _simple("住房安全等级为{value}级", "the house is graded {value}"),
    "water": _simple("饮水不安全", "drinking water is not safe"),
    "silence": _simple(
        "{value}个月没有任何渠道的消息(预警线{threshold}个月)",
        "no channel said anything for {value} months (warning from {threshold})",
    ),
    **ON_SIGNALS,
}
