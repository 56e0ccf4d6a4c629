"""`fangfan report` on a real broker beside a batch recomputation of the same topics by DuckDB (docs/contract-report.md)."""

import asyncio
import csv
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from fangfan.sent import Sent
from fangfan.simulation import Simulator
from schemas.fields import parse_instant
from tests.build import cadre, declaration, department, entry, member
from tests.conftest import ROOT
from tests.doors import fangfan
from tests.oracle.report import REPORTS, Asked, Batch
from tests.oracle.report_sql import CHANNELS, DEPARTMENTS
from tests.worker import read_all, workers

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
DAY, SINCE, MONTHS, DAYS = ASKED = Asked("2026-11-27", "2026-11-09", 3, 5)


@dataclass(frozen=True)
class Place:
    """Topics that a worker has taken in, what lies on them, and how to speak to them."""

    given: dict[str, str]
    topics: dict[str, list[Any]]


def records() -> list[Sent]:
    """A simulated county, and who is seldom heard of: never, long ago, through another's person, or removed."""
    found = Simulator(150, 900, 11, NOW).run().records
    for number in range(12):
        name = f"S{number:06d}"
        area = ["140123100201", "140221100201", "999999100201"][number % 3]
        found.append(Sent("households", name, entry(name, member(f"P-{name}"), area_code=area)))
        at = f"2026-{6 + number % 5:02d}-15T09:00:00+08:00"
        bad = {"type": "housing", "grade": "D"} if number % 2 else {"type": "housing", "grade": "A"}
        if number % 4:
            found.append(Sent("cadre-reports", name, cadre(f"v-{name}", bad, household_id=name, area_code=area, at=at)))
        if number % 4 == 3:
            says = declaration(f"d-{name}", {"type": "housing", "grade": "B"}, household_id=name, area_code=area, at=at)
            found.append(Sent("self-declarations", name, says))
    found += places_at_risk() + cases() + workers_away() + sleepers() + seldom_heard()
    call = {"type": "petition", "ref": "r-1", "category": "water", "urgent": False, "status": "closed", "since": "2026-11"}
    for name, area, at in (("S000000", "140123100201", "21"), ("S000001", "140221100201", "20")):
        heard = department(f"t-{name}", "petitions", call, household_id=name, area_code=area, at=f"2026-11-{at}T09:00:00+08:00")
        found.append(Sent("department-feeds", name, heard))
    water = department("p-1", "water", {"type": "water", "safe": False}, at="2026-11-20T09:00:00+08:00")
    found.append(Sent("department-feeds", "P-S000000", water | {"household_id": None, "person_id": "P-S000000"}))
    return found


def seldom_heard() -> list[Sent]:
    """Households of which some channel said nothing that still counts."""
    safe, found = {"type": "water", "safe": True}, []
    for number, words in enumerate(SELDOM):
        name = f"V{number:06d}"
        for place, (channel, at, facts, voids) in enumerate(words):
            more = {"household_id": name, "area_code": "140221140201", "at": f"{at}T09:00:00+08:00", "voids": voids}
            report = {
                "self-declarations": declaration,
                "cadre-reports": cadre,
                "department-feeds": lambda event_id, *said, **over: department(event_id, "water", *said, **over),
            }[channel]
            found.append(Sent(channel, name, report(f"q-{name}-{place}", *[safe] * facts, **more)))
    return found


SELDOM: tuple[tuple[tuple[str, str, int, str | None], ...], ...] = (
    (("self-declarations", "2026-11-10", 1, None), ("self-declarations", "2026-11-11", 0, "q-V000000-0"),
     ("cadre-reports", "2026-11-12", 1, None)),
    (("department-feeds", "2023-10-31", 1, None), ("self-declarations", "2026-11-10", 1, None)),  # a month too old
    (("department-feeds", "2023-11-01", 1, None), ("self-declarations", "2026-11-10", 1, None)),
    (("cadre-reports", "2026-11-10", 0, "q-nothing"),),  # it has a clock, and nobody said anything
)  # fmt: skip
"""By household who said when that the water is safe, or with no fact took something back."""


