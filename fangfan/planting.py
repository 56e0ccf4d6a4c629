"""All that may be planted in a simulated county, as one list: one household each."""

from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from fangfan.area_plants import VILLAGES
from fangfan.case_plants import CASES
from fangfan.pilot_plants import PILOTS
from fangfan.plants import NEAR_MISSES, SHOCKS
from fangfan.registry_plants import FAMILIES
from fangfan.report_plants import COUNTED
from fangfan.simulated import Household
from fangfan.snooze_plants import SNOOZES

Kind = Literal["shock", "near miss", "case", "snooze", "resident", "pilot", "counted"]
KINDS: Final[tuple[Kind, ...]] = ("shock", "near miss", "case", "snooze", "resident", "pilot", "counted")


class Plant(NamedTuple):
    """What is planted in one household: its kind and name, the rules that are open at the end, and what happens."""

    kind: Kind
    name: str
    rules: frozenset[str]
    plant: Callable[[Household], None]


EACH: Final = 2
"""How often every shock and near miss is planted where nobody says otherwise."""


def plants(each: int) -> list[Plant]:
    """Return every shock and near miss so many times."""
    shocks = [Plant("shock", name, rules, plant) for name, (rules, plant) in SHOCKS.items()] * each
    return shocks + [Plant("near miss", name, frozenset(), plant) for name, plant in NEAR_MISSES.items()] * each


STORIES: Final[tuple[Plant, ...]] = (
    *(Plant("case", name, case.rules, case.plant) for name, case in CASES.items()),
    *(Plant("snooze", name, snooze.rules, snooze.plant) for name, snooze in SNOOZES.items()),
    *(Plant("resident", name, each.rules, each.plant) for name, village in VILLAGES.items() for each in village.residents),
    *(Plant("counted", name, each.rules, each.plant) for name, each in COUNTED.items()),
)
"""What is planted once: every case and snooze, all who live in a planted village, and of whom a report must count what."""
PILOT: Final[tuple[Plant, ...]] = tuple(Plant("pilot", name, each.rules, each.plant) for name, each in PILOTS.items())
"""What is planted once in the pilot county, where it is asked for."""


def needed(each: int, *, pilot: bool) -> int:
    """Return how many households it takes to plant everything, every shock and near miss so many times."""
    families = sum(len(family.rules) for family in FAMILIES.values())
    return len(plants(each)) + len(STORIES) + families + len(PILOT) * pilot
