"""Brokers that want TLS, a password or both: every command and the worker speak to them, or say what is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.settings import GUARANTEES
from fangfan.broker import EmbeddedBroker
from tests.build import cadre
from tests.doors import Running, fangfan
from tests.secured import PROTOCOLS, secured

HUNGRY = cadre("c1", {"type": "food", "adequate": False})


@pytest.fixture(scope="module", params=PROTOCOLS)
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a client of the broker must say."""
    with secured(request.param, tmp_path_factory.mktemp("secured")) as (_, settings):
        yield settings | {"PARTITIONS": "2"}


@pytest.mark.parametrize("guarantee", GUARANTEES)
def test_a_report_becomes_an_alert(given: dict[str, str], tmp_path: Path, guarantee: str) -> None:
    """From publish over the worker to a consumer of alerts."""
    given = given | {"GUARANTEE": guarantee, "TOPIC_PREFIX": f"{guarantee}-"}
    created = fangfan("topics", "create", **given)
    (tmp_path / "reports.jsonl").write_text(json.dumps(HUNGRY), "utf-8")
    with (
        Running(tmp_path / "log", "worker", **given, DATA_DIR=str(tmp_path / "data"), WEB_PORT="0") as worker,
        Running(tmp_path / "followed", "alerts", "--follow", "--json", **given) as alerts,
    ):
        worker.until("ready")
        published = fangfan("publish", str(tmp_path / "reports.jsonl"), "--rejects", str(tmp_path / "rejects.csv"), **given)
        alert = json.loads(alerts.until("{"))

        assert (0, 0) == (created.returncode, published.returncode), created.stderr + published.stderr
        assert ("H000001", ["food@1"]) == (alert["household_id"], [each["rule"] for each in alert["reasons"]])
        assert 0 == worker.end()


def said(given: dict[str, str]) -> str:
    done = fangfan("topics", "check", **given)
    assert 1 == done.returncode
    assert 1 == len(done.stderr.splitlines())
    return done.stderr


def test_who_does_not_say_what_the_broker_wants_is_told_so(given: dict[str, str]) -> None:
    assert "the broker hangs up: check FANGFAN_SECURITY_PROTOCOL" in said({"BROKERS": given["BROKERS"]})
    if "SASL_PASSWORD" in given:
        assert "check FANGFAN_SASL_USERNAME and FANGFAN_SASL_PASSWORD" in said(given | {"SASL_PASSWORD": "wrong"})
        assert "does not take this FANGFAN_SASL_MECHANISM" in said(given | {"SASL_MECHANISM": "SCRAM-SHA-256"})
    if "SSL_CA_FILE" in given:
        assert "certificate is not trusted: check FANGFAN_SSL_CA_FILE" in said(given | {"SSL_CA_FILE": ""})
        elsewhere = given["BROKERS"].replace("127.0.0.1", "localhost")
        assert "names the host as the certificate does" in said(given | {"BROKERS": elsewhere})


def test_a_worker_that_waits_says_why(given: dict[str, str], tmp_path: Path) -> None:
    """It waits however long, as for any broker: a password is put right on either side."""
    wrong = {"BROKERS": given["BROKERS"], "DATA_DIR": str(tmp_path / "data"), "WEB_PORT": "0"}
    with Running(tmp_path / "log", "worker", **wrong) as worker:
        worker.until_logged("the broker hangs up: check FANGFAN_SECURITY_PROTOCOL")

        assert 0 == worker.end()


@pytest.mark.parametrize(("settings", "words"), [
    ({"BROKERS": "127.0.0.1:1"}, "nothing listens there"), ({"BROKERS": "no-such-host.invalid:9092"}, "no such host"),
])  # fmt: skip
def test_where_nobody_is_a_command_says_so(settings: dict[str, str], words: str) -> None:
    assert f"fangfan: {settings['BROKERS']}: no broker answers: {words}" in said(settings)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_broker_that_wants_nothing_is_asked_for_nothing(broker: EmbeddedBroker, protocol: str) -> None:
    password = {"SASL_USERNAME": "u", "SASL_PASSWORD": "p"} if protocol.startswith("SASL") else {}

    assert "check FANGFAN_SECURITY_PROTOCOL" in said({"BROKERS": broker.bootstrap, "SECURITY_PROTOCOL": protocol} | password)
