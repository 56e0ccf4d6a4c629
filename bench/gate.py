"""`make bench-gate`: fails when an event costs more, measured against the plainest possible engine in the same run.

Our engine and the floor (a plain loop at least once: librdkafka, RocksDB, msgspec) do one job on one machine, in turns, and
between them a worker does its own; compared is CPU time per event, as a ratio. No time of another day or machine counts.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from agents.settings import Settings
from bench import throughput
from bench.load import simulated
from bench.peers import BROKER_CORE, OURS, OURS_TWICE, ROOT, compare, load, middle, say
from bench.report import machine, table
from fangfan.broker import EmbeddedBroker

MOST = {OURS: 1.3, OURS_TWICE: 1.3}
"""How many times the floor's CPU time an event may cost."""
FLOOR = "floor"
OWN, MOST_OWN = "fangfan, its own job", 6.5
"""What reports cost with rules, ledger and evidence, which the floor knows nothing of: so many times its events at most."""
HOUSEHOLDS, REPORTS = 30_000, 150_000
PARTITIONS = 4


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-gate", description=__doc__)
    parser.add_argument("--peers", type=Path, default=ROOT.parent / "shared" / "peers", help="Where the floor is.")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if not (options.peers / "floor.py").exists():
        print(f"{options.peers}: no floor.py here; say where with --peers", file=sys.stderr)
        return 2
    os.sched_setaffinity(0, {BROKER_CORE})  # inherited by the broker; the driver pins every worker to the other core
    with tempfile.TemporaryDirectory(prefix="fangfan-gate-") as folder, EmbeddedBroker() as broker:
        work = Path(folder)
        (work / "kafka.pid").write_text(str(broker.pid(1)))
        os.environ |= {"BENCH_DIR": folder, "BENCH_BROKER": broker.bootstrap, "BENCH_BROKER_PID": str(work / "kafka.pid")}
        driver = load(options.peers, sys.executable, work)
        say("making events")
        subprocess.run([sys.executable, str(options.peers / "generate.py")], check=True, cwd=folder)
        records, own = simulated(HOUSEHOLDS, REPORTS), list[float]()
        found: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for turn in range(options.runs):
            for name, rows_of in compare(driver, [FLOOR, *MOST], 1).items():
                found[name] += rows_of
            say(OWN)
            settings = Settings(brokers=broker.bootstrap, topic_prefix=f"own-{turn}-", partitions=PARTITIONS)
            own.append(asyncio.run(throughput.measure(settings, records, work / f"own-{turn}")).cpu_us)
    limits = MOST | {OWN: MOST_OWN}
    costs = {name: middle(found[name], "worker_cpu_us") for name in (FLOOR, *MOST)} | {OWN: statistics.median(own)}
    rows = [[FLOOR, f"{costs[FLOOR]:.1f}", "1.00", ""]]
    rows += [[name, f"{costs[name]:.1f}", f"{costs[name] / costs[FLOOR]:.2f}", f"{most:.2f}"] for name, most in limits.items()]
    print(f"{machine()}; `make bench-gate` ({options.runs} runs, medians)\n")
    print(table(["engine", "worker CPU µs/event", "of the floor", "at most"], rows))
    wrong = [name for name in MOST if max(row["wrong_households"] for row in found[name])]
    slow = [name for name, most in limits.items() if costs[name] > most * costs[FLOOR]]
    for name in slow:
        print(f"{name} costs more than {limits[name]:.2f} times the floor", file=sys.stderr)
    for name in wrong:
        print(f"{name} has wrong results", file=sys.stderr)
    return 1 if slow or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
