"""Snoozes planted in a simulated county: what must be heard of a household that a cadre put to sleep.

What a snooze holds back depends on what came first (docs/contract-noise.md), so all that is known of such a household comes
from one cadre, in order.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Final, NamedTuple

from fangfan.simulated import Fact, Household


class SnoozePlant(NamedTuple):
    """A planted snooze: the rules that are open at the end, what the opening says, and what happens.

    ``asleep``: it was published under a snooze; ``woken``: something was withheld before it. Without rules nothing is heard.
    """

    rules: frozenset[str]
    asleep: bool
    woken: bool
    plant: Callable[[Household], None]


def _snooze(household: Household, until: int) -> Fact:
    """Return a snooze through a day so many days after the running month begins (below 0: before)."""
    last = date(household.month // 12, household.month % 12 + 1, 1) + timedelta(days=until)
    return {"type": "snooze", "until": last.isoformat(), "reason": "being_helped"}


def _asleep(fact: Fact) -> Callable[[Household], None]:
    """Snooze beyond the end of the month, then report something."""

    def plant(household: Household) -> None:
        household.alone = True
        household.say("cadre", "cadre-9", _snooze(household, 45), day=0)
        household.say("cadre", "cadre-9", fact, day=2)

    return plant


def _ended(household: Household) -> None:
    """A house is found unsafe by who puts the household to sleep; when that is over, by time or a report, it is so still.

    One report says both: between two a tick could pass that ends the snooze before anything is held back.
    """
    household.alone = True
    household.say("cadre", "cadre-9", _snooze(household, -5), {"type": "housing", "grade": "C"}, before=20)
    household.say("cadre", "cadre-9", {"type": "clothing", "adequate": True}, day=1)


SNOOZES: Final[Mapping[str, SnoozePlant]] = {
    "house grade C, asleep": SnoozePlant(frozenset(), False, False, _asleep({"type": "housing", "grade": "C"})),
    "hunger, asleep": SnoozePlant(frozenset({"food"}), True, False, _asleep({"type": "food", "adequate": False})),
    "house grade C until the snooze ended": SnoozePlant(frozenset({"housing"}), False, True, _ended),
}
SNOOZES_ZH: Final[Mapping[str, str]] = {
    "house grade C, asleep": "C级住房，提醒暂停中", "hunger, asleep": "吃不饱，暂停不阻红色",
    "house grade C until the snooze ended": "C级住房，暂停期满后发出",
}  # fmt: skip
