"""What was not sent, rows and whole files, and the rejects file that lists it."""

import csv
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

from streams.identity import mask_identity_numbers

HEADER: Final = ("file", "sheet", "row", "column", "reason")
ENCODING: Final = "utf-8-sig"
"""With a byte order mark, by which Excel knows Chinese for what it is."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was not sent, or a whole file or sheet: then ``row`` is 0 and ``column`` empty."""

    file: str
    sheet: str
    row: int
    column: str
    reason: str

    @property
    def where(self) -> str:
        """Where it stands, for people."""
        row = f"row {self.row}, {self.column}" if self.row else ""
        return " ".join(part for part in (self.file, self.sheet, row) if part)


def objection(rejects: Path, files: list[Path]) -> str | None:
    """Say why a path cannot be the rejects file, None where it can: it has no place, is to be sent, or holds something else."""
    if rejects.is_dir() or not rejects.absolute().parent.is_dir():
        return f"{rejects} is a folder, or lies in one that does not exist 是文件夹，或所在文件夹不存在"
    for path in files:
        if path.resolve() == rejects.resolve() or (path.exists() and rejects.exists() and path.samefile(rejects)):
            return f"{rejects} is one of the files to be sent and would be written over 与待发送文件相同"
    if rejects.is_file() and rejects.stat().st_size and _listed(rejects) is None:
        return f"{rejects} exists and is no list of refused rows, it would be written over 该文件已存在且不是拒收清单"
    return None


def write(rejects: Path, refused: list[Refused]) -> None:
    """Write the list anew."""
    _write(rejects, ([_clear(str(value)) for value in astuple(each)] for each in refused))


def forget(rejects: Path, names: set[str]) -> None:
    """Take files that went without a refusal off the list that an earlier try left; the list goes with its last row."""
    listed = _listed(rejects) if rejects.is_file() else None
    if listed is None or not any(row[:1] and row[0] in names for row in listed):
        return
    rest = [row for row in listed if row and row[0] not in names]
    if rest:
        _write(rejects, iter(rest))
    else:
        rejects.unlink()


def _listed(rejects: Path) -> list[list[str]] | None:
    """Return the rows of a list, None for a file that is none."""
    try:
        with rejects.open(newline="", encoding=ENCODING) as file:
            rows = csv.reader(file)
            return list(rows) if tuple(next(rows, ())) == HEADER else None
    except (UnicodeDecodeError, csv.Error):
        return None


def _write(rejects: Path, rows: Iterator[list[str]]) -> None:
    with rejects.open("w", newline="", encoding=ENCODING) as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows)


def _clear(text: str) -> str:
    """Return a text without identity numbers, which may stand in the name of a file, a sheet or a column."""
    return mask_identity_numbers(text.encode(errors="replace")).decode()
