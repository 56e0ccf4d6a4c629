"""How feed silence looks in `fangfan report`: cells for CSV and JSON, lines for people."""

from rich.table import Table

from fangfan.backtest_view import name_of
from fangfan.looks import grid
from schemas.fields import render_day
from streams.explain import DEPARTMENTS as NAMES
from streams.feed_silence import DEPARTMENTS, Days
from streams.indicators import Indicators
from streams.scope import Scope


def feed_cells(days: Days, scope: Scope) -> dict[str, str | None]:
    """Return the day of each department's newest word, None where it never spoke, and which departments are silent."""
    found = {f"feed_{name.replace('-', '_')}": render_day(days[name]) if name in days else None for name in DEPARTMENTS}
    return found | {"silent_departments": " ".join(scope.silent(days))}


def _zh(department: str) -> str:
    """Return a department's name as a table has room for it."""
    return NAMES[department][0].removesuffix("部门").removesuffix("机构")


def silent_rows(found: Indicators, scope: Scope) -> list[tuple[str, str]]:
    """Return places of which some department is silent, with these departments, how long, and since when."""
    places = [(by, key) for by in ("all", "county") for key in sorted(found.rows.get(by, {}))]
    rows = []
    for by, key in places:
        days = found.feeds.heard(by, key, scope.policy)
        words = [f"{_zh(name)} {name} {scope.day - days[name]} ({render_day(days[name])})" for name in scope.silent(days)]
        if words:
            rows.append((name_of(by, key, scope.policy), ", ".join(words)))
    return rows


def days_words(scope: Scope) -> str:
    """Return after how many days a department is silent, and which have days of their own."""
    own = ", ".join(f"{_zh(name)} {name} {days}" for name, days in scope.feed_days.items())
    return f"{scope.silent_days} ({own})" if own else str(scope.silent_days)


def silent_table(found: Indicators, scope: Scope) -> Table:
    """Return the same as a table for the terminal."""
    title = f"departments silent for {days_words(scope)} days or more 部门数据中断{days_words(scope)}天以上"
    shown = grid("", "department, days, newest 部门、天数、最近一次", title=title)
    for row in silent_rows(found, scope):
        shown.add_row(*row)
    return shown
