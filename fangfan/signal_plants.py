"""What is planted of further departments' facts: what each rule must find, and near misses that must not alert."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from fangfan.simulated import Fact, Household
from schemas.fields import render_month

KEY_COUNTY_VILLAGE: Final = "140123100201"
"""A village of a county of the key tier."""


def _ago(household: Household, months: int) -> str:
    """Return the month that lies so many months before the running one (below 0: after it)."""
    return render_month(household.month - months)


def _first(household: Household) -> str:
    return str(household.members[0]["person_id"])


def _of_person(source: str, what: str, months: int, field: str = "since", /, **words: Any) -> Callable[[Household], None]:
    """Report something of the first adult that began or happened some months ago."""

    def plant(household: Household) -> None:
        fact = {"type": what, "person_id": _first(household), field: _ago(household, months)} | words
        household.say("department", source, fact, day=2)

    return plant


def _support(kind: str, status: str, months: int, relieved: int = 24) -> Callable[[Household], None]:
    """Report support of a household that was relieved ``relieved`` months ago."""

    def plant(household: Household) -> None:
        household.status, household.relieved_on = "relieved", f"{_ago(household, relieved)}-15"
        fact = {"type": "support", "kind": kind, "status": status, "since": _ago(household, months)}
        household.say("department", "rural-revitalization", fact, day=2)

    return plant


def _loss(percent: int, amount: str, months: int = 0, **over: Any) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        household.say("department", "emergency", _lost(household, percent, amount, months) | over, day=2)

    return plant


def _lost(household: Household, percent: int, amount: str, months: int) -> Fact:
    return {"type": "loss", "event": f"hail-{household.month}", "hazard": "hail", "object": "crop", "lost_percent": percent,
            "amount": amount, "month": _ago(household, months)}  # fmt: skip


def _insured(household: Household, kind: str = "disaster", *, covered: bool = True, months: int = -3) -> None:
    fact = {"type": "cover", "kind": kind, "covered": covered, "until": _ago(household, months)}
    household.say("department", "insurance", fact, day=1)


def _unclaimed(months: int) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        _insured(household)
        household.say("cadre", "cadre-9", _lost(household, 10, "800.00", months), day=2)

    return plant


def _claimed(household: Household) -> None:
    _unclaimed(3)(household)
    fact = {"type": "claim", "kind": "disaster", "amount": "300.00", "month": _ago(household, 2)}
    household.say("department", "insurance", fact, day=2)


def _bare(area_code: str, *, covered: bool, months: int) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        household.area_code = area_code
        _insured(household, "price", covered=covered, months=months)

    return plant


def _paid_after_death(household: Household) -> None:
    """The registry still names the dead, so that the entry is a finding too."""
    gone = {
        "type": "membership",
        "person_id": _first(household),
        "status": "left",
        "cause": "death",
        "since": _ago(household, 8),
    }
    household.say("department", "public-security", gone, day=1)
    _pay(household, 3)


def _pay(household: Household, months: int) -> None:
    fact = {"type": "income", "component": "transfer", "month": _ago(household, months), "amount": "120.00"}
    household.say("department", "civil-affairs", fact | {"person_id": _first(household)}, day=2)


def _newborn(months: int) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        born = household.month - months
        person = f"{household.members[0]['person_id'][:-1]}9"
        child = {"person_id": person, "birth_year": born // 12, "labour": "none", "student": False}
        household.members.append(child)
        fact = {"type": "membership", "person_id": person, "status": "joined", "cause": "birth", "since": render_month(born)}
        household.say("department", "health", fact, day=2)

    return plant


def _calls(urgent: bool, status: str = "open") -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        fact = {"type": "petition", "ref": f"12317-{household.household_id}", "category": "water", "urgent": urgent,
                "status": status, "since": _ago(household, 1)}  # fmt: skip
        household.say("declaration", "hotline", fact, day=2)

    return plant


def _slump(measure: str, percent: int, *, active: bool = True) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        household.say("declaration", "app", {"type": "grows", "product": "apple", "active": active}, day=1)
        fact = {"type": "market", "product": "apple", "measure": measure, "drop_percent": percent, "month": _ago(household, 1)}
        household.say("department", "commerce", fact, day=2)

    return plant


def _plant(kind: str, status: str, months: int, *, linked: bool = True) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        asset = f"pv-{household.area_code[:9]}"
        link = {"type": "asset_link", "asset": asset, "kind": "photovoltaic", "linked": linked}
        fact = {"type": kind, "asset": asset, "status": status, "since": _ago(household, months)}
        household.say("department", "rural-revitalization", link, fact, day=2)

    return plant


def _back_at_work(household: Household) -> None:
    for day, status, months in ((1, "not_working", 7), (2, "working", 0)):
        fact = {"type": "employment", "person_id": _first(household), "status": status, "since": _ago(household, months)}
        household.say("cadre", "cadre-9", fact, day=day)


SHOCKS: Final[Mapping[str, tuple[frozenset[str], Callable[[Household], None]]]] = {
    "out of work": (frozenset({"employment"}), _of_person("human-resources", "employment", 3, status="not_working")),
    "waits for a certificate": (
        frozenset({"skills-stall"}), _of_person("human-resources", "skills", 4, line="cook", step="assessed"),
    ),
    "newly disabled": (frozenset({"disability"}), _of_person("disabled-federation", "disability", 0, grade="1")),
    "newly on dibao": (frozenset({"new-relief"}), _support("dibao", "granted", 1)),
    "support withdrawn": (frozenset({"support-withdrawn"}), _support("public_post", "withdrawn", 1)),
    "grave accident": (
        frozenset({"accident"}), _of_person("public-security", "accident", 0, "month", kind="traffic", outcome="serious"),
    ),
    "hail took the crop": (frozenset({"production-loss"}), _loss(40, "0")),
    "disaster cost 6,000": (frozenset({"disaster-loss"}), _loss(20, "6000.00", object="facility")),
    "nobody claimed": (frozenset({"claim-reminder"}), _unclaimed(3)),
    "no price insurance (key county)": (frozenset({"insurance-gap"}), _bare(KEY_COUNTY_VILLAGE, covered=False, months=-3)),
    "paid after death": (frozenset({"deceased-paid", "registration"}), _paid_after_death),
    "death in the family": (
        frozenset({"bereavement"}), _of_person("public-security", "membership", 0, status="left", cause="death"),
    ),
    "in two households": (
        frozenset({"registration"}),
        _of_person("public-security", "membership", 2, status="left", cause="split", other_household="H9999999"),
    ),
    "newborn not insured": (frozenset({"newborn-cover"}), _newborn(4)),
    "urgent call": (frozenset({"petition"}), _calls(urgent=True)),
    "apple price fell": (frozenset({"market-slump"}), _slump("price", 35)),
    "apples unsold": (frozenset({"market-slump"}), _slump("sales", 60)),
    "photovoltaic plant down": (frozenset({"project-asset"}), _plant("asset_status", "outage", 2)),
    "dividend unpaid": (frozenset({"dividend"}), _plant("dividend", "unpaid", 2)),
}  # fmt: skip
"""By a name: the rules that must be open at the end, and what happens."""

NEAR_MISSES: Final[Mapping[str, Callable[[Household], None]]] = {
    "out of work for two months": _of_person("human-resources", "employment", 2, status="not_working"),
    "back at work": _back_at_work,
    "certificate in two months": _of_person("human-resources", "skills", 2, line="cook", step="assessed"),
    "placed long ago": _of_person("human-resources", "skills", 9, line="cook", step="placed"),
    "disabled, grade 3": _of_person("disabled-federation", "disability", 0, grade="3"),
    "severely disabled for years": _of_person("disabled-federation", "disability", 40, grade="1"),
    "on dibao for six months": _support("dibao", "granted", 6),
    "support at its end": _support("public_post", "ended", 1),
    "support withdrawn after the transition": _support("public_post", "withdrawn", 1, relieved=61),
    "light accident": _of_person("public-security", "accident", 0, "month", kind="traffic", outcome="minor"),
    "hail took 29 %": _loss(29, "0"),
    "hail still under way": _loss(80, "9000.00", ended=False),
    "disaster cost 4,999.99": _loss(20, "4999.99", object="facility"),
    "claim within a month": _unclaimed(1),
    "claimed in time": _claimed,
    "no price insurance (leading county)": _bare("140105100201", covered=False, months=-3),
    "insured up to this month": _bare(KEY_COUNTY_VILLAGE, covered=True, months=0),
    "moved out this month": _of_person("public-security", "membership", 0, status="left", cause="move"),
    "newborn of two months": _newborn(2),
    "call answered": _calls(urgent=True, status="answered"),
    "apple price fell by 29 %": _slump("price", 29),
    "no apples any more": _slump("price", 60, active=False),
    "plant down since this month": _plant("asset_status", "outage", 0),
    "plant of others down": _plant("asset_status", "outage", 5, linked=False),
    "dividend a month late": _plant("dividend", "unpaid", 1),
}

SHOCKS_ZH: Final[Mapping[str, str]] = {
    "out of work": "无业三个月", "waits for a certificate": "考核后未取证", "newly disabled": "新增重度残疾",
    "newly on dibao": "新纳入低保", "support withdrawn": "帮扶被取消", "grave accident": "严重意外",
    "hail took the crop": "冰雹毁作物", "disaster cost 6,000": "受灾损失6,000元", "nobody claimed": "受灾未理赔",
    "no price insurance (key county)": "重点县未投价格险", "paid after death": "死亡后仍发放",
    "death in the family": "成员去世", "in two households": "一人两户", "newborn not insured": "新生儿未参保",
    "urgent call": "紧急来电", "apple price fell": "苹果跌价", "apples unsold": "苹果滞销",
    "photovoltaic plant down": "光伏电站停运", "dividend unpaid": "分红未付",
}  # fmt: skip
NEAR_MISSES_ZH: Final[Mapping[str, str]] = {
    "out of work for two months": "无业两个月", "back at work": "已重新就业", "certificate in two months": "考核两个月",
    "placed long ago": "早已就业", "disabled, grade 3": "三级残疾", "severely disabled for years": "重残多年",
    "on dibao for six months": "低保满六个月", "support at its end": "帮扶到期",
    "support withdrawn after the transition": "过渡期后取消", "light accident": "轻微意外", "hail took 29 %": "冰雹损失29%",
    "hail still under way": "冰雹尚未结束", "disaster cost 4,999.99": "受灾损失4,999.99元",
    "claim within a month": "一个月内未理赔", "claimed in time": "已及时理赔",
    "no price insurance (leading county)": "引领县未投价格险", "insured up to this month": "保险到本月",
    "moved out this month": "本月迁出", "newborn of two months": "两个月新生儿", "call answered": "来电已答复",
    "apple price fell by 29 %": "苹果跌价29%", "no apples any more": "不再种苹果",
    "plant down since this month": "电站本月停运", "plant of others down": "他人电站停运",
    "dividend a month late": "分红迟一个月",
}  # fmt: skip
