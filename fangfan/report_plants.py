"""Plants of a county of which `fangfan report` must count exactly what is planted: migrant work, leads and what visits found
of them, who is overdue, silent, told of otherwise by two channels, or lives on transfers.

Nobody else lives there, each household in a village of its own, and nothing is known of it but what one cadre reports in order,
or what means the same in any order.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from fangfan.case_planting import BAD_WATER, GOOD_WATER, step
from fangfan.saying import ago, days_before, first
from fangfan.simulated import Fact, Household

COUNTY: Final = "140822"
"""A county of the policy in which no other simulated household lives."""
Counts = dict[str, int]
_HOUSE: Final = "housing@1"
_WELL: Final = "water@1"


class CountedPlant(NamedTuple):
    """What is planted in a household of the county: what a report counts of it, the rules open at the end, and what happens."""

    counts: Counts
    rules: frozenset[str]
    plant: Callable[[Household], None]


def _works(*words: tuple[int, str]) -> Callable[[Household], None]:
    """Say of the first adult, so many months ago, where he works since; nowhere where he has no work."""

    def plant(household: Household) -> None:
        for months, place in words:
            status = "working" if place else "not_working"
            fact = {"type": "employment", "person_id": first(household), "status": status, "since": ago(household, months)}
            more = {"place": place} if place else {}
            household.say("cadre", "cadre-9", fact | more, before=days_before(household, months))

    return plant


_BAD_HOUSE: Final = {"type": "housing", "grade": "C"}
_GOOD_HOUSE: Final = {"type": "housing", "grade": "A"}
Visit = tuple[int, bool]
"""So many days before the running month begins; whether it found the household in need."""


def _lead(*said: tuple[int, Fact], visits: Iterable[Visit] = ()) -> Callable[[Household], None]:
    """Say things so many days before the running month begins, each sent on its day: so the day of a lead is known too."""

    def plant(household: Household) -> None:
        for before, fact in said:
            household.say("cadre", "cadre-9", fact, before=before, sent=True)
        for before, passed in visits:
            step(household, "verification", before, passed=passed)

    return plant


def _bad_house_by_department(household: Household) -> None:
    household.say("department", "housing", _BAD_HOUSE, before=60, sent=True)


def _told_otherwise(household: Household) -> None:
    """Its own word is older, so that the department's is a lead whichever comes first."""
    household.say("declaration", "app", GOOD_WATER, before=62)
    household.say("department", "water", BAD_WATER, before=60, sent=True)


def _on_transfers(household: Household) -> None:
    """So far above the line that it is no alert."""
    total = INCOME * len(household.members)
    months = {"from": ago(household, 12), "to": ago(household, 1)}
    sums = {"wage": "0", "business": "0", "property": "0", "transfer": str(total), "production_cost": "0"}
    household.say("cadre", "cadre-9", {"type": "income_statement"} | months | sums, day=0)


def _found_by(channel: str, leads: int = 1) -> Counts:
    return {"leads": leads, f"leads_{channel}": leads, f"leads_alone_{channel}": leads}


def _answered(rule: str, *, confirmed: bool, leads: int = 1) -> Counts:
    return {**_found_by("cadre", leads), f"verified_{rule}": 1, f"confirmed_{rule}": int(confirmed)}


