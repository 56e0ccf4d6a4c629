"""Rows of the tables with which the demo ends: how many were planted, how many found, a tick or a cross."""

from collections.abc import Mapping

from rich.table import Table
from rich.text import Text


def of(planted: Mapping[str, str], name: str) -> list[str]:
    """Return the households in which something was planted."""
    return [household for household, each in planted.items() if each == name]


def compare(table: Table, what: str, must: str, planted: int, found: int, *, good: bool | None = None) -> None:
    """Add how many of something were planted and found: good if these are equal, where ``good`` does not say."""
    table.add_row(what, must, str(planted), str(found), mark(found == planted if good is None else good))


def right(table: Table, *columns: int) -> Table:
    """Return a table with numbers in some columns."""
    for number in columns:
        table.columns[number].justify = "right"
    return table


def mark(good: bool) -> Text:
    """Return a tick or a cross."""
    return Text("✔", "green") if good else Text("✘", "bold red")
