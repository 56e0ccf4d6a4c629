"""Findings on signals in words a cadre can act on, Chinese and English.

Longer than other modules by its table: one sentence for each rule, and nothing else.
"""

from collections.abc import Callable
from typing import Final

from schemas.fields import render_money, render_month
from schemas.findings import Finding
from schemas.reports import Signal
from streams.words import (
    ACCIDENTS,
    ASSET_STATUS,
    ASSETS,
    CAUSES,
    COVERS,
    EMPLOYMENT,
    HAZARDS,
    OBJECTS,
    OUTCOMES,
    PETITIONS,
    PRODUCTS,
    STEPS,
    SUPPORT,
)

Sentence = tuple[str, str]


def _lead(finding: Finding) -> Signal:
    if finding.lead is None:
        raise ValueError("a finding on signals names the one it was read from")
    return finding.lead


def _since(signal: Signal) -> str:
    return render_month(signal.month)


def _yuan(fen: int) -> str:
    whole, decimals = render_money(fen).split(".")
    return f"{int(whole):,}.{decimals}"


def _and_more(finding: Finding) -> Sentence:
    """Say how many things beside the one named the rule fires for."""
    more = finding.figures.get("count", 1) - 1
    return (f"(另有{more}项)", f" (and {more} more)") if more > 0 else ("", "")


def _employment(finding: Finding) -> Sentence:
    lead, word = _lead(finding), EMPLOYMENT[_lead(finding).value]
    return (
        f"成员{finding.subject}自{_since(lead)}起{word.zh}，已{finding.value}个月(预警线{finding.threshold}个月)",
        f"member {finding.subject} has been {word.en} since {_since(lead)}, {finding.value} months "
        f"(warning from {finding.threshold})",
    )


def _skills_stall(finding: Finding) -> Sentence:
    lead, word, (zh, en) = _lead(finding), STEPS[_lead(finding).value], _and_more(finding)
    return (
        f"成员{finding.subject}技能就业一站式服务{word.zh}后停滞{finding.value}个月(课程{lead.thing}){zh}",
        f"member {finding.subject} has waited {finding.value} months in the one-stop line after being {word.en} "
        f"(course {lead.thing}){en}",
    )


def _disability(finding: Finding) -> Sentence:
    since = _since(_lead(finding))
    return (
        f"成员{finding.subject}新增{finding.value}级残疾({since}发证)",
        f"member {finding.subject} is newly disabled, grade {finding.value} (certificate of {since})",
    )


def _new_relief(finding: Finding) -> Sentence:
    lead, word, (zh, en) = _lead(finding), SUPPORT[_lead(finding).thing], _and_more(finding)
    return f"{_since(lead)}新纳入{word.zh}{zh}", f"newly granted {word.en} in {_since(lead)}{en}"


def _support_withdrawn(finding: Finding) -> Sentence:
    lead, word, (zh, en) = _lead(finding), SUPPORT[_lead(finding).thing], _and_more(finding)
    return (
        f"过渡期内{word.zh}于{_since(lead)}被取消，不符合“四个不摘”{zh}",
        f"{word.en} was withdrawn in {_since(lead)} within the transition period, against the four no picking{en}",
    )


def _accident(finding: Finding) -> Sentence:
    lead = _lead(finding)
    kind, outcome = ACCIDENTS[lead.thing.partition(":")[0]], OUTCOMES[lead.value]
    zh, en = _and_more(finding)
    return (
        f"成员{finding.subject}于{_since(lead)}发生意外({kind.zh})，后果{outcome.zh}{zh}",
        f"member {finding.subject} had an accident ({kind.en}) in {_since(lead)}: {outcome.en}{en}",
    )


def _hazard(signal: Signal) -> tuple[str, str, str, str]:
    hazard, what = HAZARDS[signal.value.partition(":")[0]], OBJECTS[signal.thing.rpartition("/")[2]]
    return hazard.zh, hazard.en, what.zh, what.en


def _production_loss(finding: Finding) -> Sentence:
    lead, (zh, en) = _lead(finding), _and_more(finding)
    hazard_zh, hazard_en, what_zh, what_en = _hazard(lead)
    return (
        f"{_since(lead)}因{hazard_zh}损失{what_zh}{finding.value}%(预警线{finding.threshold}%){zh}",
        f"{hazard_en} took {finding.value} % of the {what_en} in {_since(lead)} (warning from {finding.threshold} %){en}",
    )


def _disaster_loss(finding: Finding) -> Sentence:
    figures = finding.figures
    lost, received, net = (_yuan(figures[name]) for name in ("losses", "claims", "net_loss"))
    whole, _, decimals = finding.threshold.partition(".")
    limit = f"{int(whole):,}.{decimals}"
    return (
        f"近12个月受灾损失{lost}元，扣除灾害理赔{received}元后为{net}元(预警线{limit}元)",
        f"disasters of 12 months cost {lost} yuan, {net} after disaster claims of {received} (warning from {limit})",
    )


def _claim_reminder(finding: Finding) -> Sentence:
    lead, (zh, en) = _lead(finding), _and_more(finding)
    match lead.kind:
        case "loss":
            hazard_zh, hazard_en, what_zh, what_en = _hazard(lead)
            what = f"{hazard_zh}损失{what_zh}", f"{hazard_en} to the {what_en}"
        case "accident":
            what = f"成员{lead.person_id}的意外", f"the accident of member {lead.person_id}"
        case _:
            product = PRODUCTS[lead.thing.partition(":")[0]]
            what = f"{product.zh}价格下跌", f"the fallen price of {product.en}"
    return (
        f"已投保，但{_since(lead)}{what[0]}已{finding.value}个月未理赔，请提醒申请{zh}",
        f"insured, but nothing was claimed for {what[1]} of {_since(lead)} for {finding.value} months: remind them{en}",
    )


