"""The household's books: monthly income from departments and statements, spending and claims (contract §3.2, §4).

Everything chosen here as "newest" is chosen when reading; the facts keep all candidates.
"""

from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from schemas.fields import month_of, render_month
from schemas.household import Facts
from schemas.reports import Claim, Income, IncomeStatement, Indicator, KeptReport, Spending
from schemas.vocabulary import CHANNELS, COMPONENTS

WINDOW_MONTHS: Final = 12
CADRE: Final = CHANNELS.index("cadre")
FLOWS: Final = (*COMPONENTS, "production_cost")
CARRY_MONTHS: Final = 12
"""A statement is carried forward at most this many months after its last one."""

Support = tuple[KeptReport, int]
"""A fact: its report and its position there."""
Statement = tuple[IncomeStatement, Support]


class Entry(msgspec.Struct, frozen=True, gc=False):
    """An amount in fen that counts in a month, and the fact it comes from."""

    month: int
    amount: int
    support: Support


class Window(msgspec.Struct, frozen=True, gc=False):
    """Twelve months of income: sums in fen over the household, and every fact that entered them, in any order.

    ``reference`` is the reference income per head in fen, half to even.
    """

    gross: int
    transfers: int
    production_cost: int
    claims: int
    medical: int
    members: int
    reference: int
    leaning_on: list[Support]

    @property
    def support(self) -> tuple[Support, ...]:
        """The facts that entered, each once, newest first."""
        return newest_first({(report.event_id, at): (report, at) for report, at in self.leaning_on}.values())


class Missing(msgspec.Struct, frozen=True, gc=False):
    """Why a window is undetermined."""

    what: str


class Segment(msgspec.Struct, frozen=True, gc=False):
    """Months from ``start`` to before ``end`` for which one statement stands, or none."""

    start: int
    end: int
    stands: Statement | None


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
        self._statements: dict[tuple[int, int, int], Statement] = {}
        self._cumulative: dict[tuple[str, str, int, str | None], tuple[str, Entry]] = {}
        self._spending: list[tuple[str, Entry]] = []
        self._claims: list[Entry] = []
        self._by_component: dict[str, dict[int, list[Entry]]] = {}
        income: set[tuple[str, str, int, str | None]] = set()
        for report in reversed(facts.reports):
            for position, fact in enumerate(report.facts):
                if type(fact) is Indicator:  # most facts are; they are not books
                    continue
                if type(fact) is Income:
                    key = (report.source, fact.component, fact.month, fact.person_id)
                    if key not in income:
                        income.add(key)
                        entry = Entry(fact.month, fact.amount, (report, position))
                        self._by_component.setdefault(fact.component, {}).setdefault(fact.month, []).append(entry)
                else:
                    self._enter(report, position, fact)

    def _enter(self, report: KeptReport, position: int, fact: object) -> None:
        support = (report, position)
        if isinstance(fact, Spending):
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
        both = [*self._spending, *self._cumulative.values()] if self._cumulative else self._spending
        if not both:
            return []
        return self._within([entry for kind, entry in both if category is None or kind == category], back)

    def claims(self, *, back: int = 0) -> list[Entry]:
        """Return the claims received in the window."""
        return self._within(self._claims, back)

    def _within(self, entries: Iterable[Entry], back: int) -> list[Entry]:
        end = self.month - back
        first = end - WINDOW_MONTHS
        return [entry for entry in entries if first <= entry.month < end]

    def income(self, *, back: int = 0) -> Window | Missing:
        """Return the income of the 12 months that end before the month of ``as_of``, less ``back`` months."""
        if not self.registered:
            return Missing("registry entry")
        if not self.members:
            return Missing("members in the registry entry")
        first = self.month - back - WINDOW_MONTHS
        segments = self._segments(first, first + WINDOW_MONTHS)
        every_month = _leaning(segments, ())
        sums: dict[str, int] = {}
        support: list[Support] = []
        for name in FLOWS:
            known = self._known(name, first) if name in self._by_component else []
            leaning = _leaning(segments, {entry.month for entry in known}) if known else every_month
            if isinstance(leaning, int):
                return Missing(f"{name} of {render_month(leaning)}")
            amount = 0
            for (statement, stands), count, ends in leaning:
                total: int = getattr(statement, name)
                share = total // statement.months
                amount += share * count + (total - share * statement.months if ends else 0)
                support.append(stands)
            for entry in known:
                amount += entry.amount
                support.append(entry.support)
            sums[name] = amount
        claims, medical = self.claims(back=back), self.spending("medical", back=back)
        support += [entry.support for entry in (*claims, *medical)]
        gross, cost = sum(sums[name] for name in COMPONENTS), sums["production_cost"]
        received, paid = sum(entry.amount for entry in claims), sum(entry.amount for entry in medical)
        reference = divide_half_even(gross - cost + received - paid, self.members)
        return Window(gross, sums["transfer"], cost, received, paid, self.members, reference, support)

    def _known(self, component: str, first: int) -> list[Entry]:
        """Return what departments know of a component in the window that begins with ``first``."""
        by_month = self._by_component[component]
        end = first + WINDOW_MONTHS
        return [entry for month, entries in by_month.items() if first <= month < end for entry in entries]

    def _segments(self, first: int, end: int) -> list[Segment]:
        """Cut months where a statement begins, ends, or is carried no further: between two cuts the same one stands."""
        if not self._statements:
            return [Segment(first, end, None)]
        cuts = {first}
        for _, begins, last in self._statements:
            cuts.update(cut for cut in (begins, last + 1, last + 1 + CARRY_MONTHS) if first < cut < end)
        ordered = [*sorted(cuts), end]
        return [Segment(start, ordered[at + 1], self._standing(start)) for at, start in enumerate(ordered[:-1])]

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


def _leaning(segments: list[Segment], known: Collection[int]) -> list[tuple[Statement, int, bool]] | int:
    """Return how many months lean on each statement, and whether its own last month is one of them.

    Months that a department knows lean on none. A month's share is the total divided by the statement's months, rounded down;
    the remainder lies in its last month. A month that is carried forward is never that one, so that it takes the rounded
    share. Where nothing speaks for a month, returns the first such month.
    """
    found = []
    for each in segments:
        start, end, stands = each.start, each.end, each.stands
        count = end - start
        if known:
            count -= sum(start <= month < end for month in known)
        if not count:
            continue
        if stands is None:
            return next(month for month in range(start, end) if month not in known)
        last = stands[0].end
        found.append((stands, count, start <= last < end and last not in known))
    return found


def newest_first(support: Iterable[Support]) -> tuple[Support, ...]:
    """Sort facts by their report, newest first, and by position within it."""
    return tuple(sorted(sorted(support, key=lambda s: s[1]), key=lambda s: s[0].newness, reverse=True))
