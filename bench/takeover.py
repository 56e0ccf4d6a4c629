"""How long a killed worker's partitions are without one, and what a second worker adds."""

import asyncio
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.settings import Settings
from agents.topics import create_topics
from bench import worker as bench_worker
from bench.crowd import Crowd, Template
from bench.probe import Probe
from bench.report import table
from bench.throughput import COMMITTED
from bench.worker import BROKER_CORE, WORKER_CORE, BenchWorker, cpu_seconds, events
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained

PARTITIONS = 4
SHORT_SECONDS = 3
"""A session as short as one may want it; a broker allows it where its ``group.min.session.timeout.ms`` does."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """A worker was killed; another had its partitions. Seconds of wall clock."""

    households: int
    standby: bool
    session_seconds: int
    detected_seconds: float
    taken_seconds: float
    alert_seconds: float
    entries_read: int


@dataclass(frozen=True, slots=True)
class Together:
    """Some workers on one input. ``rate`` in committed reports a second, the rest in CPU µs a report."""

    workers: int
    rate: float
    worker_us: tuple[float, ...]
    broker_us: float


async def take_over(broker: EmbeddedBroker, made: list[Template], households: int, base: Path) -> list[Takeover]:
    """Kill one of two workers: without a standby, with one, and with one and a short session."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=f"takeover-{households}-", partitions=PARTITIONS)
    await create_topics(settings)
    await asyncio.to_thread(Crowd(settings, made, households).known)
    probe = Probe(settings)
    found = []
    for standby, session in ((False, 10), (True, 10), (True, SHORT_SECONDS)):
        first, second = base / f"first-{standby}-{session}", base / f"second-{standby}-{session}"
        given = {"STANDBY": str(int(standby)), "SESSION_SECONDS": str(session)}
        start = bench_worker.start
        workers = [await asyncio.to_thread(start, settings, each, WORKER_CORE, given) for each in (first, second)]
        if standby:
            await _followed(workers[1])
        workers[0].kill()
        killed, mono = time.time(), time.monotonic()
        probe.send()
        await asyncio.to_thread(probe.answered)
        alert = time.monotonic() - mono
        await asyncio.to_thread(workers[1].stop)
        assigned = [line["at"] for line in events(second, "partitions.assigned")][-1]
        taken = [line for line in events(second, "recovery.done") if line["at"] > assigned]
        found.append(Takeover(
            households, standby, session, assigned - killed, max(line["at"] for line in taken) - assigned, alert,
            sum(line["read"] for line in taken),
        ))  # fmt: skip
        for each in (first, second):
            shutil.rmtree(each)
    return found


async def _followed(worker: BenchWorker) -> None:
    """Wait until a worker follows half of the partitions and is not behind."""

    def close() -> bool:
        follows, behind = worker.metric("fangfan_standby_partitions"), worker.metric("fangfan_standby_lag_records")
        return (follows, behind) == ([PARTITIONS / 2], [0])

    async with asyncio.timeout(120):
        while not await asyncio.to_thread(close):  # noqa: ASYNC110 # a process has no event to wait for
            await asyncio.sleep(0.2)


async def together(broker: EmbeddedBroker, made: list[Template], households: int, reports: int, base: Path) -> list[Together]:
    """Let one worker and then two take in as many reports; the second shares its core with broker and driver."""
    found = []
    for count in (1, 2):
        settings = Settings(brokers=broker.bootstrap, topic_prefix=f"together-{count}-", partitions=PARTITIONS)
        await create_topics(settings)
        crowd = Crowd(settings, made, households)
        await asyncio.to_thread(crowd.known)
        cores = (WORKER_CORE, BROKER_CORE)[:count]
        workers = [await asyncio.to_thread(bench_worker.start, settings, base / f"{count}-{core}", core) for core in cores]
        processes = [*(each.process.pid for each in workers), broker.pid(1)]
        began, before = time.time(), [cpu_seconds(each) for each in processes]
        await asyncio.to_thread(crowd.reported, reports, count)
        await drained(settings, 300)
        used = [(after - earlier) / reports * 1e6 for after, earlier in zip(map(cpu_seconds, processes), before, strict=True)]
        ends: list[Any] = [float(at) for each in workers for at in COMMITTED.findall(await asyncio.to_thread(each.metrics))]
        found.append(Together(count, reports / (max(ends) - began), tuple(used[:-1]), used[-1]))
        for each in workers:
            await asyncio.to_thread(each.stop)
    return found


def render_more(takeovers: list[Takeover], workers: list[Together]) -> str:
    """Return the tables of takeovers and of the second worker."""
    rows = [
        [f"{t.households:,}", "yes" if t.standby else "no", f"{t.session_seconds}", f"{t.detected_seconds:.1f}",
         f"{t.taken_seconds:.1f}", f"{t.alert_seconds:.1f}", f"{t.entries_read:,}"]
        for t in takeovers
    ]  # fmt: skip
    first = table(["households", "standby", "session s", "kill -9 to reassigned s", "reassigned to recovered s",
                   "kill to last alert s", "changelog entries read"], rows)  # fmt: skip
    one = workers[0]
    rows = [
        [f"{w.workers}", f"{w.rate:,.0f}", f"{w.rate / one.rate:.2f}", " + ".join(f"{each:.1f}" for each in w.worker_us),
         f"{w.broker_us:.1f}", f"{sum(one.worker_us) / max(w.worker_us):.2f}"]
        for w in workers
    ]  # fmt: skip
    second = table(["workers", "committed reports/s", "of one", "CPU µs/report of each worker", "broker CPU µs/report",
                    "of one, were each worker alone on a core"], rows)  # fmt: skip
    return f"{first}\n\n{second}"
