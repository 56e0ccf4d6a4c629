"""Three topics joined per household by two workers on a real Kafka, whatever the producers do (contract §2, §5, §6)."""

import asyncio
import json
import random
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from schemas.household import EMPTY
from schemas.registry import RegistryChange
from schemas.rejections import Rejection
from schemas.reports import Report
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import SCHEMA_OF, partition_of
from tests.build import cadre, declaration, department, encode, entry, member, statement
from tests.worker import alerts_of, read_all, start_worker, workers

TOPIC_OF = {schema: topic.value for topic, schema in SCHEMA_OF.items()}
HOUSEHOLDS = 60


def life(number: int, rng: random.Random) -> list[dict[str, Any]]:
    """One household's records; every third knows only the person, every fifth is corrected."""
    household, person = f"H{number:06d}", f"P-{number:06d}"
    of = {"household_id": household}
    wage = rng.choice(["8000", "11999.98", "12000.00", "60000"])
    water = department("w", "water", {"type": "water", "safe": rng.random() < 0.5})
    water |= {"household_id": None, "person_id": person} if number % 3 == 0 else of
    records = [
        entry(household, member(person), member(person + "b", birth_year=2014), status=rng.choice(["general", "relieved"])),
        cadre("s", statement("2025-06", "2026-05", wage), **of),
        declaration("f", {"type": "food", "adequate": rng.random() < 0.8}, **of),
        water,
    ]
    if number % 5 == 0:
        records.append(cadre("v", voids="s", at="2026-06-11T09:00:00+08:00", **of))
    for record in records:
        if "event_id" in record:
            record["event_id"] = f"{record['event_id']}-{household}"
    return records


def expected_end(records: list[dict[str, Any]], household: str, policy: Policy) -> Any:
    """Run the same records through the pure path, in another order: the open alert must be the same in content."""
    state = EMPTY
    for record in reversed(records):
        message = normalise(SCHEMA_TOPIC[record["schema"]], None, encode(record), 1_795_000_000_000)
        assert isinstance(message, Report | RegistryChange)
        state = advance(household, state, message, 1_795_000_000_000_000_000, policy).state
    return state.thread.open


SCHEMA_TOPIC = {schema: topic for topic, schema in SCHEMA_OF.items()}
MALFORMED = [b"\xff\xfe", b"[]", b"{", b'{"a": 1, "a": 2}', b'{"schema": "cadre-report/1"}', b"", b"null"]


