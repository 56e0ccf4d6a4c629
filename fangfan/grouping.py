"""Alerts of one place gathered for a while, so that who is sent to a village is told of it once (docs/contract-noise.md)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from schemas.vocabulary import SEVERITIES

Level = Literal["county", "township", "village"]
DIGITS: Final[dict[Level, int]] = {"county": 6, "township": 9, "village": 12}
"""How much of an area code (county 6, township 3, village 3 digits) names a place of a level."""
Alert = dict[str, Any]


@dataclass
class Group:
    """What came of one place: how many transitions, and the last of each household. ``since`` is the loop's clock, seconds."""

    area: str
    level: Level
    since: float
    transitions: int = 0
    alerts: dict[str, Alert] = field(default_factory=dict)

    def shown(self) -> dict[str, Any]:
        """Return the group as a consumer reads it: open households by severity, gravest first, with their last alerts."""
        last = sorted(self.alerts.values(), key=_gravest)
        count = {each: sum(alert["severity"] == each for alert in last) for each in reversed(SEVERITIES)}
        return {
            "schema": "alert-group/1", "area_code": self.area, "level": self.level, "severity": last[0]["severity"],
            "transitions": self.transitions, "households": len(last), "open": {k: n for k, n in count.items() if n},
            "cleared": sum(alert["severity"] is None for alert in last), "alerts": last,
        }  # fmt: skip


def _gravest(alert: Alert) -> tuple[int, str]:
    severity = alert["severity"]
    return -SEVERITIES.index(severity) if severity is not None else 1, alert["household_id"]


class Groups:
    """Gathers alerts by place; each place is handed on ``wait`` seconds after its first alert, or all of them at the end."""

    def __init__(self, level: Level, wait: float, hand_on: Callable[[dict[str, Any]], None]) -> None:
        """Gather by the places of a level."""
        self._level, self._wait, self._hand_on = level, wait, hand_on
        self._groups: dict[str, Group] = {}
        self._came = asyncio.Event()

    def add(self, alert: Alert) -> None:
        """Take an alert in; of a household only the last is kept, the others are counted."""
        area = alert["area_code"][: DIGITS[self._level]]
        group = self._groups.get(area)
        if group is None:
            group = self._groups[area] = Group(area, self._level, asyncio.get_running_loop().time())
        group.transitions += 1
        group.alerts[alert["household_id"]] = alert
        self._came.set()

    async def hand_on(self) -> None:
        """Hand places on as their time comes, forever."""
        clock = asyncio.get_running_loop().time
        while True:
            await self._came.wait()
            first = next(iter(self._groups.values()), None)  # in the order in which their first alerts came
            if first is None:
                self._came.clear()
                continue
            await asyncio.sleep(max(0.0, first.since + self._wait - clock()))
            if self._groups.get(first.area) is first:
                self._hand_on(self._groups.pop(first.area).shown())

    def end(self) -> None:
        """Hand on all that is left, by area."""
        for _, group in sorted(self._groups.items()):
            self._hand_on(group.shown())
        self._groups.clear()
