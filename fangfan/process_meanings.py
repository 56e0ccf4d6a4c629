"""What a policy's numbers around the rules mean, in Chinese and English: ages, deadlines, cases, noise, areas, silence."""

from fangfan.policy_words import TABLES
from fangfan.signal_meanings import Meaning, graded, percent
from streams.policy import Parameters
from streams.policy_areas import ScaleRisk
from streams.policy_cases import CaseRules, NoiseRules


def meanings(p: Parameters) -> dict[str, Meaning]:
    """Return them by the name of the policy's table."""
    ages, days = p.working, p.verification.working_days
    return {
        "silence": graded(
            f"{p.silence.months}个月没有任何渠道的消息", f"nothing heard for {p.silence.months} months", p.silence.severity
        ),
        "scale_risk": _scale_risk(p.scale_risk),
        "working": (f"劳动年龄{ages.age_from}至{ages.age_to}岁", f"working age {ages.age_from} to {ages.age_to}"),
        "verification": (f"{days}个工作日内核实", f"to be verified within {days} working days"),
        "cases": _cases(p.cases),
        "noise": _noise(p.noise),
    }


def _cases(rules: CaseRules) -> Meaning:
    labour = ("可以", "may be") if rules.without_labour else ("不得", "are never")
    known_zh, known_en = "、".join(TABLES[name] for name in rules.known_good) or "无", ", ".join(rules.known_good) or "none"
    return (
        f"公示{rules.notice_days}个工作日；核实后{rules.finish_days}个工作日内办结；异议{rules.settle_days}个工作日内处理；"
        f"连续{rules.income_months}个月收入达到监测线方可消除风险，消除前须有人报告达标：{known_zh}；"
        f"无劳动力户{labour[0]}标注消除；消除后跟踪{rules.watch_months}个月",
        f"notice of {rules.notice_days} working days; decided within {rules.finish_days} working days of the visit, objections "
        f"settled within {rules.settle_days}; removed after {rules.income_months} months of income not below the line, "
        f"and once reported to be good: {known_en}; households without labour {labour[1]} removed; "
        f"watched for {rules.watch_months} months after removal",
    )


def _noise(rules: NoiseRules) -> Meaning:
    window, snooze = rules.window_days, rules.snooze_days
    first = (
        (f"变动后{window}天内，级别未升高的变动暂缓", f"for {window} days after a transition those that do not rise wait")
        if window
        else ("变动之间不设间隔", "no transition makes another wait")
    )
    then = (
        (f"干部暂缓提醒最长{snooze}天，红色照常提醒", f"a snooze lasts {snooze} days at most, red is told all the same")
        if snooze
        else ("不接受暂缓提醒", "a snooze counts for nothing")
    )
    return f"{first[0]}；{then[0]}", f"{first[1]}; {then[1]}"


def _scale_risk(rules: ScaleRisk) -> Meaning:
    share, least = percent(rules.share), rules.share_households
    of_share = ("不计占登记户比例", "no share of those registered is asked")
    if rules.share:
        of_share = (f"或占登记户{share}起且不少于{least}户", f"or {share} of those registered and at least {least}")
    return (
        f"{rules.window_days}天内新增预警户：一村{rules.village_households}户起，一乡镇{rules.township_households}户起，"
        f"同一灾害或滞销{rules.event_households}户起；{of_share[0]}",
        f"households new to alerts within {rules.window_days} days: {rules.village_households} of a village, "
        f"{rules.township_households} of a township, {rules.event_households} of one disaster or slump; {of_share[1]}",
    )
