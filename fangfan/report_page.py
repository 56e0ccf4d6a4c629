"""The page of the indicators: what is open where, who found it, incomes beside the province's, and what is not known."""

from collections.abc import Callable
from datetime import datetime

from fangfan.backtest_view import name_of, severity_name
from fangfan.charts import Series, bars
from fangfan.looks import CATEGORY_ZH
from fangfan.page import Cell, note, page, section, table, tiles
from fangfan.report_feeds import days_words, silent_rows
from fangfan.report_view import (
    CHANNELS_ZH,
    CONFLICTS_WORDS,
    MIGRANTS_WORDS,
    hundredths,
    precision_rows,
    rule_name,
    shown_value,
    values,
)  # fmt: skip
from schemas.fields import render_day
from schemas.vocabulary import CHANNELS, SEVERITIES
from streams.counts import CATEGORIES, OVERDUE, PLURAL, RULES, Row
from streams.indicators import Indicators
from streams.scope import Scope

CHARTED_COUNTIES = 30
SHARES = (
    ("undetermined_share", "收入未定%\nundetermined"), ("dependent_share", "依赖转移%\non transfers"),
    ("conflict_share", "渠道矛盾%\nconflicting"), ("silent_share", "无声%\nsilent"),
)  # fmt: skip


def report_page(found: Indicators, scope: Scope, now: datetime) -> str:
    """Return the page. ``now`` is when it was made."""
    whole, counties = found.row("all", "all"), found.rows.get("county", {})
    head = [
        f"截至 day: {render_day(scope.day)}", f"线索自 leads since: {render_day(scope.since)}",
        f"政策 policy: {scope.policy.label}", f"生成于 made: {now.isoformat(timespec='minutes')}",
    ]  # fmt: skip
    return page(
        "监测指标", "Indicators of monitoring",
        note("　·　".join(head)),
        tiles(_numbers(whole, scope)),
        section("各县在警", "open alerts by county", _severities(counties, scope), _alerts(found, scope)),
        section("按规则", "by rule", bars("open alerts by rule 按规则在警", *_rules(whole))),
        section("按类别", "by category", bars("open alerts by category 按类别在警", *_categories(whole))),
        section("各渠道发现", "detection by channel", note("一条线索可由多渠道支持。Several channels may stand behind a lead."),
                bars("leads by channel 各渠道线索", *_channels(whole))),
        section("线索核实结果", "what visits found of leads",
                note("属实：入户核实认定确有风险。Confirmed: the visit found the household in need."),
                table(["规则 rule", "已核实\nverified", "属实\nconfirmed", "准确率%\nprecision"], precision_rows(whole))),
        section("各县收入与数据", "incomes and what is known, by county",
                _incomes(counties, whole, scope), _known(found, scope)),
        section("各渠道矛盾", "conflicts by channel that takes part",
                note("占比：占该渠道有效上报户。Shares are of the households of which the channel reported what counts."),
                _named(found, scope, CONFLICTS_WORDS)),
        section("外出务工", "migrant work, beside a year before", _named(found, scope, MIGRANTS_WORDS)),
        section("部门数据中断", f"departments silent for {days_words(scope)} days or more",
                table(["", "部门、天数、最近一次\ndepartment, days, newest"], silent_rows(found, scope))),
        section("说明", "notes", *_notes(scope)),
    )  # fmt: skip


def _numbers(whole: Row, scope: Scope) -> list[tuple[str, str]]:
    counts, known = whole.counts, values(whole, whole, scope)
    return [
        (f"{counts['households']:,}", "农户 households"),
        (f"{counts['open']:,}", "在警户 open alerts"),
        (f"{counts['overdue']:,}", "逾期未核 overdue verifications"),
        (shown_value("median_income", known["median_income"]), "人均监测收入中位数(元) median reference income"),
        (shown_value("undetermined_share", known["undetermined_share"]) + " %", "收入未定 undetermined"),
        (
            shown_value("silent_share", known["silent_share"]) + " %",
            f"{scope.silent_months}个月无声 silent for {scope.silent_months} months",
        ),
    ]


def _severities(counties: dict[str, Row], scope: Scope) -> str:
    """Return the counties with most open alerts, by severity, the gravest first."""
    most = sorted(
        (key for key in counties if counties[key].counts["open"]), key=lambda key: (-counties[key].counts["open"], key)
    )
    keys = most[:CHARTED_COUNTIES]
    series = [
        Series(severity_name(name), name, [counties[key].counts[f"open_{name}"] for key in keys])
        for name in reversed(SEVERITIES)
    ]
    return bars("open alerts by county 各县在警", [name_of("county", key, scope.policy) for key in keys], series)


def _rules(whole: Row) -> tuple[list[str], list[Series]]:
    names = [name for name in RULES if whole.counts[name]]
    return [rule_name(name) for name in names], [Series("在警 open", "new", [whole.counts[name] for name in names])]


