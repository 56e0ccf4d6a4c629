"""A county office publishes its policy while workers run: what households are told of, what is refused, and that the old stays.

Lived on a real broker with the commands that the office types; what a version then says of a household is lived three ways in
``tests/test_policy_stories.py``.
"""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from streams.policy_documents import record_of
from streams.topics import TOPIC_OF, Topic, partition_of
from tests.build import cadre, encode, entry, member, statement
from tests.conftest import ROOT
from tests.doors import fangfan
from tests.streams.test_policies import STAMP, document, published
from tests.worker import WorkerProcess, alerts_of, workers

Record = dict[str, Any]
PARTITIONS = 2
HERE, NEXT, AWAY = "140123100201", "140215100201", "140105100201"
"""Villages of two counties of the key tier and of one of the leading."""
UNSAFE = {"type": "water", "safe": False}
SHIPPED = (ROOT / "policy" / "shanxi.toml").read_text("utf-8")


class Office:
    """Commands, reports and what comes of them, in one province whose workers run all along."""

    def __init__(self, settings: Settings, folder: Path, running: list[WorkerProcess], producer: AIOKafkaProducer) -> None:
        self.settings, self.folder, self.running, self.producer = settings, folder, running, producer

    async def types(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        given = {"BROKERS": self.settings.brokers, "TOPIC_PREFIX": self.settings.topic_prefix}
        return await asyncio.to_thread(fangfan, "policy", *arguments, **given)

    def file(self, name: str, version: str, *changes: tuple[str, str], more: str = "") -> str:
        """Write the shipped policy as another version, with other words in it."""
        text = SHIPPED.replace('version = "1"', f'version = "{version}"', 1)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + more, "utf-8")
        return str(path)

    async def hears(self, *records: Record) -> None:
        """Send registry entries, then reports, and wait each time until the workers have taken them in."""
        for topic in (Topic.HOUSEHOLDS, Topic.CADRE_REPORTS):
            for record in records:
                if TOPIC_OF[record["schema"]] is topic:
                    key = record["household_id"].encode()
                    await self.producer.send_and_wait(self.settings.topic(topic), encode(record), key)
            await drained(self.settings, 60)

    async def told(self, name: str) -> list[tuple[str, str | None, str, str]]:
        """Return what was said of a household: transition, severity, because of what, by which version."""
        found = (await alerts_of(self.settings)).get(name, [])
        return [(each["transition"], each["severity"], each["caused_by"], each["policy"]) for each in found]

    async def told_because(self, cause: str, *names: str) -> dict[str, Record]:
        """Wait until something was said of some households because of something; return that."""
        async with asyncio.timeout(60):
            while True:
                found = await alerts_of(self.settings)
                said = {name: each for name in names for each in found.get(name, ()) if each["caused_by"] == cause}
                if set(names) == set(said):
                    return said


@pytest_asyncio.fixture
async def office(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Office]:
    """One worker runs, or as many as a story asks for; none ends before the story does."""
    count = getattr(request, "param", 1)
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=PARTITIONS)
    await create_topics(settings)
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer, workers(settings, tmp_path, count) as running:
        yield Office(settings, tmp_path, running, producer)
        assert [None] * count == [each.process.returncode for each in running]
        assert [0] * count == [await each.stop() for each in running]


def home(name: str, area_code: str = HERE) -> Record:
    return entry(name, member(f"P-{name}"), member(f"Q-{name}", birth_year=2014), area_code=area_code)


def earns(name: str, wage: int, day: int = 10) -> Record:
    """A year's wage of two people."""
    fact = statement("2025-06", "2026-05", str(wage))
    return cadre(f"c{day}-{name}", fact, household_id=name, at=f"2026-06-{day}T09:00:00+08:00")


def bad_well(name: str, area_code: str = HERE) -> Record:
    return cadre(f"w-{name}", UNSAFE, household_id=name, area_code=area_code)


def line(amount: int) -> tuple[str, str]:
    return "amount = 6000,", f"amount = {amount},"


