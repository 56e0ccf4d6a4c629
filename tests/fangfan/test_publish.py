"""Tables as departments export them, on a real Kafka: what goes where, and what is refused with row, column and reason."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import threading
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from agents.settings import Settings
from agents.topics import create_topics
from fangfan import publish as publishing
from fangfan.broker import EmbeddedBroker
from streams.topics import partition_of
from tests.build import cadre, entry
from tests.conftest import ROOT
from tests.doors import Running, fangfan
from tests.worker import FANGFAN, read_all

HEADER = "户编号,行政区划代码,发生时间,来源部门,事实类型,支出类别,自付金额(元),月份"


@pytest.fixture
async def settings(broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    made = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    await create_topics(made)
    return made


def publish(settings: Settings, folder: Path, *files: Path) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"FANGFAN_BROKERS": settings.brokers, "FANGFAN_TOPIC_PREFIX": settings.topic_prefix}
    command = [FANGFAN, "publish", *map(str, files), "--rejects", str(folder / "rejects.csv")]
    return subprocess.run(command, env=environment, text=True, capture_output=True, timeout=60, check=False)


def rejects(folder: Path) -> list[dict[str, str]]:
    with (folder / "rejects.csv").open(encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


async def published(settings: Settings, topic: str) -> list[tuple[bytes, dict[str, Any]]]:
    records = await read_all(settings, topic)
    for record in records:
        assert partition_of(record.key.decode(), settings.partitions) == record.partition
    return [(record.key, json.loads(record.value)) for record in records]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-8"])
async def test_a_csv_with_chinese_headers(settings: Settings, tmp_path: Path, encoding: str) -> None:
    table = tmp_path / "医保.csv"
    rows = [
        HEADER,
        'H000001,140123100201,2026/6/5,医保局,支出,医疗,"1,234.50",2026年5月',
        ",,,,,,,",
        "H000002,140123100201,2026-06-05 08:30:00,医保局,支出,医疗,１２．５,202605",
        "H000003,140123100201,2026-06-05,医保局,支出,医疗,12.345,2026-05",
        "H000004,140123100201,昨天,医保局,支出,医疗,12,2026-05",
    ]
    table.write_text("\n".join(rows), encoding)
    done = publish(settings, tmp_path, table)
    sent = await published(settings, "department-feeds")

    assert 1 == done.returncode, done.stderr
    assert {b"H000001": "1234.50", b"H000002": "12.5"} == {key: value["facts"][0]["self_paid"] for key, value in sent}
    assert {"2026-06-05T00:00:00+08:00", "2026-06-05T08:30:00+08:00"} == {value["occurred_at"] for _, value in sent}
    assert [("5", "自付金额(元)"), ("6", "发生时间")] == [(each["row"], each["column"]) for each in rejects(tmp_path)]
    assert all(each["reason"] for each in rejects(tmp_path))


async def test_an_excel_sheet_and_the_same_sheet_again(settings: Settings, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["人员编号", "区划代码", "发生日期", "来源部门", "事实类型", "是否参保"])
    sheet.append(["P-0001", 140123100201, date(2026, 6, 5), "医保局", "参保", "否"])
    sheet.append([None] * 6)
    sheet.append(["P-0002", 140123100201, date(2026, 6, 5), "医保局", "参保", "不知道"])
    table = tmp_path / "参保.xlsx"
    book.save(table)
    codes = [publish(settings, tmp_path, table).returncode for _ in range(2)]
    sent = await published(settings, "department-feeds")

    assert [1, 1] == codes
    assert [b"P-0001", b"P-0001"] == [key for key, _ in sent]
    assert sent[0][1]["event_id"] == sent[1][1]["event_id"]
    assert not sent[0][1]["facts"][0]["enrolled"]
    assert [("Sheet", "4", "是否参保")] == [(each["sheet"], each["row"], each["column"]) for each in rejects(tmp_path)]


async def test_json_lines_find_their_topics(settings: Settings, tmp_path: Path) -> None:
    lines = tmp_path / "all.jsonl"
    records = [entry(), cadre("c1", {"type": "water", "safe": True})]
    lines.write_text("\n".join(json.dumps(each) for each in records) + "\n\n", "utf-8")
    done = publish(settings, tmp_path, lines)

    assert 0 == done.returncode, done.stderr
    assert [b"H000001"] == [key for key, _ in await published(settings, "households")]
    assert [b"H000001"] == [key for key, _ in await published(settings, "cadre-reports")]


async def test_one_broken_file_does_not_hold_up_the_others(settings: Settings, tmp_path: Path) -> None:
    lines, broken, missing = tmp_path / "good.jsonl", tmp_path / "broken.xlsx", tmp_path / "missing.csv"
    lines.write_text(json.dumps(cadre("c1", {"type": "water", "safe": True})) + "\nnot json\n", "utf-8")
    broken.write_bytes(b"not a workbook")
    done = publish(settings, tmp_path, broken, missing, lines)

    assert 1 == done.returncode
    assert 1 == len(await published(settings, "cadre-reports"))
    assert {("broken.xlsx", "0", ""), ("missing.csv", "0", ""), ("good.jsonl", "2", "$")} == {
        (each["file"], each["row"], each["column"]) for each in rejects(tmp_path)
    }
    assert "refused 未发送: 1 rows 行, 2 whole files or sheets 整个文件或工作表" in done.stderr


async def test_what_is_mended_leaves_the_rejects_file(settings: Settings, tmp_path: Path) -> None:
    """It says what is still to do: the first file goes clean and is listed no more, the second is not tried again yet."""
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    good = json.dumps(cadre("c1", {"type": "water", "safe": True}))
    for lines in (first, second):
        lines.write_text(good + "\nnot json\n", "utf-8")
    publish(settings, tmp_path, first, second)
    first.write_text(good, "utf-8")

    assert 0 == publish(settings, tmp_path, first).returncode
    assert ["second.jsonl"] == [each["file"] for each in rejects(tmp_path)]
    second.write_text(good, "utf-8")
    assert 0 == publish(settings, tmp_path, second).returncode
    assert not (tmp_path / "rejects.csv").exists()


async def test_a_rejects_file_writes_over_nothing_else(settings: Settings, tmp_path: Path) -> None:
    """Neither over a file that is to be sent, by whatever name, nor over one that is no list of refusals."""
    lines, other = tmp_path / "reports.jsonl", tmp_path / "notes.txt"
    lines.write_text("not json\n", "utf-8")
    (tmp_path / "rejects.csv").symlink_to(lines)
    same = publish(settings, tmp_path, lines)
    (tmp_path / "rejects.csv").unlink()
    other.write_text("mind the bridge\n", "utf-8")
    other.rename(tmp_path / "rejects.csv")
    kept = publish(settings, tmp_path, lines)

    assert (1, 1) == (same.returncode, kept.returncode)
    assert "is one of the files to be sent" in same.stderr
    assert "is no list of refused rows" in kept.stderr
    nowhere = publish(settings, tmp_path / "nowhere", lines)
    assert 1 == nowhere.returncode
    assert "fangfan: --rejects: " in nowhere.stderr
    assert ("not json\n", "mind the bridge\n") == (lines.read_text(), (tmp_path / "rejects.csv").read_text())


AREA_HEADER = "行政区划代码,发生时间,来源部门,事实类型,产品,行情类别,跌幅,月份,资产编号,资产状态,自何月起"


async def test_rows_that_name_nobody_are_area_events(settings: Settings, tmp_path: Path) -> None:
    """A slump and an outage, and what is wrong with others: with row, column and reason like any row."""
    table = tmp_path / "行情.csv"
    rows = [
        AREA_HEADER,
        "140123000000,2026-06-10,商务局,行情,苹果,价格,35%,2026年6月,,,",
        "140123100000,2026-06-10,乡村振兴局,资产状态,,,,,pv-17,停运,2026年5月",
        "140123000000,2026-06-10,商务局,行情,榴莲,价格,35,2026-06,,,",
        "140123000000,2026-06-10,商务局,行情,苹果,价格,三成五,2026-06,,,",
        "140123000000,2026-06-10,商务局,行情,苹果,价格,135,2026-06,,,",
        "140123000000,2026-06-10,商务局,行情,,价格,35,2026-06,,,",
        "140000000000,2026-06-10,商务局,行情,苹果,价格,35,2026-06,,,",
        "140123000000,2026-06-10,教育局,行情,苹果,价格,35,2026-06,,,",
    ]
    table.write_text("\n".join(rows), "utf-8-sig")
    codes = [publish(settings, tmp_path, table).returncode for _ in range(2)]
    sent = await published(settings, "area-events")

    assert [1, 1] == codes
    assert sorted([b"grows:apple", b"asset:pv-17"] * 2) == sorted(key for key, _ in sent)
    assert 2 == len({value["event_id"] for _, value in sent})  # the same row is the same event
    assert {"area-event/1"} == {value["schema"] for _, value in sent}
    by_about = {value["about"]: value for _, value in sent}
    slump, outage = by_about["grows:apple"], by_about["asset:pv-17"]
    price = {"type": "market", "product": "apple", "measure": "price", "drop_percent": 35, "month": "2026-06"}
    assert ("140123000000", "commerce", [price]) == (slump["area_code"], slump["source"], slump["facts"])
    assert [{"type": "asset_status", "asset": "pv-17", "status": "outage", "since": "2026-05"}] == outage["facts"]
    assert [("4", "产品"), ("5", "跌幅"), ("6", "跌幅"), ("7", "产品"), ("8", "行政区划代码"), ("9", "事实类型")] == [
        (each["row"], each["column"]) for each in rejects(tmp_path)
    ]
    assert all(each["reason"] for each in rejects(tmp_path))


async def test_area_events_as_json_lines_and_their_withdrawal(settings: Settings, tmp_path: Path) -> None:
    """As they stand in docs/examples; one key a subject, so that a withdrawal lies behind what it withdraws."""
    events = json.loads((ROOT / "docs" / "examples" / "area-events.json").read_text("utf-8"))
    slump = events[0]
    taken_back = slump | {"event_id": "apple-2026-06-back", "voids": slump["event_id"], "facts": []}
    wrong = slump | {"event_id": "wrong", "about": "asset:pv-17"}
    lines, table = tmp_path / "events.jsonl", tmp_path / "withdrawn.csv"
    lines.write_text("\n".join(json.dumps(each) for each in [*events, taken_back, wrong]), "utf-8")
    table.write_text("区划代码,发生日期,来源部门,产品,撤回事件\n140123000000,2026-06-11,商务局,苹果,apple-2026-06\n", "utf-8")
    done = publish(settings, tmp_path, lines, table)
    sent = await published(settings, "area-events")

    assert 1 == done.returncode
    of_apples = [value["event_id"] for key, value in sent if key == b"grows:apple"]
    assert ["apple-2026-06", "apple-2026-06-back"] == of_apples[:2]
    assert [b"asset:pv-17"] == [key for key, value in sent if value == events[1]]
    (by_row,) = (value for _, value in sent if value["event_id"].startswith("row-"))
    assert ("grows:apple", "apple-2026-06", []) == (by_row["about"], by_row["voids"], by_row["facts"])
    assert [("events.jsonl", "4", "$.facts[0]")] == [(each["file"], each["row"], each["column"]) for each in rejects(tmp_path)]


async def test_a_record_may_be_as_large_as_its_topic_takes(settings: Settings, tmp_path: Path) -> None:
    """One that is larger is refused by itself; it does not end the others."""
    lines = tmp_path / "large.jsonl"
    room = publishing.MOST_BYTES - len(json.dumps(cadre("c1", {"type": "water", "safe": True}) | {"note": ""}))
    records = [cadre(f"c{more}", {"type": "water", "safe": True}) | {"note": "x" * (room + more)} for more in (0, 1, 2)]
    lines.write_text("".join(json.dumps(each) + "\n" for each in records), "utf-8")
    done = publish(settings, tmp_path, lines)

    assert 1 == done.returncode
    assert ["c0"] == [value["event_id"] for _, value in await published(settings, "cadre-reports")]
    assert [("2", "记录过大"), ("3", "记录过大")] == [(each["row"], each["reason"][:4]) for each in rejects(tmp_path)]


def test_ctrl_c_ends_what_only_refuses(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """Nothing waits for the broker there; the input here goes on for as long as somebody reads."""
    given = {"BROKERS": broker.bootstrap, "TOPIC_PREFIX": topic_prefix, "PARTITIONS": "1"}
    fangfan("topics", "create", **given)
    endless = tmp_path / "endless.jsonl"
    os.mkfifo(endless)
    read = threading.Event()

    def write() -> None:
        with contextlib.suppress(BrokenPipeError), endless.open("wb") as pipe:
            while True:
                pipe.write(b"not json\n" * 100_000)  # much more than the pipe holds
                read.set()

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    with Running(tmp_path / "log", "publish", str(endless), "--rejects", str(tmp_path / "rejects.csv"), **given) as running:
        assert read.wait(60)
        code = running.end(signal.SIGINT)
        said = running.said()

    assert 130 == code
    assert "fangfan: stopped 已中断" in said
    assert "nothing was sent" in said
    assert "$,不是一个JSON对象" in (tmp_path / "rejects.csv").read_text("utf-8-sig")
