"""How alerts look to people: words in Chinese and English, a colour per severity, a row and a line per transition."""

from typing import Any, Final

from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

COLOURS: Final = {"red": "bold red", "orange": "dark_orange", "yellow": "yellow", "blue": "dodger_blue1", None: "green"}
SEVERITY_ZH: Final = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝", None: "解除"}
TRANSITION_ZH: Final = {"opened": "新增", "escalated": "升级", "deescalated": "降级", "updated": "更新", "cleared": "解除"}
CATEGORY_ZH: Final = {"sudden": "突发严重困难户", "unstable": "脱贫不稳定户", "marginal": "边缘易致贫户", "unknown": "类别未知"}
PATHWAY_ZH: Final = {"development": "开发式帮扶", "security": "综合保障", "unknown": "路径未知"}
SHOWN_MEMBERS: Final = 10
"""So many households of a place a line names, the gravest; all of them stand in the alert."""
PLAIN_WIDTH: Final = 160
"""How wide tables are that go to a file or a pipe."""


def console(*, stderr: bool = False) -> Console:
    """Return where to print: as wide as the terminal, or wide enough for a table where there is none."""
    shown = Console(stderr=stderr, highlight=False)
    return shown if shown.is_terminal else Console(stderr=stderr, highlight=False, width=PLAIN_WIDTH)


def grid(*columns: str, title: str | None = None) -> Table:
    """Return an empty table in the one style of all commands. Chinese has no spaces to break at: what is too long is folded."""
    folded = (Column(header, overflow="fold") for header in columns)
    return Table(*folded, title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)


def severity_of(alert: dict[str, Any]) -> Text:
    """Return severity and transition in the severity's colour."""
    severity, transition = alert["severity"], alert["transition"]
    text = Text()
    if severity is not None:
        text.append(f"● {SEVERITY_ZH[severity]} {severity}\n", COLOURS[severity])
    return text.append(f"{TRANSITION_ZH[transition]} {transition}", "dim" if severity else COLOURS[None])


def category_of(alert: dict[str, Any]) -> Text:
    """Return category and pathway in both languages."""
    return Text(f"{CATEGORY_ZH[alert['category']]} {alert['category']}\n").append(
        f"{PATHWAY_ZH[alert['pathway']]} {alert['pathway']}", "dim"
    )


def reasons_of(alert: dict[str, Any]) -> Text:
    """Return every reason in Chinese, and in English beneath; below them what noise control had to do with it."""
    said = [
        Text(each["explanation"]["zh"]).append("\n" + each["explanation"]["en"], "dim") for each in alert["reasons"]
    ] or [Text("原因均已消除 no reason is left", "green")]  # fmt: skip
    return Text("\n").join(said + [Text(each, "dim") for each in noise_of(alert)])


def noise_of(alert: dict[str, Any]) -> list[str]:
    """Return in sentences what waited before a transition, under which snooze it went, and what waits after it."""
    noise = alert.get("noise")
    if noise is None:
        return []
    count, until, days = noise["withheld"], noise["snoozed_until"], noise["window_days"]
    said = (
        (count, f"此前暂缓{count}次变动 {count} held back before this one"),
        (until, f"暂缓提醒至{until}，仍照常发出 sent though snoozed until {until}"),
        (days, f"此后{days}天内较轻变动暂缓 milder changes wait for {days} days"),
    )
    return [words for applies, words in said if applies]


def line(alert: dict[str, Any]) -> Text:
    """Return one transition as one line, and two per reason: for a stream of them."""
    severity, transition = alert["severity"], alert["transition"]
    text = Text(f"{alert['emitted_at'][11:19]} {alert['household_id']} #{alert['sequence']} ")
    words = f"{severity} {SEVERITY_ZH[severity]} {TRANSITION_ZH[transition]} {transition}" if severity else "cleared 解除"
    text.append(words, COLOURS[severity])
    text.append(f"  {CATEGORY_ZH[alert['category']]} {alert['category']}/{alert['pathway']}  {alert['county_code']}")
    for reason in alert["reasons"]:
        text.append(f"\n    {reason['explanation']['zh']}\n    {reason['explanation']['en']}", "dim")
    for words in noise_of(alert):
        text.append(f"\n    {words}", "dim")
    return text


def area_line(alert: dict[str, Any]) -> Text:
    """Return one transition of an area's alert: the place, how grave, why, how many households each rule fires for, and whom
    to go to first."""
    severity, transition = alert["severity"], alert["transition"]
    text = Text(f"{alert['emitted_at'][11:19]} {alert['area_code']} {alert['level']} #{alert['sequence']} ")
    text.append(f"{SEVERITY_ZH[severity]} {severity or ''} {TRANSITION_ZH[transition]} {transition}", COLOURS[severity])
    text.append(f"\n    {alert['explanation']['zh']}\n    {alert['explanation']['en']}", "dim")
    if alert["rules"]:
        said = ", ".join(f"{each['rule']} {each['households']}" for each in alert["rules"])
        text.append(f"\n    {alert['households']} 户 households: {said}", "dim")
        first = alert["members"][:SHOWN_MEMBERS]
        named = ", ".join(f"{each['household_id']} {SEVERITY_ZH[each['severity']]}" for each in first)
        left = alert["households"] - len(first)
        text.append(f"\n    {named}" + (f", 另有 and {left} more" if left else ""), "dim")
    return text


def group_line(group: dict[str, Any]) -> Text:
    """Return what came of one place as one line, and one per household beneath, gravest first."""
    said = ", ".join(f"{SEVERITY_ZH[severity]} {severity} {count}" for severity, count in group["open"].items())
    cleared = f", 解除 cleared {group['cleared']}" if group["cleared"] else ""
    text = Text(f"{group['area_code']} {group['level']}: ", "bold")
    text.append((said + cleared).removeprefix(", "), COLOURS[group["severity"]])
    text.append(f"  {group['households']} 户 households, {group['transitions']} 次变动 transitions")
    for alert in group["alerts"]:
        severity = alert["severity"]
        rules = ", ".join(each["rule"] for each in alert["reasons"]) or "原因均已消除 no reason is left"
        text.append(f"\n    {alert['household_id']} {SEVERITY_ZH[severity]} {severity or 'cleared'}", COLOURS[severity])
        text.append(f"  {rules}", "dim")
    return text


def table(rows: list[dict[str, Any]], title: str | None = None) -> Table:
    """Return transitions as a table, oldest first."""
    shown = grid(title=title)
    shown.add_column("time 时间", no_wrap=True)
    shown.add_column("household 户", no_wrap=True)
    shown.add_column("severity 级别", no_wrap=True)
    shown.add_column("category 类别", min_width=16)
    shown.add_column("county 县\nverify by 核实期限", no_wrap=True)
    shown.add_column("reasons 原因", ratio=1, overflow="fold")
    for alert in sorted(rows, key=lambda each: (each["emitted_at"], each["household_id"], each["sequence"])):
        shown.add_row(
            f"{alert['emitted_at'][:10]}\n{alert['emitted_at'][11:19]}", f"{alert['household_id']}\n#{alert['sequence']}",
            severity_of(alert), category_of(alert), f"{alert['county_code']}\n{alert['verify_by']}", reasons_of(alert),
        )  # fmt: skip
    return shown
