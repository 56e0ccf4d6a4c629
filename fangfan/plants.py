"""What is planted in a simulated county: shocks of every rule, and near misses that must not alert.

Each plant takes a simulated household and adds or changes reports; it names the rules that must be open at the end.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fangfan import event_plants, loss_plants, people_plants, signal_plants
from fangfan.simulated import Household
from schemas.fields import render_month


def _spend(amount: str, category: str = "education") -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        fact = {"type": "spending", "category": category, "self_paid": amount, "month": render_month(household.month - 2)}
        household.say("department", "emergency" if category == "disaster" else "education", fact)

    return plant


def _status(status: str, then: Callable[[Household], None]) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        household.status = status
        then(household)

    return plant


def _incomes(now: int, earlier: int, transfers_percent: int = 5) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        household.income, household.earlier_income, household.transfers_percent = now, earlier, transfers_percent

    return plant


def _says(channel: str, source: str, **fact: Any) -> Callable[[Household], None]:
    return lambda household: household.say(channel, source, dict(fact), day=2)


def _school(stage: str) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        fact = {"type": "schooling", "person_id": household.student(), "stage": stage, "status": "dropout"}
        household.say("department", "education", fact, day=2)

    return plant


def _not_enrolled(household: Household) -> None:
    person = household.members[0]["person_id"]
    fact = {"type": "medical_cover", "person_id": person, "enrolled": False}
    household.say("department", "medical-insurance", fact, day=2, person=person)


def _illness(household: Household) -> None:
    """The medical feed of the year: totals so far, pushed again and again."""
    household.status = "relieved"
    household.income = household.earlier_income = 20_000  # so that the deduction alone is no drop of a third
    january = household.month - 1 - (household.month - 1) % 12
    months = sorted({january, household.month - 1})
    for number, month in enumerate(months):
        total = "1200.00" if month != household.month - 1 else "6400.50"
        fact = {"type": "spending", "category": "medical", "self_paid": total, "month": render_month(month), "cumulative": True}
        household.say("department", "medical-insurance", fact, day=number)


def _flood(household: Household) -> None:
    """One disaster, several reasons: the house, the well, and what it cost."""
    _status("relieved", _spend("10500.00", "disaster"))(household)
    household.say("cadre", "cadre-9", {"type": "housing", "grade": "D"}, {"type": "water", "safe": False}, day=2)


def _water_by_two(household: Household) -> None:
    """Two channels say the same; a declaration of before stands against them."""
    household.say("cadre", "cadre-9", {"type": "water", "safe": False}, day=1)
    household.say("department", "water", {"type": "water", "safe": False}, day=2)


def _paid_now(household: Household) -> None:
    fact = {"type": "spending", "category": "other", "self_paid": "90000.00", "month": render_month(household.month)}
    household.say("department", "commerce", fact, day=2)


def _unstated(household: Household) -> None:
    household.stated = False
    fact = {"type": "income", "component": "wage", "month": render_month(household.month - 1), "amount": "0.00"}
    household.say("department", "human-resources", fact, day=2)


def _suspended(household: Household) -> None:
    fact = {"type": "schooling", "person_id": household.student(), "stage": "compulsory", "status": "suspended"}
    household.say("department", "education", fact, day=2)


def _withdrawn(household: Household) -> None:
    household.say("cadre", "cadre-9", {"type": "water", "safe": False}, day=1, name="mistake")
    household.say("cadre", "cadre-9", day=2, voids="mistake")


def _repaired(household: Household) -> None:
    household.say("department", "housing", {"type": "housing", "grade": "D"}, day=0)
    household.say("cadre", "cadre-9", {"type": "housing", "grade": "A"}, day=2)


def _long_ago(household: Household) -> None:
    household.say("department", "housing", {"type": "housing", "grade": "D"}, days_ago=1_150)  # over 37 months


def _claimed(household: Household) -> None:
    _status("relieved", _spend("6000.00"))(household)
    claim = {"type": "claim", "kind": "accident", "amount": "1000.01", "month": render_month(household.month - 1)}
    household.say("department", "insurance", claim)


SHOCKS: Final[Mapping[str, tuple[frozenset[str], Callable[[Household], None]]]] = {
    "lost income": (frozenset({"income-drop"}), _incomes(13_000, 20_000)),
    "income under the line": (frozenset({"income-line"}), _incomes(5_000, 5_000)),
    "income collapsed": (frozenset({"income-line", "income-drop"}), _incomes(2_400, 11_000)),
    "lives on transfers": (frozenset({"policy-dependence"}), _incomes(8_000, 8_000, 70)),
    "illness": (frozenset({"expenditure-shock"}), _illness),
    "tuition": (frozenset({"expenditure-shock"}), _status("general", _spend("20000.00"))),
    "hunger": (frozenset({"food"}), _says("declaration", "hotline", type="food", adequate=False)),
    "no winter clothes": (frozenset({"clothing"}), _says("cadre", "cadre-9", type="clothing", adequate=False)),
    "dropout": (frozenset({"schooling"}), _school("compulsory")),
    "not insured": (frozenset({"medical-cover"}), _not_enrolled),
    "house grade C": (frozenset({"housing"}), _says("department", "housing", type="housing", grade="C")),
    "house grade D": (frozenset({"housing"}), _says("cadre", "cadre-9", type="housing", grade="D")),
    "unsafe water": (frozenset({"water"}), _says("department", "water", type="water", safe=False)),
    "unsafe water, twice seen": (frozenset({"water"}), _water_by_two),
    "flood": (frozenset({"housing", "water", "expenditure-shock"}), _flood),
    **signal_plants.SHOCKS,
    **loss_plants.SHOCKS,
    **people_plants.SHOCKS,
    **event_plants.SHOCKS,
}
"""By a name: the rules that must be open at the end, and what happens."""

NEAR_MISSES: Final[Mapping[str, Callable[[Household], None]]] = {
    "income exactly at the line": _incomes(6_000, 6_000),
    "income fell by 29.99 %": _incomes(14_002, 20_000),
    "transfers of 70 % at 1.5 times the line": _incomes(9_000, 9_000, 70),
    "transfers of 59 %": _incomes(8_000, 8_000, 59),
    "no income statement at all": _unstated,
    "spending of the running month": _paid_now,
    "spending of 4,999.99 (relieved)": _status("relieved", _spend("4999.99")),
    "spending of 19,999.99 (general)": _status("general", _spend("19999.99")),
    "spending of 6,000 less a claim": _claimed,
    "left senior school": _school("senior"),
    "school suspended": _suspended,
    "house grade B": _says("department", "housing", type="housing", grade="B"),
    "unsafe water withdrawn": _withdrawn,
    "house repaired": _repaired,
    "house grade D three years ago": _long_ago,
    **signal_plants.NEAR_MISSES,
    **loss_plants.NEAR_MISSES,
    **people_plants.NEAR_MISSES,
    **event_plants.NEAR_MISSES,
}

SHOCKS_ZH: Final[Mapping[str, str]] = {
    "lost income": "收入骤降", "income under the line": "收入低于监测线", "income collapsed": "收入崩溃",
    "lives on transfers": "依赖转移收入", "illness": "大病", "tuition": "学费", "hunger": "吃不饱",
    "no winter clothes": "缺过冬衣物", "dropout": "义务教育辍学", "not insured": "未参保", "house grade C": "C级住房",
    "house grade D": "D级危房", "unsafe water": "饮水不安全", "unsafe water, twice seen": "饮水不安全(两渠道)", "flood": "洪灾",
    **signal_plants.SHOCKS_ZH,
    **loss_plants.SHOCKS_ZH,
    **people_plants.SHOCKS_ZH,
    **event_plants.SHOCKS_ZH,
}  # fmt: skip
NEAR_MISSES_ZH: Final[Mapping[str, str]] = {
    "income exactly at the line": "收入恰等于监测线", "income fell by 29.99 %": "收入下降29.99%",
    "transfers of 70 % at 1.5 times the line": "转移收入70%，收入为1.5倍线", "transfers of 59 %": "转移收入占59%",
    "no income statement at all": "无收入申报", "spending of the running month": "本月支出",
    "spending of 4,999.99 (relieved)": "支出4,999.99元(脱贫户)", "spending of 19,999.99 (general)": "支出19,999.99元(一般农户)",
    "spending of 6,000 less a claim": "支出6,000元减理赔", "left senior school": "高中退学", "school suspended": "休学",
    "house grade B": "B级住房", "unsafe water withdrawn": "饮水误报已撤回", "house repaired": "危房已修缮",
    "house grade D three years ago": "三年前的D级住房",
    **signal_plants.NEAR_MISSES_ZH,
    **loss_plants.NEAR_MISSES_ZH,
    **people_plants.NEAR_MISSES_ZH,
    **event_plants.NEAR_MISSES_ZH,
}  # fmt: skip
