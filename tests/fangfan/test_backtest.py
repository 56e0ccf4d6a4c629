"""`fangfan backtest` as a person types it: over files and, on a real broker, over topics."""

import asyncio
import csv
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan import history
from fangfan.broker import EmbeddedBroker
from fangfan.history import Counted, of_files, read_source
from fangfan.sent import Sent
from fangfan.simulation import Simulator
from fangfan.spool import Spool
from schemas.fields import parse_instant
from tests.build import cadre, department, entry, identity_number, member, statement
from tests.conftest import ROOT
from tests.doors import fangfan

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
JUNK = [b"{", b"[]", b"\xff{}", b'{"schema":"nothing/1"}', b'{"schema":"cadre-report/1"}']


@pytest.fixture
def raised(tmp_path: Path) -> Path:
    """The shipped policy with a line of 8,500 yuan."""
    text = (ROOT / "policy" / "shanxi.toml").read_text("utf-8")
    file = tmp_path / "raised.toml"
    file.write_text(text.replace("amount = 6000", "amount = 8500").replace('version = "1"', 'version = "2"'), "utf-8")
    return file


def lines(path: Path, *records: dict[str, Any] | bytes) -> Path:
    path.write_bytes(b"".join((each if isinstance(each, bytes) else json.dumps(each).encode()) + b"\n" for each in records))
    return path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def life(name: str, wage: str, **over: Any) -> list[dict[str, Any]]:
    income = cadre(f"s-{name}", statement("2025-06", "2026-05", wage), household_id=name, **over)
    return [entry(name, member(f"P-{name}"), member(f"Q-{name}", birth_year=2014)), income]


def test_a_raised_line_adds_exactly_these_households(tmp_path: Path, raised: Path) -> None:
    file = lines(
        tmp_path / "a.jsonl", *life("H0001", "11999.98"), *life("H0002", "12000"), b"", *life("H0003", "16999.98"), *JUNK,
        *life("H0004", "17000"), {"note": identity_number()},
    )  # fmt: skip
    counts, households = tmp_path / "counts.csv", tmp_path / "households.csv"
    done = fangfan("backtest", "--policy", str(raised), str(file), "--csv", str(counts), "--households", str(households))

    assert 0 == done.returncode, done.stderr
    assert {"H0001": "raised", "H0002": "added", "H0003": "added"} == {
        each["household_id"]: each["change"] for each in rows(households)
    }
    whole = next(each for each in rows(counts) if each["by"] == "all")
    counted = [whole[name] for name in ("households", "open_old", "open_new", "added", "removed")]
    assert ["4", "1", "3", "2", "0"] == counted
    for words in ("shanxi@1", "shanxi@2", "cadre-reports 4", "households 4", "identity-number 1", "missing-field 1",
                  "not-an-object 1", "not-json 1", "not-utf8 1", "wrong-schema 1", "新增", "每月线索",
                  "娄烦县 Loufan"):  # fmt: skip
        assert words in done.stdout, words
    assert "回放" in done.stderr


def test_a_policy_beside_itself_adds_and_removes_nothing(tmp_path: Path) -> None:
    """All that is planted is found in a file, with ticks: a removed registry entry among it."""
    simulation = Simulator(200, 1500, 3, NOW, plants_each=1).run()
    file, counts = lines(tmp_path / "a.jsonl", *(each.line for each in simulation.records)), tmp_path / "counts.csv"
    shipped = str(ROOT / "policy" / "shanxi.toml")
    done = fangfan("backtest", "--policy", shipped, str(file), "--csv", str(counts), "--ticks", "on")
    found = rows(counts)

    assert 0 == done.returncode, done.stderr
    assert any(each.gone for each in simulation.records)
    assert str(len(simulation.planted)) == found[0]["open_old"]
    for row in found:
        for name in ("open", "leads", "transitions"):
            assert row[f"{name}_old"] == row[f"{name}_new"]
        assert {"0", ""} >= {row[name] for name in ("added", "removed", "raised", "lowered", "led_only_old", "led_only_new")}


def test_the_page_needs_nothing_from_elsewhere_and_shows_both_languages(tmp_path: Path, raised: Path) -> None:
    file = lines(tmp_path / "a.jsonl", *life("H0001", "11999.98"), *life("H0002", "12000"))
    page = tmp_path / "page.html"
    done = fangfan("backtest", "--policy", str(raised), str(file), "--html", str(page))
    text = page.read_text("utf-8")

    assert 0 == done.returncode, done.stderr
    assert not re.findall(r"(?:src|href)\s*=|url\(|@import|<script", text)
    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\"]*", text))
    assert text.count("<svg") >= 3
    for words in ("政策回放对比", "What if", "shanxi@2", "每月线索", "收入低于监测线 income-line", "重点帮扶 key", "+1 / −0"):
        assert words in text, words
    assert "H0001" not in text


def test_since_and_until(tmp_path: Path, raised: Path) -> None:
    file = lines(
        tmp_path / "a.jsonl", *life("H0001", "13000", at="2026-06-10T09:00:00+08:00"),
        *life("H0002", "13000", at="2026-06-12T09:00:00+08:00"),
    )  # fmt: skip

    def whole(*flags: str, file: Path = file) -> tuple[str, str]:
        done = fangfan("backtest", "--policy", str(raised), str(file), "--csv", str(tmp_path / "c.csv"), *flags)
        assert 0 == done.returncode, done.stderr
        row = rows(tmp_path / "c.csv")[0]
        return row["added"], row["leads_new"]

    assert ("2", "2") == whole()
    assert ("2", "1") == whole("--since", "2026-06-12T09:00:00+08:00")
    assert ("1", "1") == whole("--until", "2026-06-12T09:00:00+08:00")
    assert ("2", "0") == whole("--since", "2026-06-12T09:00:01+08:00")

    later = cadre("w", {"type": "water", "safe": True}, household_id="H0003", at="2027-12-01T09:00:00+08:00")
    longer = lines(tmp_path / "b.jsonl", *life("H0001", "13000"), later)
    assert ("1", "1") == whole("--ticks", "off", file=longer)
    assert ("0", "1") == whole("--ticks", "on", file=longer), "nobody knows its income any more when 2027 ends"
    assert ("1", "1") == whole("--ticks", "on", "--until", "2026-07-01T00:00:00+08:00", file=longer)


