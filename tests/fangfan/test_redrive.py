"""Dead letters come back, repaired or as they were, each once, and what must not go stays; by real workers."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from tests.build import cadre, encode, entry, identity_number
from tests.dead_letters import (
    BAD,
    WATER,
    dlq,
    letters,
    of_code,
    refused,
    repairs,
    send,
    sent_back,
    until_refused,
)  # fmt: skip
from tests.worker import alerts_of, read_all, workers


@pytest.fixture
async def settings(broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    made = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(made)
    return made


async def test_a_repaired_report_opens_the_household_s_alert_and_sent_twice_changes_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    async with workers(settings, tmp_path, 1) as running:
        await send(settings, ("department-feeds", b"H000001", encode(BAD)), ("cadre-reports", b"H000001", b"{"))
        await drained(settings, 60)
        letter = of_code(settings, "wrong-type")
        letter["value"]["facts"][0]["safe"] = False
        file = repairs(tmp_path, letter)

        async def redrive(*more: str) -> tuple[int, int, str]:
            done = dlq(settings, "redrive", "--repaired", file, "--yes", *more)
            await drained(settings, 60)
            return done.returncode, len(await read_all(settings, "department-feeds")), done.stderr

        first, alerts, state = await redrive(), await alerts_of(settings), await state_of(settings)
        second = await redrive()
        again = await redrive("--again")
        assert 0 == await running[0].stop()

    assert [(0, 2), (0, 2), (0, 3)] == [first[:2], second[:2], again[:2]]
    assert "sent back before" in second[2]
    assert ["opened"] == [alert["transition"] for alert in alerts["H000001"]]
    assert ["w1"] == [each["event_id"] for each in alerts["H000001"][0]["reasons"][0]["evidence"]]
    assert alerts == await alerts_of(settings)
    assert state == await state_of(settings)
    [marker] = [each["redriven"] for each in letters(settings, "--code", "wrong-type")]
    assert (True, 2, settings.topic("department-feeds")) == (marker["repaired"], marker["times"], marker["topic"])
    assert ["not-json"] == [each["code"] for each in letters(settings, "--open")]


async def state_of(settings: Settings) -> list[tuple[bytes, bytes]]:
    return [(record.key, record.value) for record in await read_all(settings, "fangfan-households-changelog")]


async def test_a_dry_run_says_what_would_go_and_what_not_and_sends_nothing(settings: Settings, tmp_path: Path) -> None:
    await refused(settings, 3)
    await until_refused(settings, tmp_path, ("cadre-reports", b"H000009", b"{"))
    run = dlq(settings, "redrive", "--dry-run")

    assert 1 == run.returncode
    assert 3 == run.stdout.count("→ department-feeds, as it was")
    assert "stays 保留: would be refused again: not-json at $: is not one JSON document" in run.stdout
    assert [] == await read_all(settings, "department-feeds")
    assert [] == await read_all(settings, "dead-letters-redriven")
    assert 0 == dlq(settings, "redrive", "--dry-run", "--code", "future-event").returncode


async def test_what_is_still_bad_comes_back_as_a_dead_letter_that_says_which_one_it_was(
    settings: Settings, tmp_path: Path
) -> None:
    """Also where a worker had moved the record: it goes back to where it first lay."""
    lay = [("source.topic", settings.topic("cadre-reports").encode()), ("source.partition", b"1"), ("source.offset", b"77")]
    async with workers(settings, tmp_path, 1) as running:
        await send(settings, ("rerouted", b"H000001", b"{"), headers=lay)
        await drained(settings, 60)
        before = of_code(settings, "not-json")
        run = dlq(settings, "redrive", before["dead_letter"], "--unchecked", "--yes")
        await drained(settings, 60)
        assert 0 == await running[0].stop()
    after = of_code(settings, "not-json")
    table = dlq(settings, "list").stdout

    assert 0 == run.returncode, run.stderr
    assert {"topic": settings.topic("cadre-reports"), "partition": 1, "offset": 77} == before["source"]
    assert (None, before["dead_letter"]) == (before["redriven_from"], after["redriven_from"])
    assert settings.topic("cadre-reports") == after["source"]["topic"]
    assert f"was {before['dead_letter']}" in " ".join(table.split())
    assert [b"{"] == [record.value for record in await read_all(settings, "cadre-reports")]


async def test_the_note_of_what_a_record_was_before_stays_with_it_when_it_moves(settings: Settings, tmp_path: Path) -> None:
    lay = [("source.topic", b"x"), ("source.partition", b"1"), ("source.offset", b"77")]
    async with workers(settings, tmp_path, 1) as running:
        await send(settings, ("rerouted", b"H000001", b"{"), headers=[*lay, ("redriven.from", b"1:5")])
        await send(settings, ("rerouted", b"H000001", b"{"), headers=[*lay, ("redriven.from", b"rubbish")])
        await drained(settings, 60)
        assert 0 == await running[0].stop()

    assert ["1:5", None] == [letter["redriven_from"] for letter in letters(settings)]
    assert [77, 77] == [letter["source"]["offset"] for letter in letters(settings)]


async def test_what_carried_an_identity_number_goes_only_with_a_pseudonym_in_its_place(
    settings: Settings, tmp_path: Path
) -> None:
    number = identity_number()
    report = cadre("c1", WATER, household_id="H000001", person_id=number)
    async with workers(settings, tmp_path, 1) as running:
        await send(settings, ("cadre-reports", number.encode(), encode(report)))
        await drained(settings, 60)
        letter = of_code(settings, "identity-number")

        def with_person(person: str) -> "subprocess.CompletedProcess[str]":
            repaired = letter | {"value": letter["value"] | {"person_id": person}}
            return dlq(settings, "redrive", "--repaired", repairs(tmp_path, repaired), "--yes")

        as_it_was = dlq(settings, "redrive", letter["dead_letter"], "--yes", "--unchecked")
        masked, worse = with_person("*" * 18), with_person(number)
        before = await read_all(settings, "cadre-reports")
        mended = with_person("P-0001")
        await drained(settings, 60)
        assert 0 == await running[0].stop()
    after = await read_all(settings, "cadre-reports")

    assert [1, 1, 1, 0] == [each.returncode for each in (as_it_was, masked, worse, mended)]
    assert "an identity number is masked in its value" in as_it_was.stderr
    assert "an identity number is masked in its value" in masked.stderr
    assert "identity-number at $" in worse.stderr
    assert number not in json.dumps(letter) + worse.stderr
    assert 1 == len(before)
    assert sorted([number.encode(), b"H000001"]) == sorted(each.key for each in after)
    assert ["opened"] == [alert["transition"] for alert in (await alerts_of(settings))["H000001"]]


async def test_lines_that_cannot_be_used_are_named_with_their_reason_and_hold_up_no_other(
    settings: Settings, tmp_path: Path
) -> None:
    await refused(settings, 4)
    named = {letter["dead_letter"]: letter for letter in letters(settings, "--values")}
    assert {"0:0", "0:1", "1:0", "1:1"} == set(named)
    on_wrong_topic = named["1:0"] | {"topic": "cadre-reports"}
    file = repairs(
        tmp_path, named["0:0"], "{", {"dead_letter": "zero", "value": None}, {"value": {}}, {"dead_letter": "0:1"},
        named["0:0"], '{"dead_letter": "0:1", "value": {"a": 1, "a": 2}}', {"dead_letter": "7:7", "value": {}},
        {"dead_letter": "0:900", "value": {}}, {"dead_letter": "0:1", "value": 5},
        {"dead_letter": "0:1", "value": {}, "topic": "alerts"}, on_wrong_topic,
    )  # fmt: skip
    done = dlq(settings, "redrive", "--repaired", file, "--yes")
    said = done.stderr

    assert 1 == done.returncode
    for line, reason in (
        (2, "$: is not one JSON document"), (3, "dead_letter: must be PARTITION:OFFSET, such as 3:17"),
        (4, "dead_letter: is missing; PARTITION:OFFSET, such as 3:17"),
        (5, "value: is missing, and so are key and topic: nothing is repaired"),
        (6, "dead_letter: 0:0 stands on line 1 already"), (7, "$..a: a key stands twice in one object"),
        (10, "value: must be an object, the text of the record, or null"),
        (11, "topic: must be one of self-declarations, cadre-reports, department-feeds, households"),
    ):  # fmt: skip
        assert f"fangfan: {file}: line {line}: {reason}\n" in said
    assert "line 8: 7:7: no such dead letter" in said
    assert "line 9: 0:900: no such dead letter" in said
    assert "line 行 12: stays 保留: the repair would be refused: wrong-schema at $.schema" in said
    assert Counter({"0:0": 1}) == await sent_back(settings)


async def test_a_registry_entry_goes_back_to_the_registry(settings: Settings, tmp_path: Path) -> None:
    """A removal whose key was mistyped: the value is nothing, the key is what is repaired."""
    await until_refused(settings, tmp_path, ("households", b"H000001", encode(entry("H000001"))), ("households", b"??", None))
    letter = of_code(settings, "invalid-key")
    done = dlq(settings, "redrive", "--repaired", repairs(tmp_path, letter | {"key": "H000001"}), "--yes")

    assert 0 == done.returncode, done.stderr
    assert (b"H000001", None) in [(each.key, each.value) for each in await read_all(settings, "households")]
