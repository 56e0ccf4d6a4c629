"""Reads the cells of a table as the fields of a fact: what a cell must hold, the types of the wire say."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, auto
from typing import Any, Final, Literal, get_args, get_origin

import msgspec

from schemas import wire
from schemas.fields import CHINA
from schemas.wire_fields import Day, Money, Month, Percent


class CellError(ValueError):
    """A cell that cannot be read: its column and why."""

    def __init__(self, column: str, reason: str) -> None:
        """Keep both apart."""
        super().__init__(f"{column}: {reason}")
        self.column, self.reason = column, reason


class Sort(Enum):
    """What a cell holds; a word is text that the fact takes as it is."""

    WORD = auto()
    MONEY = auto()
    FLAG = auto()
    MONTH = auto()
    DAY = auto()
    PERCENT = auto()
    INSTANT = auto()


_SORT_OF: Final[dict[Any, Sort]] = {
    Money: Sort.MONEY, bool: Sort.FLAG, Month: Sort.MONTH, Day: Sort.DAY, Percent: Sort.PERCENT,
}  # fmt: skip


def _codes(kind: Any) -> tuple[str, ...]:
    parts = (kind, *get_args(kind))  # what may be left out is a union with None
    return tuple(code for part in parts if get_origin(part) is Literal for code in get_args(part))


OF_FACT: Final = {
    shape.__struct_config__.tag: {
        field.encode_name: _SORT_OF.get(field.type, Sort.WORD) for field in msgspec.structs.fields(shape)
    }
    for shape in get_args(wire.WireFact)
}
"""What every field of a fact holds, by the fact's type: ``until`` is a month of one and a day of another."""
CODES: Final = {
    shape.__struct_config__.tag: {field.encode_name: _codes(field.type) for field in msgspec.structs.fields(shape)}
    for shape in get_args(wire.WireFact)
}
"""What a field of a fact may say where its set is closed, by the fact's type; empty where it is open."""
OF_FIELD: Final[dict[str, frozenset[Sort]]] = {
    field: frozenset(sorts[field] for sorts in OF_FACT.values() if field in sorts)
    for field in sorted({field for sorts in OF_FACT.values() for field in sorts})
}
"""What a field holds over all facts."""
_FLAGS: Final = {"是": True, "否": False, "true": True, "false": False, "yes": True, "no": False, "有": True, "无": False,
                 "安全": True, "不安全": False, "充足": True, "不足": False, "已参保": True, "未参保": False}  # fmt: skip
_MONTH = re.compile(r"([0-9]{4})(?:[-/年]([0-9]{1,2})|\.?([0-9]{2}))月?")
"""After a point or nothing two digits: Excel holds October typed as 2026.10 as the number 2026.1."""
_DAY = re.compile(r"([0-9]{4})(?:[-/年]([0-9]{1,2})[-/月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))(?:[T ][0-9:.]+)?")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?)(%?)")
_PERCENT_HEADER = re.compile(r"%|％|百分|percent", re.IGNORECASE)
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，－：％", "0123456789.,-:%")


def read_cell(sort: Sort, column: str, cell: str, words: Mapping[str, str | bool], shown: str | None = None) -> Any:
    """Return what a cell says. ``words`` are those of its field; ``shown`` is how a sheet shows a share (``35%``), if it does.

    Raises:
        CellError: it cannot be read as what it must hold.
    """
    text = cell.strip()
    if text in words:
        return words[text]
    plain = text.translate(_FULL_WIDTH)
    match sort:
        case Sort.WORD:
            return text
        case Sort.MONEY:
            return plain.replace(",", "") if _THOUSANDS.fullmatch(plain) else plain
        case Sort.FLAG:
            return _flag(column, text, words)
        case Sort.MONTH:
            return _month(column, plain)
        case Sort.DAY:
            return _day(column, plain).isoformat()
        case Sort.PERCENT:
            return _percent(column, shown or plain)
        case Sort.INSTANT:
            return _instant(column, plain)


def _flag(column: str, text: str, words: Mapping[str, str | bool]) -> bool:
    if text.lower() not in _FLAGS:
        others = "".join(f"、{word}" for word in words)
        raise CellError(column, f"须填是或否 must say yes or no (是/否{others})")
    return _FLAGS[text.lower()]


def _month(column: str, text: str) -> str:
    match = _MONTH.fullmatch(text)
    if match is not None:
        return f"{match[1]}-{int(match[2] or match[3]):02d}"
    if _DAY.fullmatch(text):
        return _day(column, text).isoformat()[:7]
    raise CellError(column, "月份写法不明 is not a month such as 2026-05, 202605 or 2026年5月")


def _day(column: str, text: str) -> date:
    match = _DAY.fullmatch(text)
    try:
        if match is not None:
            return date(int(match[1]), int(match[2] or match[4]), int(match[3] or match[5]))
    except ValueError:
        pass  # a day that its month does not have
    raise CellError(column, "日期写法不明 is not a day such as 2026-05-31, 20260531 or 2026年5月31日")


def _percent(column: str, text: str) -> int:
    """Read 40%, 40 or, under a header that does not speak of percent, 0.40: since percents are whole, it is not 0.4 %."""
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise CellError(column, "百分数写法不明 is not a whole number of percent such as 35 or 35%")
    points = Decimal(match[1])
    if not match[2] and not _PERCENT_HEADER.search(column):
        if points == 1:  # in a column of shares it is all, in one of percents nearly nothing
            raise CellError(column, "请写明1%或100% is 1 % or all of it: write 1% or 100%")
        points *= 100 if points < 1 else 1
    if points % 1:
        raise CellError(column, "百分数须为整数 is not a whole number of percent: round it")
    return int(points)


def _instant(column: str, text: str) -> str:
    """Read a date or date-time; without an offset it is China time."""
    plain = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-")
    parts = plain.split("-")
    if len(parts) == 3:
        day, _, rest = parts[2].partition(" ")
        plain = f"{parts[0]}-{parts[1]:0>2}-{day:0>2}" + (f"T{rest}" if rest else "")
    try:
        moment = datetime.fromisoformat(plain)
    except ValueError:
        raise CellError(column, "日期写法不明 is not a date or date-time") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).isoformat()
