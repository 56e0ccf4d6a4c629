"""Files as people hand them in, read row by row: whatever is in them, a row is sent, or refused with column and reason."""

import csv
import json
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from fangfan.mapping import load_mapping
from fangfan.publish import read_file
from fangfan.rejects import Refused, write
from fangfan.tables import FileError
from tests.build import cadre, identity_number

MAPPING, NOW = load_mapping(None), datetime(2026, 6, 20, tzinfo=UTC)
HEADER = ["户编号", "行政区划代码", "发生日期", "来源部门", "类型", "收入类别", "月份", "金额(元)"]
ROW = ["H000001", "140123100201", "2026-06-10", "人社局", "收入", "工资性", "2026-05", "1"]


def items(path: Path) -> list[Any]:
    return list(read_file(path, MAPPING, NOW))


def table(folder: Path, *rows: list[str], header: list[str] = HEADER) -> Path:
    path = folder / "table.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def refusal(folder: Path, column: str, cell: str) -> Refused:
    row = [cell if name == column else value for name, value in zip(HEADER, ROW, strict=True)]
    (found,) = items(table(folder, row))
    assert isinstance(found, Refused)
    return found


@pytest.mark.parametrize("line", ['{"schema": ["cadre-report/1"]}', '{"schema": {}}', '{"schema": null}', "null", "[[]]", "{"])
def test_a_line_that_is_no_report_is_refused_and_the_next_is_read(tmp_path: Path, line: str) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(line + "\n" + json.dumps(cadre("c", {"type": "water", "safe": True})) + "\n", "utf-8")
    first, second = items(path)

    assert isinstance(first, Refused)
    assert b"H000001" == second[1]


def test_json_lines_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(json.dumps(cadre("c", {"type": "water", "safe": True})), "utf-8-sig")

    assert [b"H000001"] == [item.key for item in items(path)]


@pytest.mark.parametrize("cell", ["2026.1", "20261", "2026-13", "今年5月"])
def test_a_month_that_could_be_two_is_refused(tmp_path: Path, cell: str) -> None:
    """Excel holds October typed as 2026.10 as the number 2026.1, which must not become January."""
    assert "月份" == refusal(tmp_path, "月份", cell).column


@pytest.mark.parametrize("cell", ["2026.05", "202605", "2026-5", "2026/5", "2026年5月", "2026-05-01"])
def test_a_month_as_people_write_it(tmp_path: Path, cell: str) -> None:
    (found,) = items(table(tmp_path, [*ROW[:6], cell, "1"]))

    assert "2026-05" == json.loads(found[2])["facts"][0]["month"]


@pytest.mark.parametrize(("column", "cell"), [
    ("类型", ""), ("金额(元)", ""), ("收入类别", ""), ("户编号", ""), ("金额(元)", "12,34.50"), ("来源部门", "气象局"),
    ("行政区划代码", "14"),
])  # fmt: skip
def test_a_refusal_names_the_column_by_its_header_and_says_why_in_chinese_too(tmp_path: Path, column: str, cell: str) -> None:
    found = refusal(tmp_path, column, cell)

    assert column == found.column
    assert any("一" <= each <= "鿿" for each in found.reason), found.reason


def test_a_workbook_broken_inside_is_named(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(HEADER)
    book.active.append([*ROW[:2], date(2026, 6, 10), *ROW[3:]])
    whole = tmp_path / "whole.xlsx"
    book.save(whole)
    assert 1 == len(items(whole))
    for name in ("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"):
        broken = tmp_path / "broken.xlsx"
        with zipfile.ZipFile(whole) as old, zipfile.ZipFile(broken, "w") as new:
            for each in old.namelist():
                new.writestr(each, old.read(each)[:-40] if each == name else old.read(each))
        with pytest.raises(FileError, match="not an Excel workbook"):
            items(broken)


def test_a_cell_beyond_reason_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="field larger than"):
        items(table(tmp_path, [*ROW[:7], "1" * 200_000]))


def test_a_table_whose_header_cannot_be_right_is_refused_once(tmp_path: Path) -> None:
    """Here a title stands above it: not every row is at fault."""
    titled = table(tmp_path, HEADER, *[ROW] * 50, header=["二〇二六年六月收入表"])
    (found,) = items(titled)

    assert (0, "", "") == (found.row, found.sheet, found.column)
    for header in ("区划代码", "发生日期", "来源部门", "事实类型", "area_code"):
        assert header in found.reason


def test_a_header_says_which_column_is_missing(tmp_path: Path) -> None:
    at = HEADER.index("来源部门")
    (found,) = items(table(tmp_path, ROW[:at] + ROW[at + 1 :], header=HEADER[:at] + HEADER[at + 1 :]))

    assert 0 == found.row
    assert "来源部门" in found.reason
    assert "区划代码" not in found.reason


def test_one_sheet_that_is_no_table_does_not_hold_up_the_others(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    notes = book.active
    assert notes is not None
    notes.title = "说明"
    for line in ("填表说明", "一、按月填报", "二、金额以元计"):
        notes.append([line])
    sheet = book.create_sheet("收入")
    sheet.append(HEADER)
    sheet.append(ROW)
    book.create_sheet("空")
    path = tmp_path / "book.xlsx"
    book.save(path)
    refused, sent = items(path)

    assert ("说明", 0) == (refused.sheet, refused.row)
    assert b"H000001" == sent[1]


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.xlsx"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    """An export that failed must not look like one that had nothing to say."""
    if name.endswith("xlsx"):
        openpyxl.Workbook().save(tmp_path / name)
    else:
        (tmp_path / name).write_text("\n \n", "utf-8")

    with pytest.raises(FileError, match="文件为空 holds nothing"):
        items(tmp_path / name)


@pytest.mark.parametrize("text", ['[{"schema": "cadre-report/1"}]', "[\n  {}\n]", '{\n  "schema": "cadre-report/1"\n}'])
def test_one_json_text_over_many_lines_is_refused_once(tmp_path: Path, text: str) -> None:
    path = tmp_path / "reports.json"
    path.write_text(text, "utf-8")

    with pytest.raises(FileError, match="one JSON object a line"):
        items(path)


def test_a_refused_identity_number_is_named_by_its_column(tmp_path: Path) -> None:
    """It has a valid checksum and belongs to nobody."""
    found = refusal(tmp_path, "户编号", identity_number())

    assert "户编号" == found.column
    assert "含身份证号码" in found.reason


def test_two_columns_of_one_header_are_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="two columns have the same header: 月份"):
        items(table(tmp_path, [*ROW, "2026-04"], header=[*HEADER, "月份"]))


def test_a_list_of_refusals_carries_no_identity_number(tmp_path: Path) -> None:
    """Not in the name of a file, a sheet or a column either."""
    number = identity_number()
    write(tmp_path / "rejects.csv", [Refused(f"{number}.csv", f"户主{number}", 2, f"证件{number}", "why")])

    assert number not in (tmp_path / "rejects.csv").read_text("utf-8-sig")
    assert "户主" in (tmp_path / "rejects.csv").read_text("utf-8-sig")