def workers_away() -> list[Sent]:
    """Persons who work in many places, were elsewhere a year before, or are not to be counted."""
    found = []
    for number, words in enumerate(AWAY):
        name, area = f"M{number:06d}", ["140123100201", "140221100201"][number % 2]
        if number:  # of the first household no entry is known
            found.append(Sent("households", name, entry(name, member(f"P-{name}"), area_code=area)))
        for place, (day, person, status, where) in enumerate(words):
            fact = {
                "type": "employment",
                "person_id": person or f"P-{name}",
                "status": status,
                "since": day[:7],
                "place": where,
            }
            at = {"household_id": name, "area_code": area, "at": f"{day}T09:00:00+08:00"}
            if status == "void":
                found.append(Sent("cadre-reports", name, cadre(f"x-{name}", voids=f"m-{name}-{place - 1}", **at)))
            else:
                found.append(Sent("cadre-reports", name, cadre(f"m-{name}-{place}", fact, **at)))
    return found


AWAY: tuple[tuple[tuple[str, str, str, str | None], ...], ...] = (
    (("2026-03-01", "P-AA", "working", "outside"), ("2026-03-02", "P-BB", "working", "province")),
    (("2025-03-01", "", "working", "outside"),),
    (("2025-03-01", "", "working", "province"), ("2026-05-01", "", "working", "outside")),
    (("2025-03-01", "", "working", "outside"), ("2026-05-01", "", "working", "county")),
    (("2025-11-27", "", "working", "outside"), ("2026-05-01", "", "not_working", "outside")),
    (("2025-11-28", "", "working", "province"),),
    (("2024-10-31", "", "working", "outside"),),  # too long ago for this year
    (("2024-11-01", "", "working", "outside"),),
    (("2026-05-01", "P-XX", "working", "outside"),),  # not of this household
    (("2026-05-01", "", "working", None),),
    (("2026-05-01", "", "working", "outside"), ("2026-05-02", "", "void", None)),
    (("2026-04-01", "", "working", "province"), ("2026-05-01", "", "working", "county"), ("2026-05-02", "", "void", None)),
)
"""By household the words about its one member, or a person named: day, status, place; a void takes back the one before."""


def sleepers() -> list[Sent]:
    """Households that a cadre asks not to be told of, and what is seen there."""
    found = []
    for number, (day, until, fact) in enumerate(SLEEPERS):
        name, area = f"Z{number:06d}", f"140123{130 + number}201"
        snooze = {"type": "snooze", "until": until, "reason": "being_helped"}
        found.append(Sent("households", name, entry(name, member(f"P-{name}"), area_code=area)))
        for at, said in ((f"2026-{day}T09:00:00+08:00", snooze), ("2026-11-22T09:00:00+08:00", fact)):
            found.append(Sent("cadre-reports", name, cadre(f"z-{name}-{at}", said, household_id=name, area_code=area, at=at)))
    return found


SLEEPERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("11-01", "2026-11-27", {"type": "housing", "grade": "C"}),  # waits
    ("11-01", "2026-11-26", {"type": "housing", "grade": "C"}),  # waits still: nothing has come since the snooze ended
    ("11-01", "2026-11-21", {"type": "housing", "grade": "C"}),  # ended before
    ("11-01", "2026-12-24", {"type": "food", "adequate": False}),  # red waits for nobody
    ("11-01", "2026-12-24", {"type": "food", "adequate": True}),  # there is nothing to say
    ("08-22", "2026-12-24", {"type": "housing", "grade": "C"}),  # no snooze lasts more than 92 days: it ended on the 22nd
    ("08-01", "2026-12-24", {"type": "housing", "grade": "C"}),
)
"""The day a snooze was asked for, until when, and what was seen on the 22nd of November."""


