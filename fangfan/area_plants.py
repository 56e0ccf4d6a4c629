"""Villages planted in a simulated county: hit by hail while some come and go, by a slump, by too little, by less than feared.

They lie in a county where nobody else lives, so that what is said of them is known to the household.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from fangfan.saying import ago, lost
from fangfan.simulated import AreaSaid, Fact, Household
from schemas.area_alerts import DIGITS
from streams.scale_risk import areas_of

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
    """A planted village: its code, why it and why its township must be at risk (empty: must not), and who lives there.

    ``cleared``: neither is at risk at the end, but both were. Residents without rules were households of the risk once.
    """

    village: str
    because: tuple[str, ...]
    township_because: tuple[str, ...]
    residents: tuple[Resident, ...]
    cleared: bool = False


def _lives(village: str, source: str, fact_of: Callable[[Household], Fact]) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        household.area_code = village
        household.say("department", source, fact_of(household), day=2)

    return plant


def _hail(village: str, **over: Any) -> Resident:
    rule = "disaster-loss" if over else "production-loss"
    return Resident(frozenset({rule}), _lives(village, "emergency", lambda household: lost(household, 40, "800.00") | over))


def _bad_well(village: str) -> Resident:
    return Resident(frozenset({"water"}), _lives(village, "water", lambda _: {"type": "water", "safe": False}))


def _potatoes(village: str) -> Resident:
    """Grow what falls in price in the whole county; that alone is said of the household."""

    def plant(household: Household) -> None:
        household.area_code = village
        household.say("declaration", "app", {"type": "grows", "product": "potato", "active": True}, day=2)
        fact = {"type": "market", "product": "potato", "measure": "sales", "drop_percent": 70, "month": ago(household, 1)}
        name, county = f"potato-{household.month}", f"{village[:6]}000000"
        household.events.append(AreaSaid(name, county, "grows:potato", "market-regulation", [fact]))

    return Resident(_MARKET, plant)


def _feared(village: str) -> Resident:
    """After the first look most of the crop was lost, after the second a tenth.

    The first is sent before, the second after all else: a village says nothing of what comes and goes between two looks at it.
    """

    def plant(household: Household) -> None:
        household.area_code = village
        for day, turn, percent in ((1, -1, 70), (2, 1, 10)):
            household.say("department", "agriculture", lost(household, percent, "400.00"), day=day, turn=turn)

    return Resident(frozenset(), plant)


def _moves_in(before: str, resident: Resident) -> Resident:
    """Move into the village from another one, last of all, with what was said of the household there."""

    def plant(household: Household) -> None:
        resident.plant(household)
        household.before, household.entered_late = {"area_code": before}, True

    return Resident(resident.rules, plant)


_HIT: Final = "140925110301"
_NEXT_TO_HIT: Final = "140925110302"
"""Of the same township, where only who moves to the hit village lived."""
_SPARED: Final = "140925111301"
_UNSOLD: Final = "140925112301"
_FEARED: Final = "140925113301"
_SHED: Final[dict[str, Any]] = {"object": "facility", "lost_percent": 20, "amount": "6000.00"}
VILLAGES: Final[Mapping[str, VillagePlant]] = {
    "hail, households come and go": VillagePlant(
        _HIT,
        ("households", "disaster"),
        ("disaster",),
        (*[_hail(_HIT)] * 3, _hail(_HIT, **_SHED), _moves_in(_NEXT_TO_HIT, _hail(_HIT)), _feared(_HIT)),
    ),
    "two fields and two wells": VillagePlant(_SPARED, (), (), (*[_hail(_SPARED)] * 2, *[_bad_well(_SPARED)] * 2)),
    "potatoes unsold": VillagePlant(_UNSOLD, ("market",), ("market",), (*[_potatoes(_UNSOLD)] * 3,)),
    "hail less than feared": VillagePlant(_FEARED, (), (), (*[_feared(_FEARED)] * 3,), cleared=True),
}
VILLAGES_ZH: Final[Mapping[str, str]] = {
    "hail, households come and go": "冰雹袭村，农户有进有出", "two fields and two wells": "两户受灾两户饮水",
    "potatoes unsold": "土豆滞销", "hail less than feared": "冰雹损失轻于预估",
}  # fmt: skip


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