@pytest.mark.parametrize("office", [2], indirect=True)
async def test_the_line_is_raised_and_whoever_lives_under_it_is_told_while_the_workers_run_on(office: Office) -> None:
    """6,500 yuan a head: above 6,000, under the 7,000 of the new version; 8,000 stay above both. Nobody is started again."""
    poor = ["H000001", "H000002", "H000003", "H000004"]
    assert set(range(PARTITIONS)) == {partition_of(name, PARTITIONS) for name in poor}
    await office.hears(*(each for name in poor for each in (home(name), earns(name, 13_000))))
    await office.hears(home("H000009"), earns("H000009", 16_000))
    assert {} == await alerts_of(office.settings)

    done = await office.types("publish", office.file("raised.toml", "2", line(7000)))
    said = await office.told_because("policy:shanxi@2", *poor)
    listed = await office.types("list")
    await office.hears(home("H000010"), earns("H000010", 13_000))

    assert (0, True) == (done.returncode, "shanxi@2 is published 已发布" in done.stdout), done.stderr
    assert [("shanxi@2", "7000.00")] * 4 == [(each["policy"], each["reasons"][0]["threshold"]) for each in said.values()]
    assert {name: [("opened", "yellow", "policy:shanxi@2", "shanxi@2")] for name in poor} == {
        name: await office.told(name) for name in poor
    }
    assert [] == await office.told("H000009")
    assert [("opened", "yellow", "c10-H000010", "shanxi@2")] == await office.told("H000010")
    for words in ("shanxi@1", "shanxi@2", "6,000", "7,000"):
        assert words in listed.stdout, listed.stdout


@pytest.mark.parametrize("office", [2], indirect=True)
async def test_a_version_is_never_overwritten_by_the_command_or_past_it(office: Office) -> None:
    """A second file under the same name would put the line at 9,000; the household has 8,000 and stays unheard of."""
    await office.hears(home("H000001"), earns("H000001", 16_000), home("H000002"), earns("H000002", 13_000))
    first = await office.types("publish", office.file("raised.toml", "2", line(7000)))
    await office.told_because("policy:shanxi@2", "H000002")
    again = await office.types("publish", office.file("again.toml", "2", line(9000)))
    same = await office.types("publish", office.file("copy.toml", "2", line(7000)))
    key, value = record_of(published(document("2", 9000)), STAMP)
    await office.producer.send_and_wait(office.settings.topic("policy"), value, key)
    await office.producer.send_and_wait(office.settings.topic("policy"), None, key)
    for worker in office.running:
        for reason in ("has another content than the version of this name", "a version cannot be removed"):
            await worker.until_logged(f'"key":"shanxi@2","reason":"{reason}"')
    await office.hears(earns("H000001", 16_000, day=11), earns("H000002", 13_100, day=11))

    assert (0, 1, 0) == (first.returncode, again.returncode, same.returncode), again.stderr
    assert "shanxi@2 refused 拒绝: has another content than the version of this name" in again.stderr
    assert "already published 已发布，内容相同" in same.stdout
    assert [] == await office.told("H000001")
    assert [("opened", "yellow", "policy:shanxi@2", "shanxi@2")] == await office.told("H000002")


WRONG: dict[str, tuple[Callable[[Office], str], str]] = {
    "a colour that is none": (
        lambda office: office.file("wells.toml", "2", ('severity = "orange"', 'severity = "purple"')),
        "wells.toml: rules.clothing.severity: must be one of blue, yellow, orange, red",
    ),
    "a county that is none": (
        lambda office: office.file("far.toml", "2", more='\n[county.999999.rules.water]\nseverity = "red"\n'),
        "far.toml: county.999999: unknown county",
    ),
    "no TOML": (lambda office: office.file("torn.toml", "2", more="\n[rules.wa"), "torn.toml: TOML: "),
    "no version": (lambda office: office.file("new.toml", ""), "new.toml: version: must be a text that is not empty"),
    "an overlay of a folder": (
        lambda office: folder(office, '[tier.key.rules.water]\nseverity = "red"\ncolour = "red"\n'),
        "key.toml: tier.key.rules.water.colour: unknown key",
    ),
}
"""A file as the office wrote it, and the beginning of what is said of it: the file, the key, the reason."""


