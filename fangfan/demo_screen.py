"""What the demo shows: alerts as they appear, a live table in a terminal, plain lines elsewhere."""

import time
from collections import Counter, deque
from types import TracebackType
from typing import Any, Final, Self

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fangfan.looks import COLOURS, SEVERITY_ZH, category_of, line, reasons_of, severity_of
from schemas.vocabulary import SEVERITIES

SHOWN: Final = 30
"""The newest alerts are shown; a terminal crops those that do not fit."""


class Screen:
    """A context manager around the time in which alerts appear."""

    def __init__(self, console: Console, total: int) -> None:
        """Take where to show, and how many records will be sent."""
        self._console, self._total, self._began = console, total, time.monotonic()
        self._sent = self._seen = self._said = 0
        self._open: dict[str, str] = {}
        self._workers: dict[int, str] = {}
        self._newest: deque[dict[str, Any]] = deque(maxlen=SHOWN)
        self._live = (
            Live(console=console, get_renderable=self.view, refresh_per_second=4, vertical_overflow="crop")
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
        """Take note of records the broker has confirmed; where there is no terminal, say every tenth part."""
        self._sent += count
        tenth = self._sent * 10 // max(1, self._total)
        if self._live is None and tenth > self._said:
            self._said = tenth
            self._console.print(f"{self._feed()}  {self._count().plain}")

    def worker(self, number: int, state: str) -> None:
        """Take note of a worker's state; where there is no terminal, say what is new."""
        if self._workers.get(number) != state:
            self._workers[number] = state
            if self._live is None:
                self._console.print(f"worker 处理进程 {number}: {state}")

    def show(self, alert: dict[str, Any]) -> None:
        """Take in one transition as it stands on ``alerts``."""
        self._seen += 1
        if alert["severity"] is None:
            self._open.pop(alert["household_id"], None)
        else:
            self._open[alert["household_id"]] = alert["severity"]
        if self._live is None:
            self._console.print(line(alert), soft_wrap=True)
        self._newest.appendleft(alert)

    def view(self) -> RenderableType:
        """Return the head with how things stand, and beneath it the newest alerts, newest first."""
        return Group(self._head(), self._alerts())

    def _feed(self) -> str:
        share = self._sent / max(1, self._total)
        return f"reports sent 已发送 {self._sent:,} of {self._total:,}, {share:.0%}, {time.monotonic() - self._began:.0f} s"

    def _count(self) -> Text:
        """Return the open alerts by severity, the gravest first."""
        counts = Counter(self._open.values())
        text = Text(f"open alerts 未解除 {len(self._open)}: ")
        for severity in reversed(SEVERITIES):
            text.append(f"● {SEVERITY_ZH[severity]} {severity} {counts[severity]}   ", COLOURS[severity])
        return text.append(f"transitions 变动 {self._seen}")

    def _head(self) -> Panel:
        feed = Table.grid(expand=True, padding=(0, 2, 0, 0))
        feed.add_column(ratio=1)
        feed.add_column(no_wrap=True)
        feed.add_row(ProgressBar(self._total, self._sent, finished_style="green"), self._feed())
        working = Text("   ").join(
            Text(f"worker 处理进程 {number} ").append(f"● {state}", "green" if state.startswith("ready") else "yellow")
            for number, state in sorted(self._workers.items())
        )
        return Panel(Group(feed, working, self._count()), title="fangfan 防返 · a simulated county 模拟县域", box=box.ROUNDED)

    def _alerts(self) -> Table:
        shown = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False)
        for name, width in (("time 时间", 9), ("household 户", 12), ("severity 级别", 19), ("category 类别", 24)):
            shown.add_column(name, width=width)
        shown.add_column("reasons 原因", ratio=1, overflow="fold")
        for alert in tuple(self._newest):
            shown.add_row(
                alert["emitted_at"][11:19], f"{alert['household_id']}\n#{alert['sequence']}", severity_of(alert),
                category_of(alert), reasons_of(alert),
            )  # fmt: skip
        return shown