async def send_everything(settings: Settings, lives: dict[str, list[dict[str, Any]]], rng: random.Random) -> int:
    """Send twice some, shuffled, by Java's partitioner and by CRC32, in every compression, junk between."""
    records = [record for life_ in lives.values() for record in life_]
    records += rng.sample(records, len(records) // 5)
    rng.shuffle(records)
    crc32 = Producer({"bootstrap.servers": settings.brokers, "partitioner": "consistent", "compression.type": "snappy"})
    by_codec = [
        AIOKafkaProducer(bootstrap_servers=settings.brokers, compression_type=codec) for codec in ("gzip", "lz4", "zstd", None)
    ]
    for producer in by_codec:
        await producer.start()
    junk = 0
    for number, record in enumerate(records):
        topic, value = settings.topic(TOPIC_OF[record["schema"]]), encode(record)
        key = (record["household_id"] or record["person_id"]).encode()
        if number % 5 == 4:
            crc32.produce(topic, value, key)
        else:
            await by_codec[number % 4].send(topic, value, b"by-hand" if number % 11 == 0 else key)
        if number % 20 == 0:
            await by_codec[0].send(settings.topic("cadre-reports"), MALFORMED[junk % len(MALFORMED)], f"bad-{junk}".encode())
            junk += 1
    for producer in by_codec:
        await producer.stop()
    crc32.flush()
    return junk


async def test_the_last_alert_of_every_household_is_that_of_its_reports(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, policy: Policy
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    rng = random.Random(20261124)
    lives = {f"H{number:06d}": life(number, rng) for number in range(HOUSEHOLDS)}
    await create_topics(settings)
    async with workers(settings, tmp_path, 2) as running:
        junk = await send_everything(settings, lives, rng)
        await drained(settings, 120)
        await asyncio.to_thread(check_web, [worker.web for worker in running], settings.partitions)
        pids = [worker.process.pid for worker in running]
        codes = [await worker.stop() for worker in running]
    found = await alerts_of(settings)
    dead = await read_all(settings, "dead-letters")

    assert [0, 0] == codes, pids
    for household, records in lives.items():
        alerts = found.get(household, [])
        assert list(range(1, len(alerts) + 1)) == [alert["sequence"] for alert in alerts]
        end = expected_end(records, household, policy)
        last = alerts[-1] if alerts else None
        if end is None:
            assert last is None or last["transition"] == "cleared"
        else:
            assert last is not None
            assert (end.severity, end.category, end.pathway) == (last["severity"], last["category"], last["pathway"])
            keys = {(r["rule"], r["subject"] or "", r["severity"], tuple(r["channels"])) for r in last["reasons"]}
            assert {(r.rule, r.subject, r.severity, r.channels) for r in end.reasons} == keys
    assert junk == len(dead)
    for letter in dead:
        headers = dict(letter.headers)
        assert {"error.code", "error.field", "error.message", "source.topic", "source.partition", "source.offset",
                "failed.at"} == set(headers)  # fmt: skip
        assert letter.value in MALFORMED
        assert letter.key.startswith(b"bad-")


def check_web(addresses: list[str], partitions: int) -> None:
    """A household is answered by its owner; the other worker says 421 and names the owner."""
    answers = {}
    for address in addresses:
        assert urllib.request.urlopen(f"{address}/readyz").status == 200
        metrics = urllib.request.urlopen(f"{address}/metrics").read().decode()
        lags = [line for line in metrics.splitlines() if line.startswith("fangfan_consumer_lag_records{")]
        assert lags, "drained, so every lag is known"
        assert {"0.0"} == {line.rpartition(" ")[2] for line in lags}
        assert "fangfan_alerts_total" in metrics
        try:
            answers[address] = (200, json.load(urllib.request.urlopen(f"{address}/households/H000001")))
        except urllib.error.HTTPError as refused:
            answers[address] = (refused.code, json.load(refused))
    owner = next(address for address, (code, _) in answers.items() if code == 200)
    other = next(body for code, body in answers.values() if code == 421)
    assert "H000001" == answers[owner][1]["household_id"]
    assert (partition_of("H000001", partitions), owner) == (other["partition"], other["owner"])


async def test_alerts_current_holds_open_alerts_only_and_a_restart_repeats_nothing(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(settings)
    bad = department("w1", "water", {"type": "water", "safe": False}, at="2026-06-11T09:00:00+08:00")
    good = department("w2", "water", {"type": "water", "safe": True}, at="2026-06-12T09:00:00+08:00")
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:

        async def send(record: dict[str, Any]) -> None:
            await producer.send_and_wait(settings.topic("department-feeds"), encode(record), b"H000001")

        async with workers(settings, tmp_path, 1) as running:
            await send(bad)
            await drained(settings, 120)
            assert 0 == await running[0].stop()
        again = await start_worker(settings, tmp_path / "another-folder")
        try:
            await send(bad)
            await send(good)
            await drained(settings, 120)
        finally:
            assert 0 == await again.stop()
    current = await read_all(settings, "alerts-current")
    transitions = (await alerts_of(settings))["H000001"]

    assert ["opened", "cleared"] == [each["transition"] for each in transitions]
    assert current[-1].value is None
    assert "H000001:1" == dict(current[0].headers)["ce_id"].decode()


def test_dead_letters_never_show_an_identity_number() -> None:
    """Contract §6: masked, length kept; found through JSON escapes as well."""
    from streams.identity import mask_identity_numbers

    digits = "140107" + "19900307" + "001"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    number = digits + "10X98765432"[sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11]
    escaped = "".join(f"\\u{ord(each):04x}" for each in number)
    for text in (number, f'"{number}"', f"\\n{number}", escaped, f"户主{number}，"):
        masked = mask_identity_numbers(text.encode())

        assert len(text.encode()) == len(masked)
        assert number.encode() not in masked
        assert isinstance(normalise(SCHEMA_TOPIC["cadre-report/1"], None, f'{{"a":"{text}"}}'.encode(), 0), Rejection)
    for harmless in ("A" + number, number + "7", digits + "7" if number[-1] != "7" else digits + "8"):
        assert harmless.encode() == mask_identity_numbers(harmless.encode())
