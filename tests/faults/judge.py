"""Whether all is right after the faults: everything on the broker, read committed, against a naive recomputation."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from agents.settings import Settings
from schemas import codec
from schemas.household import Facts
from schemas.reports import Claim, Fact, Income, IncomeStatement, KeptReport, Signal, Spending
from schemas.vocabulary import CHANNELS
from tests.faults.switched import PLAIN, Switched
from tests.faults.world import World
from tests.oracle import stored
from tests.oracle.stored import moment
from tests.worker import read_all


@dataclass(slots=True)
class Verdict:
    """What was found wrong, by kind; each a household or a dead letter."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Each exactly once, and as expected."""
        return not (self.lost or self.doubled or self.wrong)


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
    current = {each.key.decode(): each.value for each in await read_all(settings, "alerts-current")}
    states = {record.key.decode(): record.value for record in await read_all(settings, "fangfan-households-changelog")}
    for name in world.lives:
        said, beside = transitions[name], shadow[name]
        _judge_sequences(verdict, name, [each["sequence"] for each in said])
        _judge_sequences(verdict, f"{name} shadow", [each["sequence"] for each in beside])
        if live is not None and live.get(name, []) != [each["sequence"] for each in said]:
            _judge_live(verdict, name, live.get(name, []), len(said))
        _judge_current(verdict, name, said, current.get(name))
        if name not in states:
            verdict.lost.append(f"{name}: no state")
            continue
        try:
            _judge_household(verdict, name, world, codec.decode_state(states[name]).facts, said, beside, switched, today)
        except ValueError as error:
            verdict.wrong.append(f"{name}: {error}")
    if live is not None:
        strangers = {*transitions, *states, *live, *shadow} - {*world.lives}
        verdict.wrong += [f"{name}: nobody sent anything about it" for name in strangers]
    if not switched.shadow:
        verdict.wrong += [f"{name}: a shadow where none was" for name, found in shadow.items() if found]
    letters = Counter((record.key, record.value) for record in await read_all(settings, "dead-letters"))
    verdict.lost += [f"dead letter {key!r}" for key in world.junk - letters]
    verdict.doubled += [f"dead letter {key!r}" for key in letters - world.junk]
    return verdict


def _judge_household(
    verdict: Verdict, name: str, world: World, facts: Facts, said: list[dict[str, Any]], beside: list[dict[str, Any]],
    switched: Switched, today: datetime | None,
) -> None:  # fmt: skip
    """Whether what is stored and open is what its reports say at the clock it has got to.

    Raises:
        ValueError: nothing leads to this clock.
    """
    reports, entry = world.lives[name]
    clock = switched.clock(reports, moment(facts.as_of or 0), moment(time.time_ns()))
    if stored.expected(reports, entry, clock) != plain(facts):
        verdict.wrong.append(f"{name}: state")
    expected = switched.expected(reports, entry, clock)
    _judge_alert(verdict, name, expected, said)
    if switched.shadow:
        _judge_alert(verdict, f"{name} shadow", switched.expected(reports, entry, clock, shadow=True), beside)
    if today is not None and expected["as_of"] < today:
        _judge_time(verdict, name, expected, switched.expected(reports, entry, today))


async def _transitions(settings: Settings, topic: str) -> defaultdict[str, list[dict[str, Any]]]:
    found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in await read_all(settings, topic):
        found[record.key.decode()].append(msgspec.json.decode(record.value))
    return found


def _judge_time(verdict: Verdict, name: str, then: dict[str, Any], now: dict[str, Any]) -> None:
    """Whether a household stands at an instant since which its answer has changed: a tick that never came.

    Neither category nor pathway is anything without a reason.
    """
    names = ("severity", "reasons", "conflicts") + (("category", "pathway") if now["severity"] else ())
    if [then[each] for each in names] != [now[each] for each in names]:
        verdict.lost.append(f"{name}: no tick since {then['as_of']}")


def _judge_sequences(verdict: Verdict, name: str, sequences: list[int]) -> None:
    whole = list(range(1, len(set(sequences)) + 1))
    if len(set(sequences)) != len(sequences):
        verdict.doubled.append(f"{name}: sequences {sequences}")
    if sorted(set(sequences)) != whole:
        verdict.lost.append(f"{name}: sequences {sequences}")
    elif len(sequences) == len(whole) and sequences != whole:
        verdict.wrong.append(f"{name}: sequences {sequences}")


def _judge_live(verdict: Verdict, name: str, seen: list[int], count: int) -> None:
    times = Counter(seen)
    if max(times.values(), default=0) > 1:
        verdict.doubled.append(f"{name}: seen live {seen}")
    if set(range(1, count + 1)) - set(seen):
        verdict.lost.append(f"{name}: seen live {seen} of {count}")
    if seen != sorted(seen) or set(seen) - set(range(1, count + 1)):
        verdict.wrong.append(f"{name}: seen live {seen} of {count}")


def _judge_alert(verdict: Verdict, name: str, expected: dict[str, Any], found: list[dict[str, Any]]) -> None:
    last = found[-1] if found else None
    if expected["severity"] is None:
        if last is not None and last["transition"] != "cleared":
            verdict.wrong.append(f"{name}: open though nothing holds")
        return
    if last is None or last["transition"] == "cleared":
        verdict.lost.append(f"{name}: no alert")
        return
    said = {
        "severity": last["severity"], "category": last["category"], "pathway": last["pathway"],
        "reasons": {(_rule(r), r["subject"], r["severity"], tuple(r["channels"])) for r in last["reasons"]},
        "conflicts": {(_rule(c), c["subject"]) for c in (*last["conflicts"], *(r["conflict"] for r in last["reasons"])) if c},
    }  # fmt: skip
    for part, value in said.items():
        if value != expected[part]:
            verdict.wrong.append(f"{name}: last alert, {part}: {value} and not {expected[part]}")


def _rule(each: dict[str, Any]) -> str:
    """Return the name of a rule without its version."""
    return str(each["rule"]).partition("@")[0]


def _judge_current(verdict: Verdict, name: str, found: list[dict[str, Any]], current: bytes | None) -> None:
    last = found[-1] if found else None
    open_ = last if last is not None and last["transition"] != "cleared" else None
    if open_ != (None if current is None else msgspec.json.decode(current)):
        verdict.wrong.append(f"{name}: alerts-current")


def plain(facts: Facts) -> dict[str, Any]:
    """Return stored facts in the words of :mod:`tests.oracle.stored`."""
    entry, newest = facts.registry, facts.newest
    return {
        "as_of": facts.as_of,
        "newest": newest and (newest.event_id, newest.area_code),
        "reports": _plain_reports(facts.reports),
        "signals": _plain_reports(facts.signals),
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


def _plain_fact(fact: Fact) -> tuple[Any, ...]:
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
        case Signal():
            return "signal", fact.kind, fact.person_id, fact.thing, fact.value, fact.month, fact.amount, fact.share
        case _:
            return "indicator", fact.kind, fact.subject, fact.value
