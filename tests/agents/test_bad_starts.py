"""A worker that cannot start says why in one sentence; one that only has to wait does so and recovers by itself."""

import asyncio
import itertools
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from agents.settings import Settings
from agents.topics import check_topics, create_topics
from fangfan.broker import EmbeddedBroker, free_port
from streams.topics import Topic
from tests.conftest import ROOT
from tests.doors import Running, fangfan, get

POLICY = (ROOT / "policy" / "shanxi.toml").read_text("utf-8")
NOWHERE = "127.0.0.1:1"
"""Nobody listens on a port that low without being asked to."""


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Running]:
    """A worker whose broker is not there yet."""
    given = {"BROKERS": NOWHERE, "DATA_DIR": str(tmp_path / "data"), "WEB_PORT": "0"}
    with Running(tmp_path / "log", "worker", **given) as worker:
        yield worker


def until(url: str, status: int) -> None:
    """Wait until an address answers so."""
    never, deadline = threading.Event(), time.monotonic() + 150
    while (found := get(url)[0]) != status:
        assert time.monotonic() < deadline, f"still {found}"
        never.wait(0.1)  # a page has no event to wait for


def test_a_worker_waits_for_its_broker_and_recovers_by_itself(tmp_path: Path) -> None:
    port = free_port()
    given = {"BROKERS": f"127.0.0.1:{port}", "DATA_DIR": str(tmp_path / "data"), "WEB_PORT": "0", "PARTITIONS": "2"}
    began = time.monotonic()
    with Running(tmp_path / "log", "worker", **given) as worker:
        web = worker.until("web ").removeprefix("web ")
        worker.until_logged("broker.unreachable")

        assert (200, {"alive": True}) == get(f"{web}/healthz")
        assert (503, {"ready": False, "lanes": {}}) == get(f"{web}/readyz")

        with EmbeddedBroker(port) as broker:
            worker.until("ready")
            said, waited = worker.said().count("broker.unreachable"), time.monotonic() - began

            assert 200 == get(f"{web}/readyz")[0]

            broker.kill(1)
            until(f"{web}/readyz", 503)
            assert 200 == get(f"{web}/healthz")[0]
            broker.restart(1)
            until(f"{web}/readyz", 200)

            assert said <= waited / 10 + 1
            assert "Traceback" not in worker.said()
            assert 0 == worker.end()


def test_workers_whose_broker_went_away_still_end_within_30_seconds(tmp_path: Path) -> None:
    """Idle, or in the middle of a batch whose transaction can no longer end: its records are read again by the next worker."""

    def worker(name: str) -> Running:
        given = {"DATA_DIR": str(tmp_path / name), "TOPIC_PREFIX": f"{name}-", "WEB_PORT": "0", "PARTITIONS": "2"}
        return Running(tmp_path / f"{name}.log", "worker", BROKERS=broker.bootstrap, **given)

    with EmbeddedBroker() as broker, worker("idle") as idle, worker("busy") as busy:
        idle.until("ready")
        busy.until("ready")
        feed = fangfan("simulate", "--households", "300", "--events", "3000", BROKERS=broker.bootstrap, TOPIC_PREFIX="busy-")
        assert 0 == feed.returncode, feed.stderr
        broker.kill(1)
        for each in (idle, busy):
            each.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 30
        codes = [each.process.wait(max(0, deadline - time.monotonic())) for each in (idle, busy)]

        assert [0, 0] == codes, idle.said() + busy.said()
        assert "Traceback" not in idle.said() + busy.said()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_that_waits_for_its_broker_can_be_stopped(waiting: Running, number: signal.Signals) -> None:
    waiting.until_logged("broker.unreachable")

    assert 0 == waiting.end(number)
    assert "Traceback" not in waiting.said()


def test_a_data_folder_has_one_worker(waiting: Running, tmp_path: Path) -> None:
    waiting.until("web ")
    second = fangfan("worker", BROKERS=NOWHERE, DATA_DIR=str(tmp_path / "data"), WEB_PORT="0")

    assert 1 == second.returncode
    assert f"fangfan: {tmp_path / 'data'}: data folder in use by another worker\n" == second.stderr


def test_a_web_port_in_use_is_named(waiting: Running, tmp_path: Path) -> None:
    port = waiting.until("web ").rpartition(":")[2]
    second = fangfan("worker", BROKERS=NOWHERE, DATA_DIR=str(tmp_path / "other"), WEB_PORT=port)

    assert 1 == second.returncode
    assert f"fangfan: web port {port} on 127.0.0.1: Address already in use\n" == second.stderr


@pytest.mark.parametrize(
    ("words", "instead", "reason"),
    [
        ("fires-from = 0.30", "fires-form = 0.30", "policy.toml: rules.income-drop.fires-form: unknown key"),
        ("[rules.water]", "[rules.waters]", "policy.toml: rules.waters: unknown rule"),
        ("fires-from = 0.30", "fires-from = 1.30", "policy.toml: rules.income-drop.fires-from: must be above 0 and at most 1"),
        (
            "lines = [",
            "lines = [{ from = 2021-01-01, amount = 7000 },",
            "policy.toml: rules.income-line.lines: overlap: two lines begin on the same day",
        ),
        ("[rules.food]", "[rules.food", "policy.toml: TOML: "),
    ],
)
def test_a_policy_that_must_not_be_used_is_refused_with_file_key_and_reason(
    tmp_path: Path, words: str, instead: str, reason: str
) -> None:
    file = tmp_path / "policy.toml"
    file.write_text(POLICY.replace(words, instead, 1), "utf-8")
    refused = fangfan("worker", BROKERS=NOWHERE, DATA_DIR=str(tmp_path / "data"), WEB_PORT="0", POLICY=str(file))

    assert 1 == refused.returncode
    assert refused.stderr.startswith(f"fangfan: policy refused: {reason}")
    assert 1 == refused.stderr.count("\n")


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "none.toml"
    refused = fangfan("worker", "--policy", str(file), BROKERS=NOWHERE, DATA_DIR=str(tmp_path / "data"), WEB_PORT="0")

    assert 1 == refused.returncode
    assert f"fangfan: policy refused: {file}: file: No such file or directory\n" == refused.stderr


