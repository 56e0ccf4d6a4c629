"""docker-compose.yml starts what the commands and settings really are; no engine is needed to see that."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from agents.settings import load_settings
from fangfan.commands import app
from fangfan.options import OPTIONS

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("fangfan:")]


def test_the_whole_system_is_there() -> None:
    assert {"kafka", "topics", "worker-1", "worker-2", "feed", "prometheus", "grafana"} == set(SERVICES)
    assert ["topics", "worker-1", "worker-2", "feed"] == OURS


@pytest.mark.parametrize("name", OURS)
def test_every_command_line_is_one_the_program_takes(name: str) -> None:
    group: Any = typer.main.get_command(app)
    command, arguments = group, list(SERVICES[name]["command"])
    while hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]

    context = command.make_context(name, arguments)  # raises on an option it does not know

    assert not context.args


@pytest.mark.parametrize("name", OURS)
def test_every_setting_is_one_the_program_reads(name: str) -> None:
    environment = {key: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for key, value in SERVICES[name]["environment"].items()}
    load_settings(environment)  # raises on a value it does not take

    assert {key.removeprefix("FANGFAN_").lower() for key in environment} <= set(OPTIONS)


def test_two_workers_keep_their_own_state_and_get_the_time_to_drain() -> None:
    workers = [SERVICES["worker-1"], SERVICES["worker-2"]]
    folders = [worker["volumes"][0].partition(":")[0] for worker in workers]

    assert 2 == len(set(folders) & set(COMPOSE["volumes"]))
    for worker in workers:
        assert int(worker["stop_grace_period"].removesuffix("s")) > 30
        assert "service_completed_successfully" == worker["depends_on"]["topics"]["condition"]
        assert "/readyz" in worker["healthcheck"]["test"][-1]
        assert worker["environment"]["FANGFAN_WEB_TOKEN"]
        assert "on" == worker["environment"]["FANGFAN_TICKS"], "nobody would hear of a deadline"


def test_kafka_is_the_release_that_the_tests_run_on() -> None:
    version = re.search(
        r"<artifactId>kafka_2.13</artifactId>\s*<version>([^<$]+)<", (ROOT / "deploy/broker/pom.xml").read_text()
    )

    assert version is not None
    assert f"apache/kafka:{version[1]}" == SERVICES["kafka"]["image"]


def test_what_is_mounted_and_copied_exists() -> None:
    mounts = [volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])]
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    wanted = {name for line in copied for name in line.split()}

    for mount in mounts:
        assert (ROOT / mount).exists() if mount.startswith("./") else mount in COMPOSE["volumes"], mount
    assert wanted == let_through
    for name in wanted:
        assert (ROOT / name).exists(), name


def test_only_this_machine_reaches_the_published_ports() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_prometheus_scrapes_every_worker() -> None:
    config = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    targets = config["scrape_configs"][0]["static_configs"][0]["targets"]

    assert [f"{name}:{SERVICES[name]['environment']['FANGFAN_WEB_PORT']}" for name in ("worker-1", "worker-2")] == targets
