"""Signals and their rules as ``explain`` shows them: every closed word in Chinese and English."""

from typing import Any, Final

from streams import words
from streams.rules.registration import THRESHOLD

RULES: Final = {
    "employment": "就业", "skills-stall": "技能服务停滞", "disability": "新增残疾", "new-relief": "新纳入救助",
    "support-withdrawn": "帮扶被取消", "accident": "意外", "production-loss": "种养灾损", "disaster-loss": "受灾损失",
    "claim-reminder": "理赔提醒", "insurance-gap": "保险缺口", "deceased-paid": "死亡仍发放", "bereavement": "成员去世",
    "registration": "登记不符", "newborn-cover": "新生儿参保", "petition": "诉求", "market-slump": "价格滞销",
    "project-asset": "项目资产停运", "dividend": "分红未付",
}  # fmt: skip
MEASURE_STATUS: Final = {
    "given": "已落实", "not given": "未落实", "given beside": "另有帮扶", "ended": "已到期", "withdrawn": "被取消",
}  # fmt: skip
_THINGS: Final = {
    "support": words.SUPPORT, "cover": words.COVERS, "grows": words.PRODUCTS, "market": words.PRODUCTS,
    "accident": words.ACCIDENTS, "loss": words.OBJECTS,
}  # fmt: skip
_VALUES: Final = {
    "employment": words.EMPLOYMENT | words.PLACES, "skills": words.STEPS, "support": words.SUPPORT_STATUS,
    "accident": words.OUTCOMES,
    "asset_status": words.ASSET_STATUS, "loss": words.HAZARDS, "membership": words.CAUSES, "petition": words.PETITIONS,
    "asset_link": words.ASSETS, "snooze": words.SNOOZES,
}  # fmt: skip


def signal(fact: dict[str, Any]) -> str:
    """Return a signal of a household's view (see ``agents.views``) as one line."""
    kind = fact["type"]
    parts = [f"{words.KINDS[kind].zh} {words.KINDS[kind].en}:"]
    if fact.get("person_id"):
        parts.append(f"({fact['person_id']})")
    if fact["thing"]:
        parts += [_word(part, _THINGS.get(kind, {})) for part in _split(kind, fact["thing"])]
    parts += [_word(part, _VALUES.get(kind, {})) for part in fact["value"].split(":")]
    for name in ("lost_percent", "drop_percent"):
        if name in fact:
            parts.append(f"{fact[name]} %")
    if fact.get("amount", "0.00") != "0.00":
        parts.append(f"{fact['amount']} 元 yuan")
    return " ".join([*parts, fact.get("month", "")]).strip()


def _split(kind: str, thing: str) -> list[str]:
    """Return the parts of a thing: a loss is EVENT/OBJECT, an accident KIND:MONTH, a market PRODUCT:MEASURE."""
    if kind == "loss":
        return list(thing.rpartition("/")[::2])
    return [thing.partition(":")[0]] if kind in ("accident", "market") else [thing]


def _word(part: str, table: dict[str, words.Words]) -> str:
    both = table.get(part) or words.STATES.get(part) or words.EMPLOYMENT.get(part) or words.STEPS.get(part)
    return f"{both.zh} {both.en}" if both is not None else part


def value(text: str) -> str | None:
    """Return a value or threshold of a rule on signals in both languages, None for one that is no such word."""
    if text == THRESHOLD:
        return f"与报告一致 {text}"
    for table in (words.SUPPORT, words.COVERS, words.OUTCOMES, words.EMPLOYMENT, words.STATES, words.PETITIONS):
        if text in table:
            return f"{table[text].zh} {table[text].en}"
    return None