def _categories(whole: Row) -> tuple[list[str], list[Series]]:
    return [f"{CATEGORY_ZH[name]} {name}" for name in CATEGORIES], [
        Series("在警 open", "new", [whole.counts[name] for name in CATEGORIES])
    ]


def _channels(whole: Row) -> tuple[list[str], list[Series]]:
    """Return leads by channel: those that rest on it alone, and those that others stand behind too."""
    alone = [whole.counts[f"leads_alone_{name}"] for name in CHANNELS]
    others = [whole.counts[f"leads_{name}"] - count for name, count in zip(CHANNELS, alone, strict=True)]
    labels = [f"{CHANNELS_ZH[name]} {name}" for name in CHANNELS]
    return labels, [Series("单独 alone", "new", alone), Series("与其他渠道 with others", "old", others)]


def _incomes(counties: dict[str, Row], whole: Row, scope: Scope) -> str:
    """Return median incomes beside the province's, the lowest first."""
    known = {key: row.median for key, row in counties.items() if row.median is not None}
    keys = sorted(known, key=lambda key: (known[key], key))[:CHARTED_COUNTIES]
    series = [Series("人均监测收入中位数 median reference income", "new", [known[key] for key in keys])]
    mark = (whole.median, "全省 province") if whole.median is not None else None
    labels = [name_of("county", key, scope.policy) for key in keys]
    return bars("median incomes by county 各县收入中位数", labels, series, words=hundredths, mark=mark)


def _alerts(found: Indicators, scope: Scope) -> str:
    header = ["", "农户\nhouseholds", "在警\nopen", *(severity_name(name).replace(" ", "\n") for name in reversed(SEVERITIES)),
              "逾期未核\noverdue", "逾期未办结\nunfinished", "异议逾期\nunsettled",
              "线索\nleads", "风险村\nvillages at risk", "风险乡镇\ntownships at risk",
              "暂缓提醒\nsnoozed", "暂未发出\nwithheld"]  # fmt: skip

    def cells(row: Row) -> list[Cell]:
        counts = row.counts
        late: list[Cell] = [("up", f"{counts[name]:,}") if counts[name] else "" for name in OVERDUE]
        severities = [f"{counts[f'open_{name}']:,}" for name in reversed(SEVERITIES)]
        places = [f"{counts[name]:,}" for name in (*(f"open_{name}" for name in PLURAL.values()), "snoozed", "withheld")]
        return [f"{counts['households']:,}", f"{counts['open']:,}", *severities, *late, f"{counts['leads']:,}", *places]

    return _by_place(found, scope, header, cells)


def _known(found: Indicators, scope: Scope) -> str:
    header = [
        "",
        "收入中位数(元)\nmedian income",
        "占全省%\nof province",
        "占全国%\nof nation",
        *(words for _, words in SHARES),
    ]
    whole = found.row("all", "all")

    def cells(row: Row) -> list[Cell]:
        known = values(row, whole, scope)
        return [
            shown_value(name, known[name])
            for name in ("median_income", "of_province", "of_nation", *(name for name, _ in SHARES))
        ]

    return _by_place(found, scope, header, cells)


def _named(found: Indicators, scope: Scope, words: dict[str, str]) -> str:
    """Return some counts of every place under words, by their names."""
    whole = found.row("all", "all")

    def cells(row: Row) -> list[Cell]:
        known = values(row, whole, scope)
        return [shown_value(name, known[name]) for name in words]

    return _by_place(found, scope, ["", *words.values()], cells)


def _by_place(found: Indicators, scope: Scope, header: list[str], cells: Callable[[Row], list[Cell]]) -> str:
    rows = [
        [name_of(by, key, scope.policy), *cells(row)]
        for by in ("tier", "county")
        for key, row in sorted(found.rows.get(by, {}).items())
    ]
    return table(header, rows, total=["合计 all", *cells(found.row("all", "all"))])


def _notes(scope: Scope) -> list[str]:
    return [
        note("农户计入其现居县；收入按每户最近时点前12个月计。收入未定：监测收入缺少数据，不作零计。依赖转移：转移性收入占收入达政策所定比例。"
             "渠道矛盾：两个渠道最近所见一好一坏。逾期未核：核实期限已过而无人入户核实；逾期未办结、异议逾期未处理：个案时限已过。"),
        note("A household counts for the county it lives in now; incomes are of the 12 months before its clock. "
             "Undetermined: data is missing, which is not zero. On transfers: transfers are at least the policy's share of "
             "income. Conflicting: the newest words of two channels stand good against bad. Overdue: nobody verified the "
             "alert by its day, nobody finished the case, or settled the objection, by theirs."),
        note(f"无声：{scope.silent_months}个月内没有任何渠道的消息。没有消息不等于平安。"
             f"Silent: no channel said anything for {scope.silent_months} months. Silence is not health."),
    ]  # fmt: skip