def cases() -> list[Sent]:
    """Bad wells of households whose cases stand before, at and behind each of their clocks."""
    found = []
    for number, (opened, *steps) in enumerate(CASES):
        name, area = f"C{number:06d}", f"{[140123, 140221][number % 2]}{110 + number}201"  # no two in one township
        found.append(Sent("households", name, entry(name, member(f"P-{name}"), area_code=area)))
        well = cadre(f"w-{name}", WELL, household_id=name, area_code=area, at=f"2026-{opened}T09:00:00+08:00")
        found.append(Sent("cadre-reports", name, well))
        for day, step, passed in steps:
            fact = {"type": "case_step", "step": step, "phase": "entry", "passed": passed}
            where = {"household_id": name, "area_code": area, "at": f"2026-{day}T10:00:00+08:00"}
            if step == "comparison":
                found.append(Sent("department-feeds", name, department(f"{step}-{name}", "civil-affairs", fact, **where)))
            else:
                found.append(Sent("cadre-reports", name, cadre(f"{step}-{name}-{day}", fact, **where)))
    return found


WELL = {"type": "water", "safe": False}
TO_NOTICE = (
    ("10-22", "verification", True), ("10-23", "authorisation", True), ("10-24", "comparison", True),
    ("10-26", "appraisal", True), ("10-27", "notice", True),
)  # fmt: skip
CASES: tuple[tuple[Any, ...], ...] = (
    ("11-05",),  # nobody came
    ("11-05", ("11-10", "verification", True)),  # in time, and there is time to finish
    ("10-20", ("10-22", "verification", True)),  # in time, and nothing followed
    ("10-20", *TO_NOTICE, ("10-28", "objection", True)),  # an objection that nobody settles stops the other clock
    ("10-20", *TO_NOTICE, ("10-28", "objection", True), ("11-11", "settlement", True)),  # late but for the days it was open
    ("10-20", *TO_NOTICE, ("10-28", "objection", True), ("10-30", "settlement", True)),  # late all the same
    ("10-20", ("10-22", "verification", False)),  # nothing was found, and the alert stays
    ("11-05", ("10-12", "verification", False)),  # a visit of before is no answer
    ("11-12", ("11-16", "verification", False), ("11-20", "verification", True)),  # the first visit is the answer
    ("11-10", ("11-20", "verification", True)),  # late, but no longer to be waited for
)
"""The day a bad well was seen, then steps of the case: day, step, whether it passed."""
VILLAGES = ("140221200300", "140221200301", "140221200302", "140221200303")


