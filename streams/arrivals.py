"""place, for a replay of the past: which household every record reaches, and in which order (docs/contract-backtest.md)."""

from collections.abc import Iterable, Iterator

import msgspec

from schemas.household import Facts
from schemas.registry import PersonClaim, PersonState, RegistryChange
from schemas.reports import Report
from streams.household import merge
from streams.persons import claims_of, household_of, merge_claim

Order = tuple[int, ...]
"""Where a record arrived among all: timestamp (ms), rank of its topic, partition, offset; of one that waited, first those of
the entry it waited for."""


class Arrival(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A record and whom it reaches: a household, or the person a report knows. ``timestamp`` is the record's in milliseconds.

    It holds a report or a registry change.
    """

    order: Order
    reaches: str
    timestamp: int
    report: Report | None
    change: RegistryChange | None


class Claimed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a registry entry says of a person, from the moment it arrives."""

    order: Order
    claim: PersonClaim


def claims(arrivals: Iterable[Arrival]) -> Iterator[Claimed]:
    """Yield what the registry changes of some households, in order of arrival, say of persons."""
    known: dict[str, Facts] = {}
    for arrival in arrivals:
        if arrival.change is not None:
            before = known.get(arrival.reaches, Facts())
            known[arrival.reaches] = after = merge(before, arrival.change)
            for claim in claims_of(arrival.reaches, before, after):
                yield Claimed(arrival.order, claim)


def place(claimed: Iterable[Claimed], reports: Iterable[Arrival]) -> tuple[list[Arrival], int]:
    """Find the households of reports that know only a person, as a worker would; return them and how many wait in vain."""
    states: dict[str, PersonState] = {}
    waiting: dict[str, list[Arrival]] = {}
    placed: list[Arrival] = []
    events: list[Claimed | Arrival] = sorted([*claimed, *reports], key=lambda each: each.order)
    for event in events:
        if isinstance(event, Claimed):
            person = event.claim.person_id
            states[person] = state = merge_claim(states.get(person, PersonState({})), event.claim)
            household = household_of(state)
            if household is not None:
                released = waiting.pop(person, ())
                placed.extend(_reach(each, household, (*event.order, *each.order)) for each in released)
            continue
        household = household_of(states[event.reaches]) if event.reaches in states else None
        if household is None:
            waiting.setdefault(event.reaches, []).append(event)
        else:
            placed.append(_reach(event, household, event.order))
    return placed, sum(map(len, waiting.values()))


def _reach(arrival: Arrival, household: str, order: Order) -> Arrival:
    return msgspec.structs.replace(arrival, reaches=household, order=order)
