"""A registry entry that is removed, said in a file: read, sent and replayed as the record without a value."""

import csv
import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.json_schemas import schema_of_removal
from fangfan.removals import line_of, sendable, timestamp_of
from schemas.registry import RegistryChange
from schemas.rejections import Rejection, RejectionCode
from streams.normalise import normalise, read_removal
from streams.topics import Topic
from tests.build import cadre, encode, entry, identity_number, member, statement
from tests.conftest import ROOT
from tests.doors import fangfan
from tests.worker import read_all

HOUSEHOLD_IDS = st.from_regex(r"[0-9A-Za-z-]{4,32}", fullmatch=True)
TIMESTAMPS = st.integers(0, 4_102_444_800_000)
"""1970 to 2100, in milliseconds."""
REMOVED_AT = "2026-06-12T08:30:00.2509+08:00"
VALIDATOR = Draft202012Validator(schema_of_removal())
SHIPPED = str(ROOT / "policy" / "shanxi.toml")


def removal(household_id: str = "H000001", **over: Any) -> dict[str, Any]:
    return {"schema": "household-removal/1", "household_id": household_id, "updated_at": REMOVED_AT} | over


@settings(deadline=None)
@given(HOUSEHOLD_IDS, TIMESTAMPS)
def test_a_line_is_read_as_its_record(household_id: str, timestamp: int) -> None:
    line = line_of(household_id, timestamp)
    found = read_removal(line)

    assert normalise(Topic.HOUSEHOLDS, household_id.encode(), None, timestamp) == found
    assert isinstance(found, RegistryChange)
    assert (None, timestamp) == (found.entry, timestamp_of(found))
    VALIDATOR.validate(json.loads(line))


def test_what_is_finer_than_a_records_timestamp_is_cut_off_and_further_fields_are_ignored() -> None:
    found = read_removal(encode(removal(reason="moved away")) or b"")

    assert isinstance(found, RegistryChange)
    assert "2026-06-12T08:30:00.25+08:00" == found.stamp


@pytest.mark.parametrize(("line", "code", "field"), [
    (removal("H01"), RejectionCode.INVALID_VALUE, "$.household_id"),
    (removal("户000001"), RejectionCode.INVALID_VALUE, "$.household_id"),
    (removal() | {"household_id": None}, RejectionCode.WRONG_TYPE, "$.household_id"),
    ({"schema": "household-removal/1", "household_id": "H000001"}, RejectionCode.MISSING_FIELD, "$.updated_at"),
    (removal(updated_at="2026-06-12"), RejectionCode.INVALID_VALUE, "$.updated_at"),
    (removal(updated_at=1_781_224_200_000), RejectionCode.WRONG_TYPE, "$.updated_at"),
    (removal(updated_at="1969-12-31T23:59:59.999Z"), RejectionCode.INVALID_VALUE, "$.updated_at"),
    (removal(note=identity_number()), RejectionCode.IDENTITY_NUMBER, "$"),
    (b'{"schema":"household-removal/1","schema":"household-removal/1"}', RejectionCode.DUPLICATE_KEY, "$..schema"),
    (b'["household-removal/1"]', RejectionCode.NOT_AN_OBJECT, "$"),
])  # fmt: skip
def test_what_is_wrong_is_named(line: dict[str, Any] | bytes, code: RejectionCode, field: str) -> None:
    found = read_removal(line if isinstance(line, bytes) else encode(line) or b"")

    assert isinstance(found, Rejection)
    assert (code, field) == (found.code, found.field)


def test_the_topic_takes_no_such_line() -> None:
    """There a null value removes: a worker that took both would have two ways to say one thing."""
    for topic in (Topic.HOUSEHOLDS, Topic.REROUTED, Topic.CADRE_REPORTS):
        found = normalise(topic, b"H000001", encode(removal()), 1_795_000_000_000)

        assert isinstance(found, Rejection)
        assert RejectionCode.WRONG_SCHEMA == found.code


def test_a_broker_would_not_take_one_of_tomorrow() -> None:
    line = encode(removal(updated_at="2026-06-12T08:30:00+08:00")) or b""
    at = 1_781_224_200_000
    early = sendable(line, at - 3_600_001)

    assert isinstance(early, Rejection)
    assert (RejectionCode.FUTURE_EVENT, "$.updated_at") == (early.code, early.field)
    assert read_removal(line) == sendable(line, at - 3_600_000)


def whole(*arguments: str, folder: Path, **given: str) -> tuple[list[str], str]:
    done = fangfan("backtest", "--policy", SHIPPED, *arguments, "--csv", str(folder / "counts.csv"), **given)
    assert 0 == done.returncode, done.stderr
    with (folder / "counts.csv").open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    return [row[name] for name in ("households", "open_new", "leads_new", "transitions_new")], done.stdout


def poor_until_removed(path: Path, *more: dict[str, Any]) -> Path:
    """Write a household under the line, whose entry is removed the day after; what is sent last stands first."""
    income = cadre("s1", statement("2025-06", "2026-05", "11999.98"), at="2026-06-11T09:00:00+08:00")
    poor = entry("H000001", member("P-0001"), member("P-0002", birth_year=2014))
    path.write_bytes(b"".join((encode(each) or b"") + b"\n" for each in (*more, poor, income)))
    return path


def test_a_file_is_replayed_with_its_removals(tmp_path: Path) -> None:
    """The income of no members is undetermined: the alert ends where the entry does, not before it and not without."""
    kept = whole(str(poor_until_removed(tmp_path / "a.jsonl")), folder=tmp_path)
    ended = whole(str(poor_until_removed(tmp_path / "b.jsonl", removal())), folder=tmp_path)
    older = whole(
        str(poor_until_removed(tmp_path / "c.jsonl", removal(updated_at="2025-06-12T08:30:00+08:00"))), folder=tmp_path
    )

    assert ["1", "1", "1", "1"] == kept[0] == older[0]
    assert ["1", "0", "1", "2"] == ended[0]
    assert "households 2" in ended[1]


def test_a_file_counts_refused_removals_by_their_codes(tmp_path: Path) -> None:
    wrong = (removal(updated_at="yesterday"), removal(updated_at=5), removal("H1"), removal(note=identity_number()))
    (counted, shown) = whole(str(poor_until_removed(tmp_path / "a.jsonl", *wrong)), folder=tmp_path)

    assert ["1", "1", "1", "1"] == counted
    for words in ("invalid-value 2", "wrong-type 1", "identity-number 1"):
        assert words in shown, words


async def test_published_it_is_the_record_and_the_topics_say_what_the_file_says(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    chosen = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=3)
    await create_topics(chosen)
    tomorrow = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    file = poor_until_removed(tmp_path / "a.jsonl", removal(updated_at=tomorrow), removal("H1"), removal())
    given = {"BROKERS": chosen.brokers, "TOPIC_PREFIX": chosen.topic_prefix}
    done = fangfan("publish", str(file), "--rejects", str(tmp_path / "rejects.csv"), **given)
    sent = await read_all(chosen, "households")
    with (tmp_path / "rejects.csv").open(encoding="utf-8-sig", newline="") as refused:
        rows = [(row["row"], row["column"]) for row in csv.DictReader(refused)]

    assert 1 == done.returncode, done.stderr
    assert [(b"H000001", 1_781_224_200_250)] == [(each.key, each.timestamp) for each in sent if each.value is None]
    assert [b"H000001"] == [each.key for each in sent if each.value is not None]
    assert [("1", "$.updated_at"), ("2", "$.household_id")] == rows
    assert ["1", "0"] == whole(folder=tmp_path, **given)[0][:2]
