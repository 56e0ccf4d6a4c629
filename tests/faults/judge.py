"""Whether all is right after the faults: everything on the broker, read committed, against a naive recomputation."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import msgspec

from agents.settings import Settings
from schemas import codec
from schemas.cases import CaseStep
from schemas.household import Facts
from schemas.reports import Apart, Claim, Fact, Income, IncomeStatement, KeptReport, Signal, Spending
from schemas.vocabulary import CHANNELS
from tests.faults.judge_alerts import judge_alert, open_of
from tests.faults.judge_areas import judge_areas, known_areas, stored_areas
from tests.faults.judge_cases import judge_case, visit_by
from tests.faults.switched import PLAIN, Switched
from tests.faults.verdict import Verdict, judge_sequences
from tests.faults.world import World
from tests.oracle import naive_cases, stored
from tests.oracle.stored import moment
from tests.worker import read_all


class Told(NamedTuple):
    """What was published of a household, each in order: alerts, what a shadow would say, its case."""

    alerts: list[dict[str, Any]]
    shadow: list[dict[str, Any]]
    case: list[dict[str, Any]]


async def judge(
    settings: Settings, world: World, live: Mapping[str, list[int]] | None = None, switched: Switched = PLAIN,
    today: datetime | None = None,
) -> Verdict:  # fmt: skip
    """Compare everything on the broker with what must be there for every household.

    ``live``: the sequences of each household as a subscriber saw them while it all happened. ``today``: with ticks, an instant
    up to which every household that was due should have got its own; where it is None some may still be on their way.
    """
    verdict = Verdict()
    transitions, shadow = await _transitions(settings, "alerts"), await _transitions(settings, "alerts-shadow")
    cases = await _transitions(settings, "cases") if switched.cases else defaultdict(list)
    current = {each.key.decode(): each.value for each in await read_all(settings, "alerts-current")}
    states = {record.key.decode(): record.value for record in await read_all(settings, "fangfan-households-changelog")}
    for name in world.lives:
        said, beside = transitions[name], shadow[name]
        judge_sequences(verdict, name, [each["sequence"] for each in said])
        judge_sequences(verdict, f"{name} shadow", [each["sequence"] for each in beside])
        if live is not None and live.get(name, []) != [each["sequence"] for each in said]:
            _judge_live(verdict, name, live.get(name, []), len(said))
        _judge_current(verdict, name, said, current.get(name))
        if name not in states:
            verdict.lost.append(f"{name}: no state")
            continue
        try:
            told = Told(said, beside, cases[name])
            _judge_household(verdict, name, world, codec.decode_state(states[name]).facts, told, switched, today)
        except ValueError as error:
            verdict.wrong.append(f"{name}: {error}")
    if live is not None:
        strangers = {*transitions, *states, *live, *shadow} - {*world.lives}
        verdict.wrong += [f"{name}: nobody sent anything about it" for name in strangers]
    if switched.areas:
        kept = [(each.key, each.value) for each in await read_all(settings, "fangfan-persons-changelog")]
        said_of, now = await _transitions(settings, "area-alerts"), moment(time.time_ns())
        known = known_areas(world, transitions, counted=True)
        judge_areas(verdict, known, stored_areas(kept), said_of, switched, today, now)
    if not switched.shadow:
        verdict.wrong += [f"{name}: a shadow where none was" for name, found in shadow.items() if found]
    letters = Counter((record.key, record.value) for record in await read_all(settings, "dead-letters"))
    verdict.lost += [f"dead letter {key!r}" for key in world.junk - letters]
    verdict.doubled += [f"dead letter {key!r}" for key in letters - world.junk]
    return verdict


def _judge_household(
    verdict: Verdict, name: str, world: World, facts: Facts, told: Told, switched: Switched, today: datetime | None
) -> None:
    """Whether what is stored and open is what its reports say at the clock it has got to.

    Raises:
        ValueError: nothing leads to this clock.
    """
    reports, entry = world.lives[name]
    clock = switched.clock(reports, moment(facts.as_of or 0), moment(time.time_ns()))
    if stored.expected(reports, entry, clock) != plain(facts):
        verdict.wrong.append(f"{name}: state")
    expected = partial(switched.expected, reports, entry)
    as_of: datetime = expected(clock)["as_of"]
    late = today if today is not None and as_of < today else None
    judge_alert(verdict, name, reports, told.alerts, switched.window, expected, clock, late)
    if switched.shadow:
        beside = partial(expected, shadow=True)
        judge_alert(
            verdict, f"{name} shadow", reports, told.shadow, switched.window, beside, clock, None
        )  # ticks are no shadow's
    if switched.cases:
        asked = partial(naive_cases.said, reports, entry, alert=open_of(told.alerts), line=switched.line)
        case = partial(asked, visit_by=visit_by(told.case))
        judge_case(verdict, name, told.case, case(as_of), case(late) if late is not None else None)


async def _transitions(settings: Settings, topic: str) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in await read_all(settings, topic):
        found[record.key.decode()].append(msgspec.json.decode(record.value))
    return found


def _judge_live(verdict: Verdict, name: str, seen: list[int], count: int) -> None:
    times = Counter(seen)
    if max(times.values(), default=0) > 1:
        verdict.doubled.append(f"{name}: seen live {seen}")
    if set(range(1, count + 1)) - set(seen):
        verdict.lost.append(f"{name}: seen live {seen} of {count}")
    if seen != sorted(seen) or set(seen) - set(range(1, count + 1)):
        verdict.wrong.append(f"{name}: seen live {seen} of {count}")


def _judge_current(verdict: Verdict, name: str, found: list[dict[str, Any]], current: bytes | None) -> None:
    if open_of(found) != (None if current is None else msgspec.json.decode(current)):
        verdict.wrong.append(f"{name}: alerts-current")


def plain(facts: Facts) -> dict[str, Any]:
    """Return stored facts in the words of :mod:`tests.oracle.stored`."""
    entry, newest = facts.registry, facts.newest
    return {
        "as_of": facts.as_of,
        "newest": newest and (newest.event_id, newest.area_code),
        "reports": _plain_reports(facts.reports),
        "signals": _plain_reports(facts.signals),
        "past": {each.event_id for each in (*facts.past.reports, *facts.past.signals)} if facts.past is not None else set(),
        "withdrawals": {(each.event_id, CHANNELS[each.channel]): each.until for each in facts.withdrawals},
        "registry": entry and {
            "updated_at": entry.updated_at, "area_code": entry.area_code, "status": entry.status,
            "relieved_on": entry.relieved_on,
            "members": [(m.person_id, m.birth_year, m.labour, m.student) for m in entry.members],
        },
    }  # fmt: skip


def _plain_reports(reports: tuple[KeptReport, ...]) -> dict[str, tuple[Any, ...]]:
    return {
        each.event_id: (each.occurred_at, CHANNELS[each.channel], each.source, [_plain_fact(f) for f in each.facts])
        for each in reports
    }


def _plain_fact(fact: Fact | Apart) -> tuple[Any, ...]:
    match fact:
        case IncomeStatement():
            totals = fact.wage, fact.business, fact.property, fact.transfer, fact.production_cost
            return "statement", fact.start, fact.end, *totals
        case Income():
            return "income", fact.component, fact.month, fact.amount, fact.person_id
        case Spending():
            return "spending", fact.category, fact.amount, fact.month, fact.person_id, fact.cumulative
        case Claim():
            return "claim", fact.kind, fact.amount, fact.month
        case CaseStep():
            return "case_step", fact.step, fact.phase, fact.passed, fact.category, fact.stage
        case Signal():
            return "signal", fact.kind, fact.person_id, fact.thing, fact.value, fact.month, fact.amount, fact.share
        case _:
            return "indicator", fact.kind, fact.subject, fact.value
