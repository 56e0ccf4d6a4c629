"""Reads rows from files as departments export them: CSV in UTF-8 or GBK, Excel, JSON Lines."""

import codecs
import csv
import io
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException


class FileError(ValueError):
    """A file that cannot be read at all: which, and why."""


EMPTY: Final = "文件为空 holds nothing"
_BROKEN_WORKBOOK: Final = (
    InvalidFileException, BadZipFile, ParseError, SyntaxError, LookupError, ValueError, TypeError, AttributeError,
    EOFError, zlib.error,
)  # fmt: skip
"""What openpyxl raises on a file that is no workbook, or one that was cut off or changed inside."""
_SHARE = re.compile(r"0(?:\.(0+))?%")
"""A cell's format that shows a share as a percentage, with so many decimals."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first row of a table that holds something."""

    sheet: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table: where it stands, its cells that hold something as text by column, and all columns.

    A workbook holds 35 % as the number 0.35, and only the cell's format tells it from a third of one percent; ``shown`` has
    such cells as the sheet shows them. They are no part of ``cells``, from which the ids of rows without one follow.
    """

    sheet: str
    number: int
    cells: dict[str, str]
    columns: tuple[str, ...]
    shown: Mapping[str, str] = field(default_factory=dict)


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a JSON Lines file that are not empty, with their numbers.

    Raises:
        FileError: the file cannot be opened, holds nothing, or by its name and beginning is one JSON text over many lines.
    """
    empty = True
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                text = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
                if text and empty and path.suffix.lower() == ".json" and (text == b"{" or text.startswith(b"[")):
                    raise FileError(f"{path}: 须每行一个JSON对象 must hold one JSON object a line, not one text over many")
                if text:
                    empty = False
                    yield number, text
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    if empty:
        raise FileError(f"{path}: {EMPTY}")


def read_table(path: Path) -> Iterator[Header | Row]:
    """Yield the rows of a CSV or Excel file that are not empty; of each sheet the header comes first.

    Raises:
        FileError: the file cannot be read, or holds nothing.
    """
    empty = True
    for found in _excel(path) if path.suffix.lower() == ".xlsx" else _csv(path):
        empty = False
        yield found
    if empty:
        raise FileError(f"{path}: {EMPTY}")


def _csv(path: Path) -> Iterator[Header | Row]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}") from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        reader = csv.reader(io.StringIO(text, newline=""))
        try:
            yield from _rows(path, "", ((reader.line_num, [cell.strip() for cell in cells], {}) for cells in reader))
        except csv.Error as error:
            raise FileError(f"{path}: line {reader.line_num}: {error}") from None
        return
    raise FileError(f"{path}: is neither UTF-8 nor GBK")


def _excel(path: Path) -> Iterator[Header | Row]:
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            for sheet in book.worksheets:
                rows = enumerate(sheet.iter_rows(), 1)
                yield from _rows(
                    path, sheet.title, ((at, [cell_text(cell.value) for cell in cells], _shares(cells)) for at, cells in rows)
                )
        finally:
            book.close()
    except OSError as error:
        raise FileError(f"{path}: {error.strerror or error}") from None
    except _BROKEN_WORKBOOK as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"{path}: is not an Excel workbook (.xlsx), or broken") from None


def _rows(path: Path, sheet: str, lines: Iterator[tuple[int, list[str], dict[int, str]]]) -> Iterator[Header | Row]:
    header: list[str] = []
    named: list[str] = []
    for number, cells, shares in lines:
        if not any(cells):
            continue
        if not header:
            header = cells
            named = [name for name in header if name]
            twice = sorted({name for name in named if named.count(name) > 1})
            if twice:
                raise FileError(f"{path} {sheet}: 表头重复 two columns have the same header: {'、'.join(twice)}")
            yield Header(sheet, tuple(named))
            continue
        filled = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell}
        yield Row(sheet, number, filled, tuple(named), {header[at]: text for at, text in shares.items() if at < len(header)})


def _shares(cells: Iterable[Any]) -> dict[int, str]:
    """Return the cells of a workbook's row that are shown as percentages, as the sheet shows them, by their place."""
    found = {}
    for at, cell in enumerate(cells):
        if isinstance(cell.value, int | float) and not isinstance(cell.value, bool):
            share = _SHARE.search(cell.number_format or "")
            if share is not None:
                shown = (Decimal(repr(cell.value)) * 100).quantize(Decimal(1).scaleb(-len(share[1] or "")), ROUND_HALF_UP)
                found[at] = f"{shown:f}%"
    return found


def cell_text(value: Any) -> str:
    """Return an Excel cell as a person reads it: no float artefacts, dates as ISO 8601."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case datetime():
            return value.isoformat(sep="T")
        case date():
            return value.isoformat()
        case float():
            return format(Decimal(repr(value)).normalize(), "f")
        case _:
            return str(value).strip()
