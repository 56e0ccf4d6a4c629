"""How a comparison of two policies looks: a table, and files of counts and households."""

import csv
from collections import Counter
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fangfan.backtest import Question, Result
from fangfan.explain_view import RULES, TIERS
from fangfan.looks import COLOURS, SEVERITY_ZH, grid
from schemas.vocabulary import SEVERITIES
from streams.backtest import MEASURES, Comparison, Outcome
from streams.policy import Policy

SHOWN_COUNTIES: Final = 20
SECTIONS: Final = {
    "all": "all 全部", "tier": "tier 分类", "rule": "rule 规则", "county": "county 县(市、区)", "month": "month 月份",
    "change": "severity at the end 期末级别",
}  # fmt: skip
_MONTHLY: Final = ("leads_old", "leads_new", "transitions_old", "transitions_new")
COUNTED: Final = dict.fromkeys(SECTIONS, MEASURES) | {"month": _MONTHLY, "change": ("households",)}
"""Which counts the rows of a section have."""


def show(console: Console, result: Result, question: Question) -> None:
    """Print what was read and how the policies differ."""
    counted, old, new = result.counted, question.old, question.new
    console.print(Text.assemble("against 对照 ", (old.label, "bold"), "   asked about 拟行 ", (new.label, "bold")))
    console.print(
        "replayed 回放: " + (", ".join(f"{topic} {count:,}" for topic, count in sorted(counted.records.items())) or "0")
    )
    for words, count in (("after the end 期后", counted.later), ("of unknown persons 归户待定", result.waiting)):
        if count:
            console.print(f"{words}: {count:,}")
    if counted.refused:
        console.print("refused 不合格: " + listed(counted.refused))
    rows = result.comparison.rows
    if not rows:
        console.print("no household 没有农户")
        return
    console.print(_changes(rows["change"]))
    console.print(_sections(result.comparison, new.newest))
    console.print(_months(rows.get("month", {})))


def _sections(comparison: Comparison, policy: Policy) -> Table:
    """Return one table of all, tiers, rules and the counties that differ most."""
    shown = grid()
    shown.add_column("", min_width=24)
    for words in ("households\n户", "open old→new\n在警", "added\n新增", "removed\n消除", "raised\n升级", "lowered\n降级",
                  "leads old→new\n线索", "only old/new\n仅旧/仅新", "transitions\n变动"):  # fmt: skip
        shown.add_column(words, justify="right")
    for by in ("all", "tier", "rule", "county"):
        rows = comparison.rows.get(by, {})
        keys = sorted(rows)
        if by == "county":
            keys = sorted(keys, key=lambda key: (-differing(rows[key]), key))[:SHOWN_COUNTIES]
        if by != "all":
            shown.add_section()
            shown.add_row(Text(SECTIONS[by] + (f" {len(keys)}/{len(rows)}" if len(keys) < len(rows) else ""), "bold"))
        for key in keys:
            shown.add_row(name_of(by, key, policy), *_cells(rows[key]))
    return shown


def _cells(row: Counter[str]) -> tuple[str | Text, ...]:
    return (
        _number(row["households"]), _pair(row, "open"), _coloured(row["added"], "red"), _coloured(row["removed"], "green"),
        _coloured(row["raised"], "red"), _coloured(row["lowered"], "green"), _pair(row, "leads"),
        f"{row['led_only_old']:,} / {row['led_only_new']:,}", _pair(row, "transitions"),
    )  # fmt: skip


def _months(rows: dict[str, Counter[str]]) -> Table:
    shown = grid(title="leads a month 每月线索")
    for words in ("month 月份", "old 对照", "new 拟行", "difference 差", "transitions old→new 变动"):
        shown.add_column(words, justify="left" if words.startswith("month") else "right")
    for month, row in sorted(rows.items()):
        difference = row["leads_new"] - row["leads_old"]
        shown.add_row(
            month, _number(row["leads_old"]), _number(row["leads_new"]),
            Text(f"{difference:+,}" if difference else "", "red" if difference > 0 else "green"), _pair(row, "transitions"),
        )  # fmt: skip
    return shown


def _changes(rows: dict[str, Counter[str]]) -> Table:
    shown = grid("old ↓ new → 对照↓拟行→", title="households by severity at the end 期末各级户数")
    for severity in ("none", *SEVERITIES):
        shown.add_column(severity_name(severity), justify="right")
    for old in ("none", *SEVERITIES):
        counts = [rows.get(f"{old}>{new}", Counter())["households"] for new in ("none", *SEVERITIES)]
        shown.add_row(Text(severity_name(old), COLOURS.get(old, "dim")), *map(_number, counts))
    return shown


def severity_name(severity: str) -> str:
    """Return a severity in both languages, ``none`` for nothing open."""
    return f"{'无' if severity == 'none' else SEVERITY_ZH[severity]} {severity}"


def name_of(by: str, key: str, policy: Policy) -> str:
    """Return what a row counts, in both languages."""
    match by:
        case "county":
            county = policy.counties.get(key)
            return f"{key} {county.zh} {county.en}" if county is not None else f"{key} 未知"
        case "tier":
            return f"{TIERS[key]} {key}"
        case "rule":
            return f"{RULES.get(key, '')} {key}".strip()
        case _:
            return "全部 all" if key == "all" else key


def listed(counts: Counter[str]) -> str:
    """Return counts in a line, by name."""
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))


def differing(row: Counter[str]) -> int:
    """Return of how many households the alert at the end is another one."""
    return row["added"] + row["removed"] + row["raised"] + row["lowered"]


def _number(count: int) -> str:
    return f"{count:,}" if count else "·"


def _coloured(count: int, colour: str) -> Text:
    return Text(_number(count), colour if count else "dim")


def _pair(row: Counter[str], name: str) -> str:
    return f"{row[name + '_old']:,} → {row[name + '_new']:,}"


def write_counts(path: Path, comparison: Comparison) -> None:
    """Write every row with its counts (docs/contract-backtest.md).

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(["by", "key", *MEASURES])
        for by in SECTIONS:
            for key, row in sorted(comparison.rows.get(by, {}).items()):
                writer.writerow([by, key, *(row[name] if name in COUNTED[by] else "" for name in MEASURES)])


def write_households(path: Path, outcomes: list[Outcome]) -> None:
    """Write the households that end differently.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["household_id", "county_code", "tier", "change", "severity_old", "severity_new", "rules_old", "rules_new"]
        )
        for each in outcomes:
            severities = [side.gravest() or "none" for side in (each.old, each.new)]
            rules = [" ".join(side.rules) for side in (each.old, each.new)]
            writer.writerow([each.household_id, each.county, each.tier, each.change, *severities, *rules])
