"""What was refused is found, shown and saved, and what cannot be meant is refused, by real workers and commands."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from schemas.rejections import RejectionCode
from tests.build import department, encode
from tests.dead_letters import BAD, Record, dlq, given, letters, of_code, until_refused
from tests.doors import ENOUGH_SECONDS, environment
from tests.worker import FANGFAN

RUBBISH: tuple[Record, ...] = (
    ("cadre-reports", b"H000002", b'{"schema": "cadre-report/1",\n\t"a": 1, "a": "\xc2\x9b31m"}'),
    ("cadre-reports", b"H000003", b"\xff\x1b]0;owned\x07"),
    ("self-declarations", b"H000004", "\x1b[31m{ \u202e".encode()),
    ("households", b"no", None),
)


@pytest.fixture
async def settings(broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    made = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(made)
    return made


async def test_what_was_refused_is_listed_and_shown_so_that_a_terminal_obeys_none_of_it(
    settings: Settings, tmp_path: Path
) -> None:
    await until_refused(settings, tmp_path, ("department-feeds", b"H000001", encode(BAD)), *RUBBISH)
    lines = dlq(settings, "list", "--json", "--values").stdout
    found, table = [json.loads(line) for line in lines.splitlines()], dlq(settings, "list").stdout
    shown = {letter["code"]: dlq(settings, "show", letter["dead_letter"]).stdout for letter in found}

    assert {"wrong-type", "duplicate-key", "not-utf8", "not-json", "invalid-key"} == set(shown)
    assert "wrong-type $.facts[0].safe" in table
    for letter in found:
        assert letter["dead_letter"] in table
        assert ":".join(map(str, letter["source"].values())) in table
        assert f"{letter['code']} at {letter['field']}: {letter['message']}" in shown[letter["code"]]
    assert all(each.isprintable() for each in (lines + table + "".join(shown.values())).replace("\n", ""))
    assert ['"safe": "no"   ◄── $.facts[0].safe'] == marked(shown["wrong-type"])
    assert ['"a": 1,   ◄── $..a', '"a": "\\x9b31m"   ◄── $..a'] == marked(shown["duplicate-key"])
    assert [BAD] == [letter["value"] for letter in found if letter["code"] == "wrong-type"]
    assert ["\x1b[31m{ \u202e"] == [letter["value"] for letter in found if letter["code"] == "not-json"]


def marked(shown: str) -> list[str]:
    return [line.strip() for line in shown.splitlines() if "◄" in line]


async def test_filters_leave_what_they_say(settings: Settings, tmp_path: Path) -> None:
    elsewhere = department("w1", "water", {"type": "water", "safe": "no"}, area_code="140221100201")
    await until_refused(
        settings, tmp_path,
        ("department-feeds", b"H000001", encode(elsewhere)),
        ("department-feeds", b"H000001", b"{"),
        ("cadre-reports", b"H000001", b"{"),
    )  # fmt: skip
    times = sorted(letter["failed_at"] for letter in letters(settings))

    def count(*arguments: str) -> int:
        return len(letters(settings, *arguments))

    assert 3 == count("--since", times[0])
    assert 0 == count("--until", times[0])
    assert 0 == count("--since", "2100-01-01T00:00:00+08:00")
    assert 3 == count("--until", "2100-01-01T00:00:00+08:00")
    assert 2 == count("--code", "not-json")
    assert 3 == count("--code", "not-json", "--code", "wrong-type")
    assert 1 == count("--code", "not-json", "--topic", "cadre-reports")
    assert 1 == count("--county", "140221")
    assert 0 == count("--county", "140123")
    assert 1 == count("--limit", "1")
    short = dlq(settings, "list", "--limit", "1").stdout
    assert "the newest 1 of 3 are shown" in short
    rows = [line.split() for line in short.splitlines()]
    for code, topic in (("not-json", "cadre-reports"), ("not-json", "department-feeds"), ("wrong-type", "department-feeds")):
        assert [code, settings.topic(topic), "1", "1"] in rows


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["list", "--code", "rubbish"], "--code: must be one of " + ", ".join(code.value for code in RejectionCode)),
        (["list", "--topic", "alerts"], "--topic: must be one of self-declarations, cadre-reports, department-feeds, "
         "households, rerouted, persons, ticks, area-events"),
        (["list", "--since", "yesterday"], "--since: not an RFC 3339 date-time with offset, "
         "such as 2026-06-10T08:00:00+08:00"),
        (["redrive", "--until", "2026-06-10"], "--until: not an RFC 3339 date-time with offset, "
         "such as 2026-06-10T08:00:00+08:00"),
        (["list", "--county", "太原"], "--county: must be six digits, such as 140221"),
        (["list", "--values"], "--values: goes with --json"),
        (["show", "3-17"], "3-17: must be PARTITION:OFFSET, such as 3:17"),
        (["show", "0:0"], "0:0: no such dead letter: it never was, or is kept no longer"),
        (["show", "99:0"], "99:0: no such dead letter: it never was, or is kept no longer"),
        (["redrive", "3:17", "x\x1b"], "x\\x1b: must be PARTITION:OFFSET, such as 3:17"),
        (["redrive", "--repaired", "none.jsonl"], "none.jsonl: No such file or directory"),
        (["redrive", "--repaired", "f", "3:17"], "--repaired: the file names the dead letters; give it, or PARTITION:OFFSET"),
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_refused_in_a_sentence(settings: Settings, arguments: list[str], reason: str) -> None:
    refusal = dlq(settings, *arguments)

    assert (1, f"fangfan: {reason}\n") == (refusal.returncode, refusal.stderr)


async def test_without_dead_letters_there_is_nothing_to_do(settings: Settings) -> None:
    assert (0, "no dead letters 没有死信\n") == (dlq(settings, "list").returncode, dlq(settings, "list").stdout)
    assert 0 == dlq(settings, "redrive", "--yes").returncode


async def test_bytes_can_be_saved_as_they_were(settings: Settings, tmp_path: Path) -> None:
    junk = bytes(range(256))
    await until_refused(settings, tmp_path, ("cadre-reports", b"H000001", junk))
    name = of_code(settings, "not-utf8")["dead_letter"]
    raw = await asyncio.to_thread(
        subprocess.run, [FANGFAN, "dlq", "show", name, "--raw"], env=environment(**given(settings)), capture_output=True,
        check=True, timeout=ENOUGH_SECONDS,
    )  # fmt: skip

    assert junk == raw.stdout
    assert "00000010  10 11 12" in dlq(settings, "show", name).stdout
