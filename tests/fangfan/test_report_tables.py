"""What `fangfan report` prints has room in a terminal of 100 columns (tests/fangfan/test_report.py has the command)."""

from io import StringIO

from rich.cells import cell_len
from rich.console import Console

from fangfan.report_tables import show
from fangfan.report_view import values
from schemas.vocabulary import CHANNELS
from streams.counts import MIGRANTS, SHARES
from streams.indicators import Indicators
from streams.policy import Policy
from tests.streams.test_indicators import scope

SHOWN = (
    "households", "open", "open_red", "open_orange", "open_yellow", "open_blue", "leads", "open_villages", "open_townships",
    "overdue", "overdue_finish", "overdue_settle", "snoozed", "withheld", "median_income", "of_province", "of_nation",
    "undetermined_share", "dependent_share", "silent_share", "conflict_share", *MIGRANTS,
    *(f"{what}_{name}" for what in ("conflicting", "conflict_share") for name in CHANNELS),
)  # fmt: skip


def test_a_provinces_counts_have_room_in_100_columns(policy: Policy) -> None:
    """Every count is there, whole, none of them like another; no name of a county is longer."""
    asked, found = scope(policy), Indicators()
    whole, county = found.row("all", "all"), found.row("county", "140108")
    for place, name in enumerate(SHOWN):
        if name not in SHARES:
            whole.counts[name] = county.counts[name] = (1_000 if name.startswith("open_") else 100_000) + place
    for place, (part, of) in enumerate(SHARES.values()):
        whole.counts[of] = whole.counts[of] or 20_000 + place
        whole.counts[part] = whole.counts[part] or 1_000 + place
    whole.counts["reported"], whole.counts["determined"] = 200_000, 150_000
    whole.incomes.append(1_234_567)
    written = StringIO()
    show(Console(file=written, width=100, highlight=False), found, asked)

    text = written.getvalue()
    assert "…" not in text
    assert all(cell_len(line) <= 100 for line in text.splitlines())
    known = values(whole, whole, asked)
    shown = [f"{number / 100:,.2f}" if name in SHARES or name in ("median_income", "undetermined_share") else f"{number:,}"
             for name, number in known.items() if name in SHOWN and number and not name.startswith("of_")]  # fmt: skip
    assert len(SHOWN) - 2 == len(shown)
    assert set(shown) <= set(text.split())
    assert "140108 尖草坪区" in text
