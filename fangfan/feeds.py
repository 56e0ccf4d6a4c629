"""What departments push month by month about a simulated household: it agrees with what the household and cadre say."""

import random
from typing import Any, Final

from fangfan.plants import Fact, Household
from schemas.fields import parse_money, render_money, render_month

JITTER: Final = 0.02
"""How far a department's month may lie from the cadre's share, where no boundary of a rule is near."""
MISTAKES: Final = 0.03
"""Share of wage records that were typed wrong and are withdrawn later."""

Said = tuple[str, list[Fact], dict[str, Any]]
"""Department, facts, and what else the report carries (see ``Simulator``)."""


def push(rng: random.Random, household: Household) -> list[Said]:
    """Return one record as a department pushes it, with its withdrawal where it was wrong.

    None of them may move a household over a boundary: amounts are the shares of its statements, spending and claims of
    the running month do not count yet, and the yearly medical total stays small and is kept from planted households.
    """
    kinds = [_cover, _claim, _bill]
    if household.statements:
        kinds += [_wage, _wage, _transfer]
    if household.plain:
        kinds += [_medical_total, _safe]
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
    by_person = {"person": person} if rng.random() < 0.2 else {}
    said: list[Said] = [("human-resources", [fact], {"day": day} | by_person)]
    if rng.random() < MISTAKES:
        back = rng.randint(1, 12)  # more for a recent month can look like no loss
        amount = render_money(_share(household, "wage", back) * 10)
        wrong = fact | {"amount": amount, "month": render_month(household.month - back)}
        said += [
            ("human-resources", [wrong], {"day": day, "name": "typed wrong"}),
            ("human-resources", [], {"day": 2, "voids": "typed wrong"}),
        ]
    return said


def _transfer(rng: random.Random, household: Household) -> list[Said]:
    return [("civil-affairs", [_income(rng, household, "transfer", None)], {"day": rng.randint(0, 2)})]


def _cover(rng: random.Random, household: Household) -> list[Said]:
    person = str(rng.choice(household.members[1:])["person_id"])
    fact = {"type": "medical_cover", "person_id": person, "enrolled": True}
    return [("medical-insurance", [fact], {"day": rng.randint(0, 2), "person": person})]


def _claim(rng: random.Random, household: Household) -> list[Said]:
    kind, amount = rng.choice(["price", "accident"]), render_money(rng.randint(500, 90_000))
    fact = {"type": "claim", "kind": kind, "amount": amount, "month": render_month(household.month)}
    return [("insurance", [fact], {"day": rng.randint(0, 2)})]


def _bill(rng: random.Random, household: Household) -> list[Said]:
    amount, month = render_money(rng.randint(1_000, 60_000)), render_month(household.month)
    fact = {"type": "spending", "category": "medical", "self_paid": amount, "month": month}
    return [("health", [fact], {"day": rng.randint(0, 2)})]


def _medical_total(rng: random.Random, household: Household) -> list[Said]:
    """The year's total so far, up to some month of the year that last month lies in."""
    last = household.month - 1
    month = rng.randint(last - last % 12, last)
    total = render_money((month % 12 + 1) * rng.randint(1_000, 6_000))
    fact = {"type": "spending", "category": "medical", "self_paid": total, "month": render_month(month), "cumulative": True}
    return [("medical-insurance", [fact], {"day": rng.randint(0, 2)})]


def _safe(rng: random.Random, household: Household) -> list[Said]:
    water: tuple[str, Fact] = ("water", {"type": "water", "safe": True})
    source, fact = rng.choice([("housing", {"type": "housing", "grade": rng.choice("AB")}), water])
    return [(source, [fact], {"day": rng.randint(0, 2)})]
