"""What the demo shows: alerts as they appear, a live table in a terminal, plain lines elsewhere."""

from collections import deque
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from fangfan.alerts_command import COLOURS, ZH, line

SHOWN: Final = 30
"""The newest alerts are shown; a terminal crops those that do not fit."""
SEVERITY_ZH: Final = {"red": "红", "orange": "橙", "yellow": "黄", "blue": "蓝"}
CATEGORY_ZH: Final = {
    "sudden": "突发严重困难户",
    "unstable": "脱贫不稳定户",
    "marginal": "边缘易致贫户",
    "unknown": "未知",
}  # fmt: skip


class Screen:
    """A context manager around the time in which alerts appear."""

    def __init__(self, console: Console, total: int) -> None:
        """Take where to show, and how many records will be sent."""
        self._console, self._total = console, total
        self._sent = self._seen = 0
        self._open: set[str] = set()
        self._newest: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        self._live = (
            Live(console=console, get_renderable=self.table, refresh_per_second=4, vertical_overflow="crop")
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Leave the table as it stands, and give the cursor back."""
        if self._live is not None:
            self._live.stop()

    def sent(self, count: int) -> None:
        """Take note of records the broker has confirmed."""
        self._sent += count

    def show(self, alert: dict[str, Any]) -> None:
        """Take in one transition as it stands on ``alerts``."""
        self._seen += 1
        if alert["severity"] is None:
            self._open.discard(alert["household_id"])
        else:
            self._open.add(alert["household_id"])
        if self._live is None:
            self._console.print(line(alert), highlight=False)
        self._newest.appendleft(alert)

    def table(self) -> Table:
        """Return the newest alerts, newest first."""
        title = (
            f"records 已收 {self._sent}/{self._total}   alerts 预警 {self._seen}   "
            f"households open 户在监测 {len(self._open)}"
        )  # fmt: skip
        shown = Table(title=title, title_justify="left", expand=True)
        for name, width in (
            ("time", 8),
            ("household 户", 12),
            ("severity 级别", 13),
            ("category 类别", 14),
            ("reasons 原因", None),
        ):
            shown.add_column(name, width=width, ratio=None if width else 1)
        for alert in tuple(self._newest):
            shown.add_row(*cells(alert))
        return shown


def cells(alert: dict[str, Any]) -> tuple[str, str, Text, str, Text]:
    """Return time, household, severity in its colour, category, and reasons in both languages."""
    severity = alert["severity"]
    state = f"{severity} {SEVERITY_ZH[severity]}" if severity else "cleared"
    reasons = Text("\n").join(
        Text(each["explanation"]["zh"]).append("\n").append(each["explanation"]["en"], "dim") for each in alert["reasons"]
    )
    return (
        alert["emitted_at"][11:19],
        alert["household_id"],
        Text(f"{state}\n{ZH[alert['transition']]}", COLOURS[severity]),
        f"{alert['category']}\n{CATEGORY_ZH[alert['category']]}",
        reasons,
    )
