"""The household's books: monthly income from departments and statements, spending and claims (contract §3.2, §4).

Everything chosen here as "newest" is chosen when reading; the facts keep all candidates.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from schemas.fields import month_of, render_month
from schemas.household import Facts
from schemas.reports import Claim, Fact, Income, IncomeStatement, Indicator, KeptReport, Spending
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


class Segment(msgspec.Struct, frozen=True, gc=False):
    """Months from ``start`` to before ``end`` for which one statement stands, or none (None)."""

    start: int
    end: int
    stands: Statement | None


class Window(msgspec.Struct, frozen=True, gc=False):
    """Twelve months of income: sums in fen over the household, and what entered them: statements, and entries in any order.

    ``reference`` is the reference income per head in fen, half to even.
    """

    gross: int
    transfers: int
    production_cost: int
    claims: int
    medical: int
    members: int
    reference: int
    segments: list[Segment]
    entries: list[Entry]

    @property
    def support(self) -> tuple[Support, ...]:
        """The facts that entered, each once, newest first."""
        leaning_on = [each.stands[1] for each in self.segments if each.stands is not None]
        leaning_on += [entry.support for entry in self.entries]
        return newest_first({(report.event_id, at): (report, at) for report, at in leaning_on}.values())


class Missing(msgspec.Struct, frozen=True, gc=False):
    """Why a window is undetermined."""

    what: str


NOTHING: Final[list[Entry]] = []


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
        self._by_component: dict[str, list[Entry]] = {}
        self._cuts: list[int] | None = None
        income: set[tuple[str, str, int, str | None]] = set()
        for report in reversed(facts.reports):
            for position, fact in enumerate(report.facts):
                if type(fact) is Indicator:  # most facts are; they are not books
                    continue
                if type(fact) is IncomeStatement:
                    self._statements.setdefault((report.channel, fact.start, fact.end), (fact, (report, position)))
                elif type(fact) is Income:
                    key = (report.source, fact.component, fact.month, fact.person_id)
                    if key not in income:
                        income.add(key)
                        entry = Entry(fact.month, fact.amount, (report, position))
                        self._by_component.setdefault(fact.component, []).append(entry)
                else:
                    self._enter(report, position, fact)

    def _enter(self, report: KeptReport, position: int, fact: Fact) -> None:
        if isinstance(fact, Spending):
            entry = Entry(fact.month, fact.amount, (report, position))
            if fact.cumulative:
                year = (report.source, fact.category, fact.month // 12, fact.person_id)
                self._cumulative.setdefault(year, (fact.category, entry))
            else:
                self._spending.append((fact.category, entry))
        elif isinstance(fact, Claim):
            self._claims.append(Entry(fact.month, fact.amount, (report, position)))

    def spending(self, category: str | None = None, *, back: int = 0) -> list[Entry]:
        """Return the spending of the window, of one category or of all; ``back`` shifts the window by months."""
        both = [*self._spending, *self._cumulative.values()] if self._cumulative else self._spending
        if not both:
            return NOTHING
        return _within([entry for kind, entry in both if category is None or kind == category], self.month - back)

    def claims(self, *, back: int = 0) -> list[Entry]:
        """Return the claims received in the window."""
        return _within(self._claims, self.month - back)

    def income(self, *, back: int = 0) -> Window | Missing:
        """Return the income of the 12 months that end before the month of ``as_of``, less ``back`` months."""
        if not self.registered:
            return Missing("registry entry")
        if not self.members:
            return Missing("members in the registry entry")
        end = self.month - back
        segments = self._segments(end)
        for each in segments:
            if each.stands is None:
                return self._missing(segments, end)
        sums, counted = _declared(segments), list[Entry]()
        for flow, entries in self._by_component.items():
            if known := _within(entries, end):  # a department's word takes the place of the statement's for its month
                place = FLOWS.index(flow)
                sums[place] += sum([entry.amount for entry in known])
                sums[place] -= sum([_share(segments, flow, month) for month in {entry.month for entry in known}])
                counted += known
        wage, business, property_, transfer, cost = sums
        gross = wage + business + property_ + transfer
        claims, medical = self.claims(back=back), self.spending("medical", back=back)
        received, paid = sum([entry.amount for entry in claims]), sum([entry.amount for entry in medical])
        reference = divide_half_even(gross - cost + received - paid, self.members)
        return Window(gross, transfer, cost, received, paid, self.members, reference, segments, [*counted, *claims, *medical])

    def _missing(self, segments: list[Segment], end: int) -> Missing:
        """Return the first flow of which a month is known to nobody: no department says it and no statement stands for it."""
        gaps = [month for each in segments if each.stands is None for month in range(each.start, each.end)]
        for flow in FLOWS[:-1]:
            known = {entry.month for entry in _within(self._by_component.get(flow, NOTHING), end)}
            for month in gaps:
                if month not in known:
                    return Missing(f"{flow} of {render_month(month)}")
        return Missing(f"{FLOWS[-1]} of {render_month(gaps[0])}")  # no department knows what a household's work costs it

    def _segments(self, end: int) -> list[Segment]:
        """Cut the twelve months before one where a statement begins, ends, or is carried no further: between two cuts the
        same one stands."""
        if self._cuts is None:
            cuts = [cut for _, start, last in self._statements for cut in (start, last + 1, last + 1 + CARRY_MONTHS)]
            self._cuts = sorted(set(cuts))
        start, segments = end - WINDOW_MONTHS, []
        for cut in self._cuts:
            if start < cut < end:
                segments.append(Segment(start, cut, self._standing(start)))
                start = cut
        segments.append(Segment(start, end, self._standing(start)))
        return segments

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


def _within(entries: list[Entry], end: int) -> list[Entry]:
    """Return what counts in the twelve months before a month."""
    return [entry for entry in entries if end - WINDOW_MONTHS <= entry.month < end] if entries else entries


def _declared(segments: list[Segment]) -> list[int]:
    """Return what statements say of each flow (fen), in their order, where one stands for every month.

    A month's share is the total divided by the statement's months, rounded down; the remainder lies in its last month. A month
    that is carried forward is never that one, so that it takes the rounded share. Written out flow by flow: it is asked twice
    for most reports, and a loop over the flows costs twice as much.
    """
    wage = business = property_ = transfer = cost = 0
    for each in segments:
        statement, count = _statement(each), each.end - each.start
        months = statement.end - statement.start + 1
        wage += statement.wage // months * count
        business += statement.business // months * count
        property_ += statement.property // months * count
        transfer += statement.transfer // months * count
        cost += statement.production_cost // months * count
        if each.start <= statement.end < each.end:
            wage += statement.wage % months
            business += statement.business % months
            property_ += statement.property % months
            transfer += statement.transfer % months
            cost += statement.production_cost % months
    return [wage, business, property_, transfer, cost]


def _share(segments: list[Segment], flow: str, month: int) -> int:
    """Return what the statement that stands for a month says of a flow (fen) in that month."""
    for each in segments:
        if each.start <= month < each.end:
            statement = _statement(each)
            total: int = getattr(statement, flow)
            return total // statement.months + (total % statement.months if month == statement.end else 0)
    raise ValueError("a month outside of the window")


def _statement(segment: Segment) -> IncomeStatement:
    assert segment.stands is not None, "no statement stands for these months"
    return segment.stands[0]


def newest_first(support: Iterable[Support]) -> tuple[Support, ...]:
    """Sort facts by their report, newest first, and by position within it."""
    return tuple(sorted(sorted(support, key=lambda s: s[1]), key=lambda s: s[0].newness, reverse=True))
