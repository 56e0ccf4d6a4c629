"""Turns a row of a department's table into a report, by a small mapping file of headers and words."""

import hashlib
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Final, get_args

from fangfan.tables import Row
from schemas import wire
from schemas.areas import AreaFact

DEFAULT_MAPPING: Final = Path(__file__).resolve().parent / "mappings" / "shanxi.toml"
CHINA: Final = timezone(timedelta(hours=8))
ENVELOPE: Final = frozenset(
    {"event_id", "schema", "household_id", "person_id", "area_code", "occurred_at", "reported_at", "source", "voids", "about"}
)
AREA_FACTS: Final = frozenset(shape.__struct_config__.tag for shape in get_args(AreaFact))
"""What an area event may carry; of a row that names nobody such a fact is one."""
MADE_OF: Final = {"about": ("product", "asset")}
"""Fields that a table may leave out, and those they are made of."""
FACTS: Final = {shape.__struct_config__.tag: shape for shape in get_args(wire.WireFact)}
_MONEY_FIELDS: Final = frozenset({"amount", "self_paid", "wage", "business", "property", "transfer", "production_cost"})
_FLAGS: Final = {"是": True, "否": False, "true": True, "false": False, "有": True, "无": False, "安全": True, "不安全": False,
                 "充足": True, "不足": False, "已参保": True, "未参保": False}  # fmt: skip
_FLAG_FIELDS: Final = frozenset({"cumulative", "adequate", "enrolled", "safe"})
_MONTH_FIELDS: Final = frozenset({"month", "from", "to", "since"})
_PERCENT_FIELDS: Final = frozenset({"drop_percent"})
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.0+)?%?")
_MONTH = re.compile(r"([0-9]{4})(?:[-/年]([0-9]{1,2})|\.?([0-9]{2}))月?(?:-[0-9]{2}(?:T00:00:00)?)?")
"""After a point or nothing two digits: Excel holds October typed as 2026.10 as the number 2026.1."""
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９．，－：", "0123456789.,-:")


class MappingError(ValueError):
    """A mapping file that cannot be used: file, key, reason."""


class CellError(ValueError):
    """A cell that cannot be read: its column and why."""

    def __init__(self, column: str, reason: str) -> None:
        """Keep both apart."""
        super().__init__(f"{column}: {reason}")
        self.column, self.reason = column, reason


@dataclass(frozen=True, slots=True)
class Mapping:
    """Headers to fields, and words to values by field."""

    columns: dict[str, str]
    words: dict[str, dict[str, str]]

    def column_of(self, field: str, columns: Iterable[str]) -> str:
        """Return the header under which a table has a field, else the field's own name."""
        for wanted in (field, *MADE_OF.get(field, ())):
            for name in columns:
                if self.columns.get(name, name) == wanted:
                    return name
        return field


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
    known = ENVELOPE | {"type"} | {field for shape in FACTS.values() for field in shape.__struct_encode_fields__}
    for header, field in columns.items():
        if field not in known:
            raise MappingError(f"{file}: columns.{header}: no report has a field {field}")
    return Mapping(columns, words)


def to_report(row: Row, mapping: Mapping, now: datetime) -> dict[str, Any]:
    """Return a row as a report with one fact. Its event id, where it has none, follows from its content alone.

    A row that names neither household nor person and reports a market or an asset is an area event.

    Raises:
        CellError: a cell cannot be read as its field.
    """
    fields: dict[str, Any] = {}
    for column, cell in row.cells.items():
        field = mapping.columns.get(column, column)
        fields[field] = _value(field, column, cell, mapping)
    kind = fields.get("type")
    fields.setdefault("schema", "area-event/1" if _of_an_area(fields) else "department-record/1")
    if fields["schema"] == "area-event/1":
        fields.setdefault("about", _about(fields, mapping, row.columns))
    envelope = {name: fields.get(name) for name in ENVELOPE if name in fields}
    if "event_id" not in envelope:
        content = "\x1f".join(f"{name}={fields[name]}" for name in sorted(fields))
        envelope["event_id"] = "row-" + hashlib.sha256(content.encode()).hexdigest()[:40]
    envelope.setdefault("reported_at", now.isoformat(timespec="seconds"))
    facts: list[dict[str, Any]] = []
    if kind is not None:
        wanted = FACTS[kind].__struct_encode_fields__ if kind in FACTS else ()
        facts = [{"type": kind} | {name: fields[name] for name in wanted if name in fields}]
    elif "voids" not in fields:
        raise CellError(mapping.column_of("type", row.columns), "没有说明报告何事 nothing says what the row reports")
    return envelope | {"facts": facts}


def _of_an_area(fields: dict[str, Any]) -> bool:
    """Tell whether a row that does not say what it is speaks of an area: of nobody, but of what an area event is about."""
    if "household_id" in fields or "person_id" in fields:
        return False
    return fields.get("type") in AREA_FACTS or ("type" not in fields and not {"about", *MADE_OF["about"]}.isdisjoint(fields))


def _about(fields: dict[str, Any], mapping: Mapping, columns: tuple[str, ...]) -> str:
    """Return what an area event is about by the product or asset of its fact."""
    if "product" in fields:
        return f"grows:{fields['product']}"
    if "asset" in fields:
        return f"asset:{fields['asset']}"
    raise CellError(mapping.column_of("about", columns), "没有说明是何产品或资产 nothing says which product or asset")


def _value(field: str, column: str, cell: str, mapping: Mapping) -> Any:
    text = cell.strip()
    if field in mapping.words:
        return mapping.words[field].get(text, text)
    plain = text.translate(_FULL_WIDTH)
    if field in _MONEY_FIELDS:
        return plain.replace(",", "") if _THOUSANDS.fullmatch(plain) else plain
    if field in _FLAG_FIELDS:
        if text.lower() not in _FLAGS:
            raise CellError(column, "须填是或否 must say yes or no (是/否)")
        return _FLAGS[text.lower()]
    if field in _MONTH_FIELDS:
        return _month(column, plain)
    if field in _PERCENT_FIELDS:
        return _percent(column, plain)
    if field in ("occurred_at", "reported_at"):
        return _instant(column, plain)
    return text


def _month(column: str, text: str) -> str:
    match = _MONTH.fullmatch(text)
    if match is None:
        raise CellError(column, "月份写法不明 is not a month such as 2026-05, 202605 or 2026年5月")
    return f"{match[1]}-{int(match[2] or match[3]):02d}"


def _percent(column: str, text: str) -> int:
    match = _PERCENT.fullmatch(text)
    if match is None:
        raise CellError(column, "百分数写法不明 is not a whole number of percent such as 35 or 35%")
    return int(match[1])


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
