"""Deadlines in Chinese working days: holidays, make-up days, and years nobody has announced yet."""

from datetime import date, timedelta

import pytest

from streams.workdays import KNOWN_UNTIL, add_workdays


@pytest.mark.parametrize(("opened", "count", "due"), [
    (date(2025, 6, 9), 5, date(2025, 6, 16)),  # Monday to Monday
    (date(2025, 6, 13), 1, date(2025, 6, 16)),  # over a weekend
    (date(2025, 9, 30), 1, date(2025, 10, 9)),  # National Day and Mid-Autumn together, 1 to 8 October
    (date(2025, 9, 26), 1, date(2025, 9, 28)),  # Sunday the 28th makes up for it
    (date(2025, 1, 27), 4, date(2025, 2, 8)),  # Spring Festival to 4 February; Saturday the 8th makes up
    (date(2025, 6, 9), 0, date(2025, 6, 9)),
])  # fmt: skip
def test_a_deadline_counts_working_days(opened: date, count: int, due: date) -> None:
    found = add_workdays(opened.toordinal(), count)

    assert (due, True) == (date.fromordinal(found.day), found.known)


def test_in_a_year_without_a_calendar_monday_to_friday_count_and_it_says_so() -> None:
    found = add_workdays(date(2099, 9, 30).toordinal(), 2)

    assert (date(2099, 10, 2), False) == (date.fromordinal(found.day), found.known)


def test_the_calendar_is_known_to_its_last_day_and_not_a_day_longer() -> None:
    last = date.fromordinal(KNOWN_UNTIL)

    assert (12, 31) == (last.month, last.day)
    assert last >= date(2026, 12, 31)
    assert add_workdays((last - timedelta(days=30)).toordinal(), 1).known
    assert not add_workdays(KNOWN_UNTIL, 1).known
