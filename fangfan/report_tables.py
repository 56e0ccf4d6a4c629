"""The indicators as tables for the terminal: split by topic, so that each has room in 100 columns."""

from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fangfan.backtest_view import name_of
from fangfan.looks import COLOURS, SEVERITY_ZH, grid
from fangfan.report_feeds import silent_table
from fangfan.report_view import (
    CHANNELS_ZH,
    CONFLICTS_WORDS,
    MIGRANTS_WORDS,
    SECTIONS,
    precision_rows,
    rule_name,
    shown_value,
    values,
)
from schemas.fields import render_day
from schemas.vocabulary import CHANNELS, SEVERITIES
from streams.counts import OVERDUE, RULES, Row
from streams.indicators import Indicators
from streams.scope import Scope

PLACE: Final = 24
"""What a place's name is given at least; with more a table would not fit."""
INCOMES: Final = {
    "households": "households\n户", "median_income": "median\nincome\n收入中位数", "of_province": "of province\n占全省%",
    "of_nation": "of nation\n占全国%", "undetermined_share": "undetermined\n收入未定%",
    "dependent_share": "on\ntransfers\n依赖转移%",
}  # fmt: skip
OPEN: Final = {
    "open": "open\n在警", **{f"open_{name}": f"{name}\n{SEVERITY_ZH[name]}" for name in reversed(SEVERITIES)},
    "leads": "leads\n线索", "open_villages": "villages\nat risk\n风险村", "open_townships": "townships\nat risk\n风险乡镇",
}  # fmt: skip
LATE: Final = {
    "overdue": "overdue\n逾期未核", "overdue_finish": "unfinished\n逾期未办结", "overdue_settle": "unsettled\n异议逾期",
    "snoozed": "snoozed\n暂缓提醒", "withheld": "withheld\n暂未发出",
}  # fmt: skip
STYLES: Final = {f"open_{name}": COLOURS[name] for name in SEVERITIES}


def show(console: Console, found: Indicators, scope: Scope) -> None:
    """Print the indicators."""
    days = f"{render_day(scope.day)}, leads since 线索自 {render_day(scope.since)}"
    console.print(f"indicators 指标 {days}, policy 政策 {scope.policy.label}")
    if not found.rows:
        console.print("no household 没有农户")
        return
    silent = {"silent_share": f"silent {scope.silent_months} months\n无声%"}
    whole = found.rows["all"]["all"]
    for table in (
        _table("incomes 收入", found, scope, INCOMES),
        _table("open alerts and leads 在警与线索", found, scope, OPEN),
        _table("what waits 逾期、暂缓与无声", found, scope, LATE | silent),
        _by_channel(whole),
        _table("conflicts by channel that takes part 各渠道矛盾户，占其有效上报户", found, scope, CONFLICTS_WORDS),
        _precision(whole),
        silent_table(found, scope),
        _table("migrant work 外出务工", found, scope, MIGRANTS_WORDS),
    ):
        console.print(table)
    rules = {name: whole.counts[name] for name in RULES if whole.counts[name]}
    console.print(", ".join(f"{rule_name(name)} {count:,}" for name, count in rules.items()))


def _table(title: str, found: Indicators, scope: Scope, words: dict[str, str]) -> Table:
    """Return some counts of every place under words, by their names."""
    whole = found.row("all", "all")
    shown = grid(title=title)
    shown.collapse_padding = True
    shown.add_column("", min_width=PLACE)
    for each in words.values():
        shown.add_column(each, justify="right")
    for by in SECTIONS:
        shown.add_section()
        for key, row in sorted(found.rows.get(by, {}).items()):
            known = values(row, whole, scope)
            shown.add_row(name_of(by, key, scope.policy), *(_cell(name, known[name]) for name in words))
    return shown


def _cell(name: str, value: int | None) -> Text:
    late = name == "overdue" or name in OVERDUE
    return Text(shown_value(name, value), ("red" if value else "dim") if late else STYLES.get(name, ""))


def _by_channel(whole: Row) -> Table:
    shown = grid("channel 渠道", title="leads by channel 各渠道发现")
    for words in ("leads 线索", "alone 单独"):
        shown.add_column(words, justify="right")
    for name in CHANNELS:
        counts = (whole.counts[f"leads_{name}"], whole.counts[f"leads_alone_{name}"])
        shown.add_row(f"{CHANNELS_ZH[name]} {name}", *(f"{count:,}" for count in counts))
    return shown


def _precision(whole: Row) -> Table:
    shown = grid("rule 规则", title="what visits found of leads 线索核实结果")
    for words in ("verified 已核实", "confirmed 属实", "precision 准确率%"):
        shown.add_column(words, justify="right")
    for row in precision_rows(whole):
        shown.add_row(*row)
    return shown
