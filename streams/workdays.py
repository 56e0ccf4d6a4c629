"""Chinese working days: public holidays and make-up days from the kept library ``chinese_calendar``."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final
from zlib import crc32

import chinese_calendar
from chinese_calendar.constants import holidays, workdays

KNOWN_UNTIL: Final[int] = date(max(holidays).year, 12, 31).toordinal()
"""The last ordinal day of the calendar that is kept: of later ones Monday to Friday are counted."""
CALENDAR: Final = crc32(repr((sorted(map(str, holidays)), sorted(map(str, workdays)))).encode())
"""The mark of the calendar: with another one the same deadline may be another day."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """An ordinal day; ``known`` is False where a year's calendar is not known and Monday to Friday was counted."""

    day: int
    known: bool


@lru_cache(maxsize=4096)
def add_workdays(day: int, count: int, pauses: tuple[tuple[int, int], ...] = ()) -> Deadline:
    """Return the ``count``-th working day after an ordinal day, not counting days within ``pauses`` (first and last day)."""
    known = True
    while count:
        day += 1
        if any(first <= day <= last for first, last in pauses):
            continue
        there = date.fromordinal(day)
        try:
            working = bool(chinese_calendar.is_workday(there))
        except NotImplementedError:
            known = False
            working = there.weekday() < 5
        count -= working
    return Deadline(day, known)
