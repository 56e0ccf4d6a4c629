"""How benchmarks say what they found: where they ran, and Markdown tables."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

BUILD: Final = Path(__file__).resolve().parent.parent / "build" / "bench"
"""Where what was measured is kept for tables, plots and the model."""


def machine() -> str:
    """Return processor, versions and date in one line; its generation too, since some have one name for all of theirs."""
    lines = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    said = {name.strip(): value.strip() for name, _, value in lines}
    cpu = said.get("model name", platform.machine())
    if {"cpu family", "model"} <= said.keys():
        cpu += f" (family {said['cpu family']}, model {said['model']})"
    packages = ", ".join(f"{name} {version(name)}" for name in ("faust-streaming", "aiokafka", "rocksdict", "msgspec"))
    return f"{cpu}, {os.cpu_count()} cores; Python {platform.python_version()}, {packages}; {datetime.now(UTC):%Y-%m-%d}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def keep(name: str, text: str, chart: str) -> None:
    """Print tables and keep them, with their chart, in ``build/bench``."""
    BUILD.mkdir(parents=True, exist_ok=True)
    (BUILD / f"{name}.md").write_text(f"{text}\n\n![{name}]({name}.svg)\n")
    (BUILD / f"{name}.svg").write_text(chart)
    print(text)
