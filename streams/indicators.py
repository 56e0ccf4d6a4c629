"""What is counted of households and leads by county, as a fold that takes them in any order (docs/contract-report.md)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from schemas.area_alerts import AreaAlert
from schemas.fields import parse_day
from schemas.household import HouseholdState
from schemas.vocabulary import AreaLevel
from streams.assess import area_code
from streams.counts import PLURAL, Row
from streams.feed_silence import Feeds, Word
from streams.migrants import beside_a_year_before
from streams.outcomes import Lead, Visit, answered, not_taken_back
from streams.policy import BP
from streams.scope import Scope
from streams.standing import income_of, standing


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
        names, income = list(standing(state, scope)), income_of(state, scope.policy)
        counted = Counter(["households", *names])
        if income is not None:
            counted.update(["determined"])
            points = scope.policy.parameters(county).policy_dependence.share_from
            counted["dependent"] += income.gross > 0 and income.transfers * BP >= income.gross * points
        counted.update(beside_a_year_before(state.facts, scope.day))
        for row in self._places(county, scope.policy.tier(county)):
            row.counts.update(counted)
            if income is not None:
                row.incomes.append(income.reference)

    def add_leads(self, leads: Sequence[Lead], visits: tuple[Visit, ...], scope: Scope) -> None:
        """Count one household's leads of the time asked about, in their order, and by rule what visits found of them."""
        for lead, passed in answered(leads, visits, scope.day):
            if not scope.since <= lead.day <= scope.day:
                continue
            names = Counter(["leads", *(f"leads_{channel}" for channel in lead.channels)])
            if len(lead.channels) == 1:
                names.update(f"leads_alone_{channel}" for channel in lead.channels)
            for rule in lead.rules:
                names.update({f"verified_{rule}": int(passed is not None), f"confirmed_{rule}": int(passed or 0)})
            for row in self._places(lead.county, lead.tier):
                row.counts.update(names)

    def add_word(self, word: Word, scope: Scope) -> None:
        """Take a sign of life of a department, unless it came after the day."""
        if word.day <= scope.day:
            self.feeds.add(*word)

    def add_area_alerts(self, alerts: Iterable[AreaAlert], scope: Scope) -> None:
        """Count the transitions of areas, given whole and in the order in which they were published."""
        said: dict[tuple[AreaLevel, str], list[AreaAlert]] = {}
        for alert in alerts:
            said.setdefault((alert.level, alert.area_code), []).append(alert)
        for (level, _), every in said.items():
            kept = not_taken_back(every)
            for alert in kept:
                if alert.transition == "opened" and scope.since <= parse_day(alert.opened_on) <= scope.day:
                    self._count_area("opened", level, alert)
            self._count_area("open", level, kept[-1])

    def _count_area(self, what: str, level: AreaLevel, alert: AreaAlert) -> None:
        if alert.severity is not None:
            for row in self._places(alert.county_code, alert.tier):
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

    def _places(self, county: str, tier: str) -> Iterator[Row]:
        for by, key in (("all", "all"), ("tier", tier), ("county", county)):
            yield self.row(by, key)
