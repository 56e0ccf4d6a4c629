"""Cells as people fill them in: read where they can mean one thing, refused with their column where they could mean two."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest

from fangfan.mapping import load_mapping
from fangfan.publish import read_file
from fangfan.rejects import Refused

MAPPING, NOW = load_mapping(None), datetime(2026, 6, 20, tzinfo=UTC)
WHERE = {"户编号": "H000001", "区划代码": "140123100201", "发生日期": "2026-06-10"}
LOSS = {
    "来源部门": "应急局", "事实类型": "灾损", "灾害事件编号": "hail-1", "灾害种类": "冰雹", "受损对象": "农作物",
    "损失比例": "40%", "受灾月份": "2026-05",
}  # fmt: skip
COVER = {"来源部门": "保险公司", "事实类型": "保险", "保险类别": "价格保险", "是否投保": "是", "保障截止月": "2026-12"}
SNOOZE = {"来源部门": "乡村振兴局", "事实类型": "暂缓提醒", "暂缓至": "2026-08-31", "暂缓原因": "帮扶中"}
PETITION = {
    "来源部门": "信访局", "事实类型": "诉求", "诉求编号": "c-1", "诉求类别": "土地", "是否紧急": "否", "办理状态": "未办结",
    "自何月起": "2026-05",
}  # fmt: skip


def row(folder: Path, *cells: dict[str, Any], shown: str = "General") -> Any:
    """Return what becomes of one row of a workbook: the fact, or the refusal. ``shown`` is the format of its numbers."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    whole = WHERE | {name: value for each in cells for name, value in each.items()}
    sheet.append(list(whole))
    sheet.append(list(whole.values()))
    for cell in sheet[2]:
        if isinstance(cell.value, float):
            cell.number_format = shown
    book.save(folder / "sheet.xlsx")
    (found,) = read_file(folder / "sheet.xlsx", MAPPING, NOW)
    return found if isinstance(found, Refused) else orjson.loads(found[2])["facts"][0]


@pytest.mark.parametrize(("column", "cell", "shown", "percent"), [
    ("损失比例", "40%", "", 40), ("损失比例", "４０％", "", 40), ("损失比例", "40", "", 40), ("损失比例", 40, "", 40),
    ("损失比例", "40.0", "", 40), ("损失比例", "0.40", "", 40), ("损失比例", 0.4, "General", 40),
    ("损失比例", 0.29, "General", 29), ("损失比例", 0.4, "0%", 40), ("损失比例", 1.0, "0%", 100),
    ("损失比例", 0.01, "0.00%", 1), ("损失比例(%)", 1 / 3, "0%", 33), ("损失比例", 0.345, "0%", 35), ("损失比例", "1%", "", 1),
    ("损失比例", "100", "", 100), ("损失比例(%)", "1", "", 1), ("lost_percent", "1", "", 1), ("损失比例", "0", "", 0),
])  # fmt: skip
def test_a_percent_as_people_write_it(tmp_path: Path, column: str, cell: Any, shown: str, percent: int) -> None:
    """A sheet keeps 40 % as 0.4 and shows it as a percentage: what it shows counts."""
    loss = {name: value for name, value in LOSS.items() if name != "损失比例"}

    assert percent == row(tmp_path, loss, {column: cell}, shown=shown)["lost_percent"]


@pytest.mark.parametrize(("column", "cell", "shown", "reason"), [
    ("损失比例", "1", "", "write 1% or 100%"), ("损失比例", 1.0, "General", "write 1% or 100%"),
    ("损失比例", "三成五", "", "35%"), ("损失比例(%)", "0.4", "", "not a whole number"),
    ("损失比例", "0.4%", "", "not a whole number"), ("损失比例", "0.405", "", "not a whole"),
    ("损失比例", 1 / 3, "0.0%", "not a whole number"), ("损失比例", "-40%", "", "35%"), ("损失比例", "140", "", "<= 100"),
])  # fmt: skip
def test_a_percent_that_could_be_two_is_refused(tmp_path: Path, column: str, cell: Any, shown: str, reason: str) -> None:
    loss = {name: value for name, value in LOSS.items() if name != "损失比例"}
    found = row(tmp_path, loss, {column: cell}, shown=shown)

    assert column == found.column
    assert reason in found.reason
    assert any("一" <= each <= "鿿" for each in found.reason)


