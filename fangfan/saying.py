"""What departments say of a simulated household, short to write in plants; months count back from the running one."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from fangfan.simulated import Fact, Household
from schemas.fields import render_month

KEY_COUNTY_VILLAGE: Final = "140123100201"
"""A village of a county of the key tier."""
LEADING_COUNTY_VILLAGE: Final = "140105100201"
"""A village of a county of the leading tier."""
Shocks = dict[str, tuple[frozenset[str], Callable[[Household], None]]]
"""By a name: the rules that must be open at the end, and what happens."""


def ago(household: Household, months: int) -> str:
    """Return the month that lies so many months before the running one (below 0: after it)."""
    return render_month(household.month - months)


def days_before(household: Household, months: int) -> int:
    """Return how many days before the running month begins the 15th of the month is that lies so many months before it."""
    then = household.month - months
    running, day = (date(month // 12, month % 12 + 1, day) for month, day in ((household.month, 1), (then, 15)))
    return (running - day).days


def first(household: Household) -> str:
    """Return an adult who can work."""
    return str(household.members[0]["person_id"])


def of_person(source: str, what: str, months: int, field: str = "since", /, **words: Any) -> Callable[[Household], None]:
    """Report something of the first adult that began or happened some months ago."""

    def plant(household: Household) -> None:
        fact = {"type": what, "person_id": first(household), field: ago(household, months)} | words
        household.say("department", source, fact, day=2)

    return plant


def support(
    kind: str, status: str, months: int, relieved: int = 24, source: str = "rural-revitalization"
) -> Callable[[Household], None]:
    """Report support of a household that was relieved ``relieved`` months ago."""

    def plant(household: Household) -> None:
        household.status, household.relieved_on = "relieved", f"{ago(household, relieved)}-15"
        fact = {"type": "support", "kind": kind, "status": status, "since": ago(household, months)}
        household.say("department", source, fact, day=2)

    return plant


def lost(household: Household, percent: int, amount: str, months: int = 0, **over: Any) -> Fact:
    """Return a loss, of crops by hail if nothing else is said."""
    hazard = over.get("hazard", "hail")
    fact = {"type": "loss", "event": f"{hazard}-{household.month}", "hazard": hazard, "object": "crop", "lost_percent": percent,
            "amount": amount, "month": ago(household, months)}  # fmt: skip
    return fact | over


def loss(percent: int, amount: str, months: int = 0, source: str = "emergency", **over: Any) -> Callable[[Household], None]:
    """Report a loss."""
    return lambda household: household.say("department", source, lost(household, percent, amount, months, **over), day=2)


def insured(household: Household, kind: str = "disaster", *, covered: bool = True, months: int = -3) -> None:
    """Report insurance until some months ago."""
    fact = {"type": "cover", "kind": kind, "covered": covered, "until": ago(household, months)}
    household.say("department", "insurance", fact, day=1)


def cover(area_code: str, kind: str, *, covered: bool, months: int) -> Callable[[Household], None]:
    """Report insurance of a household that lives somewhere."""

    def plant(household: Household) -> None:
        household.area_code = area_code
        insured(household, kind, covered=covered, months=months)

    return plant


def calls(*, urgent: bool, status: str = "open", months: int = 1, source: str = "hotline") -> Callable[[Household], None]:
    """Report a request; ``petitions`` is a department, all others take a declaration."""

    def plant(household: Household) -> None:
        fact = {"type": "petition", "ref": f"12317-{household.household_id}", "category": "water", "urgent": urgent,
                "status": status, "since": ago(household, months)}  # fmt: skip
        household.say("department" if source == "petitions" else "declaration", source, fact, day=2)

    return plant


def slump(
    measure: str, percent: int, product: str = "apple", *, active: bool = True, months: int = 1, source: str = "commerce"
) -> Callable[[Household], None]:
    """Report that a product sells badly, and that the household grows it, or no more."""

    def plant(household: Household) -> None:
        household.say("declaration", "app", {"type": "grows", "product": product, "active": active}, day=1)
        fact = {"type": "market", "product": product, "measure": measure, "drop_percent": percent,
                "month": ago(household, months)}  # fmt: skip
        household.say("department", source, fact, day=2)

    return plant


def asset(
    what: str,
    status: str,
    months: int,
    *,
    linked: bool = True,
    kind: str = "photovoltaic",
    source: str = "rural-revitalization",
) -> Callable[[Household], None]:
    """Report something of an asset of the township, and that the household is linked to it, or not."""

    def plant(household: Household) -> None:
        name = f"{kind}-{household.area_code[:9]}"
        link = {"type": "asset_link", "asset": name, "kind": kind, "linked": linked}
        fact = {"type": what, "asset": name, "status": status, "since": ago(household, months)}
        household.say("department", source, link, fact, day=2)

    return plant
