"""What the keys of a policy are called in Chinese and English, and how their values read."""

from decimal import Decimal
from typing import Any, Final

from fangfan.explain_view import RULES, TIERS
from fangfan.looks import SEVERITY_ZH

TABLES: Final = RULES | {"working": "劳动年龄", "verification": "核实期限", "policy": "政策", "counties": "县(市、区)",
                        "cases": "监测对象", "noise": "减少打扰", "scale-risk": "规模性返贫风险",
                        "figures": "统计数字", "measures": "帮扶措施"}  # fmt: skip
KEYS: Final = {
    "enabled": ("启用", "in force"),
    "severity": ("级别", "severity"),
    "operator": ("比较", "compared by"),
    "lines": ("监测线", "lines"),
    "yellow-from": ("黄色起(线的倍数)", "yellow from (share of the line)"),
    "orange-from": ("橙色起", "orange from"),
    "fires-from": ("触发起", "fires from"),
    "red-from": ("红色起", "red from"),
    "lost-from": ("损失起", "lost from"),
    "price-from": ("价格降幅起", "fall of the price from"),
    "sales-from": ("销售降幅起", "fall of sales from"),
    "months": ("月数", "months"),
    "orange-months": ("橙色月数", "orange from (months)"),
    "new-months": ("新增月数", "new for (months)"),
    "transition-months": ("过渡期月数", "transition (months)"),
    "until-months": ("截止月数", "until (months)"),
    "overdue-months": ("逾期月数", "overdue from (months)"),
    "grade-1": ("一级", "grade 1"),
    "grade-2": ("二级", "grade 2"),
    "serious": ("重伤", "serious"),
    "disabling": ("致残", "disabling"),
    "fatal": ("死亡", "fatal"),
    "tiers": ("适用类型", "tiers"),
    "open": ("未办结", "open"),
    "overdue": ("逾期", "overdue"),
    "share-from": ("转移性收入占比起", "share of transfers from"),
    "line-multiple": ("监测线的倍数", "multiple of the line"),
    "relieved": ("脱贫户限额(元)", "relieved households (yuan)"),
    "general": ("一般农户限额(元)", "general households (yuan)"),
    "orange-multiple": ("橙色倍数", "orange from (times)"),
    "red-multiple": ("红色倍数", "red from (times)"),
    "grade-c": ("C级", "grade C"),
    "grade-d": ("D级", "grade D"),
    "age-from": ("年龄起", "age from"),
    "age-to": ("年龄至", "age to"),
    "working-days": ("工作日", "working days"),
    "notice-days": ("公示工作日", "days of notice"),
    "finish-days": ("认定工作日", "days to decide"),
    "settle-days": ("异议处理工作日", "days to settle"),
    "watch-months": ("跟踪月数", "months of watch"),
    "income-months": ("收入稳定月数", "months of stable income"),
    "known-good": ("消除前须已知达标", "must be known to be good before removal"),
    "without-labour": ("无劳动力户可消除", "removal without labour"),
    "window-days": ("变动间隔天数", "window (days)"),
    "snooze-days": ("暂缓最长天数", "longest snooze (days)"),
    "village-households": ("村户数", "households of a village"),
    "township-households": ("乡镇户数", "households of a township"),
    "event-households": ("同一事件户数", "households of one event"),
    "share": ("占登记户比例", "share of those registered"),
    "share-households": ("按比例最少户数", "households for the share at least"),
    "national-income": ("全国农村居民收入", "national rural income"),
    "effective-from": ("生效日", "effective from"),
    "zh": ("中文名", "Chinese name"),
    "en": ("英文名", "English name"),
    "prefecture": ("地级市", "prefecture"),
    "tier": ("类型", "tier"),
}
LAYERS: Final = {"default": "默认", "province": "全省", "tier": "类型", "county": "本县"}


def rule_words(rule: str) -> str:
    """Return a rule's name in Chinese and as the policy writes it."""
    return f"{TABLES.get(rule, '')} {rule}".strip()


def key_words(key: str) -> str:
    """Return a key's name in Chinese and English; one that has no words of its own as the policy writes it."""
    zh, en = KEYS.get(key, ("", key))
    return f"{zh} {en}".strip()


def value_words(value: Any) -> str:
    """Return a value as people read it: amounts with separators, lines with their days, known words in both languages."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, list):
        return "; ".join(value_words(each) for each in value) or "无 none"
    if isinstance(value, dict) and {"from", "amount"} <= set(value):
        return f"{value['from']}起 from: {value['amount']:,}元 yuan"
    if isinstance(value, str):
        return f"{_WORDS[value]} {value}" if value in _WORDS else value
    return f"{value:,}" if isinstance(value, int | Decimal) else str(value)


def scope_words(scope: str, counties: dict[str, Any]) -> str:
    """Return where a parameter holds: the province, a tier or a county by code and name."""
    if scope in counties:
        return f"{scope} {counties[scope]['zh']} {counties[scope]['en']}"
    return f"{TIERS[scope]} {scope}" if scope in TIERS else "全省 province"


_WORDS: Final = {str(name): zh for name, zh in SEVERITY_ZH.items() if name} | TIERS
