"""`make bench-scale`: one worker from 60,000 to 1,200,000 households: reports a second, memory, restart, rebuild, takeover."""

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agents.settings import Settings
from agents.topics import create_topics
from agents.transactions import CHANGELOGS
from bench import worker as bench_worker
from bench.crowd import Crowd, Template, templates
from bench.plot import bars
from bench.probe import Probe
from bench.report import BUILD, keep, machine, table
from bench.takeover import render_more, take_over, together
from bench.throughput import COMMITTED
from bench.worker import BROKER_CORE, BenchWorker, cpu_seconds, events
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained

SIZES = (60_000, 300_000, 1_200_000)
ROUNDS = 3
"""So often reports are taken in at each size, by a worker that is up and stands still while they come; the median counts."""
WARM_HOUSEHOLDS = 20_000


def _say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class Size:
    """What one worker was seen to do with so many households. Seconds are wall clock, µs are CPU time of processes.

    ``state_bytes``, ``changelog_bytes`` and ``disk_bytes`` are per household: encoded; on the broker, with the persons' index;
    in the worker's folder. Per report, on the broker: ``input_bytes`` came, ``kept_bytes`` were written of alerts and what
    moved, ``churn_bytes`` of changelogs, which compaction takes back.
    """

    households: int
    partitions: int
    entries: int
    state_bytes: float
    changelog_bytes: float
    disk_bytes: float
    rebuild_seconds: float
    rebuild_ready_seconds: float
    rebuild_cpu_seconds: float
    rebuild_peak_mib: float
    warm_first_seconds: float
    crashed_first_seconds: float
    reports: int
    rate: float
    cpu_us: float
    broker_us: float
    peak_mib: float
    input_bytes: float
    kept_bytes: float
    churn_bytes: float

    @property
    def rebuild_rate(self) -> float:
        """Households a second, from when the first partition begins to recover until the last one has."""
        return self.households / self.rebuild_seconds


async def measure(
    broker: EmbeddedBroker, made: list[Template], households: int, partitions: int, reports: int, base: Path
) -> Size:
    """Put households on the changelogs; rebuild, restart, restart after a kill, and take in reports in rounds of as many."""
    await _warm_up(broker, made, base)
    settings = Settings(brokers=broker.bootstrap, topic_prefix=f"scale-{households}-{partitions}-", partitions=partitions)
    await create_topics(settings)
    crowd = Crowd(settings, made, households)
    _say(f"{households:,} households in {partitions} partitions: writing changelogs")
    entries = await asyncio.to_thread(crowd.known)
    logs, changelogs = f"{settings.topic_prefix}*/*.log", [f"{settings.topic(each)}-*/*.log" for each in CHANGELOGS]
    changelog = sum(_weight(broker.data_dir, each) for each in changelogs)
    folder, probe = base / settings.topic_prefix, Probe(settings)
    _say("rebuild")
    began = time.monotonic()
    worker = await asyncio.to_thread(bench_worker.start, settings, folder)
    ready, used, peak = time.monotonic() - began, worker.cpu_seconds(), worker.peak_mib()
    rebuild = _recovered(folder)
    await asyncio.to_thread(worker.stop)
    disk = _weight(folder)
    _say("restart")
    warm, worker = await _first(probe, settings, folder)
    await asyncio.to_thread(worker.stop)
    before = _weight(broker.data_dir, logs)
    worker, came, (rate, cpu, broker_cpu) = await _rounds(settings, crowd, broker, reports, folder)
    took = worker.peak_mib()
    reports *= ROUNDS
    went = _weight(broker.data_dir, logs) - before - came
    churn = sum(_weight(broker.data_dir, each) for each in changelogs) - changelog
    _say("kill and restart")
    worker.kill()
    crashed, worker = await _first(probe, settings, folder)
    await asyncio.to_thread(worker.stop)
    state = sum(len(each.state) for each in made) / len(made)
    return Size(
        households, partitions, entries, state, changelog / households, disk / households, rebuild, ready, used, peak, warm,
        crashed, reports, rate, cpu, broker_cpu, took, came / reports, (went - churn) / reports,
        churn / reports,
    )  # fmt: skip


