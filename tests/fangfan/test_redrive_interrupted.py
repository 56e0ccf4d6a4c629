"""A redrive that is refused by its operator, killed, or overtaken by another one: each dead letter goes once."""

import asyncio
import os
import pty
import signal
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from tests.dead_letters import dlq, given, refused, sent_back, when_some_are_sent
from tests.doors import ENOUGH_SECONDS, Running, environment
from tests.worker import FANGFAN, read_all

MANY = 12_000


@pytest.fixture
async def settings(broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    made = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(made)
    return made


async def test_on_a_terminal_it_asks_and_no_means_that_nothing_goes(settings: Settings) -> None:
    await refused(settings, 2)

    def answered(words: bytes) -> int:
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [FANGFAN, "dlq", "redrive"], env=environment(**given(settings)), stdin=theirs, stdout=theirs, stderr=theirs
        )
        os.close(theirs)
        said = b""
        while b"back" not in said:
            said += os.read(ours, 4096)
        os.write(ours, words)
        with open(ours, "rb", buffering=0) as rest:
            try:
                while rest.read(4096):
                    pass
            except OSError:  # how a terminal says that the other side is gone
                pass
        return process.wait(ENOUGH_SECONDS)

    assert 1 == await asyncio.to_thread(answered, b"n\n")
    assert [] == await read_all(settings, "department-feeds")
    assert 0 == await asyncio.to_thread(answered, b"y\n")
    assert Counter({"0:0": 1, "1:0": 1}) == await sent_back(settings)


async def interrupted(settings: Settings, folder: Path, number: signal.Signals) -> tuple[Running, Counter[str]]:
    """Start to send many back, signal the command once some are sent, and return it with what then was committed."""
    running = Running(folder / "log", "dlq", "redrive", "--yes", **given(settings))
    await when_some_are_sent(settings, lambda: running.process.send_signal(number))
    if number is not signal.SIGSTOP:
        await asyncio.to_thread(running.process.wait, ENOUGH_SECONDS)
    return running, await sent_back(settings)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_a_redrive_ended_half_way_goes_on_and_sends_each_once(
    settings: Settings, tmp_path: Path, number: signal.Signals
) -> None:
    await refused(settings, MANY)
    killed, half = await interrupted(settings, tmp_path, number)
    with killed:
        assert 0 < half.total() < MANY
        assert half.total() == len(await read_all(settings, "dead-letters-redriven"))
        assert (130 if number is signal.SIGINT else -9) == killed.process.returncode
        assert (number is signal.SIGINT) == ("fangfan: stopped 已中断\n" in killed.said())
        assert "Traceback" not in killed.said()
        rest = await asyncio.to_thread(dlq, settings, "redrive", "--yes")
        each = await sent_back(settings)

        assert 0 == rest.returncode, rest.stderr
        assert {1} == set(each.values())
        assert MANY == len(each) == len(await read_all(settings, "dead-letters-redriven"))


async def test_of_two_who_redrive_the_later_goes_on_and_the_earlier_says_that_it_gave_way(
    settings: Settings, tmp_path: Path
) -> None:
    await refused(settings, MANY)
    frozen, half = await interrupted(settings, tmp_path, signal.SIGSTOP)
    with frozen:
        later = await asyncio.to_thread(dlq, settings, "redrive", "--yes")
        frozen.process.send_signal(signal.SIGCONT)
        code = await asyncio.to_thread(frozen.process.wait, ENOUGH_SECONDS)
        each = await sent_back(settings)

        assert 0 < half.total() < MANY
        assert 0 == later.returncode, later.stderr
        assert 1 == code
        assert "fangfan: gave way: another `fangfan dlq redrive` has begun" in frozen.said()
        assert "Traceback" not in frozen.said()
        assert {1} == set(each.values())
        assert MANY == len(each)
