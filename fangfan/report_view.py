"""How indicators look: a table for people, rows for CSV and JSON."""

import csv
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fangfan.backtest_view import name_of
from fangfan.explain_view import RULES as RULES_ZH
from fangfan.looks import COLOURS, SEVERITY_ZH, grid
from fangfan.report_feeds import feed_cells, silent_table
from schemas.fields import render_day, render_money
from schemas.vocabulary import CHANNELS, SEVERITIES
from streams.counts import MEASURES, MIGRANTS, OVERDUE, PLURAL, RULES, SHARES, Row, share
from streams.indicators import Indicators
from streams.policy import Policy, in_force
from streams.scope import Scope

Cells = Callable[[Row], tuple[str | Text, ...]]
SECTIONS: Final = ("all", "tier", "county")
PLACES: Final = ("villages at risk\n风险村", "townships at risk\n风险乡镇")
QUIET: Final = ("snoozed\n暂缓提醒", "withheld\n暂未发出")
LATE: Final = ("overdue\n逾期未核", "unfinished\n逾期未办结", "unsettled\n异议逾期")
CHANNELS_ZH: Final = {"declaration": "申报", "cadre": "排查", "department": "部门"}


def values(row: Row, whole: Row, scope: Scope) -> dict[str, int | None]:
    """Return every count of a row by name: amounts in fen, shares in basis points, None where there is none."""
    nation = in_force(scope.policy.national_income, scope.day)
    found: dict[str, int | None] = {}
    for name in MEASURES:
        match name:
            case "median_income":
                found[name] = row.median
            case "of_province":
                found[name] = _of(row.median, whole.median)
            case "of_nation":
                found[name] = _of(row.median, nation.amount if nation is not None else None)
            case _ if name in SHARES or name == "undetermined_share":
                found[name] = row.share(name)
            case _:
                found[name] = row.counts[name]
    for rule in whole.judged:
        found |= {f"{what}_{rule}": row.counts[f"{what}_{rule}"] for what in ("verified", "confirmed")}
        found[f"precision_{rule}"] = row.precision(rule)
    return found


def _of(part: int | None, whole: int | None) -> int | None:
    return share(part, whole) if part is not None and whole is not None else None


def written(name: str, value: int | None) -> str | int | None:
    """Return a count as CSV and JSON hold it: amounts and shares as text with two decimals."""
    if value is None or not (name in _HUNDREDTHS or name.startswith("precision_")):
        return value
    return render_money(value)  # basis points are to percent what fen are to yuan


_HUNDREDTHS: Final = frozenset({*SHARES, "undetermined_share", "median_income", "of_province", "of_nation"})


def rows_of(found: Indicators, scope: Scope) -> list[dict[str, Any]]:
    """Return all rows as JSON holds them, in the order of sections and keys."""
    whole = found.row("all", "all")
    return [
        {"by": by, "key": key}
        | {name: written(name, value) for name, value in values(row, whole, scope).items()}
        | feed_cells(found.feeds.heard(by, key, scope.policy), scope)
        for by in SECTIONS
        for key, row in sorted(found.rows.get(by, {}).items())
    ]


def as_json(found: Indicators, scope: Scope) -> dict[str, Any]:
    """Return the whole report as one JSON object."""
    return {
        "day": render_day(scope.day), "since": render_day(scope.since), "silent_months": scope.silent_months,
        "silent_days": scope.silent_days, "feed_days": dict(scope.feed_days), "policy": scope.policy.label,
        "rows": rows_of(found, scope),
    }  # fmt: skip


