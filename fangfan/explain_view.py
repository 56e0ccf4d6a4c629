"""How ``explain`` looks to a cadre: who, what is wrong, on whose word, and what was reckoned from what."""

from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fangfan import signal_words
from fangfan.case_view import show_case, step_words
from fangfan.looks import CATEGORY_ZH, COLOURS, PATHWAY_ZH, SEVERITY_ZH, grid, table
from schemas.vocabulary import COMPONENTS
from streams.explain import COMPONENTS as COMPONENT_WORDS
from streams.explain import DEPARTMENTS, SPENDING
from streams.rules.persons import UNNAMED
from streams.rules.signals import UNREPORTED

RULES: Final = {
    "income-line": "收入低于监测线", "income-drop": "收入骤降", "policy-dependence": "依赖转移收入",
    "expenditure-shock": "支出骤增", "food": "吃", "clothing": "穿", "schooling": "义务教育", "medical-cover": "基本医疗",
    "housing": "住房", "water": "饮水", "silence": "长期无消息",
} | signal_words.RULES  # fmt: skip
CHANNELS: Final = {"declaration": "农户申报", "cadre": "干部排查", "department": "部门预警"}
STATUS: Final = {"relieved": "脱贫户", "general": "一般农户"}
TIERS: Final = {"leading": "引领示范", "consolidating": "巩固提升", "key": "重点帮扶", "unknown": "未知"}
CLAIMS: Final = {"medical": "医疗", "price": "价格保险", "disaster": "灾害保险", "accident": "意外保险", "other": "其他"}
LABOUR: Final = {"full": "全劳动力", "partial": "半劳动力", "none": "无劳动力"}
LEDGER: Final = {
    "gross": "总收入 gross income",
    "transfers": "其中转移收入 of it transfers",
    "production_cost": "减生产经营成本 less production cost",
    "claims": "加理赔 plus claims received",
    "medical": "减医疗自付 less medical spending",
    "members": "人口 members",
    "reference": "人均监测收入 reference income a head",
}
INDICATORS: Final = {
    "food": "饮食 food", "clothing": "穿衣 clothing", "schooling": "学籍 schooling", "medical_cover": "参保 medical cover",
    "housing": "住房 house", "water": "饮水 water",
}  # fmt: skip
VALUES: Final = {
    "adequate": "充足 adequate", "inadequate": "不足 not adequate", "enrolled": "已参保 enrolled",
    "not_enrolled": "未参保 not enrolled", "safe": "安全 safe", "unsafe": "不安全 not safe",
    "compulsory": "义务教育 compulsory", "senior": "高中 senior", "vocational": "中职 vocational", "higher": "高等教育 higher",
    "attending": "在读 attending", "dropout": "辍学 dropout", "suspended": "休学 suspended", "graduated": "毕业 graduated",
}  # fmt: skip
_NONE: Final = "none 无"


def show(console: Console, view: dict[str, Any]) -> None:
    """Print a household's view (see :func:`agents.views.household_view`) with its alert ``history``."""
    _head(console, view)
    console.print(_rules(view["rules"]))
    if view["conflicts"]:
        console.print(_conflicts(view["conflicts"]))
    if view["measures"]:
        console.print(_measures(view["measures"]))
    console.print(_ledger(view["ledger"]))
    console.print(_facts(view))
    if view.get("case"):
        show_case(console, view["case"])
    if view["history"]:
        console.print(table(view["history"], title="alert history 预警经过"))


def _head(console: Console, view: dict[str, Any]) -> None:
    registry, alert = view["registry"], view["alert"]
    console.rule(Text(f"household 农户 {view['household_id']}", "bold"), align="left")
    rows = Table.grid(padding=(0, 2))
    area, tier = view["area_code"] or _NONE, view["tier"]
    rows.add_row("area 地区", f"{area}, tier 类型 {TIERS.get(tier, tier)} {tier}")
    rows.add_row("as of 截至", f"{view['as_of'] or _NONE}, policy 政策 {view['policy']}")
    if registry is None:
        removed = view["registry_removed_at"]
        rows.add_row("registry 登记", f"removed 已注销 {removed}" if removed else _NONE)
    else:
        status = registry["status"]
        since = f" since 自 {registry['relieved_on']}" if registry["relieved_on"] else ""
        rows.add_row("registry 登记", f"{STATUS[status]} {status}{since}, {len(registry['members'])} members 人")
        for each in registry["members"]:
            student = ", student 学生" if each["student"] else ""
            labour = f"{LABOUR[each['labour']]} labour {each['labour']}"
            rows.add_row("", f"  {each['person_id']}: born 出生 {each['birth_year']}, {labour}{student}")
    category, pathway = view["category"], view["pathway"]
    rows.add_row("category 类别", f"{CATEGORY_ZH[category]} {category}, {PATHWAY_ZH[pathway]} {pathway}")
    rows.add_row("alert 预警", _alert(alert))
    _noise(rows, view["noise"])
    console.print(rows)


