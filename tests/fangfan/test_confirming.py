"""A broker that dies while records are sent: nobody waits for it without end, and everybody learns how far it went."""

import asyncio
import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from rich.console import Console

from agents.settings import Settings
from agents.topics import create_topics
from fangfan import confirming, publish
from fangfan.broker import EmbeddedBroker
from fangfan.confirming import Confirming, Unconfirmed
from fangfan.mapping import load_mapping
from fangfan.publish import Item, publish_files
from tests.build import cadre
from tests.doors import Running, fangfan
from tests.worker import read_all

TOPIC = "cadre-reports"
WATER = {"type": "water", "safe": True}


@pytest.fixture
def mortal() -> Iterator[EmbeddedBroker]:
    """A broker of the test's own, to be ended."""
    with EmbeddedBroker() as embedded:
        yield embedded


def lose_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on; before, a new topic may take its time to have a leader."""
    monkeypatch.setattr(confirming, "CONFIRM_SECONDS", 2.0)
    monkeypatch.setattr(confirming, "STOP_SECONDS", 0.5)


def settings_for(broker: EmbeddedBroker) -> Settings:
    return Settings(brokers=broker.bootstrap, partitions=2)


def end(broker: EmbeddedBroker, how: signal.Signals) -> None:
    os.kill(broker.pid(1), how)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_who_sends_learns_what_was_confirmed_and_what_was_not(
    mortal: EmbeddedBroker, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, told = settings_for(mortal), []
    await create_topics(settings)
    with pytest.raises(Unconfirmed, match="for 2 s: 30 records were confirmed, 5 were not") as raised:  # noqa: PT012 # in the middle
        async with Confirming(settings, told.append) as sending:
            for number in range(30):
                await sending.send(TOPIC, b"{}", f"H{number:06d}".encode())
            await sending.settle()
            lose_patience(monkeypatch)
            end(mortal, how)
            began = time.monotonic()
            for number in range(5):
                await sending.send(TOPIC, b"{}", f"H{number:06d}".encode())
    waited = time.monotonic() - began
    if how is signal.SIGSTOP:
        end(mortal, signal.SIGCONT)

    assert "已确认30条，5条未确认是否送达" in str(raised.value)
    assert {TOPIC: 30} == sending.confirmed
    assert 30 == sum(told)
    assert waited < 20  # a limit to waiting, no timing: without it there is none


async def test_a_slow_sender_hears_of_its_first_record(broker: EmbeddedBroker, topic_prefix: str) -> None:
    """Not only when a thousand wait, or at the end."""
    settings, told = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1), asyncio.Event()
    await create_topics(settings)
    async with Confirming(settings, lambda count: told.set() if count else None) as sending:
        await sending.send(settings.topic(TOPIC), b"{}", b"H000001")
        await asyncio.wait_for(told.wait(), 30)

    assert 1 == sending.confirmed.total()


async def test_who_is_refused_at_once_learns_that_nothing_is_in_doubt(broker: EmbeddedBroker, topic_prefix: str) -> None:
    """Here a record that is larger than any topic takes."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    with pytest.raises(Unconfirmed) as raised:
        async with Confirming(settings) as sending:
            await sending.send(settings.topic(TOPIC), b"x" * (confirming.MAX_INPUT_BYTES + 1), b"H000001")

    assert "(max.message.bytes of its topic): 0 records were confirmed 已确认0条" in str(raised.value)


def test_publish_ends_with_what_was_confirmed(
    mortal: EmbeddedBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """2,500 reports, of which the broker lives to see 1,500 handed over; what is said to be confirmed is there afterwards."""
    settings, lines, shown = (
        settings_for(mortal),
        tmp_path / "reports.jsonl",
        Console(file=(tmp_path / "log").open("w"), width=160),
    )
    asyncio.run(create_topics(settings))
    reports = [cadre(f"c{number}", WATER, household_id=f"H{number:06d}") for number in range(2_500)]
    lines.write_text("".join(json.dumps(each) + "\n" for each in ["no report", *reports]), "utf-8")
    real = publish.read_file

    def until_death(*given: object) -> Iterator[Item]:
        for number, item in enumerate(real(*given)):  # type: ignore[arg-type] # as they were given
            if number == 1_500:
                lose_patience(monkeypatch)
                end(mortal, signal.SIGKILL)
            yield item

    monkeypatch.setattr(publish, "read_file", until_death)
    with pytest.raises(typer.Exit) as left:
        publish_files([lines], settings, load_mapping(None), tmp_path / "rejects.csv", shown)
    said = capsys.readouterr().err
    counts = re.search(r"no broker has confirmed anything for 2 s: ([\d,]+) records were confirmed, ([\d,]+) were not", said)
    mortal.kill(1)  # wait for its end
    mortal.start()
    arrived = {record.key for record in asyncio.run(read_all(settings, TOPIC))}

    assert 1 == left.value.exit_code
    assert counts is not None, said
    assert said.startswith(f"fangfan: {settings.brokers}: no broker")
    assert 1 == len(said.splitlines())
    confirmed, unconfirmed = (int(count.replace(",", "")) for count in counts.groups())
    assert 1_000 <= confirmed <= 1_500
    assert 0 < unconfirmed <= 1_000
    assert confirmed <= len(arrived) <= confirmed + unconfirmed
    told = (tmp_path / "log").read_text()
    assert f"{confirmed}" in told
    assert "publish the same files again" in told
    assert "reports.jsonl,,1," in (tmp_path / "rejects.csv").read_text("utf-8-sig")


def test_who_interrupts_a_simulation_learns_how_far_it_came(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """At a pace at which it would go on for an hour; progress is told from the first record on."""
    given = {"BROKERS": broker.bootstrap, "TOPIC_PREFIX": topic_prefix, "PARTITIONS": "1"}
    fangfan("topics", "create", **given)
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    command = ("simulate", "--households", "30", "--events", "300", "--rate", "0.1")
    with Running(tmp_path / "log", *command, **given) as running:
        while not asyncio.run(read_all(settings, "households")):
            assert running.process.poll() is None, running.said()
        code = running.end(signal.SIGINT)
        said = running.said()
    counts = re.search(r"stopped 已中断: ([\d,]+) of ([\d,]+) records were confirmed", said)

    assert 130 == code
    assert counts is not None, said
    assert 1 <= int(counts[1]) < int(counts[2].replace(",", ""))
