"""The page of a comparison of two policies: leads a month, what is added and removed by rule, severity, tier and county."""

from collections import Counter
from datetime import datetime

from fangfan.backtest import Question, Result
from fangfan.backtest_view import SECTIONS, SHOWN_COUNTIES, differing, listed, name_of, severity_name
from fangfan.charts import Series, both_sides, columns
from fangfan.page import Cell, note, page, section, table, tiles
from schemas.fields import parse_month, render_instant, render_month
from schemas.vocabulary import SEVERITIES
from streams.policy import Policy

HEADER = (
    "", "户数\nhouseholds", "在警 对照→拟行\nopen old→new", "新增\nadded", "消除\nremoved", "升级\nraised", "降级\nlowered",
    "线索 对照→拟行\nleads old→new", "变动 对照→拟行\ntransitions",
)  # fmt: skip
SHOWN_MONTHS = 36
Rows = dict[str, Counter[str]]


def backtest_page(result: Result, question: Question, now: datetime) -> str:
    """Return the page. ``now`` is when it was made."""
    rows, new = result.comparison.rows, question.new.newest
    whole = rows.get("all", {}).get("all", Counter())
    rules, tiers, counties = (rows.get(by, {}) for by in ("rule", "tier", "county"))
    most = sorted(counties, key=lambda key: (-differing(counties[key]), key))[:SHOWN_COUNTIES]
    sides = note("行为对照政策，列为拟行政策。") + note("Rows: the old policy; columns: the new one.")
    return page(
        "政策回放对比", "What if: two policies over one history",
        _scope(question, now),
        tiles(_numbers(result, whole)),
        section("每月线索", "leads a month", _months(rows.get("month", {}))),
        section("按规则", "by rule", _sides(rules, "rule", sorted(rules), new), _table(rules, "rule", new)),
        section("期末级别变化", "severity at the end", sides, _changes(rows.get("change", {}))),
        section("按县分类", "by tier", _sides(tiers, "tier", sorted(tiers), new), _table(tiers, "tier", new)),
        section("按县", "by county", _sides(counties, "county", [key for key in most if differing(counties[key])], new),
                _table(counties, "county", new, whole)),
        section("说明", "notes", *_notes(result)),
    )  # fmt: skip


def _scope(question: Question, now: datetime) -> str:
    parts = [f"对照 old: {question.old.label}", f"拟行 new: {question.new.label}"]
    if question.since is not None:
        parts.append(f"变动计自 counted from: {render_instant(question.since)}")
    if question.until is not None:
        parts.append(f"回放至 replayed until: {render_instant(question.until)}")
    return note("　·　".join([*parts, f"生成于 made: {now.isoformat(timespec='minutes')}"]))


def _numbers(result: Result, whole: Counter[str]) -> list[tuple[str, str]]:
    return [
        (f"{sum(result.counted.records.values()):,}", "回放记录 records replayed"),
        (f"{whole['households']:,}", "农户 households"),
        (f"{whole['open_old']:,} → {whole['open_new']:,}", "期末在警户 open at the end"),
        (f"+{whole['added']:,} / −{whole['removed']:,}", "新增 / 消除 added / removed"),
        (f"▲{whole['raised']:,} / ▼{whole['lowered']:,}", "升级 / 降级 raised / lowered"),
        (f"{whole['leads_old']:,} → {whole['leads_new']:,}", f"线索 leads{_share(whole['leads_old'], whole['leads_new'])}"),
    ]


def _share(old: int, new: int) -> str:
    """Return by how much something changed, to a tenth of a percent; nothing where there was none."""
    if not old:
        return ""
    tenths = ((new - old) * 2000 // old + 1) // 2
    return f" ({'+' if tenths >= 0 else '−'}{abs(tenths) // 10}.{abs(tenths) % 10} %)"


def _months(rows: Rows) -> str:
    """Return leads of every month up to the last that has a transition, also where there was none; at most so many."""
    if not rows:
        return note("无 none")
    last = parse_month(max(rows))
    first = max(parse_month(min(rows)), last - SHOWN_MONTHS + 1)
    months = [render_month(month) for month in range(first, last + 1)]
    counts = [rows.get(month, Counter()) for month in months]
    series = [
        Series("对照 old", "old", [row["leads_old"] for row in counts]),
        Series("拟行 new", "new", [row["leads_new"] for row in counts]),
    ]
    return columns("leads a month 每月线索", months, series)


def _sides(rows: Rows, by: str, keys: list[str], policy: Policy) -> str:
    """Return how many households lose and gain an alert, by what the rows count."""
    labels = [name_of(by, key, policy) for key in keys]
    removed = Series("消除 removed", "removed", [rows[key]["removed"] for key in keys])
    added = Series("新增 added", "added", [rows[key]["added"] for key in keys])
    return both_sides(f"added and removed by {SECTIONS[by]}", labels, removed, added) if keys else ""


def _table(rows: Rows, by: str, policy: Policy, total: Counter[str] | None = None) -> str:
    made = [[name_of(by, key, policy), *_cells(rows[key])] for key in sorted(rows)]
    return table(HEADER, made, total=["合计 all", *_cells(total)] if total is not None else None)


def _cells(row: Counter[str]) -> list[Cell]:
    return [
        f"{row['households']:,}", f"{row['open_old']:,} → {row['open_new']:,}", _cell("up", row["added"]),
        _cell("down", row["removed"]), _cell("up", row["raised"]), _cell("down", row["lowered"]),
        f"{row['leads_old']:,} → {row['leads_new']:,}", f"{row['transitions_old']:,} → {row['transitions_new']:,}",
    ]  # fmt: skip


def _cell(style: str, count: int) -> Cell:
    return (style, f"{count:,}") if count else ""


def _changes(rows: Rows) -> str:
    """Return households by severity under both policies; the diagonal is what stays."""
    every = ("none", *SEVERITIES)
    made: list[list[Cell]] = []
    for at, old in enumerate(every):
        cells: list[Cell] = [(old, severity_name(old)) if old != "none" else severity_name(old)]
        for beside, new in enumerate(every):
            count = rows.get(f"{old}>{new}", Counter())["households"]
            style = "same" if beside == at else "up" if beside > at else "down"
            cells.append((style, f"{count:,}" if count else ""))
        made.append(cells)
    return table(["对照＼拟行\nold \\ new", *map(severity_name, every)], made)


def _notes(result: Result) -> list[str]:
    """Return what was read, what not, and what the words mean."""
    counted = result.counted
    said = [note(f"回放 replayed: {listed(counted.records) or '0'}")]
    if counted.refused:
        said.append(note(f"不合格 refused: {listed(counted.refused)}"))
    if counted.later:
        said.append(note(f"期后未回放 after the end, not replayed: {counted.later:,}"))
    if result.waiting:
        said.append(note(f"归户待定 reports of persons that no registry entry names: {result.waiting:,}"))
    return [
        *said,
        note("线索：一户新开预警一次计一条。在警：期末仍未解除。新增、消除：仅一方在警的户。各户计入其期末所在县。"
             "按规则各行只看该规则的原因，一户可计入多行。"),
        note("A lead is an alert that opens. Open: not cleared at the end. Added, removed: open under one policy alone. "
             "A household counts for the county it lives in at the end. A row of a rule looks at the reasons of that rule "
             "alone; a household may count in several."),
    ]  # fmt: skip