@pytest.mark.parametrize(("arguments", "words"), [
    (["nowhere.jsonl"], "nowhere.jsonl: No such file"), ([".", "--since", "yesterday"], "--since: not an RFC 3339"),
    (["."], ".: is not a regular file"), (["--brokers", "127.0.0.1:1"], "127.0.0.1:1: no broker answers"),
])  # fmt: skip
def test_what_cannot_be_read_is_named(raised: Path, arguments: list[str], words: str) -> None:
    done = fangfan("backtest", "--policy", str(raised), *arguments)

    assert (1, "") == (done.returncode, done.stdout)
    assert f"fangfan: {words}" in done.stderr


def test_what_cannot_be_written_is_refused_before_anything_is_read(raised: Path, tmp_path: Path) -> None:
    """Nobody wants to hear it after a million events, and no history is written over."""
    file, away = lines(tmp_path / "a.jsonl", *life("H0001", "13000")), {"BROKERS": "127.0.0.1:1"}
    before = file.read_bytes()
    twice = ("--csv", str(tmp_path / "new"), "--html", str(tmp_path / "new"))
    refused = [
        fangfan("backtest", "--policy", str(raised), "--html", str(tmp_path / "nowhere" / "page.html"), **away),
        fangfan("backtest", "--policy", str(raised), str(file), "--csv", str(file)),
        fangfan("backtest", "--policy", str(raised), str(file), *twice),
        fangfan("report", "--html", str(tmp_path), **away),
    ]

    assert [(1, "")] * 4 == [(done.returncode, done.stdout) for done in refused]
    for done, words in zip(refused, ["--html: ", "--csv: ", "--html: ", "--html: "], strict=True):
        assert done.stderr.startswith(f"fangfan: {words}{tmp_path}"), done.stderr
    assert before == file.read_bytes()


def test_a_policy_that_is_refused_is_named(tmp_path: Path) -> None:
    done = fangfan("backtest", "--policy", str(tmp_path / "none.toml"), str(lines(tmp_path / "a.jsonl")))

    assert 1 == done.returncode
    assert "policy refused" in done.stderr


def test_lines_are_read_once_wherever_a_file_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [cadre(f"e{at}", {"type": "water", "safe": True}, source="c" * (1 + at % 60)) for at in range(200)]
    file = lines(tmp_path / "a.jsonl", *records)
    for size in (7, 400, 401, 1 << 20):
        monkeypatch.setattr(history, "CHUNK_BYTES", size)
        folder = tmp_path / str(size)
        folder.mkdir()
        spool, counted = Spool(folder, 3), Counted()
        for source in of_files([file]):
            counted.add(read_source(source, spool, None))
        arrivals = sorted((each for part in range(3) for each in spool.arrivals("placed", part)), key=lambda each: each.order)

        assert [f"e{at}" for at in range(200)] == [each.report.kept.event_id for each in arrivals if each.report is not None]
        assert 200 == counted.records["cadre-reports"]


def sent_at(record: Sent) -> int:
    return record.sent_at or parse_instant(record.value.get("reported_at") or record.value["updated_at"]) // 1_000_000


async def test_topics_give_what_a_file_gives(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, raised: Path) -> None:
    """Persons' reports, duplicates, keys by hand, foreign partitions, a removed entry and junk included."""
    simulation = Simulator(170, 1200, 5, NOW, plants_each=1).run()
    hidden = department("late", "water", {"type": "water", "safe": False}) | {"household_id": None, "person_id": "P-nobody"}
    records = [*simulation.records, Sent("department-feeds", "P-nobody", hidden)]
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=3)
    await create_topics(settings)
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for number, record in enumerate(records):
            await producer.send(
                settings.topic(record.topic), record.payload, record.key.encode(), timestamp_ms=sent_at(record),
                partition=number % 3 if record.crc32 else None,
            )  # fmt: skip
        for each in JUNK:
            await producer.send_and_wait(settings.topic("cadre-reports"), each, b"junk")
    file = lines(tmp_path / "a.jsonl", *(each.line for each in records), *JUNK)
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}

    def run(name: str, *arguments: str) -> tuple[list[dict[str, str]], list[dict[str, str]], str]:
        counts, households = tmp_path / f"{name}.csv", tmp_path / f"{name}-households.csv"
        flags = ["--policy", str(raised), "--csv", str(counts), "--households", str(households)]
        done = fangfan("backtest", *flags, *arguments, **given)
        assert 0 == done.returncode, done.stderr
        return rows(counts), rows(households), done.stdout

    of_topics = await asyncio.to_thread(run, "topics")
    of_file = await asyncio.to_thread(run, "file", str(file))

    assert of_file[:2] == of_topics[:2]
    assert of_file[1], "the line must matter"
    for _, _, shown in (of_file, of_topics):
        assert "归户待定: 1\n" in shown
        assert "not-json 1" in shown
