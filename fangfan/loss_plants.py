"""Planted losses of every hazard and object, insurance that nobody claims or has, markets and assets of further senders."""

from collections.abc import Callable, Mapping
from typing import Final

from fangfan.saying import KEY_COUNTY_VILLAGE, Shocks, ago, asset, cover, first, insured, loss, slump
from fangfan.simulated import Household


def _hurt(months: int, outcome: str) -> Callable[[Household], None]:
    """An insured accident for which nobody claimed."""

    def plant(household: Household) -> None:
        household.unclaimed = True
        insured(household, "accident")
        fact = {"type": "accident", "person_id": first(household), "kind": "fall", "outcome": outcome,
                "month": ago(household, months)}  # fmt: skip
        household.say("department", "insurance", fact, day=2)

    return plant


def _fallen(months: int, claimed: bool) -> Callable[[Household], None]:
    """An insured price that fell."""

    def plant(household: Household) -> None:
        household.unclaimed = True
        insured(household, "price")
        slump("price", 35, "sunflower", months=months)(household)
        if claimed:
            fact = {"type": "claim", "kind": "price", "amount": "260.00", "month": ago(household, 1)}
            household.say("department", "insurance", fact, day=2)

    return plant


def _paid_for(amount: str) -> Callable[[Household], None]:
    """A flood that cost 12,000 yuan, and what the disaster insurance paid for it."""

    def plant(household: Household) -> None:
        insured(household)
        loss(25, "12000.00", 2, hazard="flood", object="facility")(household)
        fact = {"type": "claim", "kind": "disaster", "amount": amount, "month": ago(household, 1)}
        household.say("department", "insurance", fact, day=2)

    return plant


SHOCKS: Final[Shocks] = {
    "swine fever took the pigs": (
        frozenset({"production-loss"}), loss(60, "0", 1, "agriculture", hazard="epidemic", object="livestock"),
    ),
    "drought took half of the crop": (frozenset({"production-loss"}), loss(50, "0", 2, "agriculture", hazard="drought")),
    "frost took the blossom": (frozenset({"production-loss"}), loss(30, "0", 3, "insurance", hazard="frost")),
    "flood in the sheds": (
        frozenset({"disaster-loss"}), loss(25, "7500.00", 1, "water", hazard="flood", object="facility"),
    ),
    "landslide hit the house": (
        frozenset({"disaster-loss"}), loss(45, "12000.00", 1, "housing", hazard="landslide", object="house"),
    ),
    "flood cost 12,000, insurance paid 3,000": (frozenset({"disaster-loss"}), _paid_for("3000.00")),
    "nobody claimed for an accident": (frozenset({"accident", "claim-reminder"}), _hurt(3, "serious")),
    "nobody claimed for a fallen price": (frozenset({"market-slump", "claim-reminder"}), _fallen(3, claimed=False)),
    "no disaster insurance (key county)": (
        frozenset({"insurance-gap"}), cover(KEY_COUNTY_VILLAGE, "disaster", covered=False, months=-3),
    ),
    "maize price fell": (frozenset({"market-slump"}), slump("price", 45, "maize", source="market-regulation")),
    "workshop idle": (
        frozenset({"project-asset"}), asset("asset_status", "idle", 2, kind="workshop", source="agriculture"),
    ),
}  # fmt: skip
NEAR_MISSES: Final[Mapping[str, Callable[[Household], None]]] = {
    "29 % of the sheep lost": loss(29, "0", 1, "agriculture", hazard="epidemic", object="livestock"),
    "drought of a year ago": loss(80, "9000.00", 12, "agriculture", hazard="drought"),
    "wind took the roof, 4,800": loss(90, "4800.00", 1, "housing", hazard="wind", object="house"),
    "flood cost 12,000, insurance paid 7,000.01": _paid_for("7000.01"),
    "light accident, nothing claimed": _hurt(3, "minor"),
    "accident of a year ago, nothing claimed": _hurt(12, "serious"),
    "price fell half a year ago, claimed": _fallen(6, claimed=True),
    "no accident insurance (key county)": cover(KEY_COUNTY_VILLAGE, "accident", covered=False, months=-3),
    "49 % of the maize unsold": slump("sales", 49, "maize", source="market-regulation"),
    "workshop idle since this month": asset("asset_status", "idle", 0, kind="workshop", source="agriculture"),
}
SHOCKS_ZH: Final[Mapping[str, str]] = {
    "swine fever took the pigs": "猪瘟毁养殖", "drought took half of the crop": "旱灾减产一半",
    "frost took the blossom": "霜冻毁花",
    "flood in the sheds": "洪水淹棚舍", "landslide hit the house": "滑坡毁房",
    "flood cost 12,000, insurance paid 3,000": "洪灾损失12,000元，理赔3,000元",
    "nobody claimed for an accident": "意外未理赔", "nobody claimed for a fallen price": "跌价未理赔",
    "no disaster insurance (key county)": "重点县未投灾害险", "maize price fell": "玉米跌价(市场监管)",
    "workshop idle": "帮扶车间闲置",
}  # fmt: skip
NEAR_MISSES_ZH: Final[Mapping[str, str]] = {
    "29 % of the sheep lost": "羊损失29%", "drought of a year ago": "一年前的旱灾",
    "wind took the roof, 4,800": "大风毁屋顶4,800元",
    "flood cost 12,000, insurance paid 7,000.01": "洪灾损失12,000元，理赔7,000.01元",
    "light accident, nothing claimed": "轻微意外未理赔", "accident of a year ago, nothing claimed": "一年前意外未理赔",
    "price fell half a year ago, claimed": "半年前跌价已理赔", "no accident insurance (key county)": "重点县未投意外险",
    "49 % of the maize unsold": "玉米滞销49%", "workshop idle since this month": "帮扶车间本月闲置",
}  # fmt: skip