def _insurance_gap(finding: Finding) -> Sentence:
    lead, word, (zh, en) = _lead(finding), COVERS[_lead(finding).thing], _and_more(finding)
    if lead.value == "covered":
        return f"重点帮扶县{word.zh}已于{_since(lead)}到期{zh}", f"{word.en} of a key county ended with {_since(lead)}{en}"
    return f"重点帮扶县未投{word.zh}{zh}", f"no {word.en} in a key county{en}"


def _deceased_paid(finding: Finding) -> Sentence:
    lead, count = _lead(finding), finding.figures["count"]
    return (
        f"成员{finding.subject}已于{_since(lead)}死亡，其后仍发放{count}笔共{finding.value}元",
        f"member {finding.subject} died in {_since(lead)}; "
        f"{'1 payment' if count == 1 else f'{count} payments'} of {finding.value} yuan in all came after",
    )


def _bereavement(finding: Finding) -> Sentence:
    since = _since(_lead(finding))
    return f"成员{finding.subject}于{since}去世", f"member {finding.subject} died in {since}"


def _registration(finding: Finding) -> Sentence:
    lead = _lead(finding)
    _, cause, *other = lead.value.split(":")
    word = CAUSES[cause]
    if finding.value == "joined":
        return (
            f"成员{finding.subject}于{_since(lead)}加入({word.zh})，户籍登记尚未列入",
            f"member {finding.subject} joined in {_since(lead)} ({word.en}) and is not in the registry entry yet",
        )
    zh, en = (
        (f"，现属{other[0]}户，谨防一人两户", f"; now of household {other[0]}: nobody may be in two") if other else ("", "")
    )
    return (
        f"成员{finding.subject}已于{_since(lead)}离户({word.zh})，登记中仍列入{zh}",
        f"member {finding.subject} left in {_since(lead)} ({word.en}) and is still in the registry entry{en}",
    )


def _newborn_cover(finding: Finding) -> Sentence:
    since = _since(_lead(finding))
    return (
        f"新生儿{finding.subject}({since}出生)尚无参保记录",
        f"nobody reported medical insurance of {finding.subject}, born in {since}",
    )


def _petition(finding: Finding) -> Sentence:
    lead, word, (zh, en) = _lead(finding), PETITIONS[finding.value], _and_more(finding)
    urgent = ("紧急", "urgent ") if ":urgent:" in lead.value else ("", "")
    return (
        f"{urgent[0]}诉求({word.zh})自{_since(lead)}起未办结{zh}",
        f"an {urgent[1]}open request about {word.en} waits for an answer since {_since(lead)}{en}",
    )


def _market_slump(finding: Finding) -> Sentence:
    lead, (zh, en) = _lead(finding), _and_more(finding)
    word = PRODUCTS[lead.thing.partition(":")[0]]
    limit_zh, limit_en = f"(预警线{finding.threshold}%)", f"(warning from {finding.threshold} %)"
    if lead.value == "sales":
        return (
            f"{word.zh}滞销{finding.value}%({_since(lead)}){limit_zh}{zh}",
            f"{finding.value} % of the {word.en} found no buyer in {_since(lead)} {limit_en}{en}",
        )
    return (
        f"{word.zh}价格较三年均价下跌{finding.value}%({_since(lead)}){limit_zh}{zh}",
        f"the price of {word.en} fell {finding.value} % under its average of three years in {_since(lead)} {limit_en}{en}",
    )


def _asset(finding: Finding) -> Sentence:
    """Name the asset, and its kind where the link in the evidence says it."""
    thing = _lead(finding).thing
    for report, position in finding.support:
        fact = report.facts[position]
        if isinstance(fact, Signal) and fact.kind == "asset_link" and fact.thing == thing:
            word = ASSETS[fact.value.partition(":")[2]]
            return f"{word.zh}{thing}", f"{word.en} {thing}"
    return f"资产{thing}", f"asset {thing}"


def _project_asset(finding: Finding) -> Sentence:
    lead, word, (zh, en) = _lead(finding), ASSET_STATUS[_lead(finding).value], _and_more(finding)
    asset_zh, asset_en = _asset(finding)
    return (
        f"所联结的{asset_zh}自{_since(lead)}起{word.zh}，已{finding.value}个月{zh}",
        f"the linked {asset_en} has been {word.en} since {_since(lead)}, {finding.value} months{en}",
    )


def _dividend(finding: Finding) -> Sentence:
    lead, (zh, en) = _lead(finding), _and_more(finding)
    asset_zh, asset_en = _asset(finding)
    return (
        f"所联结的{asset_zh}自{_since(lead)}起未付分红，已{finding.value}个月{zh}",
        f"the linked {asset_en} has paid no dividend since {_since(lead)}, {finding.value} months{en}",
    )


SENTENCES: Final[dict[str, Callable[[Finding], Sentence]]] = {
    "employment": _employment,
    "skills-stall": _skills_stall,
    "disability": _disability,
    "new-relief": _new_relief,
    "support-withdrawn": _support_withdrawn,
    "accident": _accident,
    "production-loss": _production_loss,
    "disaster-loss": _disaster_loss,
    "claim-reminder": _claim_reminder,
    "insurance-gap": _insurance_gap,
    "deceased-paid": _deceased_paid,
    "bereavement": _bereavement,
    "registration": _registration,
    "newborn-cover": _newborn_cover,
    "petition": _petition,
    "market-slump": _market_slump,
    "project-asset": _project_asset,
    "dividend": _dividend,
}
