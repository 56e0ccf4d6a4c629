"""What comes in about a simulated household month by month: it agrees with what was stated, or is withdrawn later."""

import random
from typing import Any, Final

from fangfan.simulated import Fact, Household
from schemas.fields import parse_money, render_money, render_month

JITTER: Final = 0.02
"""How far a department's month may lie from the cadre's share, where no boundary of a rule is near."""
MISTAKES: Final = 0.05
"""Share of wage records and visits that were written down wrong and are withdrawn later."""
BY_PERSON: Final = 0.25
"""Share of wage records whose department knows the person, not the household."""
COMPONENT_SOURCES: Final = {"business": "agriculture", "property": "rural-revitalization", "transfer": "civil-affairs"}

Said = tuple[str, str, list[Fact], dict[str, Any]]
"""Channel, source, facts, and what else the report carries (see ``Simulator``)."""


def push(rng: random.Random, household: Household) -> list[Said]:
    """Return one report of any channel, with its withdrawal where it was wrong.

    None of them may move a household over a boundary at the end: amounts are the shares of its statements, spending and
    claims of the running month do not count yet, the yearly medical total stays small, and what would stand against a plant
    is kept from planted households.
    """
    kinds = [_cover, _bill] if household.unclaimed else [_cover, _claim, _bill]
    if household.statements:
        kinds += [_wage, _wage, _wage, _component, _component]
    if household.plain:
        kinds += [_medical_total, _medical_total, _safe, _declares, _visit]
    return rng.choice(kinds)(rng, household)


def _share(household: Household, component: str, back: int) -> int:
    """Return the fen that the statements put on the month ``back`` (1 to 24) months before the running one."""
    statement = household.statements[1 if back <= 12 else 0]
    total = parse_money(statement[component])
    return total - total // 12 * 11 if back in (1, 13) else total // 12


def _income(rng: random.Random, household: Household, component: str, person: str | None) -> Fact:
    back = rng.randint(1, 24)
    amount = _share(household, component, back)
    if household.plain:
        amount += int(amount * rng.uniform(-JITTER, JITTER))
    month = render_month(household.month - back)
    return {"type": "income", "component": component, "month": month, "amount": render_money(amount), "person_id": person}


def _wage(rng: random.Random, household: Household) -> list[Said]:
    person = str(household.members[0]["person_id"])
    fact = _income(rng, household, "wage", person)
    day = rng.randint(0, 1)
    by_person = {"person": person} if rng.random() < BY_PERSON else {}
    said: list[Said] = [("department", "human-resources", [fact], {"day": day} | by_person)]
    if rng.random() < MISTAKES:
        back = rng.randint(1, 12)  # more for a recent month can look like no loss
        amount = render_money(_share(household, "wage", back) * 10)
        wrong = fact | {"amount": amount, "month": render_month(household.month - back)}
        said += [
            ("department", "human-resources", [wrong], {"day": day, "name": "typed wrong"}),
            ("department", "human-resources", [], {"day": 2, "voids": "typed wrong"}),
        ]
    return said


def _component(rng: random.Random, household: Household) -> list[Said]:
    component = rng.choice(sorted(COMPONENT_SOURCES))
    fact = _income(rng, household, component, None)
    return [("department", COMPONENT_SOURCES[component], [fact], {"day": rng.randint(0, 2)})]


def _cover(rng: random.Random, household: Household) -> list[Said]:
    grown = [member for member in household.members[1:] if member["birth_year"] < household.month // 12 - 1]
    person = str(rng.choice(grown)["person_id"])
    fact = {"type": "medical_cover", "person_id": person, "enrolled": True}
    return [("department", "medical-insurance", [fact], {"day": rng.randint(0, 2), "person": person})]


def _claim(rng: random.Random, household: Household) -> list[Said]:
    kind, amount = rng.choice(["price", "accident"]), render_money(rng.randint(500, 90_000))
    fact = {"type": "claim", "kind": kind, "amount": amount, "month": render_month(household.month)}
    return [("department", "insurance", [fact], {"day": rng.randint(0, 2)})]


def _bill(rng: random.Random, household: Household) -> list[Said]:
    amount, month = render_money(rng.randint(1_000, 60_000)), render_month(household.month)
    fact = {"type": "spending", "category": "medical", "self_paid": amount, "month": month}
    return [("department", "health", [fact], {"day": rng.randint(0, 2)})]


def _medical_total(rng: random.Random, household: Household) -> list[Said]:
    """The year's total so far, up to some month of the year that last month lies in."""
    last = household.month - 1
    month = rng.randint(last - last % 12, last)
    total = render_money((month % 12 + 1) * rng.randint(1_000, 6_000))
    fact = {"type": "spending", "category": "medical", "self_paid": total, "month": render_month(month), "cumulative": True}
    return [("department", "medical-insurance", [fact], {"day": rng.randint(0, 2)})]


def _safe(rng: random.Random, household: Household) -> list[Said]:
    water: tuple[str, Fact] = ("water", {"type": "water", "safe": True})
    source, fact = rng.choice([("housing", {"type": "housing", "grade": rng.choice("AB")}), water])
    return [("department", source, [fact], {"day": rng.randint(0, 2)})]


def _declares(rng: random.Random, household: Household) -> list[Said]:
    well = rng.choice(
        [{"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "water", "safe": True}]
    )
    return [("declaration", rng.choice(["app", "hotline", "window", "proxy"]), [well], {"day": rng.randint(0, 2)})]


def _visit(rng: random.Random, household: Household) -> list[Said]:
    """A cadre finds all well; some write it down at the wrong household and take it back: an alert opens and is cleared."""
    cadre = f"cadre-{rng.randint(1, 400)}"
    if rng.random() >= MISTAKES:
        return [
            (
                "cadre",
                cadre,
                [{"type": "housing", "grade": "A"}, {"type": "food", "adequate": True}],
                {"day": rng.randint(0, 2)},
            )
        ]
    wrong: Fact = rng.choice([{"type": "water", "safe": False}, {"type": "housing", "grade": "C"}])
    return [
        ("cadre", cadre, [wrong], {"day": 1, "name": "other household"}),
        ("cadre", cadre, [], {"day": 2, "voids": "other household"}),
    ]
