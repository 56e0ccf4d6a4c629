"""Cases planted in a simulated county: where each must stand at the end, by the steps that were reported of it.

Days are counted before the running month begins, so that a case stands alike on every day of that month. Gaps between steps
are so wide, or so narrow, that no holiday decides whether a notice period or a due day has passed.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from fangfan.simulated import Fact, Household
from schemas.cases import ClockName, ConditionCode, Phase, Stage, Step
from schemas.fields import render_month


class CaseTruth(NamedTuple):
    """How a case must stand: its stage, refused steps with what each lacked, overdue clocks, and whether it relapsed."""

    stage: Stage
    refused: frozenset[tuple[Step, Phase, tuple[ConditionCode, ...]]] = frozenset()
    overdue: frozenset[ClockName] = frozenset()
    relapsed: bool = False


class CasePlant(NamedTuple):
    """A planted case: what must be said of it at the end, the rules of the alert that is open then, and what happens."""

    truth: CaseTruth
    rules: frozenset[str]
    plant: Callable[[Household], None]


_WHO: Final = {
    "authorisation": ("declaration", "window"), "objection": ("declaration", "hotline"),
    "comparison": ("department", "civil-affairs"), "decision": ("department", "rural-revitalization"),
    "standing": ("department", "rural-revitalization"),
}  # fmt: skip
"""Who reports a step; the others are a cadre's."""
_BAD_WATER: Final = {"type": "water", "safe": False}
_WELL: Final[tuple[Fact, ...]] = (
    {"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "housing", "grade": "A"},
)  # fmt: skip
_GOOD_WATER: Final = {"type": "water", "safe": True}


def _step(household: Household, step: str, before: int, phase: str = "entry", **more: Any) -> None:
    channel, source = _WHO.get(step, ("cadre", "cadre-9"))
    household.say(channel, source, {"type": "case_step", "step": step, "phase": phase} | more, before=before)


def _entry(household: Household, *days: int) -> None:
    """Take as many first steps of entry as there are days."""
    steps = ("verification", "authorisation", "comparison", "appraisal", "notice")
    for step, before in zip(steps, days, strict=False):
        _step(household, step, before)


def _register(household: Household, review: int, decision: int) -> None:
    _step(household, "review", review)
    category = "unstable" if household.status == "relieved" else "marginal"
    _step(household, "decision", decision, category=category)


def _remove(household: Household, *days: int) -> None:
    for step, before in zip(("appraisal", "notice", "review", "decision"), days, strict=True):
        _step(household, step, before, "removal")


def _stand(household: Household, stage: str, before: int) -> None:
    _step(household, "standing", before, stage=stage, category="marginal")


def _earned(household: Household, before: int) -> None:
    """State two years of wages as the guard of removal asks for them: known on the day of the step, far above the line."""
    for first, last in ((24, 13), (12, 4)):
        wage = household.income * len(household.members) * (first - last + 1) // 12
        none = dict.fromkeys(("business", "property", "transfer", "production_cost"), "0")
        fact = {"type": "income_statement", "from": render_month(household.month - first), "wage": f"{wage}.00"} | none
        household.say("cadre", "cadre-9", fact | {"to": render_month(household.month - last)}, before=before)
    person = household.members[0]["person_id"]
    cover = {"type": "medical_cover", "person_id": person, "enrolled": True}
    household.say("cadre", "cadre-9", *_WELL, cover, before=before)


def _whole_way(household: Household) -> None:
    """A bad well is the lead; the household is registered, helped until the well is good and it earns, and removed."""
    household.say("cadre", "cadre-9", _BAD_WATER, before=400)
    _entry(household, 395, 394, 392, 388, 386)
    _register(household, 360, 355)
    for kind in ("water_works", "training"):
        fact = {"type": "support", "kind": kind, "status": "granted", "since": render_month(household.month - 11)}
        household.say("department", "rural-revitalization", fact, before=320)
    household.say("department", "water", _GOOD_WATER, before=300)
    _earned(household, 70)
    _remove(household, 60, 58, 34, 30)


def _reviewed_too_early(household: Household) -> None:
    """The township reviews on the day after the notice, is refused, and comes again."""
    _entry(household, 200, 199, 197, 190, 186)
    _step(household, "review", 185)
    _register(household, 160, 155)


def _well_still_bad(household: Household) -> None:
    """The village would remove a household that earns, but whose well is bad that day; it comes again once the well is good."""
    _stand(household, "registered", 200)
    _earned(household, 70)
    household.say("cadre", "cadre-9", _BAD_WATER, before=75)
    _step(household, "appraisal", 60, "removal")
    household.say("department", "water", _GOOD_WATER, before=45)
    _remove(household, 40, 38, 14, 10)


def _never_finished(household: Household) -> None:
    _entry(household, 60)


def _objection(household: Household) -> None:
    """While nobody settles an objection the days to finish the case do not run, only those to settle it."""
    _entry(household, 60, 59, 58, 54, 52)
    _step(household, "objection", 48)


def _settled(household: Household) -> None:
    _entry(household, 60, 59, 57, 50, 48)
    _step(household, "objection", 47)
    _step(household, "settlement", 45)
    _register(household, 15, 10)


def _nothing_found(household: Household) -> None:
    _step(household, "verification", 40, passed=False)


def _relapse(household: Household) -> None:
    _stand(household, "removed", 100)
    household.say("department", "water", _BAD_WATER, day=2)


_NOTHING: Final[frozenset[str]] = frozenset()
CASES: Final[Mapping[str, CasePlant]] = {
    "from lead to removal, watched": CasePlant(CaseTruth("removed"), _NOTHING, _whole_way),
    "reviewed before the notice was over": CasePlant(
        CaseTruth("registered", frozenset({("review", "entry", ("notice-period",))})), _NOTHING, _reviewed_too_early
    ),
    "removed once the well was good": CasePlant(
        CaseTruth("removed", frozenset({("appraisal", "removal", ("guarantee",))})), _NOTHING, _well_still_bad
    ),
    "verified and never finished": CasePlant(
        CaseTruth("verified", overdue=frozenset({"finish"})), _NOTHING, _never_finished
    ),
    "objection nobody settled": CasePlant(CaseTruth("noticed", overdue=frozenset({"settle"})), _NOTHING, _objection),
    "objection settled in time": CasePlant(CaseTruth("registered"), _NOTHING, _settled),
    "visit found nothing": CasePlant(CaseTruth("ended"), _NOTHING, _nothing_found),
    "relapse while watched": CasePlant(CaseTruth("removed", relapsed=True), frozenset({"water"}), _relapse),
}  # fmt: skip
"""By a name; none has an overdue clock or a refused step but those that are named."""

CASES_ZH: Final[Mapping[str, str]] = {
    "from lead to removal, watched": "从线索到风险消除，跟踪中", "reviewed before the notice was over": "公示未满即审核",
    "removed once the well was good": "饮水未保障时不予消除", "verified and never finished": "核实后逾期未办结",
    "objection nobody settled": "异议逾期未处理", "objection settled in time": "异议按期处理",
    "visit found nothing": "核实无风险", "relapse while watched": "跟踪期内返贫",
}  # fmt: skip
