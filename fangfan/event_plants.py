"""Area events planted in a simulated county: nobody says of a household what it suffers, only what happened around it.

Each event is about a product or an asset that nothing else is planted about, so that whom it reaches is known to the household.
"""

from collections.abc import Callable, Mapping
from typing import Final

from fangfan.saying import ago
from fangfan.simulated import AreaSaid, Fact, Household

ELSEWHERE: Final = "140931"
"""A county in which no simulated household lives."""


def _grows(household: Household, product: str, *, active: bool = True, day: int = 1) -> None:
    household.say("declaration", "app", {"type": "grows", "product": product, "active": active}, day=day)


def _slump(household: Household, product: str, county: str, percent: int = 40) -> AreaSaid:
    """Return a fall of a product's price last month in a whole county, as everybody there hears of it."""
    month = ago(household, 1)
    fact = {"type": "market", "product": product, "measure": "price", "drop_percent": percent, "month": month}
    return AreaSaid(f"{product}-{county}-{month}", f"{county}000000", f"grows:{product}", "commerce", [fact])


def _hit(household: Household) -> None:
    _grows(household, "pear")
    household.events.append(_slump(household, "pear", household.area_code[:6]))


def _grown_later(household: Household) -> None:
    """Only after the fall does anybody learn that the household grows it."""
    _grows(household, "jujube", day=2)
    household.events.append(_slump(household, "jujube", household.area_code[:6])._replace(day=0))


def _of_asset(fact: Fact) -> Callable[[Household], None]:
    """Report something of a greenhouse of the township; the household is linked to it."""

    def plant(household: Household) -> None:
        asset = f"greenhouse-{fact['type']}-{household.area_code[:9]}"
        link = {"type": "asset_link", "asset": asset, "kind": "greenhouse", "linked": True}
        household.say("department", "rural-revitalization", link, day=1)
        said = fact | {"asset": asset, "since": ago(household, 2)}
        name = f"{asset}-{household.month}"
        household.events.append(AreaSaid(name, f"{household.area_code[:9]}000", f"asset:{asset}", "agriculture", [said]))

    return plant


def _elsewhere(household: Household) -> None:
    _grows(household, "walnut")
    household.events.append(_slump(household, "walnut", ELSEWHERE))


def _no_more(household: Household) -> None:
    _grows(household, "grape", day=0)
    household.events.append(_slump(household, "grape", household.area_code[:6]))
    _grows(household, "grape", active=False, day=2)


def _small(household: Household) -> None:
    _grows(household, "apricot")
    household.events.append(_slump(household, "apricot", household.area_code[:6], 29))


def _taken_back(household: Household) -> None:
    _grows(household, "millet")
    wrong = _slump(household, "millet", household.area_code[:6], 60)
    household.events += [wrong, wrong._replace(name=f"{wrong.name}-void", facts=[], voids=wrong.name, day=2)]


SHOCKS: Final[Mapping[str, tuple[frozenset[str], Callable[[Household], None]]]] = {
    "pear price fell in the county": (frozenset({"market-slump"}), _hit),
    "jujube price had fallen before": (frozenset({"market-slump"}), _grown_later),
    "greenhouse of the township idle": (frozenset({"project-asset"}), _of_asset({"type": "asset_status", "status": "idle"})),
    "greenhouse paid nobody": (frozenset({"dividend"}), _of_asset({"type": "dividend", "status": "unpaid"})),
}
"""By a name: the rules that must be open at the end, and what happens."""
NEAR_MISSES: Final[Mapping[str, Callable[[Household], None]]] = {
    "walnut price fell elsewhere": _elsewhere,
    "grape price fell, grown no more": _no_more,
    "apricot price fell by 29 %": _small,
    "millet price fall taken back": _taken_back,
}
SHOCKS_ZH: Final[Mapping[str, str]] = {
    "pear price fell in the county": "全县梨跌价", "jujube price had fallen before": "红枣先跌价后申报种植",
    "greenhouse of the township idle": "乡镇大棚闲置", "greenhouse paid nobody": "乡镇大棚未分红",
}  # fmt: skip
NEAR_MISSES_ZH: Final[Mapping[str, str]] = {
    "walnut price fell elsewhere": "外县核桃跌价", "grape price fell, grown no more": "葡萄跌价但已不种",
    "apricot price fell by 29 %": "全县杏跌价29%", "millet price fall taken back": "谷子跌价误报已撤回",
}  # fmt: skip
