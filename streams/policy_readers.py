"""How single values of a policy are read: shares as basis points, yuan as fen, dates as ordinal days."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from schemas.fields import parse_day
from streams.policy import BP, GUARANTEES, TIERS, Line

MAX_YUAN: Final = 1_000_000_000
Reader = Callable[[Any], Any]


def read_text(value: Any) -> str:
    """Return a text.

    Raises:
        ValueError: something else.
    """
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def read_texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts.

    Raises:
        ValueError: something else.
    """
    if not isinstance(value, list):
        raise ValueError("must be a list of texts")
    return tuple(read_text(each) for each in value)


NOTES: Final[Mapping[str, Reader]] = {"source": read_text, "sample": read_texts}
"""Where a rule's numbers come from: kept for readers, not for the rules."""


def read_number(value: Any) -> Decimal:
    """Return a finite number.

    Raises:
        ValueError: something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("must be a finite number")
    return number


def read_share(value: Any) -> int:
    """Return a share above 0 as basis points.

    Raises:
        ValueError: something else.
    """
    return _points(value, Decimal(0), Decimal(1), "above 0 and at most 1")


def read_share_or_none(value: Any) -> int:
    """Return a share or 0 as basis points.

    Raises:
        ValueError: something else.
    """
    return 0 if read_number(value) == 0 else read_share(value)


def read_multiple(value: Any) -> int:
    """Return a multiple as basis points.

    Raises:
        ValueError: something else.
    """
    return _points(value, Decimal(0), Decimal(100), "above 0 and at most 100")


def _points(value: Any, low: Decimal, high: Decimal, bounds: str) -> int:
    number = read_number(value)
    if not low < number <= high:
        raise ValueError(f"must be {bounds}")
    points = number * BP
    if points != int(points):
        raise ValueError("has more than 4 decimals")
    return int(points)


def read_yuan(value: Any) -> int:
    """Return yuan as fen.

    Raises:
        ValueError: something else.
    """
    number = read_number(value)
    if not 0 < number <= MAX_YUAN:
        raise ValueError(f"must be above 0 and at most {MAX_YUAN} yuan")
    if number * 100 != int(number * 100):
        raise ValueError("has more than 2 decimals")
    return int(number * 100)


def between(low: int, high: int) -> Reader:
    """Return what reads whole numbers within bounds, these included."""

    def read(value: Any) -> int:
        number = read_number(value)
        if number != int(number) or not low <= number <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(number)

    return read


def read_flag(value: Any) -> bool:
    """Return true or false.

    Raises:
        ValueError: something else.
    """
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def word(*allowed: str) -> Reader:
    """Return what reads one of some words."""

    def read(value: Any) -> str:
        if value not in allowed or not isinstance(value, str):
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return read


def read_day(value: Any) -> int:
    """Return a day of a document, a TOML date or its text in JSON, as an ordinal.

    Raises:
        ValueError: neither.
    """
    try:
        return value.toordinal() if type(value) is date else parse_day(value)
    except (TypeError, ValueError):
        raise ValueError("must be a date such as 2021-01-01") from None


def read_lines(value: Any) -> tuple[Line, ...]:
    """Return lines, each from a day on.

    Raises:
        ValueError: something else.
    """
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of lines")
    lines = []
    for at, each in enumerate(value):
        if not isinstance(each, dict) or set(each) - set(NOTES) != {"from", "amount"}:
            raise ValueError(f"[{at}] takes from and amount, nothing else")
        for field in set(each) & set(NOTES):
            NOTES[field](each[field])
        try:
            start = read_day(each["from"])
        except ValueError as error:
            raise ValueError(f"[{at}].from {error}") from None
        lines.append(Line(start, read_yuan(each["amount"])))
    starts = [line.start for line in lines]
    if len(set(starts)) < len(starts):
        raise ValueError("overlap: two lines begin on the same day")
    return tuple(sorted(lines, key=lambda line: line.start))


def read_guarantees(value: Any) -> tuple[str, ...]:
    """Return some guarantees by the names of their rules, or none.

    Raises:
        ValueError: something else.
    """
    return _some_of(GUARANTEES, value)


def read_tiers(value: Any) -> tuple[str, ...]:
    """Return some tiers, each once.

    Raises:
        ValueError: something else.
    """
    return _some_of(TIERS, value, least=1)


def _some_of(known: tuple[str, ...], value: Any, least: int = 0) -> tuple[str, ...]:
    """Return ``least`` or more of the known words, each once, in their own order."""
    some = isinstance(value, list) and len(value) >= least
    if not some or any(each not in known for each in value) or len(set(value)) < len(value):
        raise ValueError(f"must be a list of some of {', '.join(known)}, each once")
    return tuple(name for name in known if name in value)
