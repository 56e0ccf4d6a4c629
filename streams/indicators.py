"""What is counted of households and leads by county, as a fold that takes them in any order (docs/contract-report.md)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from schemas.alerts import Alert
from schemas.area_alerts import AreaAlert
from schemas.fields import day_of, instant_of_day, month_of, month_of_day, parse_day, parse_instant
from schemas.household import HouseholdState
from schemas.vocabulary import CHANNELS, SEVERITIES, AreaLevel, Transition
from streams.assess import area_code, ask
from streams.casework import clocks_at
from streams.feed_silence import NO_CADENCE, Days, Feeds, Word, silent
from streams.ledger import Missing, Window, divide_half_even
from streams.migrants import beside_a_year_before
from streams.noise import snoozed_until
from streams.outcomes import Lead, Visit, answered
from streams.policies import Policies
from streams.policy import BP, Policy
from streams.rules import INDICATOR_RULES, SIGNAL_RULES, name_of
from streams.rules import RULES as EVERY
from streams.rules.context import Context

CATEGORIES: Final = ("sudden", "unstable", "marginal", "unknown")
RULES: Final = tuple(f"rule_{name}" for name in EVERY)
LEADS: Final = ("leads", *(f"leads_{name}" for name in CHANNELS), *(f"leads_alone_{name}" for name in CHANNELS))
PLURAL: Final[dict[AreaLevel, str]] = {"village": "villages", "township": "townships"}
AREAS: Final = tuple(
    f"{what}_{places}{severity}" for what in ("open", "opened") for places in PLURAL.values()
    for severity in ("", *(f"_{name}" for name in SEVERITIES))
)  # fmt: skip
OVERDUE: Final = ("overdue_verify", "overdue_finish", "overdue_settle")
MIGRANTS: Final = (
    "migrants", "migrants_before", "migrants_share", "migrants_outside", "migrants_outside_before", "migrants_outside_share",
)  # fmt: skip
MEASURES: Final = (
    "households", "open", *(f"open_{name}" for name in SEVERITIES), *CATEGORIES, "overdue", *RULES, *LEADS, "reported",
    "determined", "undetermined_share", "dependent", "dependent_share", "median_income", "of_province", "of_nation",
    "conflicting", "conflict_share", "silent", "silent_share", *AREAS, *OVERDUE, *MIGRANTS, "snoozed", "withheld",
)  # fmt: skip
SHARES: Final = {
    "dependent_share": ("dependent", "determined"), "conflict_share": ("conflicting", "reported"),
    "silent_share": ("silent", "households"),
    "migrants_share": ("migrants", "migrants_before"),
    "migrants_outside_share": ("migrants_outside", "migrants_outside_before"),
}  # fmt: skip
"""What a share is of what; that of the undetermined is what is left of the determined."""


_HEARD: Final = frozenset([*INDICATOR_RULES, *SIGNAL_RULES])
"""Rules of what several channels may say otherwise."""
_ORDER: Final = {name: place for place, name in enumerate(EVERY)}


class Scope(msgspec.Struct, frozen=True):
    """What a report is about: versions of the policy, the ordinal day it speaks of, the first day leads count from.

    ``silent_months`` is for how long nobody was heard of a silent household, ``silent_days`` the same of a department, and
    ``feed_days`` of departments that have a cadence of their own.
    """

    policies: Policies
    day: int
    since: int
    silent_months: int
    silent_days: int
    feed_days: Mapping[str, int] = NO_CADENCE

    @property
    def policy(self) -> Policy:
        """What is in force on the day."""
        return self.policies.at(self.day)

    def silent(self, days: Days) -> list[str]:
        """Return the departments that are silent on the day, by the newest words about a place."""
        return list(silent(days, self.day, self.silent_days, self.feed_days))


class Row:
    """The counts of one place, and the reference incomes (fen a head) of its determined households."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.counts: Counter[str] = Counter()
        self.incomes: list[int] = []

    def merge(self, other: "Row") -> None:
        """Add the counts of other households."""
        self.counts.update(other.counts)
        self.incomes += other.incomes

    def share(self, name: str) -> int | None:
        """Return a share in basis points, half to even; None of nothing."""
        if name == "undetermined_share":
            return share(self.counts["reported"] - self.counts["determined"], self.counts["reported"])
        part, whole = SHARES[name]
        return share(self.counts[part], self.counts[whole])

    @property
    def judged(self) -> list[str]:
        """The rules that stand behind leads, as ``rule@version``, in the order of the alert's and of their versions."""
        found = (name.removeprefix("verified_") for name in self.counts if name.startswith("verified_"))
        return sorted(found, key=lambda rule: (_ORDER.get(name_of(rule), len(_ORDER)), len(rule), rule))

    def precision(self, rule: str) -> int | None:
        """Return the share of verified leads of a rule (``rule@version``) that a visit confirmed, in basis points."""
        return share(self.counts[f"confirmed_{rule}"], self.counts[f"verified_{rule}"])

    @property
    def median(self) -> int | None:
        """The median reference income in fen, None where none is determined."""
        return median(self.incomes)


