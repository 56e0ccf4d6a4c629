"""Turns a row of a department's table into a report, by a small mapping file of headers and words."""

import hashlib
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args

from fangfan.cells import CODES, OF_FACT, OF_FIELD, CellError, Sort, read_cell
from fangfan.tables import Row
from schemas.areas import AreaFact

DEFAULT_MAPPING: Final = Path(__file__).resolve().parent / "mappings" / "shanxi.toml"
ENVELOPE: Final = frozenset(
    {"event_id", "schema", "household_id", "person_id", "area_code", "occurred_at", "reported_at", "source", "voids", "about"}
)
AREA_FACTS: Final = frozenset(shape.__struct_config__.tag for shape in get_args(AreaFact))
"""What an area event may carry; of a row that names nobody such a fact is one."""
MADE_OF: Final = {"about": ("product", "asset")}
"""Fields that a table may leave out, and those they are made of."""
NEEDED: Final = (("area_code",), ("occurred_at",), ("source",), ("type", "voids"))
"""What every row must say; of the last, one of both."""
_INSTANTS: Final = frozenset({"occurred_at", "reported_at"})


class MappingError(ValueError):
    """A mapping file that cannot be used: file, key, reason."""


@dataclass(frozen=True, slots=True)
class Mapping:
    """Headers to fields, and words to values by field."""

    columns: dict[str, str]
    words: dict[str, dict[str, str | bool]]

    def field_of(self, column: str) -> str:
        """Return the field that a column holds; a header that is not named stands for itself."""
        return self.columns.get(column, column)

    def column_of(self, field: str, row: Row) -> str:
        """Return the header of the cell that says a field; all headers it could stand under, where none does; else its name."""
        for wanted in (field, *MADE_OF.get(field, ())):
            for names in (row.cells, row.columns):
                found = [name for name in names if self.field_of(name) == wanted]
                if found:
                    return "、".join(found)
        return field

    def lacking(self, columns: Iterable[str]) -> list[str]:
        """Return what no row of a table with these columns could say though each must: the headers it could stand under."""
        fields = {self.field_of(column) for column in columns}
        return [
            "/".join([*(name for name, field in self.columns.items() if field in wanted), wanted[0]])
            for wanted in NEEDED if fields.isdisjoint(wanted)
        ]  # fmt: skip

    def choices(self, kind: str, field: str) -> list[str]:
        """Return the words for a field of a fact whose set is closed, or for ``type`` itself; none where it is open."""
        codes = tuple(OF_FACT) if field == "type" else CODES.get(kind, {}).get(field, ())
        words = [word for word, value in self.words.get(field, {}).items() if value in codes]
        return words or list(codes)


def load_mapping(path: Path | None) -> Mapping:
    """Read a mapping file, the one for Shanxi by default.

    Raises:
        MappingError: names file, key and reason.
    """
    file = path or DEFAULT_MAPPING
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise MappingError(f"{file}: {error}") from None
    except (OSError, UnicodeDecodeError):
        raise MappingError(f"{file}: cannot be read") from None
    columns, words = data.get("columns"), data.get("words", {})
    if not isinstance(columns, dict) or not all(isinstance(field, str) for field in columns.values()):
        raise MappingError(f"{file}: columns: must be a table of header = field")
    known = ENVELOPE | {"type"} | OF_FIELD.keys()
    for header, field in columns.items():
        if field not in known:
            raise MappingError(f"{file}: columns.{header}: no report has a field {field}")
    if not isinstance(words, dict):
        raise MappingError(f"{file}: words: must hold tables of word = value, by field")
    for field, table in words.items():
        if field not in known:
            raise MappingError(f"{file}: words.{field}: no report has a field {field}")
        flag = Sort.FLAG in OF_FIELD.get(field, ())
        if not isinstance(table, dict) or not all(isinstance(value, bool if flag else str) for value in table.values()):
            raise MappingError(f"{file}: words.{field}: must be a table of word = {'true or false' if flag else 'text'}")
    return Mapping(columns, words)


def to_report(row: Row, mapping: Mapping, now: datetime) -> dict[str, Any]:
    """Return a row as a report with one fact. Its event id, where it has none, follows from its content alone.

    A row that names neither household nor person and reports a market or an asset is an area event.

    Raises:
        CellError: a cell cannot be read as its field.
    """
    fields = _fields(row, mapping)
    kind = fields.get("type")
    fields.setdefault("schema", "area-event/1" if _of_an_area(fields) else "department-record/1")
    if fields["schema"] == "area-event/1":
        fields.setdefault("about", _about(fields, mapping, row))
    envelope = {name: fields.get(name) for name in ENVELOPE if name in fields}
    if "event_id" not in envelope:
        content = "\x1f".join(f"{name}={fields[name]}" for name in sorted(fields))
        envelope["event_id"] = "row-" + hashlib.sha256(content.encode()).hexdigest()[:40]
    envelope.setdefault("reported_at", now.isoformat(timespec="seconds"))
    facts: list[dict[str, Any]] = []
    if kind is not None:
        facts = [{"type": kind} | {name: fields[name] for name in OF_FACT.get(kind, ()) if name in fields}]
    elif "voids" not in fields:
        raise CellError(mapping.column_of("type", row), "没有说明报告何事 nothing says what the row reports")
    return envelope | {"facts": facts}


def _fields(row: Row, mapping: Mapping) -> dict[str, Any]:
    """Return what a row says by field. A cell that its fact has no use for is kept as it is where it cannot be read.

    Raises:
        CellError: a cell cannot be read as its field, or two columns say different things of one field of the fact.
    """
    of_fact: dict[str, Sort] = {}
    for column, cell in row.cells.items():
        if mapping.field_of(column) == "type":
            of_fact = OF_FACT.get(read_cell(Sort.WORD, column, cell, mapping.words.get("type", {})), {})
    fields: dict[str, Any] = {}
    said_by: dict[str, str] = {}
    for column, cell in row.cells.items():
        field = mapping.field_of(column)
        sort = of_fact.get(field) or (Sort.INSTANT if field in _INSTANTS else None)
        words, shown = mapping.words.get(field, {}), row.shown.get(column)
        try:
            value = read_cell(sort or _usual(field), column, cell, words, shown)
        except CellError:
            if sort is not None:
                raise
            value = cell
        if field in of_fact and fields.get(field, value) != value:
            raise CellError(column, f"与“{said_by[field]}”列不一致 says otherwise than column {said_by[field]}")
        fields[field], said_by[field] = value, column
    return fields


def _usual(field: str) -> Sort:
    """Return what a field holds in all facts that have it. Ids of rows follow from it, so what no fact uses is read too."""
    sorts = OF_FIELD.get(field, frozenset())
    return next(iter(sorts)) if len(sorts) == 1 else Sort.WORD


def _of_an_area(fields: dict[str, Any]) -> bool:
    """Tell whether a row that does not say what it is speaks of an area: of nobody, but of what an area event is about."""
    if "household_id" in fields or "person_id" in fields:
        return False
    return fields.get("type") in AREA_FACTS or ("type" not in fields and not {"about", *MADE_OF["about"]}.isdisjoint(fields))


def _about(fields: dict[str, Any], mapping: Mapping, row: Row) -> str:
    """Return what an area event is about by the product or asset of its fact."""
    if "product" in fields:
        return f"grows:{fields['product']}"
    if "asset" in fields:
        return f"asset:{fields['asset']}"
    raise CellError(mapping.column_of("about", row), "没有说明是何产品或资产 nothing says which product or asset")
