"""What the workers said of a simulated county, read from the topics, as it is compared with what was planted."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from agents.settings import Settings
from fangfan.case_planting import CaseTruth
from fangfan.pilot_plants import COUNTY, Said
from fangfan.reading import read_topic
from fangfan.report import count_partition
from fangfan.report_plants import COUNTY as COUNTED
from schemas.area_alerts import DIGITS
from streams.indicators import Indicators
from streams.scope import Scope
from streams.topics import Topic

Record = dict[str, Any]
_COUNTED: Final = (
    "migrants", "leads", "verified_", "confirmed_", "overdue_", "silent", "conflicting", "determined", "dependent",
)  # fmt: skip
"""How what is planted of a report is called."""


class AreaFound(NamedTuple):
    """What was said of a place: how often its alert opened, and why it is open at the end (nothing: it is not), of whom.

    ``named`` are all whom it ever named.
    """

    times: int
    because: tuple[str, ...]
    members: frozenset[str]
    named: frozenset[str] = frozenset()


@dataclass(slots=True)
class Found:
    """All that was found, by household or by an area's digits.

    ``opened`` are the rules of alerts that are open at the end. ``heard`` are households that an alert ever told of, ``asleep``
    those of whom one did so under a snooze, ``woken`` those of whom one did so after something had been withheld. ``helped`` is
    how the measures of a case stand, by their codes. ``said`` is every transition with its severity; ``shadow`` are the rules
    open on ``alerts-shadow``. Of the pilot county ``feeds`` are the departments heard of and whether each is silent now,
    ``waiting`` how many households have something withheld. ``counts`` are what a report says of the county whose report is
    known, its median income in yuan.
    """

    opened: dict[str, frozenset[str]] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    asleep: set[str] = field(default_factory=set)
    woken: set[str] = field(default_factory=set)
    cases: dict[str, CaseTruth] = field(default_factory=dict)
    helped: dict[str, frozenset[tuple[str, str]]] = field(default_factory=dict)
    areas: dict[str, AreaFound] = field(default_factory=dict)
    said: dict[str, Said] = field(default_factory=dict)
    shadow: dict[str, frozenset[str]] = field(default_factory=dict)
    feeds: dict[str, bool] = field(default_factory=dict)
    waiting: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def alert(self, alert: Record) -> None:
        """Take in a transition of a household's alert, in the order of its topic."""
        household, noise = alert["household_id"], alert["noise"]
        self.heard.add(household)
        if noise is not None and noise["snoozed_until"] is not None:
            self.asleep.add(household)
        if noise is not None and noise["withheld"]:
            self.woken.add(household)
        self.said[household] = (*self.said.get(household, ()), (alert["transition"], alert["severity"]))
        _stand(self.opened, alert)

    def shadow_alert(self, alert: Record) -> None:
        """Take in a transition that the shadow policy would publish."""
        _stand(self.shadow, alert)

    def report(self, counted: Indicators, scope: Scope) -> None:
        """Take in what `fangfan report` says of the pilot county, and of the one where it is known what it must say."""
        days = counted.feeds.heard("county", COUNTY, scope.policy)
        quiet = set(scope.silent(days))
        self.feeds = {department: department in quiet for department in days}
        self.waiting = counted.row("county", COUNTY).counts["withheld"]
        row = counted.row("county", COUNTED)
        self.counts = {name: count for name, count in row.counts.items() if count and name.startswith(_COUNTED)}
        if row.median is not None:
            self.counts["median_income"] = row.median // 100

    def case(self, case: Record) -> None:
        """Take in what a case's record says."""
        refused = frozenset(
            (each["step"], each["phase"], tuple(one["code"] for one in each["missing"])) for each in case["refused"]
        )
        overdue = frozenset(clock["clock"] for clock in case["clocks"] if clock["overdue"])
        self.helped[case["household_id"]] = frozenset((each["code"], each["status"]) for each in case["measures"])
        self.cases[case["household_id"]] = CaseTruth(case["stage"], refused, overdue, case["relapsed"], case["episode"])

    def area_alert(self, alert: Record) -> None:
        """Take in a transition of an area's alert."""
        area = alert["area_code"][: DIGITS[alert["level"]]]
        before = self.areas.get(area, AreaFound(0, (), frozenset()))
        members = frozenset(member["household_id"] for member in alert["members"])
        times = before.times + (alert["transition"] == "opened")
        self.areas[area] = AreaFound(times, tuple(alert["because"]), members, before.named | members)

    def at_risk(self) -> Iterable[str]:
        """Return the digits of the areas whose alert is open at the end."""
        return (area for area, found in self.areas.items() if found.because)


def _stand(opened: dict[str, frozenset[str]], alert: Record) -> None:
    """Note the rules of an alert that is open now, or that none is."""
    if alert["severity"] is None:
        opened.pop(alert["household_id"], None)
    else:
        opened[alert["household_id"]] = frozenset(reason["rule"].partition("@")[0] for reason in alert["reasons"])


async def until_told(settings: Settings, households: Mapping[Topic, Iterable[str]]) -> None:
    """Wait until something was said of some households on each of some topics."""
    await asyncio.gather(*(_until_told(settings, topic, set(names)) for topic, names in households.items()))


async def _until_told(settings: Settings, topic: Topic, left: set[str]) -> None:
    if left:
        async for record in read_topic(settings, topic, range(settings.partitions), follow=True):
            left.discard(record.key.decode())
            if not left:
                return


async def all_found(settings: Settings, scope: Scope) -> Found:
    """Return what was said on all topics, and what a report says of a day."""
    found, counted = Found(), Indicators()

    async def read(topic: Topic, take: Callable[[Record], None]) -> None:
        async for record in read_topic(settings, topic, range(settings.partitions)):
            take(orjson.loads(record.value))

    async def count(partition: int) -> None:
        counted.merge(await count_partition(partition, settings, scope))

    await asyncio.gather(
        read(Topic.ALERTS, found.alert),
        read(Topic.CASES, found.case),
        read(Topic.AREA_ALERTS, found.area_alert),
        read(Topic.ALERTS_SHADOW, found.shadow_alert),
        *(count(partition) for partition in range(settings.partitions)),
    )
    found.report(counted, scope)
    return found
