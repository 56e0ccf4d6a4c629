"""The household's books: monthly income from departments and statements, spending and claims (contract §3.2, §4).

Everything chosen here as "newest" is chosen when reading; the facts keep all candidates.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from schemas.fields import month_of
from schemas.household import Facts
from schemas.reports import Claim, Income, IncomeStatement, KeptReport, Spending
from schemas.vocabulary import COMPONENTS

WINDOW_MONTHS: Final = 12
CARRY_MONTHS: Final = 12
"""A statement is carried forward at most this many months after its last one."""

Support = tuple[KeptReport, int]


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
        self._statements: dict[tuple[int, int, int], tuple[IncomeStatement, Support]] = {}
        self._cumulative: dict[tuple[str, str, int, str | None], tuple[str, Entry]] = {}
        self._spending: list[tuple[str, Entry]] = []
        self._claims: list[Entry] = []
        for report in reversed(facts.reports):
            for position, fact in enumerate(report.facts):
                self._enter(report, position, fact)
        self._by_month: dict[tuple[str, int], list[Entry]] = {}
        for (_, component, month, _), entry in self._income.items():
            self._by_month.setdefault((component, month), []).append(entry)

    def _enter(self, report: KeptReport, position: int, fact: object) -> None:
        support = (report, position)
        match fact:
            case Income():
                key = (report.source, fact.component, fact.month, fact.person_id)
                self._income.setdefault(key, Entry(fact.month, fact.amount, support))
            case IncomeStatement():
                self._statements.setdefault((report.channel, fact.start, fact.end), (fact, support))
            case Spending(cumulative=True):
                year = (report.source, fact.category, fact.month // 12, fact.person_id)
                self._cumulative.setdefault(year, (fact.category, Entry(fact.month, fact.amount, support)))
            case Spending():
                self._spending.append((fact.category, Entry(fact.month, fact.amount, support)))
            case Claim():
                self._claims.append(Entry(fact.month, fact.amount, support))
            case _:
                pass

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
        months = range(self.month - back - WINDOW_MONTHS, self.month - back)
        sums: dict[str, int] = {}
        support: dict[tuple[str, int], Support] = {}
        for name in (*COMPONENTS, "production_cost"):
            sums[name] = 0
            for month in months:
                entries = self._month(name, month)
                if entries is None:
                    return Missing(f"{name} of {month // 12:04d}-{month % 12 + 1:02d}")
                for entry in entries:
                    sums[name] += entry.amount
                    support[entry.support[0].event_id, entry.support[1]] = entry.support
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

    def _month(self, name: str, month: int) -> list[Entry] | None:
        """Return what stands for one component in one month, by the order of precedence of contract §4."""
        known = self._by_month.get((name, month))
        if known:
            return known
        for channel in (1, 0):
            covering = [
                (support[0].newness, statement, support)
                for (rank, start, end), (statement, support) in self._statements.items()
                if rank == channel and start <= month <= end
            ]
            if covering:
                _, statement, support = max(covering, key=lambda each: (each[0], -each[2][1]))
                return [Entry(month, _share(statement, name, month), support)]
        return self._carried(name, month)

    def _carried(self, name: str, month: int) -> list[Entry] | None:
        before = [
            (support[0].newness, statement, support)
            for (_, _, end), (statement, support) in self._statements.items()
            if 1 <= month - end <= CARRY_MONTHS
        ]
        if not before:
            return None
        _, statement, support = max(before, key=lambda each: (each[0], -each[2][1]))
        return [Entry(month, int(getattr(statement, name)) // statement.months, support)]


def _share(statement: IncomeStatement, name: str, month: int) -> int:
    """Return the share of one covered month: rounded down, the remainder in the last month."""
    total: int = getattr(statement, name)
    share = total // statement.months
    return total - share * (statement.months - 1) if month == statement.end else share


def newest_first(support: Iterable[Support]) -> tuple[Support, ...]:
    """Sort facts by their report, newest first, and by position within it."""
    return tuple(sorted(sorted(support, key=lambda s: s[1]), key=lambda s: s[0].newness, reverse=True))
