"""Cases planted in a simulated county: where each must stand at the end, by the steps that were reported of it.

Days are counted before the running month begins, so that a case stands alike on every day of that month.
"""

from collections.abc import Mapping
from typing import Final

from fangfan import help_plants, removal_plants
from fangfan.case_planting import (
    BAD_WATER,
    GOOD_WATER,
    CasePlant,
    CaseTruth,
    ask,
    earn,
    enter,
    register,
    remove,
    stand,
    step,
)
from fangfan.saying import ago
from fangfan.simulated import Household

_UNSAFE: Final = {"type": "housing", "grade": "D"}


def _whole_way(household: Household) -> None:
    """A bad well is the lead; the household is registered, helped until the well is good and it earns, and removed."""
    household.say("cadre", "cadre-9", BAD_WATER, before=400)
    enter(household, 395, 394, 392, 388, 386)
    register(household, 360, 355)
    for kind in ("water_works", "training"):
        fact = {"type": "support", "kind": kind, "status": "granted", "since": ago(household, 11)}
        household.say("department", "rural-revitalization", fact, before=320)
    household.say("department", "water", GOOD_WATER, before=300)
    earn(household, 70)
    remove(household, 60, 58, 34, 30)


def _reviewed_too_early(household: Household) -> None:
    """The township reviews on the day after the notice, is refused, and comes again."""
    enter(household, 200, 199, 197, 190, 186)
    step(household, "review", 185)
    register(household, 160, 155)


def _well_still_bad(household: Household) -> None:
    """The village would remove a household that earns, but whose well is bad that day; it comes again once the well is good.

    An urgent call was open by then and is no graver since: it is no relapse.
    """
    stand(household, "registered", 200)
    household.say("department", "water", GOOD_WATER, before=80)
    earn(household, 75)
    household.say("cadre", "cadre-9", BAD_WATER, before=70)
    step(household, "appraisal", 60, "removal")
    household.say("department", "water", GOOD_WATER, before=45)
    ask(household, 43, 2, urgent=True)
    remove(household, 40, 38, 14, 10)


def _never_finished(household: Household) -> None:
    enter(household, 60)


def _objection(household: Household) -> None:
    """While nobody settles an objection the days to finish the case do not run, only those to settle it."""
    enter(household, 60, 59, 58, 54, 52)
    step(household, "objection", 48)


def _settled(household: Household) -> None:
    enter(household, 60, 59, 57, 50, 48)
    step(household, "objection", 47)
    step(household, "settlement", 45)
    register(household, 15, 10)


def _nothing_found(household: Household) -> None:
    step(household, "verification", 40, passed=False)


def _removed_asking(household: Household, *, urgent: bool) -> None:
    """Removed while a call of that very month was open."""
    household.say("department", "water", GOOD_WATER, before=115)
    earn(household, 110, last=6)
    ask(household, 105, 4, urgent=urgent)
    stand(household, "removed", 100)


def _relapse(household: Household) -> None:
    """The well is what is new since the removal."""
    _removed_asking(household, urgent=True)
    household.say("department", "water", BAD_WATER, day=2)


def _graver(household: Household) -> None:
    """Nothing is new, but what could wait has waited for more than two months."""
    _removed_asking(household, urgent=False)


def _unverified(household: Household) -> None:
    """The house was found unsafe and told of at once; nobody came, though others reported since."""
    household.say("department", "housing", _UNSAFE, before=40, sent=True)


def _forgotten(household: Household) -> None:
    """Nobody came and nobody spoke of it again: that it is overdue only time tells."""
    household.alone = True
    _unverified(household)


_NOTHING: Final[frozenset[str]] = frozenset()
_HOUSE: Final = frozenset({"housing"})
_CALL: Final = frozenset({"petition"})
_VERIFY: Final = CaseTruth("none", overdue=frozenset({"verify"}), episode=0)
CASES: Final[Mapping[str, CasePlant]] = {
    "from lead to removal, watched": CasePlant(
        CaseTruth("removed"), _NOTHING, _whole_way,
        helped=frozenset({("water_works", "given beside"), ("training", "given beside")}),
    ),
    "reviewed before the notice was over": CasePlant(
        CaseTruth("registered", frozenset({("review", "entry", ("notice-period",))})), _NOTHING, _reviewed_too_early
    ),
    "removed once the well was good, a call open": CasePlant(
        CaseTruth("removed", frozenset({("appraisal", "removal", ("guarantee",))})), _CALL, _well_still_bad
    ),
    "verified and never finished": CasePlant(
        CaseTruth("verified", overdue=frozenset({"finish"})), _NOTHING, _never_finished
    ),
    "objection nobody settled": CasePlant(CaseTruth("noticed", overdue=frozenset({"settle"})), _NOTHING, _objection),
    "objection settled in time": CasePlant(CaseTruth("registered"), _NOTHING, _settled),
    "visit found nothing": CasePlant(CaseTruth("ended"), _NOTHING, _nothing_found),
    "relapse beside a call open at the removal": CasePlant(
        CaseTruth("removed", relapsed=True), _CALL | {"water"}, _relapse
    ),
    "relapse by a call that grew graver": CasePlant(CaseTruth("removed", relapsed=True), _CALL, _graver),
    "house grade D, nobody came": CasePlant(_VERIFY, _HOUSE, _unverified),
    "house grade D, nobody came or spoke since": CasePlant(_VERIFY, _HOUSE, _forgotten, by_time=True),
    **removal_plants.CASES,
    **help_plants.CASES,
}  # fmt: skip
"""By a name; none has an overdue clock or a refused step but those that are named."""

CASES_ZH: Final[Mapping[str, str]] = {
    "from lead to removal, watched": "从线索到风险消除，跟踪中", "reviewed before the notice was over": "公示未满即审核",
    "removed once the well was good, a call open": "饮水达标后消除，诉求未办结",
    "verified and never finished": "核实后逾期未办结", "objection nobody settled": "异议逾期未处理",
    "objection settled in time": "异议按期处理", "visit found nothing": "核实无风险",
    "relapse beside a call open at the removal": "跟踪期内返贫(消除时另有诉求)",
    "relapse by a call that grew graver": "诉求久拖加重致返贫",
    "house grade D, nobody came": "危房预警逾期未核实",
    "house grade D, nobody came or spoke since": "危房预警逾期未核实，且再无报告",
    **removal_plants.CASES_ZH,
    **help_plants.CASES_ZH,
}  # fmt: skip
