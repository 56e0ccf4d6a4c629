"""The household's books: monthly income from departments and statements, spending and claims (contract §3.2, §4).

Everything chosen here as "newest" is chosen when reading; the facts keep all candidates.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.fields import month_of, render_month
from schemas.household import Facts
from schemas.reports import Claim, Income, IncomeStatement, Indicator, KeptReport, Spending
from schemas.vocabulary import CHANNELS, COMPONENTS

WINDOW_MONTHS: Final = 12
CADRE: Final = CHANNELS.index("cadre")
CARRY_MONTHS: Final = 12
"""A statement is carried forward at most this many months after its last one."""

Support = tuple[KeptReport, int]
"""A fact: its report and its position there."""
Statement = tuple[IncomeStatement, Support]


@dataclass(frozen=True, slots=True)
class Entry:
    """An amount in fen that counts in a month, and the fact it comes from."""

    month: int
    amount: int
    support: Support


@dataclass(frozen=True, slots=True)
class Window:
    """Twelve months of income: sums in fen over the household, and every fact that entered them."""

    gross: int
    transfers: int
    production_cost: int
    claims: int
    medical: int
    members: int
    support: tuple[Support, ...]

    @property
    def reference(self) -> int:
        """Reference income per head in fen, half to even."""
        return divide_half_even(self.gross - self.production_cost + self.claims - self.medical, self.members)


@dataclass(frozen=True, slots=True)
class Missing:
    """Why a window is undetermined."""

    what: str


def divide_half_even(total: int, parts: int) -> int:
    """Divide to a whole number, an exact half to the even neighbour."""
    quotient, remainder = divmod(total, parts)
    if 2 * remainder > parts or (2 * remainder == parts and quotient % 2):
        return quotient + 1
    return quotient


class Ledger:
    """A household's facts, sorted for reading once per assessment."""

    def __init__(self, facts: Facts) -> None:
        """Read all reports, newest first, so that the first of a key is the one that counts."""
        self.month = month_of(facts.as_of) if facts.as_of is not None else 0
        self.members = len(facts.registry.members) if facts.registry is not None else 0
        self.registered = facts.registry is not None
        self._income: dict[tuple[str, str, int, str | None], Entry] = {}
        self._statements: dict[tuple[int, int, int], Statement] = {}
        self._cumulative: dict[tuple[str, str, int, str | None], tuple[str, Entry]] = {}
        self._spending: list[tuple[str, Entry]] = []
        self._claims: list[Entry] = []
        for report in reversed(facts.reports):
            for position, fact in enumerate(report.facts):
                self._enter(report, position, fact)
        self._by_component: dict[str, dict[int, list[Entry]]] = {}
        for (_, component, month, _), entry in self._income.items():
            self._by_component.setdefault(component, {}).setdefault(month, []).append(entry)

    def _enter(self, report: KeptReport, position: int, fact: object) -> None:
        support = (report, position)
        if type(fact) is Indicator:  # most facts are; they are not books
            return
        if isinstance(fact, Income):
            key = (report.source, fact.component, fact.month, fact.person_id)
            if key not in self._income:
                self._income[key] = Entry(fact.month, fact.amount, support)
        elif isinstance(fact, Spending):
            entry = Entry(fact.month, fact.amount, support)
            if fact.cumulative:
                year = (report.source, fact.category, fact.month // 12, fact.person_id)
                self._cumulative.setdefault(year, (fact.category, entry))
            else:
                self._spending.append((fact.category, entry))
        elif isinstance(fact, IncomeStatement):
            self._statements.setdefault((report.channel, fact.start, fact.end), (fact, support))
        elif isinstance(fact, Claim):
            self._claims.append(Entry(fact.month, fact.amount, support))

    def spending(self, category: str | None = None, *, back: int = 0) -> list[Entry]:
        """Return the spending of the window, of one category or of all; ``back`` shifts the window by months."""
        both = [*self._spending, *self._cumulative.values()]
        return self._within((entry for kind, entry in both if category in (None, kind)), back)

    def claims(self, *, back: int = 0) -> list[Entry]:
        """Return the claims received in the window."""
        return self._within(self._claims, back)

    def _within(self, entries: Iterable[Entry], back: int) -> list[Entry]:
        end = self.month - back
        return [entry for entry in entries if end - WINDOW_MONTHS <= entry.month < end]

    def income(self, *, back: int = 0) -> Window | Missing:
        """Return the income of the 12 months that end before the month of ``as_of``, less ``back`` months."""
        if not self.registered:
            return Missing("registry entry")
        if not self.members:
            return Missing("members in the registry entry")
        first = self.month - back - WINDOW_MONTHS
        standing = [(month, self._standing(month)) for month in range(first, first + WINDOW_MONTHS)]
        every_month = _leaning(standing)
        sums: dict[str, int] = {}
        support: dict[tuple[str, int], Support] = {}
        for name in (*COMPONENTS, "production_cost"):
            known = self._by_component.get(name)
            leaning = _leaning([each for each in standing if each[0] not in known]) if known else every_month
            if isinstance(leaning, int):
                return Missing(f"{name} of {render_month(leaning)}")
            amount = 0
            for (statement, stands), count, ends in leaning.values():
                total: int = getattr(statement, name)
                share = total // statement.months
                amount += share * count + (total - share * statement.months if ends else 0)
                support[stands[0].event_id, stands[1]] = stands
            if known:
                for entry in [entry for month, _ in standing for entry in known.get(month, ())]:
                    amount += entry.amount
                    support[entry.support[0].event_id, entry.support[1]] = entry.support
            sums[name] = amount
        claims, medical = self.claims(back=back), self.spending("medical", back=back)
        for entry in (*claims, *medical):
            support[entry.support[0].event_id, entry.support[1]] = entry.support
        return Window(
            gross=sum(sums[name] for name in COMPONENTS),
            transfers=sums["transfer"],
            production_cost=sums["production_cost"],
            claims=sum(entry.amount for entry in claims),
            medical=sum(entry.amount for entry in medical),
            members=self.members,
            support=newest_first(support.values()),
        )

    def _standing(self, month: int) -> Statement | None:
        """Return the statement that speaks for a month where no department does, by the precedence of contract §4.

        Statements stand newest first, those of one report by position, so that the first that fits is the one.
        """
        declared: Statement | None = None
        carried: Statement | None = None
        for (rank, start, end), known in self._statements.items():
            if start <= month <= end:
                if rank == CADRE:
                    return known
                declared = declared or known
            elif carried is None and 1 <= month - end <= CARRY_MONTHS:
                carried = known
        return declared or carried


def _leaning(standing: list[tuple[int, Statement | None]]) -> dict[int, tuple[Statement, int, bool]] | int:
    """Return how many months lean on each statement, and whether its own last month is one of them.

    A month's share is the total divided by the statement's months, rounded down; the remainder lies in its last month. A month
    that is carried forward is never that one, so that it takes the rounded share. Where nothing speaks for a month, returns
    the first such month.
    """
    found: dict[int, tuple[Statement, int, bool]] = {}
    for month, stands in standing:
        if stands is None:
            return month
        _, count, ends = found.get(id(stands), (stands, 0, False))
        found[id(stands)] = (stands, count + 1, ends or month == stands[0].end)
    return found


def newest_first(support: Iterable[Support]) -> tuple[Support, ...]:
    """Sort facts by their report, newest first, and by position within it."""
    return tuple(sorted(sorted(support, key=lambda s: s[1]), key=lambda s: s[0].newness, reverse=True))
