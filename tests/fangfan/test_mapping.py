"""The words of departments' sheets: what they mean, and a mapping that means nothing."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from fangfan.mapping import MappingError, load_mapping, to_report
from fangfan.publish import read_file
from fangfan.rejects import Refused
from fangfan.tables import Row
from streams import words
from streams.case_words import STEP_WORDS

MAPPING, NOW = load_mapping(None), datetime(2026, 6, 20, tzinfo=UTC)
Fact = dict[str, Any]


SHEETS = [
    ("人员编号,就业状态,自何月起", "P-0001,无业,2026年3月", "人社局", "就业",
     {"type": "employment", "person_id": "P-0001", "status": "not_working", "since": "2026-03"}),
    ("人员编号,培训项目编号,培训环节,自何月起", "P-0001,welding-3,已取证,2026-03", "人社局", "技能培训",
     {"type": "skills", "person_id": "P-0001", "line": "welding-3", "step": "certified", "since": "2026-03"}),
    ("人员编号,残疾等级,自何月起", "P-0001,一级,202603", "残联", "残疾",
     {"type": "disability", "person_id": "P-0001", "grade": "1", "since": "2026-03"}),
    ("帮扶类别,帮扶状态,自何月起", "低保,被取消,2026-03", "民政局", "帮扶",
     {"type": "support", "kind": "dibao", "status": "withdrawn", "since": "2026-03"}),
    ("灾害事件编号,灾害种类,受损对象,损失比例,损失金额(元),受灾月份,灾害是否结束",
     'hail-26-05,冰雹,农作物,40％,"12,000",2026-05,进行中', "应急局", "灾损",
     {"type": "loss", "event": "hail-26-05", "hazard": "hail", "object": "crop", "lost_percent": 40, "amount": "12000",
      "month": "2026-05", "ended": False}),
    ("保险类别,是否投保,保障截止月", "价格保险,已投保,2026年12月31日", "保险公司", "保险",
     {"type": "cover", "kind": "price", "covered": True, "until": "2026-12"}),
    ("人员编号,意外类别,意外后果,意外发生月", "P-0001,工伤,致残,2026-05", "公安局", "意外",
     {"type": "accident", "person_id": "P-0001", "kind": "work", "outcome": "disabling", "month": "2026-05"}),
    ("人员编号,人口变动,变动原因,自何月起,对方户编号", "P-0001,减少,婚嫁,2026-05,H000002", "公安局", "人口变动",
     {"type": "membership", "person_id": "P-0001", "status": "left", "cause": "marriage", "since": "2026-05",
      "other_household": "H000002"}),
    ("诉求编号,诉求类别,是否紧急,办理状态,自何月起,诉求内容", "c-12,就医,紧急,未办结,2026-05,住院花费大", "信访局", "诉求",
     {"type": "petition", "ref": "c-12", "category": "medical", "urgent": True, "status": "open", "since": "2026-05"}),
    ("产品,是否在产", "苹果,停产", "农业农村局", "种养", {"type": "grows", "product": "apple", "active": False}),
    ("资产编号,资产类别,是否联结", "pv-17,光伏电站,未联结", "乡村振兴局", "资产联结",
     {"type": "asset_link", "asset": "pv-17", "kind": "photovoltaic", "linked": False}),
    ("暂缓至,暂缓原因", "2026年8月31日,帮扶中", "乡村振兴局", "暂缓提醒",
     {"type": "snooze", "until": "2026-08-31", "reason": "being_helped"}),
    ("办理步骤,所属环节,是否通过,监测对象类别", "县级审定,纳入,通过,突发严重困难户", "乡村振兴局", "监测步骤",
     {"type": "case_step", "step": "decision", "phase": "entry", "passed": True, "category": "sudden"}),
]  # fmt: skip


@pytest.mark.parametrize(("header", "row", "source", "kind", "fact"), SHEETS, ids=lambda each: str(each)[:12])
def test_a_sheet_of_a_department_as_it_stands(
    tmp_path: Path, header: str, row: str, source: str, kind: str, fact: Fact
) -> None:
    """Free text of a petition stays in the sheet."""
    path = tmp_path / "sheet.csv"
    lines = [f"户编号,区划代码,发生日期,来源部门,事实类型,{header}", f"H000001,140123100201,2026-06-10,{source},{kind},{row}"]
    path.write_text("\n".join(lines), "utf-8")
    (item,) = read_file(path, MAPPING, NOW)

    assert not isinstance(item, Refused), item
    assert [fact] == orjson.loads(item[2])["facts"]
    assert "住院" not in item[2].decode()


SHOWN = [
    ("type", words.KINDS), ("status", words.EMPLOYMENT), ("step", words.STEPS), ("kind", words.SUPPORT), ("kind", words.COVERS),
    ("status", words.SUPPORT_STATUS), ("hazard", words.HAZARDS), ("object", words.OBJECTS), ("kind", words.ACCIDENTS),
    ("outcome", words.OUTCOMES), ("cause", words.CAUSES), ("category", words.PETITIONS), ("product", words.PRODUCTS),
    ("kind", words.ASSETS), ("status", words.ASSET_STATUS), ("reason", words.SNOOZES),
    ("step", {step: words.Words(*both) for step, both in STEP_WORDS.items()}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "table"), SHOWN)
def test_a_word_that_explain_shows_is_a_word_that_a_table_may_say(field: str, table: dict[str, words.Words]) -> None:
    assert table == {code: both for code, both in table.items() if MAPPING.words[field].get(both.zh) == code}


def said(cells: dict[str, str]) -> dict[str, Any]:
    return to_report(Row("", 2, cells, tuple(cells)), MAPPING, NOW)


def test_ids_of_rows_do_not_change_with_a_release() -> None:
    """A table that was published before and is published again says nothing twice."""
    spent = {
        "户编号": "H000001", "行政区划代码": "140123100201", "发生日期": "2026/6/5", "来源部门": "医保局", "类型": "支出",
        "支出类别": "医疗", "月份": "2026年5月", "自付金额(元)": "1,234.50", "备注": "门诊",
    }  # fmt: skip
    enrolled = {
        "人员编号": "P-0001", "区划代码": "140123100201", "发生日期": "2026-06-05T00:00:00", "来源部门": "医保局",
        "事实类型": "参保", "是否参保": "否", "月份": "202605", "跌幅": "35%",
    }  # fmt: skip

    assert "row-69dc77f084eba36a42226e19ffb2e9264fbebe52" == said(spent)["event_id"]
    assert "row-580cd9e65301703cb99e20e26bb8efc84f3a20ac" == said(enrolled)["event_id"]


@pytest.mark.parametrize(("text", "key"), [
    ('[columns]\nA = "gold"', "columns.A"), ('[columns]\n[words.gold]\nA = "b"', "words.gold"),
    ("[columns]\n[words]\ntype = 1", "words.type"),
    ('[columns]\n[words.covered]\nA = "true"', "words.covered"), ("[columns]\n[words.status]\nA = true", "words.status"),
    ("words = 1\n[columns]", "words"),
])  # fmt: skip
def test_a_mapping_that_means_nothing_is_refused_by_its_key(tmp_path: Path, text: str, key: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(text, "utf-8")

    with pytest.raises(MappingError, match=re.escape(f"mapping.toml: {key}: ")):
        load_mapping(path)
