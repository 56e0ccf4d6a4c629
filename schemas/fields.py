"""The small values every message is made of: money, months, instants, identifiers.

Parsed once, here. Money is integer fen (1/100 yuan), a month is ``year * 12 + month - 1``, an instant is integer
nanoseconds since 1970-01-01T00:00Z, a day is the proleptic Gregorian ordinal of ``datetime.date.toordinal``.
Calendar dates are China Standard Time (UTC+8, without summer time since 1991).
"""

import re
from datetime import date, timedelta, timezone
from functools import lru_cache
from typing import Final

NANOSECONDS: Final = 1_000_000_000
DAY_SECONDS: Final = 86_400
CHINA_OFFSET_SECONDS: Final = 8 * 3600
CHINA: Final = timezone(timedelta(seconds=CHINA_OFFSET_SECONDS))
EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
FIRST_INSTANT: Final = -(1 << 63)
"""1677-09-21: the first instant that 64 bits of nanoseconds hold."""
LAST_INSTANT: Final = (1 << 63) - 1
"""2262-04-11: the last one."""

_MONEY = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_NO_INSTANT: Final = "not an RFC 3339 date-time with offset"
_PLAIN_MONEY: Final = len("999999999999.99")
_TELEPHONE = re.compile(r"(?<![0-9A-Fa-f])(?:(?:00)?86[-._:]?)?1[3-9][0-9]([-._:]?)[0-9]{4}\1[0-9]{4}(?![0-9A-Fa-f])")
_MONTH = re.compile(r"([0-9]{4})-(0[1-9]|1[0-2])")
_HOUR = re.compile(r"[Tt]([01][0-9]|2[0-3])")
_WITHIN_HOUR = re.compile(r":([0-5][0-9]):([0-5][0-9]|60)")
_OFFSET = re.compile(r"[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def parse_money(value: str | int | float) -> int:
    """Return a wire amount in yuan as fen.

    A string must read ``-?[0-9]{1,12}(\\.[0-9]{1,2})?``; so must the shortest form of a JSON number.

    Raises:
        ValueError: the amount reads otherwise.
    """
    text = value if type(value) is str else repr(value)
    if text[-3:-2] == "." and 4 <= len(text) <= _PLAIN_MONEY:  # as nearly all amounts are written
        digits = text[:-3] + text[-2:]
        if digits.isdigit() and digits.isascii():
            return int(digits)
    match = _MONEY.fullmatch(text)
    if match is None:
        raise ValueError("not an amount in yuan with at most 12 digits and 2 decimals")
    sign, yuan, decimals = match.groups()
    fen = int(yuan) * 100 + (int(decimals.ljust(2, "0")) if decimals else 0)
    return -fen if sign else fen


def render_money(fen: int) -> str:
    """Return fen as yuan with two decimals: ``481250`` -> ``"4812.50"``."""
    yuan, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{rest:02d}"


@lru_cache(maxsize=4096)
def parse_month(text: str) -> int:
    """Return ``YYYY-MM`` as a month number.

    Raises:
        ValueError: not of that form, or no such month.
    """
    match = _MONTH.fullmatch(text)
    if match is None:
        raise ValueError("not a month of the form YYYY-MM")
    return int(match[1]) * 12 + int(match[2]) - 1


@lru_cache(maxsize=4096)
def render_month(month: int) -> str:
    """Return a month number as ``YYYY-MM``."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


@lru_cache(maxsize=4096)
def _day_of(text: str) -> int:
    """Return the nanoseconds from 1970 to a ``YYYY-MM-DD`` (the year 0000 lies one leap year before 0001)."""
    if _DAY.fullmatch(text) is None:
        raise ValueError(_NO_INSTANT)
    year, month, day = int(text[:4]), int(text[5:7]), int(text[8:10])
    days = date(year, month, day).toordinal() if year else date(400, month, day).toordinal() - 146_097
    return (days - EPOCH_ORDINAL) * DAY_SECONDS * NANOSECONDS


@lru_cache(maxsize=32_768)
def _hour_of(text: str) -> int:
    """Return the nanoseconds from 1970 to a ``YYYY-MM-DDThh``."""
    match = _HOUR.fullmatch(text[10:])
    if match is None:
        raise ValueError(_NO_INSTANT)
    return int(match[1]) * 3600 * NANOSECONDS + _day_of(text[:10])


@lru_cache(maxsize=4096)
def _within_hour(text: str) -> int:
    """Return the nanoseconds of ``:mm:ss``."""
    match = _WITHIN_HOUR.fullmatch(text)
    if match is None:
        raise ValueError(_NO_INSTANT)
    return (int(match[1]) * 60 + int(match[2])) * NANOSECONDS


@lru_cache(maxsize=4096)
def _offset_of(text: str) -> int:
    """Return the nanoseconds that an offset (``+08:00``) adds."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(_NO_INSTANT)
    sign, hour, minute = match.groups()
    if not sign:
        return 0
    offset = (int(hour) * 3600 + int(minute) * 60) * NANOSECONDS
    return offset if sign == "-" else -offset


def _fraction_of(digits: str) -> int:
    """Return the nanoseconds of a second's decimals."""
    if not (digits.isdigit() and digits.isascii()):
        raise ValueError(_NO_INSTANT)
    return int(digits[:9].ljust(9, "0"))


def parse_instant(text: str) -> int:
    """Return an RFC 3339 date-time with offset as nanoseconds since 1970 (finer digits are cut off).

    A leap second (``:60``) is read as the first second of the next minute. What lies outside of 64 bits (a source system's
    year 1 or 9999) is read as the first or last instant inside, so that every instant can be stored.

    Raises:
        ValueError: not RFC 3339, without an offset, or no such date.
    """
    # In parts, because each recurs: reports of one hour, of one offset. Only a fraction, where there is one, does not. The day
    # comes last: there may be no such day.
    if text[19:20] != ".":
        instant = _within_hour(text[13:19]) + _offset_of(text[19:]) + _hour_of(text[:13])
    else:
        at = -1 if text[-1] in "Zz" else -6
        instant = _within_hour(text[13:19]) + _fraction_of(text[20:at]) + _offset_of(text[at:]) + _hour_of(text[:13])
    return instant if FIRST_INSTANT <= instant <= LAST_INSTANT else _storable(instant)


def instant_of(milliseconds: int) -> int:
    """Return a record's timestamp as an instant, kept within what can be stored."""
    return _storable(milliseconds * 1_000_000)


def _storable(instant: int) -> int:
    if FIRST_INSTANT <= instant <= LAST_INSTANT:
        return instant
    return FIRST_INSTANT if instant < FIRST_INSTANT else LAST_INSTANT


def parse_day(text: str) -> int:
    """Return ``YYYY-MM-DD`` as an ordinal day.

    Raises:
        ValueError: not of that form, or no such day.
    """
    if _DAY.fullmatch(text) is None:
        raise ValueError("not a date of the form YYYY-MM-DD")
    return date.fromisoformat(text).toordinal()


@lru_cache(maxsize=4096)
def render_day(day: int) -> str:
    """Return an ordinal day as ``YYYY-MM-DD``."""
    return date.fromordinal(max(day, 1)).isoformat()


def day_of(instant: int) -> int:
    """Return the calendar day in China of an instant, as an ordinal."""
    return (instant // NANOSECONDS + CHINA_OFFSET_SECONDS) // DAY_SECONDS + EPOCH_ORDINAL


def instant_of_day(day: int) -> int:
    """Return the instant at which an ordinal day begins in China."""
    return ((day - EPOCH_ORDINAL) * DAY_SECONDS - CHINA_OFFSET_SECONDS) * NANOSECONDS


@lru_cache(maxsize=4096)
def instant_of_month(month: int) -> int:
    """Return the instant at which a month (of the years 1 to 9999) begins in China."""
    return instant_of_day(date(month // 12, month % 12 + 1, 1).toordinal())


@lru_cache(maxsize=65_536)
def month_of_day(day: int) -> int:
    """Return the month number an ordinal day lies in (days before the year 1 count as its first month)."""
    there = date.fromordinal(max(day, 1))
    return there.year * 12 + there.month - 1


def month_of(instant: int) -> int:
    """Return the calendar month in China of an instant."""
    return month_of_day(day_of(instant))


def render_instant(instant: int) -> str:
    """Return an instant as RFC 3339 in China Standard Time, with no more decimals than it has."""
    seconds, nanoseconds = divmod(instant, NANOSECONDS)
    hour, rest = divmod((seconds + CHINA_OFFSET_SECONDS) % DAY_SECONDS, 3600)
    fraction = f".{nanoseconds:09d}".rstrip("0") if nanoseconds else ""
    return f"{render_day(day_of(instant))}T{hour:02d}:{rest // 60:02d}:{rest % 60:02d}{fraction}+08:00"


@lru_cache(maxsize=65_536)  # a province has half as many villages
def is_area_code(text: str) -> bool:
    """Tell whether a text is a 12-digit administrative code (county 6, township 3, village 3)."""
    return len(text) == 12 and text.isdigit() and text.isascii()


def is_household_id(text: str) -> bool:
    """Tell whether a text can be a household id: 4 to 32 of ``[0-9A-Za-z-]``."""
    return 4 <= len(text) <= 32 and text.isascii() and (text.isalnum() or text.replace("-", "0").isalnum())


def has_telephone_number(text: str) -> bool:
    """Tell whether a Chinese mobile number stands in a text, with or without 86 before it; part of a hex id is none."""
    return _TELEPHONE.search(text) is not None
