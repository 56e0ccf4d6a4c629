"""`fangfan simulate --pilot` as a person types it: what is on the topics afterwards, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest_asyncio

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.pilot_plants import COUNTY, PILOTS
from fangfan.pilot_policy import RELIEVED
from fangfan.planting import EACH, needed
from fangfan.policy_topic import IN_FORCE_SECONDS
from streams.policy_documents import content_of, document_of
from streams.policy_layers import differences
from tests.conftest import ROOT
from tests.doors import fangfan
from tests.worker import read_all

SHIPPED = (ROOT / "policy" / "shanxi.toml").read_text("utf-8")
LEAST = needed(EACH, pilot=True)
ASKED = ("simulate", "--pilot", "--events", "0", "--now", "2026-11-24T14:00:00+08:00")
REPORTS = ("self-declarations", "cadre-reports", "department-feeds")


@pytest_asyncio.fixture
async def settings(broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    made = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(made)
    return made


def simulate(settings: Settings, *more: str, households: int = LEAST) -> Any:
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}
    return fangfan(*ASKED, "--households", str(households), *more, **given)


def file_of(folder: Path, name: str, *changes: tuple[str, str]) -> str:
    text = SHIPPED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    (folder / name).write_text(text, "utf-8")
    return str(folder / name)


async def test_the_version_is_published_midway_and_what_comes_last_may_rely_on_it(settings: Settings) -> None:
    done = simulate(settings)
    (record,) = await read_all(settings, "policy")
    sent = [each.timestamp for topic in REPORTS for each in await read_all(settings, topic)]
    behind = [each for each in sent if each > record.timestamp]
    last = [each for each in sent if each >= record.timestamp + IN_FORCE_SECONDS * 1000]

    assert 0 == done.returncode, done.stderr
    assert f"{len(PILOTS)} in the pilot county" in " ".join(done.stderr.split())
    assert b"shanxi@1-pilot-2026-11" == record.key
    assert 0 < len(last) < len(behind) < len(sent)
    again = simulate(settings, "--seed", "2")
    assert 0 == again.returncode, again.stderr
    assert [record.offset] == [each.offset for each in await read_all(settings, "policy")]


async def test_it_is_made_from_what_is_in_force_and_changes_nothing_elsewhere(settings: Settings, tmp_path: Path) -> None:
    changes = (
        ('version = "1"', 'version = "2"'),
        ("amount = 6000,", "amount = 6100,"),
        ('title = "', 'effective-from = 2026-11-01\ntitle = "'),
    )
    second = file_of(tmp_path, "second.toml", *changes)
    given = {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}
    assert 0 == fangfan("policy", "publish", second, **given).returncode
    done = simulate(settings)
    before, after = (document_of(each.value)["document"] for each in await read_all(settings, "policy"))

    assert 0 == done.returncode, done.stderr
    assert "2-pilot-2026-11" == after["version"]
    assert {COUNTY} == {each.scope for each in differences(before, after)}
    assert content_of({"relieved": RELIEVED, "sample": ["relieved"]}) == content_of(
        after["county"][COUNTY]["rules"]["expenditure-shock"]
    )


async def test_where_it_cannot_be_planted_or_published_nothing_is_sent(settings: Settings, tmp_path: Path) -> None:
    county = next(line + "\n" for line in SHIPPED.splitlines() if line.startswith(COUNTY))
    elsewhere = file_of(tmp_path, "elsewhere.toml", (county, ""))
    to_file = simulate(settings, "--to", str(tmp_path / "records.jsonl"))
    few = simulate(settings, households=LEAST - 1)
    unknown = simulate(settings, "--policy", elsewhere)

    assert (1, True) == (to_file.returncode, "--pilot: publishes a version" in to_file.stderr), to_file.stderr
    assert not (tmp_path / "records.jsonl").exists()
    assert (1, True) == (few.returncode, f"{LEAST} households or more" in few.stderr), few.stderr
    assert (1, True) == (unknown.returncode, f"county.{COUNTY}: unknown county" in unknown.stderr), unknown.stderr
    assert "Traceback" not in to_file.stderr + few.stderr + unknown.stderr
    for topic in ("policy", "households", *REPORTS):
        assert [] == await read_all(settings, topic)
