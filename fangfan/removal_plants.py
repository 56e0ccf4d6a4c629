"""Cases planted at their end: removals that are refused, objected to or rolled back, a relapse that begins a new episode."""

from collections.abc import Mapping
from typing import Final

from fangfan.case_planting import (
    BAD_WATER,
    GOOD_WATER,
    CasePlant,
    CaseTruth,
    earn,
    enter,
    register,
    remove,
    stand,
    step,
)
from fangfan.saying import ago
from fangfan.simulated import Household
from schemas.cases import ConditionCode


def _helped(household: Household, per_head: int | None = None) -> None:
    """A registered household that earns, so much a head if it is said, and whose well is good."""
    stand(household, "registered", 200)
    household.say("department", "water", GOOD_WATER, before=80)
    earn(household, 75, per_head=per_head)


def _rolled_back(household: Household) -> None:
    _helped(household)
    remove(household, 60, 58, 34, 30)
    step(household, "rollback", 10, "removal")


def _poor(household: Household) -> None:
    """On the day of the appraisal 5,000 yuan a head is all that is known; what it earns is learnt this month."""
    _helped(household, per_head=5_000)
    remove(household, 60)


def _nobody_can_work(household: Household) -> None:
    for member in household.members:
        member["labour"] = "none"
    _helped(household)
    remove(household, 60)


def _tuition(household: Household) -> None:
    """6,000 yuan of tuition stand against removal until 2,000 of them are paid by others."""
    household.status = "relieved"
    fact = {"type": "spending", "category": "education", "self_paid": "6000.00", "month": ago(household, 4)}
    household.say("department", "education", fact, before=72)
    _helped(household)
    remove(household, 60)
    claim = {"type": "claim", "kind": "other", "amount": "2000.00", "month": ago(household, 3)}
    household.say("department", "insurance", claim, before=50)
    remove(household, 40, 38, 14, 10)


def _objection(household: Household) -> None:
    _helped(household)
    remove(household, 60, 58)
    step(household, "objection", 50, "removal", by=("department", "petitions"))


def _stated(household: Household) -> None:
    """A statement may begin a case; it takes nobody past the guard."""
    stand(household, "registered", 200)
    stand(household, "removed", 100)


def _unknown(household: Household) -> None:
    """All is well as far as anybody has said; of the well nobody had, on the day of the appraisal."""
    stand(household, "registered", 200)
    earn(household, 75)
    remove(household, 60)


def _again(household: Household) -> None:
    """The well of a household that was removed goes bad; it is visited, registered anew, and the well is repaired."""
    household.say("department", "water", GOOD_WATER, before=115)
    earn(household, 110, last=6)
    stand(household, "removed", 100)
    household.say("department", "water", BAD_WATER, before=40)
    enter(household, 36, 35, 34, 30, 28)
    register(household, 8, 5)


def _refused(code: ConditionCode) -> CaseTruth:
    return CaseTruth("registered", frozenset({("appraisal", "removal", (code,))}))


_NOTHING: Final[frozenset[str]] = frozenset()
CASES: Final[Mapping[str, CasePlant]] = {
    "removal rolled back": CasePlant(CaseTruth("registered"), _NOTHING, _rolled_back),
    "not removed on 5,000 yuan": CasePlant(_refused("income-below-line"), _NOTHING, _poor),
    "not removed without labour": CasePlant(_refused("labour"), _NOTHING, _nobody_can_work),
    "removed once the tuition was paid": CasePlant(_refused("spending")._replace(stage="removed"), _NOTHING, _tuition),
    "not removed, nothing known of the well": CasePlant(_refused("guarantee"), _NOTHING, _unknown),
    "not removed by a statement": CasePlant(
        CaseTruth("registered", frozenset({("standing", "entry", ("stage",))})), _NOTHING, _stated
    ),
    "objection to a removal": CasePlant(CaseTruth("removal_noticed", overdue=frozenset({"settle"})), _NOTHING, _objection),
    "registered again after a relapse": CasePlant(CaseTruth("registered", episode=2), _NOTHING, _again),
}
CASES_ZH: Final[Mapping[str, str]] = {
    "removal rolled back": "风险消除后回退", "not removed on 5,000 yuan": "收入未稳定超线不予消除",
    "not removed without labour": "无劳动力不予消除", "removed once the tuition was paid": "刚性支出化解后消除",
    "not removed, nothing known of the well": "饮水情况不明不予消除",
    "not removed by a statement": "不得以登记状态代替消除程序",
    "objection to a removal": "消除公示有异议逾期未处理", "registered again after a relapse": "返贫后再次纳入",
}  # fmt: skip
