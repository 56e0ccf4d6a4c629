"""Area events, for a replay of the past: which households each reaches, and when (docs/contract-backtest.md)."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from schemas.areas import AreaNotice, LinkClaim
from schemas.household import Facts
from schemas.reports import Report, Signal
from schemas.vocabulary import SignalKind
from streams.areas import counts_no_more, link_claims, reaches, report_of, told_later
from streams.arrivals import Arrival, Order
from streams.household import merge
from streams.normalise import normalise
from streams.topics import Topic

_LINKING: Final[frozenset[SignalKind]] = frozenset({"grows", "asset_link"})


class Heard(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An area event; ``timestamp`` is its record's in milliseconds."""

    order: Order
    timestamp: int
    notice: AreaNotice


class Linked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a household is linked to, or is no more, from the moment a record says so."""

    order: Order
    claim: LinkClaim


def links(household_id: str, arrivals: Iterable[Arrival]) -> Iterator[Linked]:
    """Yield what a household's records, in order of arrival, change of its links."""
    history = list(arrivals)
    if not any(_links(arrival.report) for arrival in history):
        return
    facts = Facts()
    for arrival in history:
        message = arrival.report or arrival.change
        if message is not None:
            before, facts = facts, merge(facts, message)
            for claim in link_claims(household_id, before, facts):
                yield Linked(arrival.order, claim)


def _links(report: Report | None) -> bool:
    """Tell whether a report can link its household to anything."""
    if report is None or report.signals is None:
        return False
    return any(isinstance(fact, Signal) and fact.kind in _LINKING for fact in report.signals.facts)


def reached(linked: Iterable[Linked], heard: Iterable[Heard]) -> Iterator[Arrival]:
    """Yield what the events of one link become for households, as a worker sends it on (docs/contract-more.md §5)."""
    where: dict[str, str] = {}
    kept: dict[str, Heard] = {}
    events: list[Linked | Heard] = sorted([*linked, *heard], key=lambda each: each.order)
    for event in events:
        if isinstance(event, Heard):
            newest, notice = event.notice.occurred_at, event.notice
            kept = {name: each for name, each in kept.items() if not counts_no_more(each.notice.occurred_at, newest)}
            kept[notice.event.event_id] = event
            for household, area in where.items():
                if reaches(notice.event.area_code, area):
                    yield _arrival(event, household, area, event.order)
            continue
        household, area = event.claim.household_id, event.claim.area_code
        where.pop(household, None)
        if event.claim.linked:
            where[household] = area
            for place, each in enumerate(sorted(kept.values(), key=lambda each: told_later(each.notice))):
                if reaches(each.notice.event.area_code, area):
                    yield _arrival(each, household, area, (*event.order, place, *each.order))


def _arrival(heard: Heard, household: str, area: str, order: Order) -> Arrival:
    report = normalise(Topic.REROUTED, household.encode(), report_of(heard.notice.event, household, area), heard.timestamp)
    assert isinstance(report, Report), "an event that was found right is right for every household"
    return Arrival(order, household, heard.timestamp, report, None)