async def test_a_session_that_the_broker_does_not_allow_is_refused_with_both_settings(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """aiokafka logs it and waits for ever; a worker that will never have a partition must not look as if it waited for one."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    given = {
        "BROKERS": settings.brokers,
        "TOPIC_PREFIX": topic_prefix,
        "PARTITIONS": "1",
        "DATA_DIR": str(tmp_path),
        "WEB_PORT": "0",
    }
    with Running(tmp_path / "log", "worker", SESSION_SECONDS="1", **given) as worker:
        worker.until_logged("group.refused")

        assert 1 == worker.process.wait(30)
        assert "group.min.session.timeout.ms" in worker.said()
        assert "FANGFAN_SESSION_SECONDS" in worker.said()


async def test_topics_with_another_partition_count_are_refused_and_named(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    await create_topics(Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2))
    given = {"BROKERS": broker.bootstrap, "TOPIC_PREFIX": topic_prefix, "DATA_DIR": str(tmp_path), "WEB_PORT": "0"}
    refused = await asyncio.to_thread(fangfan, "worker", "--partitions", "3", **given)

    assert 1 == refused.returncode
    assert f"{topic_prefix}alerts: has 2 partitions, the settings say 3" in refused.stderr
    assert "Traceback" not in refused.stderr


async def test_topics_that_the_broker_does_not_list_at_once_are_waited_for(
    broker: EmbeddedBroker, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The controller made them, the broker that is asked lags behind: a worker that started then refused its own topics."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    listed, asked = AIOKafkaAdminClient.list_topics, itertools.count()

    async def behind(client: AIOKafkaAdminClient) -> list[str]:
        names = await listed(client)
        return [each for each in names if not each.startswith(topic_prefix)] if next(asked) < 3 else names

    monkeypatch.setattr(AIOKafkaAdminClient, "list_topics", behind)
    created = await create_topics(settings)

    assert f"{topic_prefix}alerts" in created
    assert [] == await check_topics(settings)


async def test_ctrl_c_during_recovery_ends_the_worker_cleanly(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """A changelog long enough that recovery is under way when the signal comes."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    producer = AIOKafkaProducer(bootstrap_servers=settings.brokers, max_batch_size=1 << 20)
    await producer.start()
    for at in range(100):
        batch = producer.create_batch()
        for number in range(2_000):
            batch.append(key=f"H{at * 2_000 + number:07d}".encode(), value=bytes(300), timestamp=None)
        await producer.send_batch(batch, settings.topic(Topic.HOUSEHOLDS_CHANGELOG), partition=0)
    await producer.stop()
    given = {"BROKERS": broker.bootstrap, "TOPIC_PREFIX": topic_prefix, "DATA_DIR": str(tmp_path / "data")}
    with Running(tmp_path / "log", "worker", PARTITIONS="1", WEB_PORT="0", **given) as worker:
        await asyncio.to_thread(worker.until_logged, "partitions.assigned")
        code = await asyncio.to_thread(worker.end, signal.SIGINT)
        assert worker.process.stdout is not None
        said = worker.process.stdout.read()

        assert 0 == code, worker.said()
        assert "ready" not in said
        assert "Traceback" not in worker.said()


async def test_beyond_loopback_households_want_a_token(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """Metrics and health do not: a night watch has no secrets."""
    given = {"BROKERS": broker.bootstrap, "TOPIC_PREFIX": topic_prefix, "DATA_DIR": str(tmp_path / "data"), "PARTITIONS": "1"}
    given |= {"WEB_HOST": "0.0.0.0", "WEB_PORT": "0", "WEB_TOKEN": "geheim-密"}
    with Running(tmp_path / "log", "worker", **given) as worker:
        web = (await asyncio.to_thread(worker.until, "web ")).removeprefix("web ").replace("0.0.0.0", "127.0.0.1")
        await asyncio.to_thread(worker.until, "ready")
        household = f"{web}/households/H000001"
        refused = (401, {"error": "a token is needed"})

        assert refused == await asyncio.to_thread(get, household)
        assert refused == await asyncio.to_thread(get, household, "geheim")
        assert refused == await asyncio.to_thread(get, household, "")
        assert 404 == (await asyncio.to_thread(get, household, "geheim-密".encode().decode("latin-1")))[0]
        assert 200 == (await asyncio.to_thread(get, f"{web}/readyz"))[0]
        assert 0 == await asyncio.to_thread(worker.end)


def test_without_a_token_households_are_closed_beyond_loopback(tmp_path: Path) -> None:
    given = {"BROKERS": NOWHERE, "DATA_DIR": str(tmp_path / "data"), "WEB_PORT": "0"}
    with Running(tmp_path / "log", "worker", "--web-host", "0.0.0.0", **given) as worker:
        web = worker.until("web ").removeprefix("web ").replace("0.0.0.0", "127.0.0.1")

        for token in (None, "", "anything"):
            assert (401, {"error": "a token is needed"}) == get(f"{web}/households/H000001", token)
        assert "web.households_closed" in worker.said()
