"""How a planted case is told: steps by days before the running month begins, and what the guard of removal asks for.

Gaps between steps are so wide, or so narrow, that no holiday decides whether a notice period or a due day has passed.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from fangfan.saying import ago, first
from fangfan.simulated import Household
from schemas.cases import ClockName, ConditionCode, MeasureStatus, Phase, Stage, Step


class CaseTruth(NamedTuple):
    """How a case must stand: its stage, refused steps with what each lacked, overdue clocks, whether it relapsed, which one."""

    stage: Stage
    refused: frozenset[tuple[Step, Phase, tuple[ConditionCode, ...]]] = frozenset()
    overdue: frozenset[ClockName] = frozenset()
    relapsed: bool = False
    episode: int = 1


class CasePlant(NamedTuple):
    """A planted case: what must be said of it at the end, the rules of the alert that is open then, and what happens.

    ``by_time``: nothing but time makes it so, ticks of workers with ``FANGFAN_TICKS=on``. ``helped``: how each measure stands
    that is suggested or was ever given, None where that is not what the plant is about.
    """

    truth: CaseTruth
    rules: frozenset[str]
    plant: Callable[[Household], None]
    by_time: bool = False
    helped: frozenset[tuple[str, MeasureStatus]] | None = None


_WHO: Final = {
    "authorisation": ("declaration", "window"), "objection": ("declaration", "hotline"),
    "comparison": ("department", "civil-affairs"), "decision": ("department", "rural-revitalization"),
    "standing": ("department", "rural-revitalization"), "rollback": ("department", "rural-revitalization"),
}  # fmt: skip
"""Who reports a step; the others are a cadre's."""
BAD_WATER: Final = {"type": "water", "safe": False}
GOOD_WATER: Final = {"type": "water", "safe": True}
WELL: Final = (
    {"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "housing", "grade": "A"},
)  # fmt: skip
"""What is asked of every household that is to be removed, besides its water and its insurance."""


def step(household: Household, name: str, before: int, phase: str = "entry", by: tuple[str, str] | None = None,
         **more: Any) -> None:  # fmt: skip
    """Take a step; ``by`` somebody else (channel and source) than usual."""
    channel, source = by or _WHO.get(name, ("cadre", "cadre-9"))
    household.say(channel, source, {"type": "case_step", "step": name, "phase": phase} | more, before=before)


def enter(household: Household, *days: int) -> None:
    """Take as many first steps of entry as there are days."""
    steps = ("verification", "authorisation", "comparison", "appraisal", "notice")
    for name, before in zip(steps, days, strict=False):
        step(household, name, before)


def register(household: Household, review: int, decision: int) -> None:
    """Take the last two steps of entry."""
    step(household, "review", review)
    category = "unstable" if household.status == "relieved" else "marginal"
    step(household, "decision", decision, category=category)


def remove(household: Household, *days: int) -> None:
    """Take as many steps of removal as there are days."""
    for name, before in zip(("appraisal", "notice", "review", "decision"), days, strict=False):
        step(household, name, before, "removal")


def stand(household: Household, stage: str, before: int) -> None:
    """Say where a case stands that began elsewhere."""
    step(household, "standing", before, stage=stage, category="marginal")


def earn(household: Household, before: int, last: int = 4, per_head: int | None = None) -> None:
    """State wages as the guard of removal asks for them, up to a month, and that all else it asks for but water is good.

    They are known on the day of the step; ``per_head`` is a year's, far above the line if nothing else is said.
    """
    for begin, end in ((24, 13), (12, last)):
        wage = (per_head or household.income) * len(household.members) * (begin - end + 1) // 12
        none = dict.fromkeys(("business", "property", "transfer", "production_cost"), "0")
        fact = {"type": "income_statement", "from": ago(household, begin), "wage": f"{wage}.00"} | none
        household.say("cadre", "cadre-9", fact | {"to": ago(household, end)}, before=before)
    cover = {"type": "medical_cover", "person_id": first(household), "enrolled": True}
    household.say("cadre", "cadre-9", *WELL, cover, before=before)


def ask(household: Household, before: int, months: int, *, urgent: bool) -> None:
    """Call for something that stands in no removal's way and that nobody answers, open since so many months."""
    fact = {"type": "petition", "ref": f"12317-{household.household_id}", "category": "land", "urgent": urgent,
            "status": "open", "since": ago(household, months)}  # fmt: skip
    household.say("declaration", "hotline", fact, before=before)
