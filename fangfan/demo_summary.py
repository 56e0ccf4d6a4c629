"""How the demo ends: what was planted against what was found."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fangfan.area_plants import VILLAGES_ZH
from fangfan.case_planting import CasePlant
from fangfan.case_plants import CASES, CASES_ZH
from fangfan.case_view import CLOCKS, PHASES
from fangfan.demo_counts import counts_table
from fangfan.demo_found import Found
from fangfan.demo_pilot import pilot_table
from fangfan.demo_tables import compare, mark, of, right
from fangfan.demo_verdict import Place, as_planted, case_good, family_good, place_good, places, snooze_good, surprises
from fangfan.looks import grid
from fangfan.plants import NEAR_MISSES, NEAR_MISSES_ZH, SHOCKS, SHOCKS_ZH
from fangfan.registry_plants import FAMILIES, FAMILIES_ZH
from fangfan.signal_words import MEASURE_STATUS
from fangfan.snooze_plants import SNOOZES, SNOOZES_ZH, SnoozePlant
from fangfan.truth import Simulation
from streams.case_words import STAGE_WORDS, STEP_WORDS

SHOWN_SURPRISES: Final = 20
CAUSES: Final = {"households": "多户新增 households", "disaster": "受灾 disaster", "market": "市场 market"}
CODES: Final[Mapping[str, str]] = {
    "notice-period": "公示期未满 notice period not over", "guarantee": "保障未落实 a guarantee is not known to be safe",
    "income-below-line": "收入未稳定超线 income under the line", "spending": "刚性支出未化解 rigid spending",
    "labour": "无劳动力 nobody can work", "stage": "阶段不符 not at this stage",
}  # fmt: skip
"""What a planted step lacks."""


def show(console: Console, simulation: Simulation, found: Found) -> bool:
    """Print planted against found; tells whether all planted was found and nothing else."""
    console.print(_shocks(simulation, found.opened))
    console.print(_near_misses(simulation, found.opened))
    if simulation.cases:
        console.print(_cases(simulation, found))
        console.print(_snoozes(simulation, found))
        console.print(_places(simulation, found))
        console.print(_families(simulation, found))
        console.print(counts_table(simulation, found))
    if simulation.pilots:
        console.print(pilot_table(simulation, found))
    more = surprises(simulation, found)
    console.print(f"other households 其他农户 {simulation.others}: alerts, cases, places 预警、个案、地方 {len(more)}",
                  style="red" if more else "")  # fmt: skip
    for line in more[:SHOWN_SURPRISES]:
        console.print(f"  {line}", style="red")
    good = as_planted(simulation, found)
    verdict = "✔ all planted found, nothing else 预设全部发现，无误报" if good else "✘ NOT as planted 与预设不符"
    console.print(Text(verdict, "bold green" if good else "bold red"))
    return good


def _shocks(simulation: Simulation, opened: Mapping[str, frozenset[str]]) -> Table:
    table = grid("shock 预设情形", "rules 规则", "planted 预设", "found 发现", "", title="planted against found 预设与发现")
    everything = everywhere = 0
    for name, (rules, _) in SHOCKS.items():
        households = of(simulation.shocks, name)
        found = sum(opened.get(household) == rules for household in households)
        compare(table, f"{name} {SHOCKS_ZH[name]}", ", ".join(sorted(rules)), len(households), found)
        everything, everywhere = everything + len(households), everywhere + found
    table.add_section()
    compare(table, "all 合计", "", everything, everywhere)
    return right(table, 2, 3)


def _near_misses(simulation: Simulation, opened: Mapping[str, frozenset[str]]) -> Table:
    table = grid("near miss 临界情形", "households 户", "alerts 预警", "", title="near misses must stay quiet 临界情形不应预警")
    for name in NEAR_MISSES:
        households = of(simulation.near_misses, name)
        loud = sum(household in opened for household in households)
        table.add_row(f"{name} {NEAR_MISSES_ZH[name]}", str(len(households)), str(loud), mark(not loud))
    return right(table, 1, 2)


def _cases(simulation: Simulation, found: Found) -> Table:
    table = grid("case 个案", "must stand 应处于", "planted 预设", "found 发现", "", title="cases 个案")
    for name, case in CASES.items():
        households = of(simulation.cases, name)
        good = sum(case_good(household, name, found) for household in households)
        compare(table, f"{name} {CASES_ZH[name]}", _stands(case), len(households), good)
    return right(table, 2, 3)


def _stands(case: CasePlant) -> str:
    """Return in words where a case must stand, and which rules must be open beside it."""
    truth = case.truth
    words = [" ".join(STAGE_WORDS[truth.stage])]
    for step, phase, codes in sorted(truth.refused):
        missing = ", ".join(CODES[code] for code in codes)
        words.append(f"refused 未受理: {' '.join(STEP_WORDS[step])} ({PHASES[phase]}), {missing}")
    words += [f"overdue 超期: {CLOCKS[clock]}" for clock in sorted(truth.overdue)]
    words += [f"episode 第{truth.episode}次"] * (truth.episode > 1)
    words += ["relapsed 返贫"] * truth.relapsed
    for code, status in sorted(case.helped or ()):
        words.append(f"{code}: {status} {MEASURE_STATUS[status]}")
    return "\n".join(words + [f"open 预警: {', '.join(sorted(case.rules))}"] * bool(case.rules))


def _snoozes(simulation: Simulation, found: Found) -> Table:
    table = grid("snooze 暂停提醒", "must be heard 应发出", "planted 预设", "found 发现", "", title="snoozes 暂停提醒")
    for name, plant in SNOOZES.items():
        households = of(simulation.snoozes, name)
        good = sum(snooze_good(household, name, found) for household in households)
        compare(table, f"{name} {SNOOZES_ZH[name]}", _heard(plant), len(households), good)
    return right(table, 2, 3)


def _heard(plant: SnoozePlant) -> str:
    if not plant.rules:
        return "nothing 不发出"
    when = "under the snooze 暂停中" if plant.asleep else "after it, having been withheld 期满后，此前已暂缓"
    return f"{', '.join(sorted(plant.rules))}, {when}"


def _places(simulation: Simulation, found: Found) -> Table:
    table = grid("place 地方", "must be at risk 应为规模性风险", "households 户", "found 发现", "", title="places 地方")
    for place in places(simulation):
        table.add_row(f"{place.name} {VILLAGES_ZH[place.name]}, {place.area}", _risk(place), str(len(place.residents)),
                      _risen(place, found), mark(place_good(place, found)))  # fmt: skip
    return right(table, 2, 3)


def _risen(place: Place, found: Found) -> str:
    """Return of how many households a place is at risk; of one that is so no more, also how often it was.

    Where it is, also of how many it was that are well again or have moved away.
    """
    said = found.areas.get(place.area)
    if said is None:
        return "0"
    if place.cleared:
        return f"{len(said.members)}, before 曾经 {said.times}×"
    left = len(said.named - said.members)
    return f"{len(said.members)}, no more 已退出 {left}" if left else str(len(said.members))


def _risk(place: Place) -> str:
    """Return in words why a place must be at risk."""
    if place.cleared:
        return "no more 已解除"
    return ", ".join(CAUSES[cause] for cause in place.because) or "no 否"


def _families(simulation: Simulation, found: Found) -> Table:
    title = "entries that change 户籍变动"
    table = grid("entries 户籍", "must be open 应有预警", "households 户", "found 发现", "", title=title)
    for name, family in FAMILIES.items():
        households = of(simulation.families, name)
        must = " / ".join(", ".join(sorted(rules)) or "none 无" for rules in family.rules)
        alerts = sum(household in found.opened for household in households)
        good = family_good(households, name, found)
        table.add_row(f"{name} {FAMILIES_ZH[name]}", must, str(len(households)), str(alerts), mark(good))
    return right(table, 2, 3)
