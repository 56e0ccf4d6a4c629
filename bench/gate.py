"""`make bench-gate`: fails when an event costs more, measured against the plainest possible engine in the same run.

Our engine and the floor (a plain loop at least once: librdkafka, RocksDB, msgspec) do one job on one machine, in turns, and
between them a worker does its own; compared is CPU time per event, as a ratio. No time of another day or machine counts.
"""

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

from agents.settings import Settings
from bench import throughput
from bench.load import HOUSEHOLDS, PARTITIONS, REPORTS, simulated
from bench.peers import BROKER_CORE, OURS, OURS_TWICE, ROOT, Row, compare, jobs_of, load, middle, say
from bench.report import machine, table
from fangfan.broker import EmbeddedBroker

OWN = "fangfan, its own job"
MOST = {OURS: 1.3, OURS_TWICE: 1.3, OWN: 6.5}
"""How many times the floor's CPU time an event may cost. Of rules, ledger and evidence the floor knows nothing."""
FLOOR = "floor"


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
        records, turns = simulated(HOUSEHOLDS, REPORTS), count()

        def own() -> Row:
            name = f"own-{next(turns)}-"
            settings = Settings(brokers=broker.bootstrap, topic_prefix=name, partitions=PARTITIONS)
            return {"worker_cpu_us": asyncio.run(throughput.measure(settings, records, work / name)).cpu_us}

        found = compare(jobs_of(driver, (FLOOR, OURS, OURS_TWICE)) | {OWN: own}, options.runs)
    return verdict(found, options.runs)


def verdict(found: dict[str, list[Row]], runs: int) -> int:
    """Say what costs how much; return 1 where something costs too much or came out wrong."""
    costs = {name: middle(rows, "worker_cpu_us") for name, rows in found.items()}
    rows = [[FLOOR, f"{costs[FLOOR]:.1f}", "1.00", ""]]
    rows += [[name, f"{costs[name]:.1f}", f"{costs[name] / costs[FLOOR]:.2f}", f"{most:.2f}"] for name, most in MOST.items()]
    print(f"{machine()}; `make bench-gate` ({runs} runs, medians)\n")
    print(table(["engine", "worker CPU µs/event", "of the floor", "at most"], rows))
    wrong = [name for name in (OURS, OURS_TWICE) if max(row["wrong_households"] for row in found[name])]
    slow = [name for name, most in MOST.items() if costs[name] > most * costs[FLOOR]]
    for name in slow:
        print(f"{name} costs more than {MOST[name]:.2f} times the floor", file=sys.stderr)
    for name in wrong:
        print(f"{name} has wrong results", file=sys.stderr)
    return 1 if slow or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
