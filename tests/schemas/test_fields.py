"""The small values: what is read, what is refused, and that what is written reads back the same."""

import re
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.fields import (
    EPOCH_ORDINAL,
    FIRST_INSTANT,
    LAST_INSTANT,
    NANOSECONDS,
    day_of,
    is_area_code,
    is_household_id,
    month_of,
    parse_day,
    parse_instant,
    parse_money,
    parse_month,
    render_day,
    render_instant,
    render_money,
    render_month,
)


@pytest.mark.parametrize(("text", "fen"), [
    ("0", 0), ("-0", 0), ("0.1", 10), ("0.10", 10), ("4812.50", 481_250), ("-3.07", -307),
    ("999999999999.99", 99_999_999_999_999), (12, 1_200), (0.1, 10), (0.07, 7), (1e3, 100_000), (-2.5, -250),
])  # fmt: skip
def test_an_amount_is_exact_fen(text: str | float, fen: int) -> None:
    assert fen == parse_money(text)


@pytest.mark.parametrize("text", [
    "", " 1", "1 ", "+1", ".5", "5.", "1.100", "1,000", "1e3", "NaN", "１", "1000000000000", 1e12, 0.001, float("nan"),
    float("inf"), 1e300, True,
])  # fmt: skip
def test_an_amount_that_reads_otherwise_is_refused(text: str | float) -> None:
    with pytest.raises(ValueError, match="amount"):
        parse_money(text)


@given(st.integers(-99_999_999_999_999, 99_999_999_999_999))
def test_an_amount_reads_back_as_it_was_written(fen: int) -> None:
    assert fen == parse_money(render_money(fen))


@pytest.mark.parametrize(("one", "same"), [
    ("2026-06-10T09:00:00+08:00", "2026-06-10T01:00:00Z"),
    ("2026-06-10T09:00:00.5+08:00", "2026-06-10T01:00:00.500000000z"),
    ("2026-06-10T00:30:00-05:30", "2026-06-10T06:00:00Z"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ("2026-06-10T01:00:00.1234567891Z", "2026-06-10T01:00:00.123456789Z"),
])  # fmt: skip
def test_one_instant_written_two_ways(one: str, same: str) -> None:
    assert parse_instant(one) == parse_instant(same)


@pytest.mark.parametrize("text", [
    "2026-06-10T09:00:00", "2026-06-10", "2026-06-10 09:00:00Z", "2026-02-29T00:00:00Z", "2026-06-10T24:00:00Z",
    "2026-06-10T09:00:61Z", "2026-06-10T09:00:00+24:00", "2026-06-10T09:00Z", "２026-06-10T09:00:00Z", "",
])  # fmt: skip
def test_an_instant_without_offset_or_of_no_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_instant(text)


@given(st.integers(0, 4_000_000_000 * NANOSECONDS))
def test_an_instant_reads_back_as_it_was_written(instant: int) -> None:
    assert instant == parse_instant(render_instant(instant))


IN_ONE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)


def in_one(text: str) -> int | str:
    """Read an instant of the years 1 to 9999 by one pattern and the calendar of Python, or say why not."""
    match = IN_ONE.fullmatch(text)
    if match is None:
        return "not an RFC 3339 date-time with offset"
    try:
        day = date.fromisoformat(match[1]).toordinal() - EPOCH_ORDINAL
    except ValueError as error:
        return str(error)
    offset = (int(match[7]) * 60 + int(match[8])) * (-60 if match[6] == "-" else 60) if match[6] else 0
    seconds = day * 86_400 + int(match[2]) * 3600 + int(match[3]) * 60 + int(match[4]) - offset
    nanoseconds = int((match[5] or "").ljust(9, "0")[:9])
    return min(max(seconds * NANOSECONDS + nanoseconds, FIRST_INSTANT), LAST_INSTANT)


@settings(deadline=None, max_examples=500)
@given(st.from_regex(IN_ONE, fullmatch=True), st.integers(0, 40), st.text("0123456789-+:.TtZz６ \n", max_size=2))
def test_an_instant_is_what_one_pattern_reads(text: str, at: int, put: str) -> None:
    for each in (text, text[:at] + put + text[at + len(put) :], text[:at] + put + text[at:]):
        try:
            found: int | str = parse_instant(each)
        except ValueError as error:
            found = str(error)

        assert each.startswith("0000") or in_one(each) == found


@settings(deadline=None)
@given(st.text("0123456789-.０²", max_size=18) | st.from_regex(r"\A-?[0-9]{1,13}(\.[0-9]{1,3})?\Z"))
def test_an_amount_is_what_decimal_reads(text: str) -> None:
    try:
        found = parse_money(text)
    except ValueError:
        assert re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,2})?", text) is None
        return

    assert Decimal(text) * 100 == found


@settings(deadline=None)
@given(st.text("0123456789abzAZ-_é²٣\n", max_size=34))
def test_ids_and_areas_are_what_their_patterns_allow(text: str) -> None:
    assert (re.fullmatch(r"[0-9A-Za-z-]{4,32}", text) is not None) == is_household_id(text)
    assert (re.fullmatch(r"[0-9]{12}", text) is not None) == is_area_code(text)


@given(st.integers(1, 3_000_000))
def test_a_day_reads_back_as_it_was_written(day: int) -> None:
    assert day == parse_day(render_day(day))


@given(st.integers(12, 12 * 9999 + 11))
def test_a_month_reads_back_as_it_was_written(month: int) -> None:
    assert month == parse_month(render_month(month))


@pytest.mark.parametrize("text", ["2026-00", "2026-13", "2026-6", "26-06", "2026-06-01", ""])
def test_a_month_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="month"):
        parse_month(text)


def test_days_and_months_are_those_of_china() -> None:
    """23:59:59 of 31 May in China is still May, one second later is June, whatever day it is in UTC."""
    last = parse_instant("2026-05-31T15:59:59Z")

    assert ("2026-05-31", "2026-05") == (render_day(day_of(last)), render_month(month_of(last)))
    assert ("2026-06-01", "2026-06") == (render_day(day_of(last + NANOSECONDS)), render_month(month_of(last + NANOSECONDS)))