def _noise(rows: Table, noise: dict[str, Any]) -> None:
    """Add why this household may be silent, where anything holds it back, and what waits."""
    if noise["snoozed_until"]:
        rows.add_row("snooze 暂缓提醒", f"until 至 {noise['snoozed_until']}, red is told all the same 红色照常提醒")
    if noise["window_until"]:
        words = "milder changes wait, graver ones do not 较轻变动暂不提醒，加重照常提醒"
        rows.add_row("window 间隔", f"until 至 {noise['window_until']}, {words}")
    if noise["pending"]:
        kind, severity, by = noise["pending"]
        words = "snooze 暂缓" if by == "snooze" else "window 间隔"
        until = f"until 至 {noise['pending_until']}" if noise["pending_until"] else "until the next report 至下次报告"
        rows.add_row("waiting 待发", f"{kind}, {SEVERITY_ZH[severity]} {severity or 'none'}, by {words}, {until}")
    if noise["withheld"]:
        rows.add_row("", f"{noise['withheld']} held back since the last alert 上次预警后已暂缓{noise['withheld']}次")


def _alert(alert: dict[str, Any]) -> Text:
    if not alert["open"]:
        past = f", {alert['sequence']} transitions before 此前变动" if alert["sequence"] else ""
        return Text(f"none open 无{past}", COLOURS[None])
    severity = alert["severity"]
    text = Text(f"● {SEVERITY_ZH[severity]} {severity}", COLOURS[severity])
    return text.append(
        f"  {alert['alert_id']}, opened 开始 {alert['opened_at'][:10]}, verify by 核实期限 {alert['verify_by']}", "default"
    )


def _rules(rules: dict[str, Any]) -> Table:
    shown = grid("rule 规则", "answer 结论", "value 值", "threshold 标准", "why 说明", title="rules 规则")
    for each in rules["firing"]:
        words = Text(each["explanation"]["zh"]).append("\n" + each["explanation"]["en"], "dim")
        answer = Text(f"● 触发 fires, {SEVERITY_ZH[each['severity']]} {each['severity']}", COLOURS[each["severity"]])
        shown.add_row(_rule(each["rule"]), answer, _value(each["value"]), _value(each["threshold"]), words)
    for each in rules["quiet"]:
        answer = Text("未触发 does not fire", COLOURS[None])
        shown.add_row(_rule(each["rule"]), answer, _value(each["value"]), _value(each["threshold"]), "")
    answer = Text("无法判定 undetermined", "dim")
    silent = [each["rule"] for each in rules["undetermined"] if each["missing"] == UNREPORTED]
    if silent:
        names = ", ".join(_rule(each) for each in silent)
        shown.add_row("", answer, "", "", Text(f"缺 missing: 无人报告 {UNREPORTED}: {names}", "dim"))
    for each in [each for each in rules["undetermined"] if each["missing"] != UNREPORTED]:
        shown.add_row(_rule(each["rule"]), answer, "", "", Text(_missing(each["missing"]), "dim"))
    return shown


def _missing(what: str) -> str:
    """Say what is missing; of somebody whom the entry does not name, that it does not."""
    person = what.removesuffix(UNNAMED)
    if person == what:
        return f"缺 missing: {what}"
    return f"登记未列成员{person}，不在本户判定\nthe registry entry does not name {person}: not judged in this household"


def _conflicts(conflicts: list[dict[str, Any]]) -> Table:
    """Show where the newest word is good and another channel's is bad: no rule fires, somebody should ask."""
    shown = grid("rule 规则", "good 好", "bad 差", title="conflicts 各渠道说法不一，需核实 please verify")
    for each in conflicts:
        sides = ("\n".join(_said(report) for report in each[side]) for side in ("good", "bad"))
        shown.add_row(f"{_rule(each['rule'])} {each['subject'] or ''}".strip(), *sides)
    return shown


def _said(report: dict[str, Any]) -> str:
    day, channel = report["occurred_at"][:10], report["channel"]
    return f"{CHANNELS[channel]} {channel} {report['source']} {day}: {report['event_id']}"


