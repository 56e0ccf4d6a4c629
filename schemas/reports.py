"""Reports as the household keeps them: the envelope and the facts of contract §3.

What stands on the wire is described in :mod:`schemas.wire`; these are the values after it was read: fen, month numbers,
instants. They are stored in the household table, so every change of shape here is a new state version.
"""

import builtins
from typing import Literal

import msgspec

from schemas.cases import CaseStep
from schemas.vocabulary import ClaimKind, Component, IndicatorKind, SignalKind, SpendingCategory


class IncomeStatement(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """Totals in fen over the months ``start`` to ``end`` inclusive."""

    start: int
    end: int
    wage: int
    business: int
    property: int
    transfer: int
    production_cost: int

    @builtins.property
    def months(self) -> int:
        """How many months the totals cover (1 to 12)."""
        return self.end - self.start + 1


class Income(msgspec.Struct, frozen=True, array_like=True, tag=2, gc=False):
    """What a department knows of one component in one month, in fen."""

    component: Component
    month: int
    amount: int
    person_id: str | None


class Spending(msgspec.Struct, frozen=True, array_like=True, tag=3, gc=False):
    """Self-paid spending in fen; cumulative means the total of the year up to ``month``."""

    category: SpendingCategory
    amount: int
    month: int
    person_id: str | None
    cumulative: bool


class Claim(msgspec.Struct, frozen=True, array_like=True, tag=4, gc=False):
    """An insurance claim received, in fen."""

    kind: ClaimKind
    amount: int
    month: int


class Indicator(msgspec.Struct, frozen=True, array_like=True, tag=5, gc=False):
    """A worry or guarantee seen: what, whose (a person for schooling and medical cover), and how it stands.

    Values: food and clothing ``adequate``/``inadequate``; schooling ``STAGE:STATUS``; medical cover
    ``enrolled``/``not_enrolled``; housing its grade; water ``safe``/``unsafe``.
    """

    kind: IndicatorKind
    subject: str | None
    value: str


class Signal(msgspec.Struct, frozen=True, array_like=True, tag=6, gc=False):
    """What a department, cadre or household said of one thing; of (kind, person, thing) the newest counts.

    ``thing`` tells apart what one person or household can have several of, empty where there is one. ``value`` is a word of a
    closed set, ``month`` when it began or happened, ``amount`` fen, ``share`` whole percent.
    """

    kind: SignalKind
    person_id: str | None
    thing: str
    value: str
    month: int
    amount: int = 0
    share: int = 0


Apart = Signal | CaseStep
APART = frozenset({Signal, CaseStep})
"""Facts that stand by themselves, apart from those of the first release: who has none pays nothing for them."""
Fact = IncomeStatement | Income | Spending | Claim | Indicator | Apart


class KeptReport(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """One report in a household's facts. Its fields are in the order of newness: instant, channel rank, event id."""

    occurred_at: int
    channel: int
    event_id: str
    source: str
    facts: tuple[Fact, ...]

    @property
    def newness(self) -> tuple[int, int, str]:
        """What "newest" compares (contract §3.2)."""
        return self.occurred_at, self.channel, self.event_id


class Report(msgspec.Struct, frozen=True, gc=False):
    """A valid report before it has found its household. ``signals`` is the part of ``kept`` that stands by itself, if any."""

    household_id: str | None
    person_id: str | None
    area_code: str
    kept: KeptReport
    voids: str | None
    signals: KeptReport | None = None


class Tick(msgspec.Struct, frozen=True, gc=False):
    """Time passing for a household that sent nothing (instant in nanoseconds)."""

    household_id: str
    at: int


class Reassess(msgspec.Struct, frozen=True, gc=False):
    """Another version of the policy judges a household: its name, ``id@version``."""

    policy: str


ReportSchema = Literal["self-declaration/1", "cadre-report/1", "department-record/1"]
