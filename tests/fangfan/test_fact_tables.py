"""Whatever a department may send as JSON it may send as a table: in English, in the words of its own sheets, and as a workbook
with dates, numbers and percentages. The facts come from the types of the wire, so that a new one cannot be forgotten here."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import openpyxl
import orjson
import pytest

from fangfan.mapping import load_mapping
from fangfan.publish import read_file
from fangfan.rejects import Refused
from schemas import wire
from schemas.reports import Report
from schemas.vocabulary import Department
from streams.case_steps import FORMS
from streams.normalise import normalise
from streams.topics import TOPIC_OF, Topic
from tests.build import TIMESTAMP, cadre, declaration, department, encode

MAPPING, NOW = load_mapping(None), datetime(2026, 6, 20, tzinfo=UTC)
AT = "2026-06-10T09:00:00+08:00"
TEXTS = ("pv-17", "2026-05", "2026-08-31")
"""An id of anything, a month, a day."""
Fact = dict[str, Any]


def samples(kind: Any) -> list[Any]:
    """Return values of a field of the wire: all of a closed set, some of an open one."""
    match kind:
        case msgspec.inspect.Metadata():  # money
            return ["1234.50"]
        case msgspec.inspect.LiteralType():
            return list(kind.values)
        case msgspec.inspect.BoolType():
            return [True, False]
        case msgspec.inspect.IntType():
            return [0, 1, 35, 100]
        case msgspec.inspect.UnionType():  # with None
            return [each for part in kind.types if not isinstance(part, msgspec.inspect.NoneType) for each in samples(part)]
        case msgspec.inspect.StrType():
            return [next(text for text in TEXTS if re.fullmatch(kind.pattern or ".*", text))]
    raise AssertionError(kind)


def facts_of(shape: Any) -> Iterator[Fact]:
    """Yield facts of a type: whole, each value of each field in turn, and without what may be left out."""
    if shape.__struct_config__.tag == "case_step":  # what goes with what
        yield from steps()
        return
    fields = msgspec.inspect.type_info(shape).fields
    whole = {"type": shape.__struct_config__.tag} | {each.encode_name: samples(each.type)[0] for each in fields}
    for each in fields:
        yield from (whole | {each.encode_name: value} for value in samples(each.type))
    optional = {each.encode_name for each in fields if not each.required}
    yield {name: value for name, value in whole.items() if name not in optional}


def steps() -> Iterator[Fact]:
    for step, form in FORMS.items():
        for phase in sorted(form.phases):
            for passed in (True, False) if form.may_fail else (True,):
                fact = {"type": "case_step", "step": step, "phase": phase, "passed": passed}
                if step == "standing":
                    yield from (fact | {"category": "sudden", "stage": stage} for stage in ("registered", "removed"))
                elif step == "decision" and phase == "entry" and passed:
                    yield from (fact | {"category": category} for category in ("unstable", "marginal", "sudden"))
                else:
                    yield fact


def read(record: dict[str, Any]) -> Any:
    return normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)


def reported(fact: Fact, event_id: str) -> dict[str, Any]:
    """Return a fact in the report of somebody who may report it."""
    over = {"person_id": fact.get("person_id"), "at": AT}
    tries = [department(event_id, source, fact, **over) for source in get_args(Department)]
    tries += [cadre(event_id, fact, **over), declaration(event_id, fact, source="hotline", **over)]
    return next(record for record in tries if isinstance(read(record), Report))


REPORTS = [
    reported(fact, f"e-{shape.__struct_config__.tag}-{at}")
    for shape in get_args(wire.WireFact)
    for at, fact in enumerate(facts_of(shape))
]
HEADERS = {field: header for header, field in MAPPING.columns.items()}
WORDS = {field: {value: word for word, value in table.items()} for field, table in MAPPING.words.items()}


def english(field: str, value: Any) -> tuple[str, str]:
    return field, str(value).lower() if isinstance(value, bool) else str(value)


def chinese(field: str, value: Any) -> tuple[str, str]:
    """Return a header and a cell as people write them; a closed word without one of its own fails here."""
    if isinstance(value, bool):
        return HEADERS[field], WORDS.get(field, {True: "是", False: "否"})[value]
    if isinstance(value, int):
        return HEADERS[field], f"{value}％"
    if value in TEXTS[1:]:
        year, month, *day = value.split("-")
        return HEADERS[field], f"{year}年{int(month)}月" + "".join(f"{each}日" for each in day)
    free = field not in WORDS or value in ("", "cadre-7")
    return HEADERS[field], value if free else str(WORDS[field][value])


def workbook(field: str, value: Any) -> tuple[str, Any]:
    """Return a cell as Excel keeps it: a share shown as a percentage, days and months as dates, numbers as numbers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return HEADERS[field], (value / 100, "0%")
    if field in ("occurred_at", "reported_at"):
        return HEADERS[field], datetime.fromisoformat(AT).replace(tzinfo=None)
    if value in TEXTS[1:]:
        return HEADERS[field], date.fromisoformat(value if value.count("-") == 2 else f"{value}-01")
    numeric = isinstance(value, str) and re.fullmatch(r"[0-9.]+", value)
    return HEADERS[field], float(value) if numeric else value


