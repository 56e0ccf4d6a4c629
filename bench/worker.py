"""A worker pinned to one core, and what it uses."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.settings import Settings

WORKER_CORE, BROKER_CORE = 0, 1


def cpu_seconds(process: int) -> float:
    """User and system time of a process, all its threads."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class BenchWorker:
    """`fangfan worker` as a pinned child."""

    process: "subprocess.Popen[str]"
    web: str

    def cpu_seconds(self) -> float:
        """User and system time of the process, all its threads."""
        return cpu_seconds(self.process.pid)

    def peak_mib(self) -> float:
        """Peak resident memory."""
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0

    def metrics(self) -> str:
        """The worker's own numbers."""
        with urllib.request.urlopen(f"{self.web}/metrics") as answer:
            return str(answer.read().decode())

    def metric(self, name: str) -> list[float]:
        """Return the values of one of them, under all its labels."""
        found = re.findall(rf"^{name}(?:\{{.*\}})? (\S+)$", self.metrics(), re.MULTILINE)
        return [float(value) for value in found]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """End it as a supervisor would."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


def events(folder: Path, name: str) -> list[dict[str, Any]]:
    """Return the lines of one kind in a worker's log."""
    lines = [json.loads(line) for line in (folder / "log").read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == name]


def start(settings: Settings, folder: Path, core: int = WORKER_CORE, given: Mapping[str, str] | None = None) -> BenchWorker:
    """Start a worker on a core, with more settings where given; returns as soon as it says that it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGFAN_")} | {
        "FANGFAN_BROKERS": settings.brokers, "FANGFAN_TOPIC_PREFIX": settings.topic_prefix,
        "FANGFAN_PARTITIONS": str(settings.partitions), "FANGFAN_DATA_DIR": str(folder), "FANGFAN_WEB_PORT": "0",
        "FANGFAN_GUARANTEE": settings.guarantee, **{f"FANGFAN_{name}": value for name, value in (given or {}).items()},
    }  # fmt: skip
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        ["taskset", "-c", str(core), sys.executable, "-c", "from fangfan.cli import main; main()", "worker"],
        env=environment, stdout=subprocess.PIPE, stderr=log, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    web = ""
    for line in process.stdout:
        if line.startswith("web "):
            web = line.split()[1]
        if line.strip() == "ready":
            return BenchWorker(process, web)
    raise RuntimeError(f"the worker ended: {Path(log.name).read_text()}")
