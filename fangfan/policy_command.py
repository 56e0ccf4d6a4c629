"""`fangfan policy`: the group of commands, and `check FILE`, which validates a policy and prints what it means."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.policy_files import load_version
from agents.settings import DEFAULT_POLICY
from fangfan import signal_meanings
from fangfan.explain_view import TIERS
from fangfan.looks import SEVERITY_ZH, console, grid
from fangfan.options import fail
from fangfan.policy_living import day_words, diff, explain, publish, versions
from fangfan.signal_meanings import graded
from schemas.fields import render_day
from streams.policy import BP, Parameters, Policy
from streams.policy_parse import PolicyError

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
    try:
        found = load_version(file)
    except PolicyError as error:
        raise fail(f"policy refused: {error}") from None
    _show(console(), found.policy, day_words(found))


def _show(screen: Console, found: Policy, effective: str) -> None:
    tiers = Counter(county.tier for county in found.counties.values())
    counted = ", ".join(f"{TIERS[tier]} {tier} {count}" for tier, count in tiers.most_common())
    screen.print(f"{found.label}: {len(found.counties)} counties 县(市、区): {counted}")
    screen.print(f"effective from 生效: {effective}")
    screen.print(_table("province 全省", found.province))
    for code, parameters in found.of_county.items():
        county = found.counties[code]
        screen.print(_table(f"{code} {county.zh} {county.en}: what differs 不同之处", parameters, found.province))
    screen.print("✔ policy is valid 政策有效", style="green")


def _table(title: str, parameters: Parameters, beside: Parameters | None = None) -> Table:
    """Return the rules of a scope; beside the province's, only what differs."""
    shown = grid("rule 规则", "in force 启用", "means 含义", title=title)
    others = _meanings(beside) if beside is not None else {}
    for name, (zh, en) in _meanings(parameters).items():
        on = _on(parameters, name)
        if beside is None or ((zh, en), on.plain) != (others[name], _on(beside, name).plain):
            shown.add_row(name.replace("_", "-"), on, Text(zh).append("\n" + en, "dim"))
    return shown


def _on(parameters: Parameters, name: str) -> Text:
    match getattr(getattr(parameters, name), "enabled", None):
        case True:
            return Text("yes 是", "green")
        case False:
            return Text("no 否", "red")
        case _:
            return Text("")


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}" if fen % 100 == 0 else f"{fen // 100:,}.{fen % 100:02d}"


def _percent(points: int) -> str:
    return f"{points * 100 / BP:g}%"


def _meanings(p: Parameters) -> dict[str, tuple[str, str]]:
    """Return what every rule's numbers say, in Chinese and English."""
    line, drop, shock, dependence = p.income_line, p.income_drop, p.expenditure_shock, p.policy_dependence
    lines_zh = "；".join(f"{render_day(each.start)}起{_yuan(each.amount)}元" for each in line.lines)
    lines_en = "; ".join(f"{_yuan(each.amount)} yuan from {render_day(each.start)}" for each in line.lines)
    yellow, orange = f"{line.yellow_from / BP:g}", f"{line.orange_from / BP:g}"
    times_orange, times_red = f"{shock.orange_multiple / BP:g}", f"{shock.red_multiple / BP:g}"
    share, multiple = _percent(dependence.share_from), f"{dependence.line_multiple / BP:g}"
    return {
        "income_line": (
            f"人均监测收入 {line.operator} 监测线({lines_zh})；不低于线的{yellow}倍为黄，不低于{orange}倍为橙，其余为红",
            f"income a head {line.operator} line ({lines_en}); yellow from {yellow} of it, orange from {orange}, else red",
        ),
        "income_drop": (
            f"人均监测收入同比下降{_percent(drop.fires_from)}起为黄，{_percent(drop.orange_from)}起为橙",
            f"income a head fell within a year by {_percent(drop.fires_from)}: yellow; by {_percent(drop.orange_from)}: orange",
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
        "silence": graded(
            f"{p.silence.months}个月没有任何渠道的消息", f"nothing heard for {p.silence.months} months", p.silence.severity
        ),
        "working": (
            f"劳动年龄{p.working.age_from}至{p.working.age_to}岁", f"working age {p.working.age_from} to {p.working.age_to}",
        ),
        "verification": (
            f"{p.verification.working_days}个工作日内核实", f"to be verified within {p.verification.working_days} working days",
        ),
    }  # fmt: skip