@pytest.mark.parametrize("cell", [
    "2026-08-31", "2026/8/31", "2026年8月31日", "20260831", 20260831, date(2026, 8, 31), "２０２６-08-31",
])  # fmt: skip
def test_until_is_a_month_of_an_insurance_and_a_day_of_a_snooze(tmp_path: Path, cell: Any) -> None:
    assert "2026-08" == row(tmp_path, COVER, {"保障截止月": cell})["until"]
    assert "2026-08-31" == row(tmp_path, SNOOZE, {"暂缓至": cell})["until"]


@pytest.mark.parametrize(("fact", "column", "cell", "reason"), [
    (SNOOZE, "暂缓至", "2026-08", "is not a day"), (SNOOZE, "暂缓至", "2026-02-30", "is not a day"),
    (SNOOZE, "暂缓至", "月底", "is not a day"), (COVER, "保障截止月", "2026.1", "is not a month"),
    (COVER, "保障截止月", "年底", "is not a month"), (COVER, "是否投保", "不清楚", "是/否、已投保"),
    (PETITION, "是否紧急", "很急", "是/否、紧急"), (PETITION, "办理状态", "在办", "not one of"),
    (PETITION, "诉求类别", "房子", "not one of"), (COVER, "保险类别", "车险", "not one of"),
    (LOSS, "灾害种类", "雹", "not one of"),
])  # fmt: skip
def test_a_cell_of_no_meaning_is_refused_by_its_column(
    tmp_path: Path, fact: dict[str, str], column: str, cell: str, reason: str
) -> None:
    found = row(tmp_path, fact, {column: cell})

    assert ("sheet.xlsx", 2, column) == (found.file, found.row, found.column)
    assert reason in found.reason
    assert any("一" <= each <= "鿿" for each in found.reason)


def test_two_columns_of_one_field_must_agree(tmp_path: Path) -> None:
    """In a wide table both may be filled in: which one the row means nobody can tell."""
    found = row(tmp_path, PETITION, {"帮扶状态": "享受中"})

    assert "帮扶状态" == found.column
    assert "办理状态" in found.reason
    assert "open" == row(tmp_path, PETITION, {"帮扶状态": "未办结"})["status"]


def test_what_a_row_has_no_use_for_does_not_hold_it_up(tmp_path: Path) -> None:
    """In a wide table the columns of other facts hold strokes and notes."""
    assert "c-1" == row(tmp_path, PETITION, {"月份": "/", "损失比例": "见附件", "是否投保": "—", "暂缓至": "无期限"})["ref"]


def test_of_two_headers_of_a_field_a_refusal_names_the_one_that_is_filled_in(tmp_path: Path) -> None:
    """Where neither is, it names both."""
    wide = {"就业状态": None, "帮扶状态": None} | PETITION

    assert "办理状态" == row(tmp_path, wide, {"办理状态": "在办"}).column
    assert "就业状态、帮扶状态、办理状态" == row(tmp_path, wide, {"办理状态": None}).column


@pytest.mark.parametrize(("fact", "column", "cell", "words"), [
    (PETITION, "办理状态", "在办", "未办结、已答复、已办结"),
    (COVER, "保险类别", "车险", "价格、灾害、意外、价格保险、灾害保险、意外保险"),
    (PETITION, "事实类型", "信访件", "收入、收入申报、支出"),
    (SNOOZE, "暂缓原因", "忙", "已走访、帮扶中、季节性、有争议、其他"),
])  # fmt: skip
def test_who_fills_in_what_nobody_knows_is_told_what_may_stand_there(
    tmp_path: Path, fact: dict[str, str], column: str, cell: str, words: str
) -> None:
    """Words of this fact alone: other facts have other kinds and states."""
    found = row(tmp_path, fact, {column: cell})

    assert column == found.column
    assert f"可填 one of {words}" in found.reason
    assert "已付" not in found.reason
    assert "可填" not in row(tmp_path, COVER, {"来源部门": "教育局"}).reason
