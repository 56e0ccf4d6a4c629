"""What the workers said of a simulated county, read from the topics, as it is compared with what was planted."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from agents.settings import Settings
from fangfan.case_planting import CaseTruth
from fangfan.reading import read_topic
from streams.scale_risk import DIGITS
from streams.topics import Topic

Record = dict[str, Any]


class AreaFound(NamedTuple):
    """What was said of a place: how often its alert opened, and why it is open at the end (nothing: it is not), of whom."""

    times: int
    because: tuple[str, ...]
    members: frozenset[str]


@dataclass(slots=True)
class Found:
    """All that was found, by household or by an area's digits.

    ``opened`` are the rules of alerts that are open at the end. ``heard`` are households that an alert ever told of, ``asleep``
    those of whom one did so under a snooze, ``woken`` those of whom one did so after something had been withheld.
    """

    opened: dict[str, frozenset[str]] = field(default_factory=dict)
    heard: set[str] = field(default_factory=set)
    asleep: set[str] = field(default_factory=set)
    woken: set[str] = field(default_factory=set)
    cases: dict[str, CaseTruth] = field(default_factory=dict)
    areas: dict[str, AreaFound] = field(default_factory=dict)

    def alert(self, alert: Record) -> None:
        """Take in a transition of a household's alert, in the order of its topic."""
        household, noise = alert["household_id"], alert["noise"]
        self.heard.add(household)
        if noise is not None and noise["snoozed_until"] is not None:
            self.asleep.add(household)
        if noise is not None and noise["withheld"]:
            self.woken.add(household)
        if alert["severity"] is None:
            self.opened.pop(household, None)
        else:
            self.opened[household] = frozenset(reason["rule"].partition("@")[0] for reason in alert["reasons"])

    def case(self, case: Record) -> None:
        """Take in what a case's record says."""
        refused = frozenset(
            (each["step"], each["phase"], tuple(one["code"] for one in each["missing"])) for each in case["refused"]
        )
        overdue = frozenset(clock["clock"] for clock in case["clocks"] if clock["overdue"])
        self.cases[case["household_id"]] = CaseTruth(case["stage"], refused, overdue, case["relapsed"], case["episode"])

    def area_alert(self, alert: Record) -> None:
        """Take in a transition of an area's alert."""
        area = alert["area_code"][: DIGITS[alert["level"]]]
        times = (self.areas[area].times if area in self.areas else 0) + (alert["transition"] == "opened")
        members = frozenset(member["household_id"] for member in alert["members"])
        self.areas[area] = AreaFound(times, tuple(alert["because"]), members)

    def at_risk(self) -> Iterable[str]:
        """Return the digits of the areas whose alert is open at the end."""
        return (area for area, found in self.areas.items() if found.because)


async def until_told(settings: Settings, households: Iterable[str]) -> None:
    """Wait until something was said of the cases of some households."""
    left = set(households)
    if left:
        async for record in read_topic(settings, Topic.CASES, range(settings.partitions), follow=True):
            left.discard(record.key.decode())
            if not left:
                return


async def all_found(settings: Settings) -> Found:
    """Return what was said on all topics."""
    found = Found()
    for topic, take in (
        (Topic.ALERTS, found.alert),
        (Topic.CASES, found.case),
        (Topic.AREA_ALERTS, found.area_alert),
    ):
        async for record in read_topic(settings, topic, range(settings.partitions)):
            take(orjson.loads(record.value))
    return found
