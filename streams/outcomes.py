"""What became of leads: the visit that answers each, and what it found (docs/contract-report.md, "Precision")."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from schemas.alerts import Alert
from schemas.fields import day_of, parse_instant
from schemas.household import Facts
from schemas.vocabulary import Transition
from streams.cases import steps_of


class Lead(NamedTuple):
    """A transition ``opened``: its day (ordinal), county and tier, rules as ``RULE@V``, channels that it rests on."""

    day: int
    county: str
    tier: str
    rules: frozenset[str]
    channels: frozenset[str]


class Turn(NamedTuple):
    """A transition of a household: its ``sequence``, and the lead it is, None where it opens nothing."""

    sequence: int
    lead: Lead | None


class Visit(NamedTuple):
    """A verification that counts: its day (ordinal), and whether it found the household in need."""

    day: int
    passed: bool


def turn_of(alert: Alert) -> Turn:
    """Return what a transition is."""
    if alert.transition is not Transition.OPENED:
        return Turn(alert.sequence, None)
    day = day_of(parse_instant(alert.opened_at))
    rules = frozenset(reason.rule for reason in alert.reasons)
    channels = frozenset(channel for reason in alert.reasons for channel in reason.channels)
    return Turn(alert.sequence, Lead(day, alert.county_code or "unknown", alert.tier, rules, channels))


def leads_of(said: Iterable[Turn]) -> list[Lead]:
    """Return the leads of one household by its transitions in the order in which they were published."""
    return [turn.lead for turn in not_taken_back(said) if turn.lead is not None]


class Numbered(Protocol):
    """What is published in an order of its own."""

    @property
    def sequence(self) -> int:
        """Its place in it."""


Said = TypeVar("Said", bound=Numbered)


def not_taken_back(said: Iterable[Said]) -> list[Said]:
    """Return what stands of transitions in the order in which they were published.

    At least once, workers may repeat some: one takes back those before it that have its ``sequence`` or a greater one.
    """
    kept: list[Said] = []
    for each in said:
        while kept and kept[-1].sequence >= each.sequence:
            kept.pop()
        kept.append(each)
    return kept


def visits_of(facts: Facts) -> tuple[Visit, ...]:
    """Return a household's verifications as they occurred, also those its case refused: somebody was there."""
    return tuple(Visit(taken.day, taken.step.passed) for taken in steps_of(facts) if taken.step.step == "verification")


def answered(leads: Sequence[Lead], visits: tuple[Visit, ...], until: int) -> Iterator[tuple[Lead, bool | None]]:
    """Yield each lead of one household, in their order, with what the visit that answers it found, None where nobody came.

    It is the first on or after the lead's day, before the day of the household's next lead and not after ``until`` (ordinal).
    """
    ends = (*(lead.day for lead in leads[1:]), until + 1)
    for lead, end in zip(leads, ends, strict=False):  # of no leads there is an end too
        days = range(lead.day, min(end, until + 1))
        yield lead, next((visit.passed for visit in visits if visit.day in days), None)
