"""How ``explain`` shows a case: where it stands, what runs, what was done, and why a step was refused."""

from typing import Any, Final

from rich.console import Console
from rich.text import Text

from fangfan.looks import grid
from streams.case_words import STAGE_WORDS, STEP_WORDS

CLOCKS: Final = {
    "verify": "核实 to verify", "finish": "办结 to finish", "settle": "处理异议 to settle an objection",
    "notice": "公示 notice", "watch": "跟踪 watch",
}  # fmt: skip
PHASES: Final = {"entry": "纳入 entry", "removal": "风险消除 removal"}


def show_case(console: Console, case: dict[str, Any]) -> None:
    """Print a case (see :func:`streams.case_turn.show`)."""
    console.print(_head(case))
    if case["clocks"]:
        clocks = grid("clock 时限", "due 期限", "overdue 超期", title="clocks 时限")
        for clock in case["clocks"]:
            late = Text("yes 是", "red") if clock["overdue"] else Text("no 否", "green")
            clocks.add_row(CLOCKS[clock["clock"]], clock["due"], late)
        console.print(clocks)
    if case["history"]:
        done = grid("case 个案", "when 时间", "step 步骤", "of 环节", "then 之后", title="steps 已办步骤")
        for each in case["history"]:
            step = Text(_words(STEP_WORDS[each["step"]])) if each["passed"] else Text(_words(STEP_WORDS[each["step"]]), "red")
            done.add_row(
                str(each["episode"]), each["occurred_at"], step, PHASES[each["phase"]], _words(STAGE_WORDS[each["stage"]])
            )
        console.print(done)
    if case["refused"]:
        refused = grid("report 报告", "step 步骤", "missing 缺少的条件", title="refused 未受理的步骤")
        for each in case["refused"]:
            missing = "\n".join(f"{one['zh']}\n{one['en']}" for one in each["missing"])
            refused.add_row(each["event_id"], _words(STEP_WORDS[each["step"]]), missing)
        console.print(refused)


def step_words(fact: dict[str, Any]) -> str:
    """Return a step as a report says it, in words of both languages."""
    failed = "" if fact["passed"] else ", 未通过 not passed"
    stage = f", {_words(STAGE_WORDS[fact['stage']])}" if fact["stage"] else ""
    return f"{PHASES[fact['phase']]}: {_words(STEP_WORDS[fact['step']])}{stage}{failed}"


def _head(case: dict[str, Any]) -> Text:
    text = Text(f"case 个案 {case['episode']}: ").append(_words(STAGE_WORDS[case["stage"]]), "bold")
    if case["open_objection"]:
        text.append(" · objection open 有异议", "yellow")
    if case["relapsed"]:
        text.append(" · relapsed 返贫", "red")
    return text


def _words(both: tuple[str, str]) -> str:
    return f"{both[0]} {both[1]}"
