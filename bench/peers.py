"""`make bench-peers`: our engine and other stream processors on one job, in turns, as Markdown and a line of ratios.

The peers (a folder with their driver, generator, rules and implementations) stand beside the project; their Python packages
go into an environment of their own, Kafka Streams is fetched by Maven and compiled with ``javac``. Theirs run at least once, as
they come; those that can also run exactly once, from the same source with one setting changed.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from bench.report import machine, table
from fangfan.broker import EmbeddedBroker

ROOT = Path(__file__).resolve().parent.parent
BROKER_CORE = 1
OURS, OURS_TWICE = "fangfan", "fangfan-at-least-once"
THEIRS = ("kstreams", "quix", "bytewax", "floor")
THEIRS_ONCE = ("kstreams-exactly-once", "quix-exactly-once")
Row = dict[str, Any]
"""What one run was seen to do, by the driver's names."""
COLUMNS = {
    "events/s processed": "ev_s", "committed": "ev_s_committed", "CPU µs/event": "worker_cpu_us",
    "broker µs/event": "broker_cpu_us", "peak MB": "rss_mb", "differ": "wrong_households",
}  # fmt: skip


def say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


def changed(source: Path, target: Path, old: str, new: str) -> Path:
    """Write a peer's source with one setting changed, and return where."""
    text = source.read_text()
    if text.count(old) != 1:
        raise ValueError(f"{source}: expected {old} once")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text.replace(old, new))
    return target


def compile_kstreams(peers: Path, work: Path) -> None:
    """Fetch Kafka Streams and compile its join, as it comes and exactly once."""
    say("fetching and compiling Kafka Streams")
    source, libs = peers / "ks" / "HouseholdJoin.java", work / "ks" / "libs"
    fetch = ["mvn", "-q", "-B", "-f", str(peers / "ks" / "pom.xml"), "dependency:copy-dependencies"]
    subprocess.run([*fetch, f"-DoutputDirectory={libs}"], check=True)
    once = changed(source, work / "once" / source.name, '"at_least_once"', '"exactly_once_v2"')
    for java, classes in ((source, work / "ks" / "classes"), (once, work / "once" / "classes")):
        classes.mkdir(parents=True, exist_ok=True)
        subprocess.run(["javac", "-nowarn", "-cp", f"{libs}/*", "-d", str(classes), str(java)], check=True)


def load(peers: Path, python: str, work: Path) -> Any:
    """Return the peers' driver with our engine among its implementations, theirs run by their Python, some exactly once too."""
    sys.path.insert(0, str(peers))
    spec = importlib.util.spec_from_file_location("peers_driver", peers / "bench.py")
    assert spec is not None
    assert spec.loader is not None
    driver: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(driver)
    for name, (command, app, given) in driver.IMPLS.items():
        driver.IMPLS[name] = ([python if part == sys.executable else part for part in command], app, given)
    java = [part.replace(f"{work}/ks/classes", f"{work}/once/classes") for part in driver.IMPLS["kstreams"][0]]
    once = 'Application(processing_guarantee="exactly-once", '
    quix = changed(peers / "quix.py", work / "once" / "quix.py", "Application(", once)
    driver.IMPLS[THEIRS_ONCE[0]] = (java, None, {})
    driver.IMPLS[THEIRS_ONCE[1]] = ([python, str(quix)], None, {"PYTHONPATH": str(peers)})
    ours = {"PYTHONPATH": str(ROOT), "PEERS": str(peers)}
    command = [sys.executable, "-P", str(ROOT / "bench" / "peers_worker.py")]  # their folder has a module named bench
    driver.IMPLS[OURS] = (command, None, ours)
    driver.IMPLS[OURS_TWICE] = (command, None, ours | {"GUARANTEE": "at-least-once"})
    return driver


def jobs_of(driver: Any, names: Iterable[str]) -> dict[str, Callable[[], Row]]:
    """Return what runs each of the driver's implementations."""
    return {name: partial(driver.one, name) for name in names}


def compare(jobs: Mapping[str, Callable[[], Row]], runs: int) -> dict[str, list[Row]]:
    """Run everything in rounds, so that a slow minute of the machine hits all alike."""
    found: dict[str, list[Row]] = {name: [] for name in jobs}
    for turn in range(runs):
        for name, job in jobs.items():
            say(f"run {turn + 1} of {runs}: {name}")
            found[name].append(job())
    return found


def middle(rows: list[Row], column: str) -> float:
    """Return the median of the runs that have the figure; 0 where none has."""
    return float(statistics.median([row[column] for row in rows if row[column] is not None] or [0]))


def _figure(rows: list[Row], column: str) -> str:
    return f"{middle(rows, column):,.1f}".removesuffix(".0")


def ratios(found: dict[str, list[Row]]) -> str:
    """Return the last line: our committed events a second over theirs (Bytewax commits nothing: its processed ones)."""
    mine = middle(found[OURS], "ev_s_committed")
    theirs = {name: middle(found[name], "ev_s" if name == "bytewax" else "ev_s_committed") for name in THEIRS}
    over = {name: mine / rate if rate else float("nan") for name, rate in theirs.items()}
    differ = max(row["wrong_households"] for row in found[OURS])
    return (
        f"ratios kstreams={over['kstreams']:.2f} quix={over['quix']:.2f} bytewax={over['bytewax']:.2f} "
        f"floor={over['floor']:.2f} cpu_us={middle(found[OURS], 'worker_cpu_us'):.1f} differ={differ}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-peers", description=__doc__)
    parser.add_argument("--peers", type=Path, default=ROOT.parent / "shared" / "peers", help="Where the peers are.")
    parser.add_argument("--python", default=str(ROOT / ".peers" / "bin" / "python"), help="A Python that has their packages.")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--latency", action="store_true", help="Also time alerts at 1,000 events a second.")
    parser.add_argument("--only", nargs="*", default=[OURS, OURS_TWICE, *THEIRS, *THEIRS_ONCE])
    options = parser.parse_args()
    os.sched_setaffinity(0, {BROKER_CORE})  # inherited by the broker; the driver pins every worker to the other core
    with tempfile.TemporaryDirectory(prefix="fangfan-peers-") as folder, EmbeddedBroker() as broker:
        work = Path(folder)
        (work / "kafka.pid").write_text(str(broker.pid(1)))
        os.environ |= {"BENCH_DIR": folder, "BENCH_BROKER": broker.bootstrap, "BENCH_BROKER_PID": str(work / "kafka.pid")}
        if any(name.startswith("kstreams") for name in options.only):
            compile_kstreams(options.peers, work)
        driver = load(options.peers, options.python, work)
        say("making events")
        subprocess.run([options.python, str(options.peers / "generate.py")], check=True, cwd=folder)
        found = compare(jobs_of(driver, options.only), options.runs)
        if options.latency:
            for name in options.only:
                if name != "bytewax":
                    driver.latency("kstreams-linger0" if name == "kstreams" else name)
    # What producers of the driver have to say when their broker goes comes before this.
    print(f"{machine()}; `make bench-peers` ({options.runs} runs, medians; worker on one core, broker on the other)\n")
    rows = [[name, *(_figure(runs, column) for column in COLUMNS.values())] for name, runs in found.items()]
    print(table(["engine", *COLUMNS], rows))
    if {OURS, *THEIRS} <= set(options.only):
        print(ratios(found))


if __name__ == "__main__":
    main()
