"""Counts indicators by county from the changelog and the alerts, partition by partition in several processes."""

import asyncio
from datetime import date

import msgspec
from rich.console import Console

from agents.settings import Settings
from fangfan.processes import each, processes, progress_on
from fangfan.reading import read_topic
from schemas.alerts import Alert
from schemas.area_alerts import AreaAlert
from schemas.codec import decode_state
from streams.feed_silence import word_of
from streams.indicators import Indicators
from streams.outcomes import Turn, Visit, leads_of, turn_of, visits_of
from streams.scope import Scope
from streams.topics import Topic


def since_of(day: int) -> int:
    """Return the ordinal day leads are counted from where nobody says otherwise: a month's first, twelve months before."""
    there = date.fromordinal(day)
    return there.replace(year=there.year - 1, day=1).toordinal()


SILENT_MONTHS, SILENT_DAYS = 6, 7
"""For how long nobody was heard of a silent household, and of a silent department, where nobody says otherwise."""
_alert = msgspec.json.Decoder(Alert)
_area_alert = msgspec.json.Decoder(AreaAlert)


def run_report(settings: Settings, scope: Scope, console: Console) -> Indicators:
    """Read all partitions, with progress on a console.

    Raises:
        TimeoutError: the broker no longer answers.
        UnknownStateVersion: a household was stored by a newer release.
    """
    found = Indicators()
    with processes() as pool, progress_on(console) as progress:
        reading = progress.add_task("counting 统计", total=settings.partitions)
        for _, counted in each(pool, _count, range(settings.partitions), settings, scope):
            found.merge(counted)
            progress.advance(reading)
    return found


def _count(partition: int, settings: Settings, scope: Scope) -> Indicators:
    return asyncio.run(count_partition(partition, settings, scope))


async def count_partition(partition: int, settings: Settings, scope: Scope) -> Indicators:
    """Count the households of a partition by their newest state, then its leads, what visits found of them, feeds and areas."""
    counted = Indicators()
    newest: dict[bytes, bytes | None] = {}
    visits: dict[str, tuple[Visit, ...]] = {}
    said: dict[str, list[Turn]] = {}
    async for record in read_topic(settings, Topic.HOUSEHOLDS_CHANGELOG, [partition]):
        newest[record.key] = record.value
    for key, value in newest.items():
        if value is not None:
            state = decode_state(value)
            counted.add_household(state, scope)
            if made := visits_of(state.facts):
                visits[key.decode()] = made
    async for record in read_topic(settings, Topic.ALERTS, [partition]):
        alert = _alert.decode(record.value)
        said.setdefault(alert.household_id, []).append(turn_of(alert))
    for household_id, turns in said.items():
        counted.add_leads(leads_of(turns), visits.get(household_id, ()), scope)
    async for record in read_topic(settings, Topic.DEPARTMENT_FEEDS, [partition]):
        if (word := word_of(record.value, record.timestamp)) is not None:
            counted.add_word(word, scope)
    areas = [_area_alert.decode(record.value) async for record in read_topic(settings, Topic.AREA_ALERTS, [partition])]
    counted.add_area_alerts(areas, scope)
    return counted