def folder(office: Office, overlay: str) -> str:
    base = Path(office.file("policy/base.toml", "2"))
    (base.parent / "key.toml").write_text(overlay, "utf-8")
    return str(base.parent)


async def test_what_is_wrong_is_refused_by_file_key_and_reason_and_the_old_stays(office: Office) -> None:
    """However it is wrong: nothing is published, and the next bad well is judged as the last one was."""
    await office.hears(home("H000001"), bad_well("H000001"))
    for what, (write, words) in WRONG.items():
        done = await office.types("publish", write(office))
        assert (1, "") == (done.returncode, done.stdout), what
        assert f"fangfan: policy refused: {words}" in done.stderr, what
    listed = await office.types("list")
    await office.hears(home("H000002"), bad_well("H000002"))

    assert "shanxi@2" not in listed.stdout
    assert [("opened", "orange", "w-H000001", "shanxi@1")] == await office.told("H000001")
    assert [("opened", "orange", "w-H000002", "shanxi@1")] == await office.told("H000002")


async def test_a_document_that_is_no_policy_is_refused_by_every_worker_and_the_old_stays(office: Office) -> None:
    """Written past the command; the well of who is told is as grave as before, and a right version is still taken after it."""
    spoiled = json.loads(record_of(published(document("2")), STAMP)[1])
    spoiled["document"]["rules"]["water"]["severity"] = "purple"
    await office.hears(home("H000001"), bad_well("H000001"))
    await office.producer.send_and_wait(office.settings.topic("policy"), json.dumps(spoiled).encode(), b"shanxi@2")
    for worker in office.running:
        await worker.until_logged('"key":"rules.water.severity","reason":"must be one of blue, yellow, orange, red"')
    listed = await office.types("list")
    await office.hears(home("H000002"), bad_well("H000002"))
    done = await office.types("publish", office.file("graver.toml", "3", more=COUNTY_RED))
    said = await office.told_because("policy:shanxi@3", "H000001", "H000002")

    assert "refused 拒绝: policy topic, offset 0, shanxi@2: rules.water.severity" in listed.stdout, listed.stdout
    assert [("opened", "orange", "w-H000002", "shanxi@1"), ("escalated", "red", "policy:shanxi@3", "shanxi@3")] == (
        await office.told("H000002")
    )
    assert 0 == done.returncode, done.stderr
    assert ["red", "red"] == [each["severity"] for each in said.values()]


COUNTY_RED = '\n[county.140123.rules.water]\nseverity = "red"\nsource = "county office"\n'
TIER_YELLOW = '\n[tier.key.rules.water]\nseverity = "yellow"\nsource = "tier office"\n'


async def test_the_county_is_asked_before_its_tier_and_the_tier_before_the_province(office: Office) -> None:
    """Three bad wells, orange by the province; then each is as grave as the nearest layer says, and explain says which."""
    homes = {"H000001": HERE, "H000002": NEXT, "H000003": AWAY}
    await office.hears(*(each for name, area in homes.items() for each in (home(name, area), bad_well(name, area))))
    done = await office.types("publish", office.file("layers.toml", "2", more=COUNTY_RED + TIER_YELLOW))
    await office.told_because("policy:shanxi@2", "H000001", "H000002")
    explained = {area: (await office.types("explain", area[:6])).stdout for area in homes.values()}

    assert 0 == done.returncode, done.stderr
    assert {"H000001": ["orange", "red"], "H000002": ["orange", "yellow"], "H000003": ["orange"]} == {
        name: [severity for _, severity, _, _ in await office.told(name)] for name in homes
    }
    for area, words in ((HERE, "county office"), (NEXT, "tier office")):
        assert words in explained[area], explained[area]
    assert "tier office" not in explained[HERE] + explained[AWAY]
    assert "county office" not in explained[NEXT] + explained[AWAY]
