"""Plants of the pilot county (试点县): what only a version published midway makes so or only a shadow finds, and a silent feed.

Nobody else lives there, each household in a village of its own but for the four of :data:`VILLAGE`, and nothing is known of it
but what is planted. So it is also known which departments are heard of there, and when, and what share of a village has an
alert. The thresholds stand in :mod:`fangfan.pilot_policy`.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from fangfan.case_planting import GOOD_WATER, WELL
from fangfan.saying import ago, days_before
from fangfan.simulated import Fact, Household

COUNTY: Final = "140821"
"""A county of the policy in which no other simulated household lives."""
VILLAGE: Final = f"{COUNTY}150201"
"""Where two of four households have a bad well, which only a version that asks for a share calls a risk."""
Said = tuple[tuple[str, str | None], ...]
"""Transitions, each with the severity after it."""
_QUIET: Final[frozenset[str]] = frozenset()
_SPENDING: Final = frozenset({"expenditure-shock"})
_HOUSING: Final = frozenset({"housing"})


class PilotPlant(NamedTuple):
    """What is planted in a household of the pilot county, and what must come of it.

    ``rules`` are open at the end, ``said`` is every transition that was published with its severity, ``shadow`` what the shadow
    policy finds beside the rules. ``waits``: something is withheld at the end. ``feed`` is the department that is heard of,
    ``silent`` whether it is silent at the end. ``together``: it lives in :data:`VILLAGE`.
    """

    rules: frozenset[str]
    said: Said
    plant: Callable[[Household], None]
    shadow: frozenset[str] = _QUIET
    waits: bool = False
    feed: str | None = None
    silent: bool = False
    together: bool = False


def _spends(amount: str, turn: int) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        household.status = "relieved"
        fact = {"type": "spending", "category": "education", "self_paid": amount, "month": ago(household, 2)}
        household.say("cadre", "cadre-9", fact, day=1, turn=turn)

    return plant


def _house(before: int) -> Callable[[Household], None]:
    """Find a house grade D so many days before the running month begins, and grade C in that month.

    Both are told when the version is in force: a window begins with a transition that is published under it.
    """

    def plant(household: Household) -> None:
        household.say("cadre", "cadre-9", {"type": "housing", "grade": "D"}, before=before, turn=1)
        household.say("cadre", "cadre-9", {"type": "housing", "grade": "C"}, day=2, turn=1)

    return plant


def _last_heard(months: int) -> Callable[[Household], None]:
    """Visit a household on the 15th of a month that lies so many months before the running one, and never again."""

    return lambda household: household.say("cadre", "cadre-9", *WELL, before=days_before(household, months))


def _department(source: str, fact: Fact, days: int) -> Callable[[Household], None]:
    """Let a department say a good word so many days before the data ends, and pass it on at once."""
    return lambda household: household.say("department", source, fact, before_end=days)


def _well(*, safe: bool) -> Callable[[Household], None]:
    """See a well when the version is in force: until then a village does not hear who is registered there."""
    return lambda household: household.say("cadre", "cadre-9", {"type": "water", "safe": safe}, day=2, turn=1)


_GRADE_A: Final = {"type": "housing", "grade": "A"}
_RED: Final[Said] = (("opened", "red"),)
_YELLOW: Final[Said] = (("opened", "yellow"),)
_BAD_WELL: Final = PilotPlant(frozenset({"water"}), (("opened", "orange"),), _well(safe=False), together=True)
_GOOD_WELL: Final = PilotPlant(_QUIET, (), _well(safe=True), together=True)
_PLANTS: Final[Mapping[str, PilotPlant]] = {
    "spending of 3,000 before the version": PilotPlant(_SPENDING, _YELLOW, _spends("3000.00", -1)),
    "spending of 3,000 after it": PilotPlant(_SPENDING, _YELLOW, _spends("3000.00", 1)),
    "spending of 2,999.99": PilotPlant(_QUIET, (), _spends("2999.99", 0), shadow=_SPENDING),
    "spending of 1,999.99": PilotPlant(_QUIET, (), _spends("1999.99", 0)),
    "house grade D, C within the window": PilotPlant(_HOUSING, _RED, _house(20), waits=True),
    "house grade D, C after the window": PilotPlant(_HOUSING, (*_RED, ("deescalated", "orange")), _house(90)),
    "not heard of for 14 months": PilotPlant(frozenset({"silence"}), _YELLOW, _last_heard(14)),
    "not heard of for 11 months": PilotPlant(_QUIET, (), _last_heard(11)),
    "water department silent for 7 days": PilotPlant(
        _QUIET, (), _department("water", GOOD_WATER, 7), feed="water", silent=True
    ),
    "housing department heard of 6 days ago": PilotPlant(_QUIET, (), _department("housing", _GRADE_A, 6), feed="housing"),
    "bad well in a village of four": _BAD_WELL, "bad well next door": _BAD_WELL,
    "good well in the village of four": _GOOD_WELL, "good well next door": _GOOD_WELL,
}  # fmt: skip


def _settled(number: int, plant: PilotPlant) -> Callable[[Household], None]:
    """Let a household live alone in a village of the pilot county, entered there before anything is said of it."""

    def settle(household: Household) -> None:
        household.area_code = VILLAGE if plant.together else f"{COUNTY}{100 + number}201"
        household.alone = household.entered_first = True
        plant.plant(household)

    return settle


PILOTS: Final[Mapping[str, PilotPlant]] = {
    name: each._replace(plant=_settled(number, each)) for number, (name, each) in enumerate(_PLANTS.items())
}
"""By a name; each is planted once."""
PILOTS_ZH: Final[Mapping[str, str]] = {
    "spending of 3,000 before the version": "新版前支出3,000元", "spending of 3,000 after it": "新版后支出3,000元",
    "spending of 2,999.99": "支出2,999.99元", "spending of 1,999.99": "支出1,999.99元",
    "house grade D, C within the window": "D级住房，窗口期内改C级",
    "house grade D, C after the window": "D级住房，窗口期后改C级",
    "not heard of for 14 months": "14个月无消息", "not heard of for 11 months": "11个月无消息",
    "water department silent for 7 days": "水利部门数据中断7天",
    "housing department heard of 6 days ago": "住建部门6天前有数据",
    "bad well in a village of four": "四户村中饮水不安全", "bad well next door": "同村邻户饮水不安全",
    "good well in the village of four": "四户村中饮水安全", "good well next door": "同村邻户饮水安全",
}  # fmt: skip
