"""A household while it is being made up."""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

Fact = dict[str, Any]


class AreaSaid(NamedTuple):
    """An area event: its name, where, about what, by which department, what; ``voids`` names the one it takes back.

    ``day`` (0 oldest) orders events about the same.
    """

    name: str
    area_code: str
    about: str
    source: str
    facts: list[Fact]
    voids: str | None = None
    day: int = 1


@dataclass(slots=True)
class Household:
    """A household while it is being made up. Incomes are whole yuan per head and year; ``month`` counts from year 0.

    ``business_percent`` and ``property_percent`` are shares of what is not transfers; the rest is wages.
    ``plain``: nothing is planted in it. ``stated``: its income is known; ``statements`` are the earlier and the last year.
    ``alone``: nothing is known of it but what is planted, which is sent in the order in which it occurred.
    ``events`` are area events that happen around it; several households may name the same one.
    ``unclaimed``: no insurance pays it anything but what is planted.
    The registry: ``before`` is what its entry said otherwise long ago; ``gone``: its entry is removed; ``entered``: so many
    days before the month begins its entry was written (0: at any time); ``entered_first``: it is sent before all reports;
    ``entered_late``: the one that holds now is sent after all else, and what it said before before all else.
    """

    household_id: str
    area_code: str
    status: str
    members: list[dict[str, Any]]
    month: int
    income: int
    earlier_income: int
    transfers_percent: int = 5
    business_percent: int = 0
    property_percent: int = 0
    stated: bool = True
    plain: bool = False
    alone: bool = False
    unclaimed: bool = False
    before: dict[str, Any] | None = None
    gone: bool = False
    entered: int = 0
    entered_first: bool = False
    entered_late: bool = False
    relieved_on: str = "2019-11-30"
    statements: list[Fact] = field(default_factory=list)
    reports: list[tuple[str, str, list[Fact], dict[str, Any]]] = field(default_factory=list)
    events: list[AreaSaid] = field(default_factory=list)

    def say(self, channel: str, source: str, *facts: Fact, **more: Any) -> None:
        """Add a report; ``day`` (0 oldest) orders it among the household's, ``name`` is for withdrawals.

        ``before``: so many days before the running month begins; ``before_end``: before the data ends, and passed on at once;
        ``sent``: sent on the day it occurred. ``turn``: see :class:`fangfan.sent.Sent`.
        """
        self.reports.append((channel, source, list(facts), more))

    def student(self) -> str:
        """Return the member who goes to school."""
        return str(next(member["person_id"] for member in self.members if member["student"]))
