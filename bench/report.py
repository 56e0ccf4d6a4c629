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
    """Return processor, versions and date in one line. One name may stand for generations of which one is twice the other."""
    said = dict.fromkeys(("model name", "cpu family", "model"), "?")
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() in said:
            said[name.strip()] = value.strip()
    name, family, model = said.values()
    cpu = f"{name} (family {family}, model {model})"
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
