"""How the demo ends: what was planted against what is open."""

from collections.abc import Mapping
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.settings import Settings
from fangfan.looks import grid
from fangfan.plants import NEAR_MISSES, NEAR_MISSES_ZH, SHOCKS, SHOCKS_ZH
from fangfan.reading import read_topic
from fangfan.simulation import Simulation
from streams.topics import Topic

Opened = Mapping[str, frozenset[str]]
"""The rules of the open alert by household."""
SHOWN_SURPRISES = 20


async def open_at_the_end(settings: Settings) -> Opened:
    """Return what the last alert of every household says."""
    last: dict[str, dict[str, Any]] = {}
    async for record in read_topic(settings, Topic.ALERTS, range(settings.partitions)):
        alert = orjson.loads(record.value)
        last[alert["household_id"]] = alert
    return {
        household: frozenset(reason["rule"].partition("@")[0] for reason in alert["reasons"])
        for household, alert in last.items()
        if alert["severity"] is not None
    }


def show(console: Console, simulation: Simulation, opened: Opened) -> bool:
    """Print planted against found; tells whether all planted was found and nothing else."""
    console.print(_planted(simulation, opened))
    console.print(_near_misses(simulation, opened))
    surprises = sorted(set(opened) - set(simulation.planted) - set(simulation.near_misses))
    others = f"{simulation.households - len(simulation.planted) - len(simulation.near_misses)}"
    console.print(f"other households 其他农户 {others}: alerts 预警 {len(surprises)}", style="red" if surprises else "")
    for household in surprises[:SHOWN_SURPRISES]:
        console.print(f"  {household}: {', '.join(sorted(opened[household]))}", style="red")
    good = opened == simulation.planted
    verdict = "✔ all planted found, nothing else 预设全部发现，无误报" if good else "✘ NOT as planted 与预设不符"
    console.print(Text(verdict, "bold green" if good else "bold red"))
    return good


def _planted(simulation: Simulation, opened: Opened) -> Table:
    table = grid("shock 预设情形", "rules 规则", "planted 预设", "found 发现", "", title="planted against found 预设与发现")
    for name, (rules, _) in SHOCKS.items():
        households = [household for household, shock in simulation.shocks.items() if shock == name]
        found = sum(opened.get(household) == rules for household in households)
        table.add_row(f"{name} {SHOCKS_ZH[name]}", ", ".join(sorted(rules)), str(len(households)), str(found),
                      _mark(found == len(households)))  # fmt: skip
    planted = len(simulation.planted)
    found = sum(opened.get(household) == rules for household, rules in simulation.planted.items())
    table.add_section()
    table.add_row("all 合计", "", str(planted), str(found), _mark(found == planted))
    for number in (2, 3):
        table.columns[number].justify = "right"
    return table


def _near_misses(simulation: Simulation, opened: Opened) -> Table:
    table = grid("near miss 临界情形", "households 户", "alerts 预警", "", title="near misses must stay quiet 临界情形不应预警")
    for name in NEAR_MISSES:
        households = [household for household, miss in simulation.near_misses.items() if miss == name]
        loud = sum(household in opened for household in households)
        table.add_row(f"{name} {NEAR_MISSES_ZH[name]}", str(len(households)), str(loud), _mark(not loud))
    for number in (1, 2):
        table.columns[number].justify = "right"
    return table


def _mark(good: bool) -> Text:
    return Text("✔", "green") if good else Text("✘", "bold red")