def _measures(measures: list[dict[str, Any]]) -> Table:
    shown = grid("measure 措施", "status 状态", "since 自", "for 对应规则", title="measures 帮扶措施")
    for each in measures:
        words = signal_words.MEASURE_STATUS[each["status"]]
        rules = ", ".join(_rule(rule) for rule in each["rules"])
        shown.add_row(f"{each['zh']} {each['en']}", f"{words} {each['status']}", each["since"] or "", rules)
    return shown


def _rule(name: str) -> str:
    return f"{RULES.get(name.partition('@')[0], '')} {name}".strip()


def _value(value: Any) -> str:
    """Return a value as people read it: amounts with separators, known words in both languages."""
    text = str(value)
    if ":" in text:
        return ", ".join(VALUES.get(part, part) for part in text.split(":"))
    return VALUES.get(text) or signal_words.value(text) or _amount(text)


def _amount(text: str) -> str:
    whole, point, decimals = text.lstrip("-").partition(".")
    if not whole.isdigit() or (point and not decimals.isdigit()):
        return text
    return f"{'-' if text.startswith('-') else ''}{int(whole):,}{point}{decimals}"


def _ledger(ledger: dict[str, Any]) -> Table:
    shown = grid("yuan 元", "last 12 months 近12个月", "the 12 before 上年同期", title="ledger 收支账")
    now, before = ledger["income"] or {}, ledger["earlier_income"] or {}
    for name, words in LEDGER.items():
        shown.add_row(words, _amount(str(now.get(name, "-"))), _amount(str(before.get(name, "-"))))
    for name, window in (("income 近12个月", now), ("the year before 上年同期", before)):
        if "undetermined" in window:
            shown.add_row(f"{name}: 无法判定 undetermined", f"缺 missing: {window['undetermined']}", "")
    for title, entries in (("spending 支出", ledger["spending"]), ("claims 理赔", ledger["claims"])):
        said = ", ".join(f"{each['month']}: {_amount(each['amount'])}" for each in entries)
        shown.add_row(f"{title} by month 按月", said or _NONE, "")
    return shown


def _facts(view: dict[str, Any]) -> Table:
    shown = grid("channel 渠道", "occurred 发生", "source 来源", "facts 事实", "report 报告", title="facts 事实")
    _reports(shown, view["facts"])
    for each in view["withdrawals"]:
        channel = each["channel"]
        shown.add_row(f"{CHANNELS[channel]} {channel}", "", "", "撤回 withdrawn", each["event_id"], style="dim")
    if any(view["past"].values()):
        shown.add_section()
        shown.add_row("", "", "", "已不计入，个案仍以此为据 what a case rests on counts no more", "", style="dim")
        _reports(shown, view["past"], style="dim")
    return shown


def _reports(shown: Table, by_channel: dict[str, Any], style: str | None = None) -> None:
    for channel, reports in by_channel.items():
        for each in reports:
            source = f"{DEPARTMENTS[each['source']][0]} {each['source']}" if each["source"] in DEPARTMENTS else each["source"]
            said, occurred = "\n".join(_fact(fact) for fact in each["facts"]), each["occurred_at"][:16].replace("T", " ")
            shown.add_row(f"{CHANNELS[channel]} {channel}", occurred, source, said, each["event_id"], style=style)


def _fact(fact: dict[str, Any]) -> str:
    whose = f" ({fact['person_id']})" if fact.get("person_id") else ""
    match fact["type"]:
        case "income_statement":
            parts = [f"{' '.join(COMPONENT_WORDS[name])} {_amount(fact[name])}" for name in COMPONENTS]
            cost = f"生产经营成本 production cost {_amount(fact['production_cost'])}"
            return f"{fact['from']}–{fact['to']}: {', '.join(parts)}, {cost}"
        case "income":
            return f"{fact['month']}: {' '.join(COMPONENT_WORDS[fact['component']])} {_amount(fact['amount'])}{whose}"
        case "spending":
            so_far = "本年累计 year to date " if fact["cumulative"] else ""
            return f"{fact['month']}: {' '.join(SPENDING[fact['category']])} {so_far}{_amount(fact['amount'])}{whose}"
        case "claim":
            return f"{fact['month']}: 理赔 claim, {CLAIMS[fact['kind']]} {fact['kind']} {_amount(fact['amount'])}"
        case "case_step":
            return step_words(fact)
        case _ if "thing" in fact:
            return signal_words.signal(fact)
        case kind:
            return f"{INDICATORS[kind]}: {_value(fact['value'])}{whose}"
