"""Indicators by name, their words for people, and rows for CSV and JSON."""

import csv
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from fangfan.explain_view import RULES as RULES_ZH
from fangfan.report_feeds import feed_cells
from schemas.fields import render_day, render_money
from schemas.vocabulary import CHANNELS
from streams.counts import MEASURES, MIGRANTS, SHARES, Row, share
from streams.indicators import Indicators
from streams.policy import in_force
from streams.scope import Scope

SECTIONS: Final = ("all", "tier", "county")
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


MIGRANTS_WORDS: Final = dict(zip(MIGRANTS, (
    "outside\nthe county\n县外务工", "a year\nbefore\n上年同日", "of last\nyear\n占上年%",
    "outside\nthe province\n省外务工", "a year\nbefore\n上年同日", "of last\nyear\n占上年%",
), strict=True))  # fmt: skip
CONFLICTS_WORDS: Final = {"conflict_share": "any\n渠道矛盾%"} | {
    name: words for channel in CHANNELS for name, words in (
        (f"conflicting_{channel}", f"{channel}\n{CHANNELS_ZH[channel]}矛盾"),
        (f"conflict_share_{channel}", f"of its\n占{CHANNELS_ZH[channel]}%"),
    )
}  # fmt: skip
"""Of each channel how many households it stands in a conflict of, and their share of those it reported something of."""


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


def rule_name(name: str) -> str:
    """Return a rule in both languages by the name of its count, or as ``rule@version``."""
    rule = name.removeprefix("rule_").replace("_", "-")
    return f"{RULES_ZH.get(rule.partition('@')[0], '')} {rule}".strip()


def shown_value(name: str, value: int | None) -> str:
    """Return a count as people read it."""
    if value is None:
        return "–"
    return hundredths(value) if name in _HUNDREDTHS else f"{value:,}"


def hundredths(value: int) -> str:
    """Return fen as yuan, or basis points as percent, as people read them: with separators of thousands."""
    return f"{Decimal(value) / 100:,.2f}"
