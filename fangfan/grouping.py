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
Wanted = Callable[[Alert], bool]


@dataclass
class Group:
    """Whose last alert names one place: their alerts and how often each changed. ``since`` is the loop's clock, seconds."""

    area: str
    level: Level
    since: float
    alerts: dict[str, Alert] = field(default_factory=dict)
    transitions: dict[str, int] = field(default_factory=dict)

    def shown(self, wanted: Wanted) -> dict[str, Any] | None:
        """Return the group as a consumer reads it: households by severity, gravest first, whose last alert is wanted.

        None where it is of none.
        """
        last = sorted(filter(wanted, self.alerts.values()), key=_gravest)
        if not last:
            return None
        count = {each: sum(alert["severity"] == each for alert in last) for each in reversed(SEVERITIES)}
        return {
            "schema": "alert-group/1", "area_code": self.area, "level": self.level, "severity": last[0]["severity"],
            "transitions": sum(self.transitions[alert["household_id"]] for alert in last), "households": len(last),
            "open": {k: n for k, n in count.items() if n}, "cleared": sum(alert["severity"] is None for alert in last),
            "alerts": last,
        }  # fmt: skip


def _gravest(alert: Alert) -> tuple[int, str]:
    severity = alert["severity"]
    return -SEVERITIES.index(severity) if severity is not None else 1, alert["household_id"]


class Groups:
    """Gathers alerts by place; each place is handed on ``wait`` seconds after its first alert, or all of them at the end."""

    def __init__(
        self, level: Level, wait: float, hand_on: Callable[[dict[str, Any]], None], wanted: Wanted = lambda _: True
    ) -> None:  # fmt: skip
        """Gather by the places of a level. ``wanted`` is asked of each household's last alert, not of what it said before."""
        self._level, self._wait, self._hand_on, self._wanted = level, wait, hand_on, wanted
        self._groups: dict[str, Group] = {}
        self._of_household: dict[str, Group] = {}
        self._came = asyncio.Event()

    def add(self, alert: Alert) -> None:
        """Take an alert in; of a household only the last is kept, where that one puts it, the others are counted."""
        area, household = alert["area_code"][: DIGITS[self._level]], alert["household_id"]
        group = self._groups.get(area)
        if group is None:
            group = self._groups[area] = Group(area, self._level, asyncio.get_running_loop().time())
        before = self._of_household.get(household, group)
        count = before.transitions.pop(household, 0)
        before.alerts.pop(household, None)
        group.alerts[household], group.transitions[household] = alert, count + 1
        self._of_household[household] = group
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
                self._show(self._groups.pop(first.area))

    def end(self) -> bool:
        """Hand on all that is left, by area; tell whether there was anything."""
        shown = [self._show(group) for _, group in sorted(self._groups.items())]
        self._groups.clear()
        return any(shown)

    def _show(self, group: Group) -> bool:
        for household in group.alerts:
            del self._of_household[household]
        shown = group.shown(self._wanted)
        if shown is not None:
            self._hand_on(shown)
        return shown is not None
