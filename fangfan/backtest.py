"""Replays a history under two policies in several processes: read, find the households of persons and events, replay each."""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

from rich.console import Console

from fangfan.history import Counted, Source, Span, read_source
from fangfan.processes import each, processes, progress_on
from fangfan.spool import Spool
from schemas.fields import instant_of
from streams.area_arrivals import Heard, Linked, links, reached
from streams.arrivals import Arrival, claims, place
from streams.backtest import Comparison, Outcome, replay
from streams.policies import Judges

PART_SIZE: Final = 4 << 20
"""About so much of the sources goes into one part: a few ten thousand records, which one process holds at a time."""
MOST_PARTS: Final = 512


@dataclass(slots=True)
class Result:
    """A replay: what was read, reports whose person nobody names, the comparison, and households that end differently."""

    counted: Counted = field(default_factory=Counted)
    waiting: int = 0
    comparison: Comparison = field(default_factory=Comparison)
    differing: list[Outcome] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Question:
    """Two policies, or the versions of each, the time in which transitions count, and whether time passes without reports.

    Instants in nanoseconds, None for no bound.
    """

    old: Judges
    new: Judges
    since: int | None
    until: int | None
    ticks: bool = False


def run_backtest(sources: list[Source], question: Question, console: Console) -> Result:
    """Replay sources under both policies, with progress on a console. Nothing is left behind."""
    result = Result()
    parts = min(MOST_PARTS, max(1, _bytes(sources) // PART_SIZE))
    with (
        tempfile.TemporaryDirectory(prefix="fangfan-backtest-") as folder,
        processes() as pool,
        progress_on(console) as progress,
    ):
        spool = Spool(Path(folder), parts)
        reading = progress.add_task("reading 读取", total=sum(source.size for source in sources))
        replaying = progress.add_task("replaying 回放", total=2 * parts)
        for source, counted in each(pool, read_source, sources, spool, question.until):
            result.counted.add(counted)
            progress.advance(reading, source.size)
        every, eventful = range(parts), spool.eventful
        progress.update(replaying, total=(3 if eventful else 2) * parts)
        for _ in each(pool, _claim, every, spool):
            progress.advance(replaying, 0.5)
        for _, waiting in each(pool, _place, every, spool):
            result.waiting += waiting
            progress.advance(replaying, 0.5)
        if eventful:
            for task in (_link, _reach):
                for _ in each(pool, task, every, spool):
                    progress.advance(replaying, 0.5)
        end = instant_of(result.counted.newest) if question.until is None else question.until - 1
        for _, (comparison, differing) in each(pool, _replay, every, spool, question, end if question.ticks else None):
            result.comparison.merge(comparison)
            result.differing += differing
            progress.advance(replaying, 1)
    result.differing.sort(key=attrgetter("household_id"))
    return result


def _claim(part: int, spool: Spool) -> None:
    """Note what the registry says of persons, for the households of a part."""
    spool.add_claims(claims(sorted(spool.arrivals("registry", part), key=attrgetter("order"))))


def _place(part: int, spool: Spool) -> int:
    """Put the reports that know only a person of a part where they belong; return how many wait in vain."""
    reports = spool.arrivals("persons", part)
    if not reports:
        return 0
    placed, waiting = place(spool.claims(part), reports)
    spool.add_arrivals("placed", placed)
    return waiting


def _link(part: int, spool: Spool) -> None:
    """Note what the households of a part are linked to."""
    spool.add_links([each for household, history in _histories(part, spool) for each in links(household, history)])


def _reach(part: int, spool: Spool) -> None:
    """Put the area events of a part where they belong."""
    of_link: dict[str, tuple[list[Linked], list[Heard]]] = {}
    for heard in spool.events(part):
        of_link.setdefault(heard.notice.link, ([], []))[1].append(heard)
    for linked in spool.links(part):
        if linked.claim.link in of_link:
            of_link[linked.claim.link][0].append(linked)
    for some, events in of_link.values():
        spool.add_arrivals("told", reached(some, events))


def _histories(part: int, spool: Spool, *kinds: str) -> Iterator[tuple[str, Iterator[Arrival]]]:
    """Yield the households of a part, each with its records in order of arrival."""
    arrivals = [each for kind in ("registry", "placed", *kinds) for each in spool.arrivals(kind, part)]
    arrivals.sort(key=attrgetter("reaches", "order"))
    return groupby(arrivals, key=attrgetter("reaches"))


def _replay(part: int, spool: Spool, question: Question, ticks: int | None) -> tuple[Comparison, list[Outcome]]:
    """Live the households of a part under both policies."""
    comparison, differing = Comparison(), []
    for household, history in _histories(part, spool, "told"):
        outcome = replay(household, history, question.old, question.new, question.since, ticks)
        comparison.add(outcome)
        if outcome.change is not None:
            differing.append(outcome)
    return comparison, differing


def _bytes(sources: Iterable[Source]) -> int:
    """Return about how much the sources hold: a record of a topic counts for half a KiB."""
    return sum(source.size << 9 if isinstance(source, Span) else source.size for source in sources)
