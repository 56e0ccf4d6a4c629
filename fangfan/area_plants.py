"""Villages planted in a simulated county: one in which many households are hit, one with too few.

They lie in a county where nobody else lives, so that what is said of them is known to the household.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from fangfan.simulated import Fact, Household
from schemas.fields import render_month
from streams.scale_risk import DIGITS, areas_of

VILLAGE_HOUSEHOLDS: Final = 5
TOWNSHIP_HOUSEHOLDS: Final = 20
EVENT_HOUSEHOLDS: Final = 3
"""As ``[rules.scale-risk]`` of ``policy/shanxi.toml`` has them; a test compares them."""
_DISASTER: Final = frozenset({"production-loss", "disaster-loss"})
_MARKET: Final = frozenset({"market-slump"})


class Resident(NamedTuple):
    """A household of a planted village: the rules that are open at the end, and what happens."""

    rules: frozenset[str]
    plant: Callable[[Household], None]


class VillagePlant(NamedTuple):
    """A planted village: its code, why it and why its township must be at risk (empty: must not), and who lives there."""

    village: str
    because: tuple[str, ...]
    township_because: tuple[str, ...]
    residents: tuple[Resident, ...]


def _lives(village: str, source: str, fact_of: Callable[[Household], Fact]) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        household.area_code = village
        household.say("department", source, fact_of(household), day=2)

    return plant


def _hail(village: str, **over: Any) -> Resident:
    def fact(household: Household) -> Fact:
        return {"type": "loss", "event": f"hail-{household.month}", "hazard": "hail", "object": "crop", "lost_percent": 40,
                "amount": "800.00", "month": render_month(household.month)} | over  # fmt: skip

    rule = "disaster-loss" if over else "production-loss"
    return Resident(frozenset({rule}), _lives(village, "emergency", fact))


def _bad_well(village: str) -> Resident:
    return Resident(frozenset({"water"}), _lives(village, "water", lambda _: {"type": "water", "safe": False}))


_HIT: Final = "140925110301"
_SPARED: Final = "140925111301"
_SHED: Final[dict[str, Any]] = {"object": "facility", "lost_percent": 20, "amount": "6000.00"}
VILLAGES: Final[Mapping[str, VillagePlant]] = {
    "hail over a village": VillagePlant(
        _HIT, ("households", "disaster"), ("disaster",), (*[_hail(_HIT)] * 4, *[_hail(_HIT, **_SHED)] * 2)
    ),
    "two fields and two wells": VillagePlant(_SPARED, (), (), (*[_hail(_SPARED)] * 2, *[_bad_well(_SPARED)] * 2)),
}
VILLAGES_ZH: Final[Mapping[str, str]] = {"hail over a village": "冰雹袭村", "two fields and two wells": "两户受灾两户饮水"}


def crowded(households: Iterable[tuple[str, frozenset[str]]]) -> frozenset[str]:
    """Return the digits of the villages and townships of which so many households are planted that they may be at risk.

    ``households`` are area codes with the rules that are open at the end. Such places need not be at risk: of households
    that were first heard of more than a window ago a place says nothing.
    """
    rules_of: dict[str, list[frozenset[str]]] = {}
    for area_code, rules in households:
        for area in areas_of(area_code):
            rules_of.setdefault(area, []).append(rules)
    return frozenset(area for area, rules in rules_of.items() if _may_be_at_risk(area, rules))


def _may_be_at_risk(area: str, households: list[frozenset[str]]) -> bool:
    limit = VILLAGE_HOUSEHOLDS if len(area) == DIGITS["village"] else TOWNSHIP_HOUSEHOLDS
    hit = max(sum(not rules.isdisjoint(event) for rules in households) for event in (_DISASTER, _MARKET))
    return len(households) >= limit or hit >= EVENT_HOUSEHOLDS
