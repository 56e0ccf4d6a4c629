"""How the demo ends for the county whose report is known: its households, and what `fangfan report` counts of them."""

from typing import Final

from rich.table import Table

from fangfan.demo_found import Found
from fangfan.demo_tables import compare, of, right
from fangfan.demo_verdict import counted_good
from fangfan.looks import grid
from fangfan.report_plants import COUNTED, COUNTED_ZH, CountedPlant, planted_counts
from fangfan.report_view import CHANNELS_ZH, hundredths, rule_name
from fangfan.truth import Simulation
from schemas.vocabulary import CHANNELS
from streams.counts import LEADS, MEASURES, MIGRANTS, share

_ORDER: Final = (*MIGRANTS, *LEADS, *MEASURES)

_WORDS: Final = {
    "migrants": "work out of county 县外务工", "migrants_before": "a year before 上年县外",
    "migrants_outside": "out of province 省外务工", "migrants_outside_before": "a year before 上年省外", "leads": "leads 线索",
    "determined": "income known 收入已定", "median_income": "median income, yuan 收入中位数",
    "dependent": "on transfers 依赖转移", "silent": "silent 6 months 无声", "conflicting": "channels disagree 渠道矛盾",
    "overdue_verify": "not visited in time 逾期未核", "overdue_finish": "unfinished 逾期未办结",
    **{f"conflicting_{name}": f"{name} takes part {CHANNELS_ZH[name]}矛盾" for name in CHANNELS},
    **{f"leads_{name}": f"{name} {CHANNELS_ZH[name]}" for name in CHANNELS},
    **{f"leads_alone_{name}": f"{name} alone 仅{CHANNELS_ZH[name]}" for name in CHANNELS},
}  # fmt: skip


def counts_table(simulation: Simulation, found: Found) -> Table:
    """Return what was planted for a report against what it counts."""
    title = "county of indicators: what fangfan report counts 指标县：报表统计"
    table = grid("indicators 指标", "must count 应计", "planted 预设", "found 发现", "", title=title)
    for name, plant in COUNTED.items():
        households = of(simulation.counted, name)
        good = sum(counted_good(household, name, found) for household in households)
        compare(table, f"{name} {COUNTED_ZH[name]}", _counts(plant), len(households), good)
    table.add_section()
    planted = planted_counts(simulation.counted.values())
    for name in sorted({*planted, *found.counts}, key=_place):
        compare(table, _words(name), _share(planted, name), planted.get(name, 0), found.counts.get(name, 0))
    return right(table, 2, 3)


def _counts(plant: CountedPlant) -> str:
    """Return in words what a household adds, and which rules must be open."""
    said = ", ".join(f"{_words(name)} {count}" for name, count in plant.counts.items() if count and "alone" not in name)
    return f"{said}\nopen 预警: {', '.join(sorted(plant.rules))}" if plant.rules else said


def _place(name: str) -> tuple[int, str, str]:
    """Order migrants, leads and the rest as a report does, then what visits found by rule: all of them before those in need."""
    what, _, rule = name.partition("_")
    return (_ORDER.index(name), "", "") if name in _ORDER else (len(_ORDER), rule, "" if what == "verified" else what)


def _words(name: str) -> str:
    what, _, rule = name.partition("_")
    if what == "verified":
        return f"visited 已核实: {rule_name(rule)}"
    return f"in need 属实: {rule_name(rule)}" if what == "confirmed" else _WORDS.get(name, name)


def _share(planted: dict[str, int], name: str) -> str:
    """Return what share a count must be of the one it is compared with: of last year's, or of the visits."""
    whole, words = f"{name}_before", "of the year before 占上年"
    if name.startswith("confirmed_"):
        whole, words = name.replace("confirmed_", "verified_"), "of the visits 占走访"
    part = share(planted.get(name, 0), planted.get(whole, 0))
    return f"{hundredths(part)} % {words}" if part is not None else ""