def flat(record: dict[str, Any]) -> dict[str, Any]:
    """Return a report and its one fact as a row has them."""
    return {name: value for name, value in record.items() if name != "facts" and value is not None} | record["facts"][0]


def save(path: Path, found: list[dict[str, Any]]) -> None:
    columns = list(dict.fromkeys(name for row in found for name in row))
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *([row.get(name, "") for name in columns] for row in found)])
        return
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(columns)
    for at, row in enumerate(found, 2):
        for to, name in enumerate(columns, 1):
            value, shown = row[name] if isinstance(row.get(name), tuple) else (row.get(name), None)
            cell = sheet.cell(at, to, value)
            if shown is not None:
                cell.number_format = shown
    book.save(path)


@pytest.mark.parametrize(("write", "name"), [(english, "all.csv"), (chinese, "全部.csv"), (workbook, "全部.xlsx")])
def test_every_fact_of_every_department_is_the_same_report_as_its_json(
    tmp_path: Path, write: Callable[[str, Any], tuple[str, Any]], name: str
) -> None:
    save(tmp_path / name, [dict(write(field, value) for field, value in flat(record).items()) for record in REPORTS])
    for item, record in zip(read_file(tmp_path / name, MAPPING, NOW), REPORTS, strict=True):
        assert not isinstance(item, Refused), (item, record)
        topic, key, value, _ = item

        assert (TOPIC_OF[record["schema"]], b"H000001") == (topic, key)
        assert read(record) == normalise(topic, None, value, TIMESTAMP)


def unnamed(path: Path, household: str) -> list[tuple[dict[str, Any], Any]]:
    """Return rows of departments that do not say which kind of report they are, and what becomes of each."""
    of_departments = [each for each in REPORTS if each["schema"] == "department-record/1" and each["person_id"] is None]
    spoken = [flat(record) | {"household_id": household, "schema": ""} for record in of_departments]
    save(path, [dict(chinese(*each) for each in fields.items()) for fields in spoken])
    return list(zip(spoken, read_file(path, MAPPING, NOW), strict=True))


def test_of_rows_that_name_nobody_only_those_of_a_market_or_an_asset_are_events_of_an_area(tmp_path: Path) -> None:
    """All else must say of whom it speaks: its row is refused by the column of the household."""
    events = set()
    for fields, item in unnamed(tmp_path / "rows.csv", ""):
        if isinstance(item, Refused):
            assert HEADERS["household_id"] == item.column
            continue
        event = orjson.loads(item[2])
        (fact,) = event["facts"]
        assert (Topic.AREA_EVENTS, "area-event/1", fields["source"]) == (item[0], event["schema"], event["source"])
        assert fact == {name: value for name, value in fields.items() if name in fact}
        events.add(fields["type"])

    assert {"market", "asset_status", "dividend"} == events
    assert {Topic.DEPARTMENT_FEEDS} == {item[0] for _, item in unnamed(tmp_path / "named.csv", "H000001")}