def write_report(path: Path, found: Indicators, scope: Scope) -> None:
    """Write all rows as CSV.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        rows = rows_of(found, scope)
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def show(console: Console, found: Indicators, scope: Scope) -> None:
    """Print the indicators."""
    days = f"{render_day(scope.day)}, leads since 线索自 {render_day(scope.since)}"
    console.print(f"indicators 指标 {days}, policy 政策 {scope.policy.label}")
    if not found.rows:
        console.print("no household 没有农户")
        return
    console.print(_people(found, scope))
    console.print(_alerts(found, scope.policy))
    whole = found.rows["all"]["all"].counts
    console.print(_counts("leads by channel 各渠道发现", {
        f"{CHANNELS_ZH[name]} {name}": (whole[f"leads_{name}"], whole[f"leads_alone_{name}"]) for name in CHANNELS
    }))  # fmt: skip
    console.print(_precision(found.rows["all"]["all"]))
    console.print(silent_table(found, scope))
    console.print(_migrants(found, scope))
    rules = {name: whole[name] for name in RULES if whole[name]}
    console.print(", ".join(f"{rule_name(name)} {count:,}" for name, count in rules.items()))


MIGRANTS_WORDS: Final = (
    "outside the county\n县外务工", "a year before\n上年同日", "of last year\n占上年%", "outside the province\n省外务工",
    "a year before\n上年同日", "of last year\n占上年%",
)  # fmt: skip


def _migrants(found: Indicators, scope: Scope) -> Table:
    """Return who works away from home, beside a year before."""
    whole = found.row("all", "all")

    def cells(row: Row) -> tuple[str, ...]:
        known = values(row, whole, scope)
        return tuple(shown_value(name, known[name]) for name in MIGRANTS)

    return _table(found, scope.policy, MIGRANTS_WORDS, cells)


def precision_rows(whole: Row) -> list[tuple[str, str, str, str]]:
    """Return, for each rule whose leads somebody verified, its name in both languages, both counts and the precision."""
    return [
        (
            rule_name(rule),
            f"{whole.counts[f'verified_{rule}']:,}",
            f"{whole.counts[f'confirmed_{rule}']:,}",
            hundredths(whole.precision(rule) or 0),
        )
        for rule in whole.judged
        if whole.counts[f"verified_{rule}"]
    ]


def _precision(whole: Row) -> Table:
    shown = grid("rule 规则", title="what visits found of leads 线索核实结果")
    for words in ("verified 已核实", "confirmed 属实", "precision 准确率%"):
        shown.add_column(words, justify="right")
    for row in precision_rows(whole):
        shown.add_row(*row)
    return shown


def rule_name(name: str) -> str:
    """Return a rule in both languages by the name of its count, or as ``rule@version``."""
    rule = name.removeprefix("rule_").replace("_", "-")
    return f"{RULES_ZH.get(rule.partition('@')[0], '')} {rule}".strip()


def _table(found: Indicators, policy: Policy, columns: tuple[str, ...], cells: Cells) -> Table:
    shown = grid()
    shown.add_column("", min_width=24)
    for words in columns:
        shown.add_column(words, justify="right")
    for by in SECTIONS:
        shown.add_section()
        for key, row in sorted(found.rows.get(by, {}).items()):
            shown.add_row(name_of(by, key, policy), *cells(row))
    return shown


def _people(found: Indicators, scope: Scope) -> Table:
    """Return what is known of households: incomes, transfers, conflicts, silence."""
    whole = found.row("all", "all")

    def cells(row: Row) -> tuple[str, ...]:
        known = values(row, whole, scope)
        names = (
            "median_income",
            "of_province",
            "of_nation",
            "undetermined_share",
            "dependent_share",
            "conflict_share",
            "silent_share",
        )
        return (f"{row.counts['households']:,}", *(shown_value(name, known[name]) for name in names))

    columns = (
        "households\n户", "median income\n收入中位数", "of province\n占全省%", "of nation\n占全国%",
        "undetermined\n收入未定%", "on transfers\n依赖转移%", "conflicting\n渠道矛盾%",
        f"silent {scope.silent_months} months\n无声%",
    )  # fmt: skip
    return _table(found, scope.policy, columns, cells)


def shown_value(name: str, value: int | None) -> str:
    """Return a count as people read it."""
    if value is None:
        return "–"
    return hundredths(value) if name in _HUNDREDTHS else f"{value:,}"


def hundredths(value: int) -> str:
    """Return fen as yuan, or basis points as percent, as people read them: with separators of thousands."""
    return f"{Decimal(value) / 100:,.2f}"


def _alerts(found: Indicators, policy: Policy) -> Table:
    """Return what is open and what came in."""

    def cells(row: Row) -> tuple[str | Text, ...]:
        counts = row.counts
        severities = [Text(f"{counts[f'open_{name}']:,}", COLOURS[name]) for name in reversed(SEVERITIES)]
        late = [Text(f"{counts[name]:,}", "red" if counts[name] else "dim") for name in OVERDUE]
        places = (f"{counts[f'open_{name}']:,}" for name in PLURAL.values())
        quiet = (f"{counts[name]:,}" for name in ("snoozed", "withheld"))
        return (f"{counts['open']:,}", *severities, *late, f"{counts['leads']:,}", *places, *quiet)

    severities = tuple(f"{name}\n{SEVERITY_ZH[name]}" for name in reversed(SEVERITIES))
    return _table(found, policy, ("open\n在警", *severities, *LATE, "leads\n线索", *PLACES, *QUIET), cells)


def _counts(title: str, rows: dict[str, tuple[int, int]]) -> Table:
    shown = grid("channel 渠道", title=title)
    for words in ("leads 线索", "alone 单独"):
        shown.add_column(words, justify="right")
    for name, counts in rows.items():
        shown.add_row(name, *(f"{count:,}" for count in counts))
    return shown
