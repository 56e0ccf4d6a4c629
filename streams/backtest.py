"""What if: one household's history under two policies, and the comparison of what they say (docs/contract-backtest.md).

Facts know no policy, so they are merged once; each policy judges them with a thread of its own.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final, Literal

import msgspec

from schemas.alerts import Alert
from schemas.fields import instant_of, month_of, render_month
from schemas.household import Facts, HouseholdState, OpenAlert, Thread
from schemas.reports import Tick
from schemas.vocabulary import SEVERITIES, Severity, Transition
from streams.arrivals import Arrival
from streams.assess import area_code
from streams.due import due
from streams.household import merge
from streams.pipeline import Message, judge
from streams.policies import Judges

Change = Literal["added", "removed", "raised", "lowered", "reasons"]
MEASURES: Final = (
    "households", "open_old", "open_new", "added", "removed", "raised", "lowered", "leads_old", "leads_new", "led_only_old",
    "led_only_new", "transitions_old", "transitions_new",
)  # fmt: skip


class Turned(msgspec.Struct, frozen=True, gc=False):
    """A transition on the way: the month of the record that caused it, and the rules among its reasons."""

    month: int
    opened: bool
    rules: frozenset[str]


class Side(msgspec.Struct, frozen=True):
    """What one policy says of a household: what is open at the end, and every transition that counts."""

    open: OpenAlert | None
    turned: tuple[Turned, ...]

    @property
    def leads(self) -> int:
        """How often an alert opened."""
        return sum(each.opened for each in self.turned)

    def gravest(self, rule: str | None = None) -> Severity | None:
        """Return the severity at the end, of the whole alert or of one rule's reasons; None where there is none."""
        if self.open is None or rule is None:
            return self.open.severity if self.open is not None else None
        found = [each.severity for each in self.open.reasons if short(each.rule) == rule]
        return max(found, key=SEVERITIES.index, default=None)

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that hold the alert open at the end, each once, in the order of their names."""
        return tuple(sorted({short(each.rule) for each in self.open.reasons})) if self.open is not None else ()


class Outcome(msgspec.Struct, frozen=True):
    """One household under both policies; ``county`` and ``tier`` are ``unknown`` where nobody said."""

    household_id: str
    county: str
    tier: str
    old: Side
    new: Side

    @property
    def change(self) -> Change | None:
        """What differs at the end, the gravest of it; None where both say the same."""
        found = _change(self.old.gravest(), self.new.gravest())
        return found or ("reasons" if self.old.rules != self.new.rules else None)


def short(rule: str) -> str:
    """Return a rule's name without its version."""
    return rule.partition("@")[0]


def replay(
    household_id: str, arrivals: Iterable[Arrival], old: Judges, new: Judges, since: int | None = None, ticks: int | None = None
) -> Outcome:
    """Live a household's history, in order of arrival, under two policies, or under the versions of each as they take effect.

    Transitions caused by records from before ``since`` are not counted. With ``ticks`` time passes between records and up to
    that instant, as it does for workers with ticks on. Instants in nanoseconds.
    """
    life = _Life(household_id, (old, new), since)
    for arrival in arrivals:
        message = arrival.report or arrival.change
        if message is not None:
            at = instant_of(arrival.timestamp)
            if ticks is not None:
                life.pass_time(at)
            life.take(message, at)
    if ticks is not None:
        life.pass_time(ticks)
    area = area_code(life.facts)
    county = area[:6] if area else "unknown"
    sides = [Side(thread.open, tuple(said)) for thread, said in zip(life.threads, life.turned, strict=True)]
    return Outcome(household_id, county, new.of(life.facts.as_of).tier(county), *sides)


class _Life:
    """A household while it is lived: facts that are merged once, and a thread by policy."""

    def __init__(self, household_id: str, policies: tuple[Judges, Judges], since: int | None) -> None:
        self._household_id, self._policies, self._since = household_id, policies, since
        self.facts = Facts()
        self.threads = [Thread(), Thread()]
        self.turned: tuple[list[Turned], list[Turned]] = ([], [])

    def take(self, message: Message, at: int) -> None:
        """Take a record with its timestamp."""
        before, facts = self.facts, merge(self.facts, message)
        if facts is before:
            return
        self.facts = facts
        for side, policy in enumerate(self._policies):
            found = judge(self._household_id, before, facts, self.threads[side], message, at, policy.of(facts.as_of))
            self.threads[side] = found.thread
            if found.alert is not None and (self._since is None or at >= self._since):
                self.turned[side].append(_turned(found.alert, at))

    def pass_time(self, until: int) -> None:
        """Tick where the household is due under either policy, up to ``until``: a tick too many says nothing."""
        while (at := self._due()) is not None and at <= until:
            self.take(Tick(self._household_id, at), at)

    def _due(self) -> int | None:
        states = [HouseholdState(facts=self.facts, thread=thread) for thread in self.threads]
        dues = [due(state, policy) for state, policy in zip(states, self._policies, strict=True)]
        return min((each for each in dues if each is not None), default=None)


def _turned(alert: Alert, at: int) -> Turned:
    rules = frozenset(short(reason.rule) for reason in alert.reasons)
    return Turned(month_of(at), alert.transition is Transition.OPENED, rules)


class Comparison:
    """The counts of many households: what is counted, then of whom, then how many. Adding is commutative and associative."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rows: dict[str, dict[str, Counter[str]]] = {}

    def row(self, by: str, key: str) -> Counter[str]:
        """Return the counts of a row, which may be changed."""
        return self.rows.setdefault(by, {}).setdefault(key, Counter())

    def add(self, outcome: Outcome) -> None:
        """Count a household."""
        old, new = outcome.old, outcome.new
        whole = _counts(old, new, None)
        for by, key in (("all", "all"), ("tier", outcome.tier), ("county", outcome.county)):
            self.row(by, key).update(whole)
        self.row("change", f"{old.gravest() or 'none'}>{new.gravest() or 'none'}")["households"] += 1
        named = {*old.rules, *new.rules, *(rule for side in (old, new) for each in side.turned for rule in each.rules)}
        for rule in named:
            self.row("rule", rule).update(_counts(old, new, rule))
        for name, side in (("old", old), ("new", new)):
            for each in side.turned:
                self.row("month", render_month(each.month)).update(
                    {f"transitions_{name}": 1, f"leads_{name}": int(each.opened)}
                )

    def merge(self, other: "Comparison") -> None:
        """Add the counts of other households."""
        for by, rows in other.rows.items():
            for key, counts in rows.items():
                self.row(by, key).update(counts)


def _counts(old: Side, new: Side, rule: str | None) -> dict[str, int]:
    """Return what one household adds to a row, looked at as a whole or as if it had only the reasons of one rule."""
    before, after = old.gravest(rule), new.gravest(rule)
    said = [[each for each in side.turned if rule is None or rule in each.rules] for side in (old, new)]
    leads = [sum(each.opened for each in side) for side in said]
    counts = {
        "households": 1, "open_old": int(before is not None), "open_new": int(after is not None),
        "leads_old": leads[0], "leads_new": leads[1],
        "led_only_old": int(leads[0] > 0 and not leads[1]), "led_only_new": int(leads[1] > 0 and not leads[0]),
        "transitions_old": len(said[0]), "transitions_new": len(said[1]),
    }  # fmt: skip
    change = _change(before, after)
    return counts if change is None else counts | {change: 1}


def _change(before: Severity | None, after: Severity | None) -> Change | None:
    if before == after:
        return None
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "raised" if SEVERITIES.index(after) > SEVERITIES.index(before) else "lowered"
