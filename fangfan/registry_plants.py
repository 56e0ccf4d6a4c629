"""Registry entries that change in a simulated county: households that split, merge, move or marry.

Reports that know only a person must find the one household whose entry names the person now; what was said before stays where
it was said. They are sent last and the entries first: where such a report goes is decided when it meets the entries. One is
removed in between, a day after it was written: what its household was told of before is sent with the entries.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from fangfan.saying import KEY_COUNTY_VILLAGE, LEADING_COUNTY_VILLAGE, ago, insured
from fangfan.simulated import Fact, Household
from schemas.fields import render_month

_WORK: Final = frozenset({"employment"})
_HURT: Final = frozenset({"accident", "employment"})
_ROOF: Final = frozenset({"housing"})
_ENTRY: Final = frozenset({"registration"})
_QUIET: Final[frozenset[str]] = frozenset()


class FamilyPlant(NamedTuple):
    """Households whose entries change together: the rules that are open at the end of each, and what happens."""

    rules: tuple[frozenset[str], ...]
    plant: Callable[[Sequence[Household]], None]


def _only(*households: Household) -> None:
    """Let nothing be known of households but what is planted, and their entries be sent before all reports."""
    for household in households:
        household.alone = household.entered_first = True


def _adult(household: Household, number: int) -> dict[str, Any]:
    """Return a young adult whom the simulation has not made up otherwise."""
    person = f"P{household.household_id[1:]}-{number}"
    return {"person_id": person, "birth_year": household.month // 12 - 25, "labour": "full", "student": False}


def _jobless(household: Household, person: dict[str, Any]) -> Fact:
    return {"type": "employment", "person_id": person["person_id"], "status": "not_working", "since": ago(household, 4)}


def _hurt(household: Household, person: dict[str, Any]) -> Fact:
    month = ago(household, 2)
    return {"type": "accident", "person_id": person["person_id"], "kind": "work", "outcome": "serious", "month": month}


def _labour_office(household: Household, person: dict[str, Any], *more: Fact) -> None:
    """Tell, last of all, of somebody who is out of work: it is known who, not of which household."""
    name = str(person["person_id"])
    household.say("department", "human-resources", _jobless(household, person), *more, day=2, person=name, turn=1)


def _split(households: Sequence[Household]) -> None:
    """The son and his wife found a household of their own. That he was hurt and has no work is said before and after."""
    old, new = households
    _only(old, new)
    son, wife = _adult(old, 7), _adult(old, 8)
    old.before = {"members": [*old.members, son, wife]}
    new.members, new.area_code = [son, wife], old.area_code
    old.say("cadre", "cadre-9", _jobless(old, son), _hurt(old, son), before=40)
    _labour_office(new, son, _hurt(new, son))


def _merge(households: Sequence[Household]) -> None:
    """The father's entry, which was the newer one, is removed, and with it what made his income known; the son's has grown.

    That his roof leaks was said before, and is of nobody else: that alert stays open where it was, by then without members.
    """
    removed, grown = households
    _only(removed, grown)
    father = removed.members[0]
    removed.gone, removed.entered, grown.entered = True, 5, 20
    grown.members.append(father)
    none = dict.fromkeys(("business", "property", "transfer", "production_cost"), "0")
    poor = {"type": "income_statement", "from": ago(removed, 14), "to": ago(removed, 3), "wage": "2000.00"} | none
    removed.say("cadre", "cadre-9", poor, before=30)
    removed.say("cadre", "cadre-9", {"type": "housing", "grade": "C"}, before=20, turn=-1)
    _labour_office(grown, father)


def _moves(there: str, here: str) -> Callable[[Sequence[Household]], None]:
    def plant(households: Sequence[Household]) -> None:
        (household,) = households
        _only(household)
        household.before, household.area_code = {"area_code": there}, here
        insured(household, "price", covered=False)

    return plant


def _said_to_marry(his: Household, hers: Household, bride: dict[str, Any]) -> None:
    for household, status, other in ((his, "joined", hers), (hers, "left", his)):
        fact = {"type": "membership", "person_id": bride["person_id"], "status": status, "cause": "marriage",
                "since": render_month(household.month - 2), "other_household": other.household_id}  # fmt: skip
        household.say("department", "civil-affairs", fact, day=1)


def _marries(households: Sequence[Household]) -> None:
    """Two months later she still stands in her parents' entry, and not in his."""
    his, hers = households
    _only(his, hers)
    bride = _adult(hers, 7)
    hers.members.append(bride)
    _said_to_marry(his, hers, bride)


def _married(households: Sequence[Household]) -> None:
    """Both entries were corrected."""
    his, hers = households
    _only(his, hers)
    bride = _adult(hers, 7)
    hers.before = {"members": [*hers.members, bride]}
    his.members.append(bride)
    _said_to_marry(his, hers, bride)
    _labour_office(his, bride)


FAMILIES: Final[Mapping[str, FamilyPlant]] = {
    "a household splits": FamilyPlant((_QUIET, _HURT), _split),
    "two households merge, an alert open": FamilyPlant((_ROOF, _WORK), _merge),
    "moves to a key county": FamilyPlant(
        (frozenset({"insurance-gap"}),), _moves(LEADING_COUNTY_VILLAGE, KEY_COUNTY_VILLAGE)
    ),
    "moves away from a key county": FamilyPlant((_QUIET,), _moves(KEY_COUNTY_VILLAGE, LEADING_COUNTY_VILLAGE)),
    "marries, in the wrong entry": FamilyPlant((_ENTRY, _ENTRY), _marries),
    "marries, both entries corrected": FamilyPlant((_WORK, _QUIET), _married),
}  # fmt: skip
"""By a name; none but these households is told of, each under its own rules."""
FAMILIES_ZH: Final[Mapping[str, str]] = {
    "a household splits": "分户", "two households merge, an alert open": "并户，原户预警未解除",
    "moves to a key county": "迁入重点县",
    "moves away from a key county": "迁出重点县", "marries, in the wrong entry": "婚嫁未变更登记",
    "marries, both entries corrected": "婚嫁已变更登记",
}  # fmt: skip