async def _warm_up(broker: EmbeddedBroker, made: list[Template], base: Path) -> None:
    """Let a broker that was just started compile what it does all the time: else the first size pays for it."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix="warm-", partitions=4)
    await create_topics(settings)
    crowd = Crowd(settings, made, WARM_HOUSEHOLDS)
    await asyncio.to_thread(crowd.known)
    await asyncio.to_thread(crowd.reported, 2 * WARM_HOUSEHOLDS, 1)
    worker = await asyncio.to_thread(bench_worker.start, settings, base / "warm")
    await drained(settings, 600)
    await asyncio.to_thread(worker.stop)


async def _rounds(
    settings: Settings, crowd: Crowd, broker: EmbeddedBroker, reports: int, folder: Path
) -> tuple[BenchWorker, int, tuple[float, ...]]:
    """Take in reports in rounds; return the last worker, still running, the bytes that came, and the middle of each figure."""
    taken, came, logs = [], 0, f"{settings.topic_prefix}*/*.log"
    for turn in range(1, ROUNDS + 1):
        _say(f"{reports:,} reports, {turn} of {ROUNDS}")
        weight = _weight(broker.data_dir, logs)
        worker = await asyncio.to_thread(bench_worker.start, settings, folder)
        worker.process.send_signal(signal.SIGSTOP)  # of many partitions the first would be done before the last is ready
        await asyncio.to_thread(crowd.reported, reports, turn)
        came += _weight(broker.data_dir, logs) - weight
        worker.process.send_signal(signal.SIGCONT)
        taken.append(await _throughput(settings, [worker], broker, reports))
        if turn < ROUNDS:
            await asyncio.to_thread(worker.stop)
    return worker, came, tuple(statistics.median(figures) for figures in zip(*taken, strict=True))


async def _first(probe: Probe, settings: Settings, folder: Path) -> tuple[float, BenchWorker]:
    """Start a worker for which a report waits in each partition; return seconds until the last of them had its alert."""
    probe.send()
    began = time.monotonic()
    worker = await asyncio.to_thread(bench_worker.start, settings, folder)
    await asyncio.to_thread(probe.answered)
    return time.monotonic() - began, worker


async def _throughput(
    settings: Settings, workers: list[BenchWorker], broker: EmbeddedBroker, reports: int
) -> tuple[float, float, float]:
    """Return committed reports a second, and CPU µs a report of workers and broker, from now until all is taken in."""
    began, used, others = time.time(), sum(each.cpu_seconds() for each in workers), cpu_seconds(broker.pid(1))
    await drained(settings, 600)
    used, others = sum(each.cpu_seconds() for each in workers) - used, cpu_seconds(broker.pid(1)) - others
    committed = [float(at) for each in workers for at in COMMITTED.findall(await asyncio.to_thread(each.metrics))]
    return reports / (max(committed) - began), used / reports * 1e6, others / reports * 1e6


def _recovered(folder: Path) -> float:
    """Return how long a worker's partitions took to recover, by its log."""
    done = events(folder, "recovery.done")
    return float(max(line["at"] for line in done) - min(line["at"] - line["seconds"] for line in done))


def _weight(folder: Path, pattern: str = "*") -> int:
    """Return the bytes of the files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob(pattern) if file.is_file())


def render(sizes: list[Size]) -> str:
    """Return the tables."""
    rows = [
        [f"{s.households:,}", f"{s.partitions}", f"{s.rate:,.0f}", f"{s.cpu_us:.1f}", f"{s.broker_us:.1f}",
         f"{s.peak_mib:,.0f}", f"{s.state_bytes:,.0f} / {s.changelog_bytes:,.0f} / {s.disk_bytes:,.0f}"]
        for s in sizes
    ]  # fmt: skip
    first = table(["households", "partitions", "committed reports/s", "worker CPU µs/report", "broker CPU µs/report",
                   "worker peak MiB", "bytes per household: state / on the broker / on the worker's disk"], rows)  # fmt: skip
    rows = [
        [f"{s.households:,}", f"{s.partitions}", f"{s.entries:,}", f"{s.rebuild_seconds:.1f}", f"{s.rebuild_rate:,.0f}",
         f"{s.entries / s.rebuild_seconds:,.0f}", f"{s.rebuild_peak_mib:,.0f}", f"{s.warm_first_seconds:.1f}",
         f"{s.crashed_first_seconds:.1f}"]
        for s in sizes
    ]  # fmt: skip
    second = table(["households", "partitions", "changelog entries", "rebuild s", "households/s", "entries/s", "peak MiB",
                    "warm start to first alert s", "after kill -9 s"], rows)  # fmt: skip
    return f"{first}\n\n{second}"


async def _run(options: argparse.Namespace) -> dict[str, Any]:
    os.sched_setaffinity(0, {BROKER_CORE})  # inherited by the broker; the worker is pinned to the other core
    made = templates()
    plans = [(households, options.partitions) for households in options.households]
    plans += [(options.households[0], many) for many in options.many]
    sizes: list[Size] = []
    for households, partitions in plans:
        with tempfile.TemporaryDirectory(prefix="fangfan-scale-") as folder, EmbeddedBroker() as broker:
            sizes.append(await measure(broker, made, households, partitions, options.reports, Path(folder)))
            print(render(sizes[-1:]), file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="fangfan-scale-") as folder, EmbeddedBroker() as broker:
        _say(f"takeover of {options.takeover:,} households")
        takeovers = await take_over(broker, made, options.takeover, Path(folder))
        _say("a second worker")
        workers = await together(broker, made, options.households[0], ROUNDS * options.reports, Path(folder))
        print(render_more(takeovers, workers), file=sys.stderr, flush=True)
    return {"sizes": sizes, "takeovers": takeovers, "workers": workers}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-scale", description=__doc__)
    parser.add_argument("--households", type=int, nargs="+", default=SIZES)
    parser.add_argument("--partitions", type=int, default=4)
    parser.add_argument("--many", type=int, nargs="*", default=[48], help="Also the first size in so many partitions.")
    parser.add_argument("--reports", type=int, default=40_000, help="Of a round.")
    parser.add_argument("--takeover", type=int, default=300_000, help="How many households a killed worker's group has.")
    options = parser.parse_args()
    found = asyncio.run(_run(options))
    BUILD.mkdir(parents=True, exist_ok=True)
    kept = {name: [asdict(each) for each in some] for name, some in found.items()}
    (BUILD / "scale.json").write_text(json.dumps({"machine": machine(), "command": "make bench-scale", **kept}, indent=1))
    head = f"{machine()}; `make bench-scale`; exactly once, one worker on one core, broker and driver on another."
    text = f"{head}\n\n{render(found['sizes'])}\n\n{render_more(found['takeovers'], found['workers'])}"
    chart = [(f"{s.households:,} in {s.partitions} partitions", s.rate, f"{s.rate:,.0f}") for s in found["sizes"]]
    keep("scale", text, bars("Committed reports a second of one worker, by households", machine(), chart))


if __name__ == "__main__":
    main()