def places_at_risk() -> list[Sent]:
    """Five bad wells in each of four villages, of which one was heard of before ``SINCE``; hail in a fifth village."""
    found = []
    for number in range(20):
        day = 5 if number >= 15 else 18
        found.append(_visit(number, VILLAGES[number // 5], day, {"type": "water", "safe": False}))
    for number in range(20, 23):
        loss = {"type": "loss", "event": "hail-1", "hazard": "hail", "object": "crop", "lost_percent": 40, "month": "2026-11"}
        found.append(_visit(number, "140929100299", 18, loss))
    return found


def later() -> list[Sent]:
    """A house that makes a village red, and wells of another that are good again."""
    good = [_visit(number, VILLAGES[2], 20, {"type": "water", "safe": True}) for number in range(10, 15)]
    return [_visit(7, VILLAGES[1], 19, {"type": "housing", "grade": "D"}), *good]


def _visit(number: int, area: str, day: int, fact: dict[str, Any]) -> Sent:
    name, at = f"W{number:06d}", f"2026-11-{day:02d}T09:00:00+08:00"
    return Sent("cadre-reports", name, cadre(f"v-{name}-{day}", fact, household_id=name, area_code=area, at=at))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    folder = tmp_path_factory.mktemp("report")
    text = (ROOT / "policy" / "shanxi.toml").read_text("utf-8")
    policy = folder / "policy.toml"
    policy.write_text(text, "utf-8")
    settings = Settings(brokers=broker.bootstrap, topic_prefix="report-", partitions=3)
    await create_topics(settings)
    async with workers(settings, folder, 1) as running:
        for some in (records(), later()):  # one after the other, so that what is mended later was at risk before
            async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
                for each in some:
                    at = parse_instant(each.value.get("reported_at") or each.value["updated_at"]) // 1_000_000
                    await producer.send(settings.topic(each.topic), each.payload, each.key.encode(), timestamp_ms=at)
            await drained(settings, 120)
        assert 0 == await running[0].stop()
    topics = {topic: await read_all(settings, topic) for topic in (*REPORTS, "households", "alerts", "area-alerts", "cases")}
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix, "POLICY": str(policy)}
    yield Place(given, topics)


def batch(place: Place, folder: Path) -> Batch:
    topics = {topic: [json.loads(each.value) for each in records] for topic, records in place.topics.items()}
    return Batch(topics, folder, ASKED)


def run(place: Place, *flags: str) -> str:
    done = fangfan(
        "report",
        "--day",
        DAY,
        "--since",
        SINCE,
        "--silent-months",
        str(MONTHS),
        "--silent-days",
        str(DAYS),
        *flags,
        **place.given,
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


async def test_it_says_what_a_batch_says_of_the_same_topics(place: Place, tmp_path: Path) -> None:
    found = json.loads(await asyncio.to_thread(run, place, "--json", "--csv", str(tmp_path / "report.csv")))
    expected = batch(place, tmp_path).rows()

    assert (DAY, SINCE, MONTHS, DAYS, "shanxi@1") == tuple(
        found[name] for name in ("day", "since", "silent_months", "silent_days", "policy")
    )
    assert expected.keys() == {(row["by"], row["key"]) for row in found["rows"]}
    for row in found["rows"]:
        wanted = {"by": row["by"], "key": row["key"]} | expected[row["by"], row["key"]]
        assert wanted.keys() == row.keys()
        assert {} == {name: (value, row[name]) for name, value in wanted.items() if value != row[name]}, row["key"]
    whole = expected["all", "all"]
    silent = whole["silent_departments"].split()
    assert 0 < len(silent) < len(DEPARTMENTS)
    assert all(whole[f"feed_{name.replace('-', '_')}"] <= "2026-11-22" for name in silent)
    patient = json.loads(await asyncio.to_thread(run, place, "--json", "--feed-days", f"{silent[0]}=400"))
    assert {silent[0]: 400} == patient["feed_days"]
    assert silent[1:] == next(row for row in patient["rows"] if row["by"] == "all")["silent_departments"].split()
    assert (7, 6) == (whole["migrants"], whole["migrants_before"])
    assert (4, 5) == (whole["migrants_outside"], whole["migrants_outside_before"])
    assert (3, 3) == (whole["snoozed"], whole["withheld"])
    for name in CHANNELS:
        assert 0 < whole[f"conflicting_{name}"] < whole["conflicting"] < whole[f"reported_{name}"] < whole["reported"], name
    nobody = expected["county", "999999"]
    assert (0, None) == (nobody["reported_department"], nobody["conflict_share_department"])
    assert "water" in expected["county", "140123"]["silent_departments"].split()
    assert 0 < whole["confirmed_water@1"] < whole["verified_water@1"] < whole["leads"]
    assert all(0 < whole[name] < len(CASES) for name in ("overdue_finish", "overdue_settle"))
    assert all(
        whole[name] for name in ("overdue", "silent", "conflicting", "dependent", "leads_declaration", "sudden", "of_nation")
    )
    assert whole["open"] > whole["overdue"]
    assert all(whole[name] for name in ("open_villages_red", "open_villages_orange", "open_townships", "opened_townships"))
    assert expected["county", "140221"]["open_villages"] == 3  # one of four was mended
    assert expected["county", "140221"]["opened_villages"] == 3  # one of four began before
    assert (0, 1) == tuple(expected["county", "140221"][name] for name in ("open_townships", "opened_townships"))
    assert (1, 1) == tuple(expected["county", "140929"][name] for name in ("open_townships", "opened_townships"))
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        written = list(csv.DictReader(file))
    assert [{name: "" if value is None else str(value) for name, value in row.items()} for row in found["rows"]] == written


async def test_it_is_judged_by_the_version_in_force_on_the_day(place: Place, tmp_path: Path) -> None:
    """From a day on fewer transfers make a household dependent, and a key county is a leading one; the workers are gone, so
    nobody is judged again, and what was said stays what the key county's tier had to say."""
    text = (ROOT / "policy" / "shanxi.toml").read_text("utf-8")
    head, rule, rest = text.partition("[rules.policy-dependence]")
    rest = rest.replace("share-from = 0.60", "share-from = 0.01", 1)
    rest = re.sub(r'(?m)^(140123 = .*tier = )"key"', r'\1"leading"', rest)
    second = tmp_path / "second.toml"
    head = head.replace('version = "1"', 'version = "2"\neffective-from = 2026-12-10', 1)
    second.write_text(head + rule + rest, "utf-8")
    published = fangfan(
        "policy", "publish", str(second), **{key: value for key, value in place.given.items() if key != "POLICY"}
    )
    assert 0 == published.returncode, published.stderr

    days = ("2026-12-09", "2026-12-10")
    before, after = [json.loads(await asyncio.to_thread(run, place, "--json", "--day", day)) for day in days]
    assert ("shanxi@1", "shanxi@2") == (before["policy"], after["policy"])
    assert before["rows"][0]["dependent"] < after["rows"][0]["dependent"]
    keys = [next(row for row in found["rows"] if row["key"] == "key") for found in (before, after)]
    said = ("leads", "verified_water@1", "open_villages", "opened_villages")
    assert all(keys[0][name] == keys[1][name] > 0 for name in said), "an alert counts for the tier it names"
    assert keys[0]["households"] > keys[1]["households"]


async def test_the_table_and_the_page_speak_both_languages(place: Place, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    shown = await asyncio.to_thread(run, place, "--html", str(page))
    text = page.read_text("utf-8")

    for words in (
        "娄烦县 Loufan County",
        "收入低于监测线 income-line",
        "逾期未核",
        "overdue",
        "逾期未办结",
        "县外务工",
        "线索核实结果",
        "部门数据中断",
        "of province",
        "排查 cadre",
        "风险村",
        "townships",
    ):
        assert words in shown, words
    for said in (shown, text):
        assert "conflicts by channel" in said
        assert all(f"占{word}%" in said for word in ("申报", "排查", "部门"))
    for said in (shown, text):  # which department, for how many days, since when
        assert re.search(r"water \d+ \(2026-\d\d-\d\d\)", said)
    assert not re.findall(r"(?:src|href)\s*=|url\(|@import|<script", text)
    assert {"http://www.w3.org/2000/svg"} == set(re.findall(r"https?://[^\"]*", text))
    for words in (
        "监测指标",
        "Indicators of monitoring",
        "娄烦县 Loufan County",
        "全省 province",
        "线索核实结果",
        "部门数据中断",
        "收入低于监测线 income-line",
    ):
        assert words in text, words
    assert not re.findall(r"[HS]0{3}\d+", text + shown), "no household is named"


@pytest.mark.parametrize(("flags", "words"), [
    (["--day", "today"], "--day: not a date"), (["--since", "2026-02-30"], "--since: "),
    (["--policy", "nowhere.toml"], "policy refused: nowhere.toml"),
    (["--feed-days", "water"], "--feed-days: water takes a number of days from 1 to 400"),
    (["--feed-days", "water=7", "--feed-days", "post=7"], "--feed-days: post is no department"),
])  # fmt: skip
def test_what_means_nothing_is_refused(flags: list[str], words: str) -> None:
    done = fangfan("report", *flags)

    assert (1, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(f"fangfan: {words}")
