"""Whether all is right after the faults: everything on the broker, read committed, against a naive recomputation."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agents.settings import Settings
from schemas import codec
from schemas.household import Facts
from schemas.reports import Claim, Fact, Income, IncomeStatement, Spending
from schemas.vocabulary import CHANNELS
from tests.faults.world import World
from tests.oracle import naive, stored
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


async def judge(settings: Settings, world: World, live: Mapping[str, list[int]] | None = None) -> Verdict:
    """Compare everything on the broker with what must be there for every household.

    ``live``: the sequences of each household as a subscriber saw them while it all happened.
    """
    verdict = Verdict()
    transitions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in await read_all(settings, "alerts"):
        transitions[record.key.decode()].append(msgspec.json.decode(record.value))
    current = {each.key.decode(): each.value for each in await read_all(settings, "alerts-current")}
    states = {record.key.decode(): record.value for record in await read_all(settings, "fangfan-households-changelog")}
    for name, (reports, entry) in world.lives.items():
        _judge_sequences(verdict, name, [each["sequence"] for each in transitions[name]])
        if live is not None and live.get(name, []) != [each["sequence"] for each in transitions[name]]:
            _judge_live(verdict, name, live.get(name, []), len(transitions[name]))
        if name not in states:
            verdict.lost.append(f"{name}: no state")
        elif stored.expected(reports, entry) != plain(codec.decode_state(states[name]).facts):
            verdict.wrong.append(f"{name}: state")
        _judge_alert(verdict, name, naive.assess(reports, entry), transitions[name])
        _judge_current(verdict, name, transitions[name], current.get(name))
    if live is not None:
        strangers = {*transitions, *states, *live} - {*world.lives}
        verdict.wrong += [f"{name}: nobody sent anything about it" for name in strangers]
    letters = Counter((record.key, record.value) for record in await read_all(settings, "dead-letters"))
    verdict.lost += [f"dead letter {key!r}" for key in world.junk - letters]
    verdict.doubled += [f"dead letter {key!r}" for key in letters - world.junk]
    return verdict


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


def _judge_alert(verdict: Verdict, name: str, expected: dict[str, Any] | None, found: list[dict[str, Any]]) -> None:
    last = found[-1] if found else None
    if expected is None or expected["severity"] is None:
        if last is not None and last["transition"] != "cleared":
            verdict.wrong.append(f"{name}: open though nothing holds")
        return
    if last is None or last["transition"] == "cleared":
        verdict.lost.append(f"{name}: no alert")
        return
    keys = {(r["rule"].partition("@")[0], r["subject"], r["severity"], tuple(r["channels"])) for r in last["reasons"]}
    same = (last["severity"], last["category"], last["pathway"]) == tuple(
        expected[n] for n in ("severity", "category", "pathway")
    )
    if not same or keys != expected["reasons"]:
        verdict.wrong.append(f"{name}: last alert")


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
        "reports": {
            each.event_id: (each.occurred_at, CHANNELS[each.channel], each.source, [_plain_fact(f) for f in each.facts])
            for each in facts.reports
        },
        "withdrawals": {(each.event_id, CHANNELS[each.channel]): each.until for each in facts.withdrawals},
        "registry": entry and {
            "updated_at": entry.updated_at, "area_code": entry.area_code, "status": entry.status,
            "relieved_on": entry.relieved_on,
            "members": [(m.person_id, m.birth_year, m.labour, m.student) for m in entry.members],
        },
    }  # fmt: skip


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
        case _:
            return "indicator", fact.kind, fact.subject, fact.value
