"""`fangfan policy`: the group of commands, and `check FILE`, which validates a policy and prints what it means."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.settings import DEFAULT_POLICY
from fangfan import process_meanings, signal_meanings
from fangfan.explain_view import TIERS
from fangfan.looks import SEVERITY_ZH, console, grid
from fangfan.options import policy_version
from fangfan.policy_living import day_words, diff, explain, publish, versions
from fangfan.policy_words import key_words, rule_words
from fangfan.signal_meanings import graded, percent
from schemas.fields import render_day
from schemas.vocabulary import Pathway
from streams.policy import BP, Parameters, Policy
from streams.policy_measures import Measures

_ON: Final = {True: Text("yes 是", "green"), False: Text("no 否", "red"), None: Text("")}
"""Whether a table of rules is in force; some are no question."""
_PATHWAYS: Final[tuple[Pathway, ...]] = ("development", "security")
policy = typer.Typer(no_args_is_help=True, help="Look at policies, and publish versions.")
policy.command()(publish)
policy.command("list")(versions)
policy.command()(diff)
policy.command()(explain)


@policy.command("check")
def check(
    file: Annotated[
        Path, typer.Argument(envvar="FANGFAN_POLICY", metavar="[FILE]", help="A policy file or folder.", show_default=False)
    ] = DEFAULT_POLICY,
) -> None:
    """Validate a policy; an error names file, line or key, and the reason."""
    found = policy_version(file)
    _show(console(), found.policy, day_words(found))


def _show(screen: Console, found: Policy, effective: str) -> None:
    tiers = Counter(county.tier for county in found.counties.values())
    counted = ", ".join(f"{TIERS[tier]} {tier} {count}" for tier, count in tiers.most_common())
    screen.print(f"{found.label}: {len(found.counties)} counties 县(市、区): {counted}")
    screen.print(f"effective from 生效: {effective}")
    for line in found.national_income:
        said = f"{render_day(line.start)}起 from: {_yuan(line.amount)}元 yuan"
        screen.print(f"{key_words('national-income')} (人均 a head), {said}")
    screen.print(_table("province 全省", found.province))
    for code, parameters in found.of_county.items():
        county = found.counties[code]
        screen.print(_table(f"{code} {county.zh} {county.en}: what differs 不同之处", parameters, found.province))
    _show_measures(screen, found.measures)
    screen.print("✔ policy is valid 政策有效", style="green")


def _show_measures(screen: Console, measures: Measures) -> None:
    """Print what is suggested for every rule, and which measures only help who can work."""
    if not measures.catalogue:
        screen.print("measures 帮扶措施: none, nothing is suggested 未列，不作建议")
        return
    shown = grid("rule 规则", "with labour 有劳动力", "without labour 无劳动力", title="measures 帮扶措施")
    for rule in measures.by_rule:
        lists = (measures.for_rule(rule, pathway) for pathway in _PATHWAYS)
        shown.add_row(rule_words(rule), *(_measures(measures, codes) for codes in lists))
    screen.print(shown)
    needing = frozenset(each.code for each in measures.catalogue if each.needs_labour)
    screen.print(Text("needs labour 需劳动力: ").append(_measures(measures, needing)))


def _measures(measures: Measures, codes: frozenset[str]) -> Text:
    """Return measures in the order of the catalogue, in Chinese and English."""
    found = [each for each in measures.catalogue if each.code in codes]
    return Text("、".join(each.zh for each in found)).append("\n" + "; ".join(each.en for each in found), "dim")


def _table(title: str, parameters: Parameters, beside: Parameters | None = None) -> Table:
    """Return the rules of a scope; beside the province's, only what differs."""
    shown = grid("rule 规则", "in force 启用", "means 含义", title=title)
    others = said_of(beside) if beside is not None else {}
    for name, (enabled, zh, en) in said_of(parameters).items():
        if others.get(name) != (enabled, zh, en):
            shown.add_row(name.replace("_", "-"), _ON[enabled], Text(zh).append("\n" + en, "dim"))
    return shown


def said_of(parameters: Parameters) -> dict[str, tuple[bool | None, str, str]]:
    """Return of every table of rules whether it is in force (None: it is no question), and its meaning in both languages."""
    return {
        name: (getattr(getattr(parameters, name), "enabled", None), *words) for name, words in _meanings(parameters).items()
    }  # fmt: skip


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}" if fen % 100 == 0 else f"{fen // 100:,}.{fen % 100:02d}"


def _meanings(p: Parameters) -> dict[str, tuple[str, str]]:
    """Return what every rule's numbers say, in Chinese and English."""
    line, drop, shock, dependence = p.income_line, p.income_drop, p.expenditure_shock, p.policy_dependence
    lines_zh = "；".join(f"{render_day(each.start)}起{_yuan(each.amount)}元" for each in line.lines)
    lines_en = "; ".join(f"{_yuan(each.amount)} yuan from {render_day(each.start)}" for each in line.lines)
    yellow, orange = f"{line.yellow_from / BP:g}", f"{line.orange_from / BP:g}"
    times_orange, times_red = f"{shock.orange_multiple / BP:g}", f"{shock.red_multiple / BP:g}"
    share, multiple = percent(dependence.share_from), f"{dependence.line_multiple / BP:g}"
    return {
        "income_line": (
            f"人均监测收入 {line.operator} 监测线({lines_zh})；不低于线的{yellow}倍为黄，不低于{orange}倍为橙，其余为红",
            f"income a head {line.operator} line ({lines_en}); yellow from {yellow} of it, orange from {orange}, else red",
        ),
        "income_drop": (
            f"人均监测收入同比下降{percent(drop.fires_from)}起为黄，{percent(drop.orange_from)}起为橙",
            f"income a head fell within a year by {percent(drop.fires_from)}: yellow; by {percent(drop.orange_from)}: orange",
        ),
        "policy_dependence": (
            f"转移性收入占{share}起，且人均监测收入低于监测线的{multiple}倍：蓝",
            f"transfers from {share} of income, and income a head under {multiple} times the line: blue",
        ),
        "expenditure_shock": (
            f"近12个月支出减理赔：脱贫户{_yuan(shock.relieved)}元、一般农户{_yuan(shock.general)}元起为黄，"
            f"{times_orange}倍为橙，{times_red}倍为红",
            f"spending less claims of 12 months from {_yuan(shock.relieved)} (relieved) or {_yuan(shock.general)} yuan "
            f"(general): yellow; {times_orange} times: orange; {times_red} times: red",
        ),
        "food": graded("吃饭有困难", "food not adequate", p.food.severity),
        "clothing": graded("穿衣有困难", "clothing not adequate", p.clothing.severity),
        "schooling": graded("义务教育阶段辍学", "dropout in compulsory education", p.schooling.severity),
        "medical_cover": graded("未参加基本医疗保险", "not enrolled in basic medical insurance", p.medical_cover.severity),
        "housing": (
            f"C级住房：{SEVERITY_ZH[p.housing.grade_c]}；D级危房：{SEVERITY_ZH[p.housing.grade_d]}",
            f"house grade C: {p.housing.grade_c}; grade D: {p.housing.grade_d}",
        ),
        "water": graded("饮水不安全", "drinking water not safe", p.water.severity),
        **signal_meanings.meanings(p),
        **process_meanings.meanings(p),
    }
