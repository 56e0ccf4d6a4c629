"""`fangfan policy check FILE`: validates a policy and prints what it means."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from agents.policy_files import load_policy
from fangfan.options import fail
from schemas.fields import render_day, render_money
from streams.policy import BP, Parameters, Policy
from streams.policy_parse import PolicyError

policy = typer.Typer(no_args_is_help=True, help="Look at a policy before it is used.")


@policy.command("check")
def check(file: Annotated[Path, typer.Argument(help="A policy file or folder.")]) -> None:
    """Validate a policy; an error names file, line or key, and the reason."""
    try:
        found = load_policy(file)
    except PolicyError as error:
        raise fail(f"policy refused: {error}") from None
    _show(Console(), found)


def _show(console: Console, found: Policy) -> None:
    tiers = Counter(county.tier for county in found.counties.values())
    console.print(
        f"{found.label}: {len(found.counties)} counties 县区, " + ", ".join(f"{k} {v}" for k, v in sorted(tiers.items()))
    )
    console.print(_table("province 全省", found.province))
    for code, parameters in found.of_county.items():
        console.print(_table(f"{code} {found.counties[code].zh} {found.counties[code].en}", parameters, found.province))


def _table(title: str, parameters: Parameters, beside: Parameters | None = None) -> Table:
    """Return the rules of a scope; beside the province's, only what differs."""
    shown = Table("rule 规则", "on 启用", "means 含义", title=title, title_justify="left")
    for name, words in _meanings(parameters).items():
        if beside is None or words != _meanings(beside)[name]:
            rule = getattr(parameters, name, None)
            shown.add_row(name.replace("_", "-"), "" if rule is None else str(getattr(rule, "enabled", "")), words)
    return shown


def _meanings(p: Parameters) -> dict[str, str]:
    lines = "; ".join(f"{render_money(line.amount)} yuan from {render_day(line.start)}" for line in p.income_line.lines)
    line, drop, shock, dependence = p.income_line, p.income_drop, p.expenditure_shock, p.policy_dependence
    return {
        "income_line": f"人均监测收入 {line.operator} 监测线 income a head {line.operator} line: {lines}; yellow from "
        f"{line.yellow_from / BP:g}, orange from {line.orange_from / BP:g} of it, else red",
        "income_drop": f"收入同比下降 fall within a year from {drop.fires_from / BP:.0%}, "
        f"orange from {drop.orange_from / BP:.0%}",
        "policy_dependence": f"转移性收入占比 transfers from {dependence.share_from / BP:.0%}, income under "
        f"{dependence.line_multiple / BP:g} × line",
        "expenditure_shock": f"支出骤增 net spending from {render_money(shock.relieved)} (relieved 脱贫户) or "
        f"{render_money(shock.general)} (general 一般农户) yuan; orange ×{shock.orange_multiple / BP:g}, "
        f"red ×{shock.red_multiple / BP:g}",
        "food": f"吃不饱 food not adequate: {p.food.severity}",
        "clothing": f"穿不暖 clothing not adequate: {p.clothing.severity}",
        "schooling": f"义务教育辍学 dropout in compulsory stage: {p.schooling.severity}",
        "medical_cover": f"未参保 not enrolled: {p.medical_cover.severity}",
        "housing": f"危房 grade C {p.housing.grade_c}, grade D {p.housing.grade_d}",
        "water": f"饮水不安全 water not safe: {p.water.severity}",
        "working": f"劳动年龄 working age {p.working.age_from}-{p.working.age_to}",
        "verification": f"核实期限 verify within {p.verification.working_days} working days 工作日",
    }
