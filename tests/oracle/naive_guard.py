"""What stands against the removal of a household, recomputed naively from its reports (docs/contract-cases.md §3)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.oracle import naive, naive_signals
from tests.oracle.naive import month, when
from tests.oracle.whole import Reports

INCOME_MONTHS = 6
KNOWN_GOOD = ("food", "clothing", "medical_cover", "housing", "water")
Line = Callable[[datetime], int]
"""The income line (fen) that is in force at an instant."""
Missing = list[tuple[str, str]]
"""Conditions that do not hold: code and detail."""


def against(kept: Reports, registry: dict[str, Any] | None, at: datetime, line: Line) -> Missing:
    """What stands against removal at an instant, of the reports up to then and of 36 months before."""
    then = [
        report for report in kept if when(report["occurred_at"]) <= at and month(when(report["occurred_at"])) >= month(at) - 36
    ]
    facts, m, members = [(r, f) for r in then for f in r["facts"]], month(at), len(registry["members"]) if registry else 0
    lacks = Missing()
    for back in range(INCOME_MONTHS):
        window = naive.window_income(facts, m - 12 - back, members) if members else None
        there = f"{(m - 1 - back) // 12:04d}-{(m - 1 - back) % 12 + 1:02d}"
        if window is None:
            lacks.append(("income-undetermined", there))
            break
        if window["reference"] < line(at):
            lacks.append(("income-below-line", there))
            break
    bad: list[Any] = []
    naive.indicators(facts, bad)
    lacks += [("guarantee", f"{rule}@1") for rule, *_ in bad]
    known = {fact["type"] for _, fact in facts}
    lacks += [("guarantee", f"{kind.replace('_', '-')}@1:unknown") for kind in KNOWN_GOOD if kind not in known]
    net = naive.spending_in(facts, m - 12, []) - naive.claims_in(facts, m - 12, [])
    if registry and net >= (500_000 if registry["status"] == "relieved" else 2_000_000):
        lacks.append(("spending", f"{net // 100}.{net % 100:02d}"))
    if registry is None:
        return [*lacks, ("labour", "unknown")]
    world = naive_signals.World(then, registry, "", at)
    out = {f["person_id"] for _, f in world.current("membership") if f["status"] == "left" and world.age(f) >= 0}
    out |= {f["person_id"] for _, f in world.current("employment") if f["status"] == "unable" and world.age(f) >= 0}
    able = [each for each in registry["members"] if each["person_id"] not in out]
    return lacks if naive.pathway(at, registry | {"members": able}) == "development" else [*lacks, ("labour", "")]