INCOME: Final = 20_000
"""Yuan a head of the only household of the county whose income is known, so its median."""
_AWAY: Final[Counts] = {"migrants": 1, "migrants_before": 1}
_SILENT: Final[Counts] = {"silent": 1}
"""Whose newest word is six months old."""
_UNVISITED: Final[Counts] = {"overdue_verify": 1}
_UNFINISHED: Final[Counts] = {"overdue_finish": 1}
_QUIET: Final[frozenset[str]] = frozenset()
_HOUSING: Final = frozenset({"housing"})
_WATER: Final = frozenset({"water"})
_PLANTS: Final[Mapping[str, CountedPlant]] = {
    "works in another county as a year ago": CountedPlant(_AWAY | _SILENT, _QUIET, _works((16, "province"))),
    "went on out of the province": CountedPlant(
        {**_AWAY, "migrants_outside": 1, **_SILENT}, _QUIET, _works((16, "province"), (6, "outside"))
    ),
    "left the county this year": CountedPlant(
        {"migrants": 1, "migrants_outside": 1, **_SILENT}, _QUIET, _works((16, "county"), (6, "outside"))
    ),
    "came home from outside the province": CountedPlant(
        {"migrants_before": 1, "migrants_outside_before": 1, **_SILENT}, _QUIET, _works((16, "outside"), (6, "county"))
    ),
    "out of work since last month": CountedPlant({"migrants_before": 1}, _QUIET, _works((16, "province"), (1, ""))),
    "left 26 months ago, not heard of since": CountedPlant(
        {"migrants_before": 1, "migrants_outside_before": 1, **_SILENT}, _QUIET, _works((26, "outside"))
    ),
    "house grade C, visited and in need": CountedPlant(
        _answered(_HOUSE, confirmed=True) | _UNFINISHED, _HOUSING, _lead((60, _BAD_HOUSE), visits=[(55, True)])
    ),
    "house grade C, visited and mended": CountedPlant(
        _answered(_HOUSE, confirmed=False), _QUIET, _lead((60, _BAD_HOUSE), (50, _GOOD_HOUSE), visits=[(55, False)])
    ),
    "house grade C by a department, not visited": CountedPlant(
        _found_by("department") | _UNVISITED, _HOUSING, _bad_house_by_department
    ),
    "unsafe water, visited and in need": CountedPlant(
        _answered(_WELL, confirmed=True) | _UNFINISHED, _WATER, _lead((60, BAD_WATER), visits=[(60, True), (50, False)])
    ),
    "unsafe water, visited before and after": CountedPlant(
        _answered(_WELL, confirmed=True) | _UNFINISHED, _WATER, _lead((60, BAD_WATER), visits=[(70, False), (50, True)])
    ),
    "unsafe water twice, visited once": CountedPlant(
        _answered(_WELL, confirmed=False, leads=2),
        _WATER,
        _lead((80, BAD_WATER), (70, GOOD_WATER), (60, BAD_WATER), visits=[(55, False)]),
    ),
    "unsafe water, the household says otherwise": CountedPlant(
        _found_by("department") | _UNVISITED | {"conflicting": 1, "conflicting_declaration": 1, "conflicting_department": 1},
        _WATER,
        _told_otherwise,
    ),
    "lives on transfers, far above the line": CountedPlant(
        {"determined": 1, "dependent": 1, "median_income": INCOME}, _QUIET, _on_transfers
    ),
}


def _settled(number: int, plant: Callable[[Household], None]) -> Callable[[Household], None]:
    """Let a household live alone in a village of the county, entered there before anything is said of it."""

    def settle(household: Household) -> None:
        household.area_code = f"{COUNTY}{100 + number}201"
        household.alone = household.entered_first = True
        plant(household)

    return settle


COUNTED: Final[Mapping[str, CountedPlant]] = {
    name: each._replace(plant=_settled(number, each.plant)) for number, (name, each) in enumerate(_PLANTS.items())
}
"""By a name; each is planted once."""


def planted_counts(names: Iterable[str]) -> dict[str, int]:
    """Return what a report must count of the county where some plants are; ``median_income`` is in yuan."""
    counts: Counter[str] = Counter()
    for name in names:
        counts.update(COUNTED[name].counts)
    return dict(counts)


COUNTED_ZH: Final[Mapping[str, str]] = {
    "works in another county as a year ago": "与上年同在外县务工", "went on out of the province": "由外县转省外务工",
    "left the county this year": "今年外出务工", "came home from outside the province": "省外返乡就业",
    "out of work since last month": "上月起无业", "left 26 months ago, not heard of since": "26个月前外出，再无消息",
    "house grade C, visited and in need": "C级住房，核实属实", "house grade C, visited and mended": "C级住房，核实时已修缮",
    "house grade C by a department, not visited": "部门报C级住房，未核实",
    "unsafe water, visited and in need": "饮水不安全，核实属实",
    "unsafe water, visited before and after": "饮水不安全，前后均有走访",
    "unsafe water twice, visited once": "饮水不安全两次，走访一次",
    "unsafe water, the household says otherwise": "饮水不安全，农户说法不一",
    "lives on transfers, far above the line": "依赖转移收入，远高于监测线",
}  # fmt: skip