class Indicators:
    """Rows by what they are of, then of whom: ``all``, ``tier``, ``county``."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.rows: dict[str, dict[str, Row]] = {}
        self.feeds = Feeds()

    def add_household(self, state: HouseholdState, scope: Scope) -> None:
        """Count a household as it is stored."""
        if state.facts.newest is None and state.facts.registry is None:
            return
        area = area_code(state.facts)
        county = area[:6] if area else "unknown"
        names, income = list(_standing(state, scope)), _income(state, scope.policy)
        counted = Counter(["households", *names])
        if income is not None:
            counted.update(["determined"])
            points = scope.policy.parameters(county).policy_dependence.share_from
            counted["dependent"] += income.gross > 0 and income.transfers * BP >= income.gross * points
        counted.update(beside_a_year_before(state.facts, scope.day))
        for row in self._places(county, scope.policy):
            row.counts.update(counted)
            if income is not None:
                row.incomes.append(income.reference)

    def add_alert(self, alert: Alert, scope: Scope) -> None:
        """Count a transition where it is a lead of the time asked about."""
        if alert.transition is not Transition.OPENED or not scope.since <= day_of(parse_instant(alert.opened_at)) <= scope.day:
            return
        channels = {channel for reason in alert.reasons for channel in reason.channels}
        names = ["leads", *(f"leads_{channel}" for channel in channels)]
        if len(channels) == 1:
            names.append(f"leads_alone_{next(iter(channels))}")
        for row in self._places(alert.county_code or "unknown", scope.policy):
            row.counts.update(names)

    def add_leads(self, leads: Iterable[Lead], visits: tuple[Visit, ...], scope: Scope) -> None:
        """Count, by rule and version, what visits found of one household's leads of the time asked about."""
        for lead, passed in answered(leads, visits, scope.day):
            if scope.since <= lead.day <= scope.day:
                for row in self._places(lead.county, scope.policy):
                    for rule in lead.rules:
                        row.counts.update({f"verified_{rule}": int(passed is not None), f"confirmed_{rule}": int(passed or 0)})

    def add_word(self, word: Word, scope: Scope) -> None:
        """Take a sign of life of a department, unless it came after the day."""
        if word.day <= scope.day:
            self.feeds.add(*word)

    def add_area_alerts(self, alerts: Iterable[AreaAlert], scope: Scope) -> None:
        """Count the transitions of areas, given whole and in the order in which they were published."""
        said: dict[tuple[AreaLevel, str], list[AreaAlert]] = {}
        for alert in alerts:
            kept = said.setdefault((alert.level, alert.area_code), [])
            while kept and kept[-1].sequence >= alert.sequence:  # a crash took it back
                kept.pop()
            kept.append(alert)
        for (level, _), kept in said.items():
            for alert in kept:
                if alert.transition == "opened" and scope.since <= parse_day(alert.opened_on) <= scope.day:
                    self._count_area("opened", level, alert, scope.policy)
            self._count_area("open", level, kept[-1], scope.policy)

    def _count_area(self, what: str, level: AreaLevel, alert: AreaAlert, policy: Policy) -> None:
        if alert.severity is not None:
            for row in self._places(alert.county_code, policy):
                row.counts.update([f"{what}_{PLURAL[level]}", f"{what}_{PLURAL[level]}_{alert.severity}"])

    def merge(self, other: "Indicators") -> None:
        """Add what was counted of other households and alerts."""
        self.feeds.merge(other.feeds)
        for by, rows in other.rows.items():
            for key, row in rows.items():
                self.row(by, key).merge(row)

    def row(self, by: str, key: str) -> Row:
        """Return a row, which may be changed."""
        return self.rows.setdefault(by, {}).setdefault(key, Row())

    def _places(self, county: str, policy: Policy) -> Iterator[Row]:
        for by, key in (("all", "all"), ("tier", policy.tier(county)), ("county", county)):
            yield self.row(by, key)


def _standing(state: HouseholdState, scope: Scope) -> Iterator[str]:
    """Yield what a household counts for, but its income."""
    facts, opened = state.facts, state.thread.open
    if opened is not None:
        yield from ("open", f"open_{opened.severity}", opened.category)
        yield from {f"rule_{name_of(reason.rule)}" for reason in opened.reasons}
    if opened is not None or facts.signals:  # whoever has neither has no case
        late = {clock.clock for clock in clocks_at(facts, opened, scope.policies, instant_of_day(scope.day)) if clock.overdue}
        yield from (f"overdue_{name}" for name in late)
        yield from ("overdue",) if "verify" in late else ()
    if facts.signals:
        noise = scope.policy.parameters((area_code(facts) or "")[:6]).noise
        yield from ("snoozed",) if snoozed_until(facts, noise, scope.day) is not None else ()
    if state.thread.noise is not None and state.thread.noise.pending is not None:
        yield "withheld"
    if facts.as_of is not None:
        yield "reported"
        if _disagree(state, scope.policy):
            yield "conflicting"
    heard = month_of(facts.newest.occurred_at) if facts.newest is not None else None
    if heard is None or heard <= month_of_day(scope.day) - scope.silent_months:
        yield "silent"


def _disagree(state: HouseholdState, policy: Policy) -> bool:
    """Tell whether channels stand good against bad on an indicator or a signal."""
    found = ask(state.facts, policy, _HEARD)
    return found is not None and bool(found.conflicts or any(finding.conflict for finding in found.findings))


def _income(state: HouseholdState, policy: Policy) -> Window | None:
    if state.facts.as_of is None:
        return None
    income = Context(state.facts, policy.province).income
    return None if isinstance(income, Missing) else income


def median(values: list[int]) -> int | None:
    """Return the middle one; of an even number the mean of the two in the middle, half to even."""
    if not values:
        return None
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else divide_half_even(ordered[middle - 1] + ordered[middle], 2)


def share(part: int, whole: int) -> int | None:
    """Return a part in basis points of a whole, half to even; None of nothing."""
    return divide_half_even(part * BP, whole) if whole > 0 else None
