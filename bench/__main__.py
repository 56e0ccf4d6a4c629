"""`make bench`: the household join on this machine, as Markdown."""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from agents.policy_files import load_policy
from agents.settings import DEFAULT_POLICY, GUARANTEES, Settings
from bench import latency, stages, throughput
from bench.load import HOUSEHOLDS, NOW, PARTITIONS, REPORTS, simulated
from bench.plot import bars
from bench.report import keep, machine, table
from bench.worker import BROKER_CORE
from fangfan.broker import EmbeddedBroker


def _say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


async def _run(options: argparse.Namespace) -> tuple[list[str], list[tuple[str, float, str]]]:
    os.sched_setaffinity(0, {BROKER_CORE})  # inherited by the broker; the worker is pinned to the other core
    _say(f"simulating {options.households} households, {options.events} reports")
    records = simulated(options.households, options.events)
    parts = []
    with tempfile.TemporaryDirectory(prefix="fangfan-bench-") as folder, EmbeddedBroker() as broker:
        base = Path(folder)
        _say("stages, in one process")
        by_stage = stages.measure(records, load_policy(DEFAULT_POLICY), base / "stages", int(NOW.timestamp()) * 10**9)
        through = []
        for guarantee in GUARANTEES:
            _say(f"one worker over preloaded records, {guarantee}")
            bulk = Settings(
                brokers=broker.bootstrap, topic_prefix=f"bulk-{guarantee}-", partitions=PARTITIONS, guarantee=guarantee
            )  # fmt: skip
            through.append(await throughput.measure(bulk, records, base / f"bulk-{guarantee}"))
        late = []
        for guarantee in GUARANTEES:
            _say(f"latency at {options.rate} reports a second for {options.seconds} s, {guarantee}")
            paced = Settings(
                brokers=broker.bootstrap, topic_prefix=f"paced-{guarantee}-", partitions=PARTITIONS, guarantee=guarantee
            )  # fmt: skip
            late.append(await latency.measure(paced, options.rate, options.seconds, base / guarantee))
    first = through[0]
    middle, high, most = first.state_bytes
    parts.append(table(
        ["guarantee", "reports", "committed reports/s", "worker CPU µs/report", "peak MiB"],
        [[name, f"{each.records:,}", f"{each.rate:,.0f}", f"{each.cpu_us:.1f}", f"{each.peak_mib:.0f}"]
         for name, each in zip(GUARANTEES, through, strict=True)],
    ))  # fmt: skip
    parts.append(f"State bytes per household p50 / p99 / max: {middle:,} / {high:,} / {most:,}.")
    inside = sum(by_stage.values())
    rows = [[name, f"{cost:.2f}"] for name, cost in by_stage.items()]
    rows.append(["fetch, commit, telemetry and the rest", f"{first.cpu_us - inside:.2f}"])
    parts.append(table(["stage, exactly once", "µs/report"], [*rows, ["**all**", f"**{first.cpu_us:.2f}**"]]))
    parts.append(table(
        ["guarantee", "reports/s", "alerts timed", "p50 ms", "p99 ms", "worker cores"],
        [[name, f"{each.rate:,}", f"{each.alerts:,}", f"{each.p50:.1f}", f"{each.p99:.1f}", f"{each.cores:.2f}"]
         for name, each in zip(GUARANTEES, late, strict=True)],
    ))  # fmt: skip
    inner = [*by_stage.items(), ("fetch, commit, telemetry, rest", first.cpu_us - inside)]
    return parts, [(name, max(0.0, cost), f"{cost:.1f} µs") for name, cost in inner]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--households", type=int, default=HOUSEHOLDS)
    parser.add_argument("--events", type=int, default=REPORTS)
    parser.add_argument("--rate", type=int, default=1_000)
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args()
    began = time.monotonic()
    parts, stages_chart = asyncio.run(_run(options))
    command = f"`make bench` (households {options.households}, reports {options.events}, {PARTITIONS} partitions)"
    text = "\n\n".join([f"{machine()}; {command}; worker on one core, broker and driver on another.", *parts])
    keep("bench", text, bars("CPU of a worker by stage, µs a report, exactly once", machine(), stages_chart))
    _say(f"took {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
