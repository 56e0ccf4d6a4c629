"""Brokers that want TLS, a password or both: every command and the worker speak to them, or say what is wrong."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.build import cadre
from tests.doors import Running, fangfan
from tests.secured import PROTOCOLS, secured

HUNGRY = cadre("c1", {"type": "food", "adequate": False})


@pytest.fixture(scope="module", params=PROTOCOLS)
def given(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a client of the broker must say."""
    with secured(request.param, tmp_path_factory.mktemp("secured")) as (_, settings):
        yield settings | {"PARTITIONS": "2"}


def test_a_report_becomes_an_alert(given: dict[str, str], tmp_path: Path) -> None:
    """From publish over the worker to a consumer of alerts."""
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
