"""What is planted of further departments' facts: what each rule must find, and near misses that must not alert."""

from collections.abc import Callable, Mapping
from typing import Final

from fangfan.saying import (
    KEY_COUNTY_VILLAGE,
    LEADING_COUNTY_VILLAGE,
    ago,
    asset,
    calls,
    cover,
    first,
    insured,
    loss,
    lost,
    of_person,
    slump,
    support,
)
from fangfan.simulated import Household
from schemas.fields import render_month


def _unclaimed(months: int) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        insured(household)
        household.say("cadre", "cadre-9", lost(household, 10, "800.00", months), day=2)

    return plant


def _claimed(household: Household) -> None:
    _unclaimed(3)(household)
    fact = {"type": "claim", "kind": "disaster", "amount": "300.00", "month": ago(household, 2)}
    household.say("department", "insurance", fact, day=2)


def _paid_after_death(household: Household) -> None:
    """The registry still names the dead, so that the entry is a finding too."""
    gone = {
        "type": "membership",
        "person_id": first(household),
        "status": "left",
        "cause": "death",
        "since": ago(household, 8),
    }
    household.say("department", "public-security", gone, day=1)
    _pay(household, 3)


def _pay(household: Household, months: int) -> None:
    fact = {"type": "income", "component": "transfer", "month": ago(household, months), "amount": "120.00"}
    household.say("department", "civil-affairs", fact | {"person_id": first(household)}, day=2)


def _newborn(months: int) -> Callable[[Household], None]:
    def plant(household: Household) -> None:
        born = household.month - months
        person = f"{household.members[0]['person_id'][:-1]}9"
        child = {"person_id": person, "birth_year": born // 12, "labour": "none", "student": False}
        household.members.append(child)
        fact = {"type": "membership", "person_id": person, "status": "joined", "cause": "birth", "since": render_month(born)}
        household.say("department", "health", fact, day=2)

    return plant


def _back_at_work(household: Household) -> None:
    for day, status, months in ((1, "not_working", 7), (2, "working", 0)):
        fact = {"type": "employment", "person_id": first(household), "status": status, "since": ago(household, months)}
        household.say("cadre", "cadre-9", fact, day=day)


SHOCKS: Final[Mapping[str, tuple[frozenset[str], Callable[[Household], None]]]] = {
    "out of work": (frozenset({"employment"}), of_person("human-resources", "employment", 3, status="not_working")),
    "waits for a certificate": (
        frozenset({"skills-stall"}), of_person("human-resources", "skills", 4, line="cook", step="assessed"),
    ),
    "newly disabled": (frozenset({"disability"}), of_person("disabled-federation", "disability", 0, grade="1")),
    "newly on dibao": (frozenset({"new-relief"}), support("dibao", "granted", 1)),
    "support withdrawn": (frozenset({"support-withdrawn"}), support("public_post", "withdrawn", 1)),
    "grave accident": (
        frozenset({"accident"}), of_person("public-security", "accident", 0, "month", kind="traffic", outcome="serious"),
    ),
    "hail took the crop": (frozenset({"production-loss"}), loss(40, "0")),
    "disaster cost 6,000": (frozenset({"disaster-loss"}), loss(20, "6000.00", object="facility")),
    "nobody claimed": (frozenset({"claim-reminder"}), _unclaimed(3)),
    "no price insurance (key county)": (
        frozenset({"insurance-gap"}), cover(KEY_COUNTY_VILLAGE, "price", covered=False, months=-3),
    ),
    "paid after death": (frozenset({"deceased-paid", "registration"}), _paid_after_death),
    "death in the family": (
        frozenset({"bereavement"}), of_person("public-security", "membership", 0, status="left", cause="death"),
    ),
    "in two households": (
        frozenset({"registration"}),
        of_person("public-security", "membership", 2, status="left", cause="split", other_household="H9999999"),
    ),
    "newborn not insured": (frozenset({"newborn-cover"}), _newborn(4)),
    "urgent call": (frozenset({"petition"}), calls(urgent=True)),
    "apple price fell": (frozenset({"market-slump"}), slump("price", 35)),
    "apples unsold": (frozenset({"market-slump"}), slump("sales", 60)),
    "photovoltaic plant down": (frozenset({"project-asset"}), asset("asset_status", "outage", 2)),
    "dividend unpaid": (frozenset({"dividend"}), asset("dividend", "unpaid", 2)),
}  # fmt: skip
"""By a name: the rules that must be open at the end, and what happens."""

NEAR_MISSES: Final[Mapping[str, Callable[[Household], None]]] = {
    "out of work for two months": of_person("human-resources", "employment", 2, status="not_working"),
    "back at work": _back_at_work,
    "certificate in two months": of_person("human-resources", "skills", 2, line="cook", step="assessed"),
    "placed long ago": of_person("human-resources", "skills", 9, line="cook", step="placed"),
    "disabled, grade 3": of_person("disabled-federation", "disability", 0, grade="3"),
    "severely disabled for years": of_person("disabled-federation", "disability", 40, grade="1"),
    "on dibao for six months": support("dibao", "granted", 6),
    "support at its end": support("public_post", "ended", 1),
    "support withdrawn after the transition": support("public_post", "withdrawn", 1, relieved=61),
    "light accident": of_person("public-security", "accident", 0, "month", kind="traffic", outcome="minor"),
    "hail took 29 %": loss(29, "0"),
    "hail still under way": loss(80, "9000.00", ended=False),
    "disaster cost 4,999.99": loss(20, "4999.99", object="facility"),
    "claim within a month": _unclaimed(1),
    "claimed in time": _claimed,
    "no price insurance (leading county)": cover(LEADING_COUNTY_VILLAGE, "price", covered=False, months=-3),
    "insured up to this month": cover(KEY_COUNTY_VILLAGE, "price", covered=True, months=0),
    "moved out this month": of_person("public-security", "membership", 0, status="left", cause="move"),
    "newborn of two months": _newborn(2),
    "call answered": calls(urgent=True, status="answered"),
    "apple price fell by 29 %": slump("price", 29),
    "no apples any more": slump("price", 60, active=False),
    "plant down since this month": asset("asset_status", "outage", 0),
    "plant of others down": asset("asset_status", "outage", 5, linked=False),
    "dividend a month late": asset("dividend", "unpaid", 1),
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
