"""`make bench-extensions`: what each extension adds to a report in one process; then the plain job and everything switched on.

The second is on a real broker, both in the same run by turns: reports a second, CPU, latency.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import orjson

from agents.settings import Settings
from agents.topics import create_topics
from bench import extended, extensions, latency, throughput
from bench.extensions import EXTENSIONS, HALF_WAY, document_of
from bench.latency import FLIPS, HOUSEHOLDS, SPENDING, Paced, area_of
from bench.load import simulated
from bench.report import machine, table
from bench.worker import BROKER_CORE
from fangfan.broker import EmbeddedBroker
from fangfan.policy_topic import publish_version
from fangfan.reading import extents, read_topic
from fangfan.sent import Sent
from streams.policies import FILE
from streams.policy_documents import content_of, version_of
from streams.topics import Topic

PARTITIONS: Final = 4
RATE: Final = 1_000
"""Reports a second where latency is asked."""
EVERYTHING: Final = EXTENSIONS[-1]
ALL_ON: Final = (
    "Everything: ticks, a shadow, a second version, area alerts by share, a window; signals and cases in the reports, no area "
    "events. Ticks that fall due follow the reports and are not in the first two figures."
)
FIGURES: Final[dict[str, Callable[["Round"], float]]] = {
    "committed reports/s": lambda each: each.bulk.rate,
    "worker CPU µs/report": lambda each: each.bulk.cpu_us,
    "p50 ms": lambda each: each.paced.p50,
    "p99 ms": lambda each: each.paced.p99,
    "worker cores": lambda each: each.paced.cores,
}
DIGITS: Final = (0, 1, 1, 1, 2)


@dataclass(frozen=True, slots=True)
class Job:
    """One way to run: settings of the worker, a version to be published before it starts, and what is reported."""

    name: str
    given: dict[str, str]
    second: dict[str, Any] | None
    reported: Callable[[list[Sent]], list[Sent]]


@dataclass(frozen=True, slots=True)
class Round:
    """What one turn of a job measured."""

    bulk: throughput.Throughput
    paced: latency.Latency


def more(records: list[Sent]) -> list[Sent]:
    """Return records with signals and cases; no area events, which become hundreds of reports each and would drown the rest."""
    return extended.cases(extended.signals(records))


def jobs(folder: Path) -> tuple[Job, Job]:
    """Return both, with their policies written as files."""
    plain = _written(folder / "plain.json", document_of(EXTENSIONS[0]))
    full = _written(folder / "everything.json", document_of(EVERYTHING))
    shadow = _written(folder / "shadow.json", document_of(EVERYTHING, 3, "0.25"))
    second = document_of(EVERYTHING, 2, "0.35") | {"effective-from": date.fromordinal(HALF_WAY)}
    return (
        Job("plain", {"POLICY": plain}, None, list),
        Job("everything", {"POLICY": full, "SHADOW_POLICY": shadow, "TICKS": "on"}, second, more),
    )


def _written(path: Path, document: dict[str, Any]) -> str:
    path.write_bytes(content_of(document))
    return str(path)


def entries() -> list[Sent]:
    """Return the registry of the households whose alerts are timed."""
    return [
        Sent(Topic.HOUSEHOLDS, f"H{number:07d}", {
            "schema": "household/1", "household_id": f"H{number:07d}", "area_code": area_of(number), "status": "relieved",
            "relieved_on": "2019-12-01", "updated_at": "2026-01-01T00:00:00+08:00",
            "members": [{"person_id": f"P{number:07d}-1", "birth_year": 1980, "labour": "full", "student": False}],
        }) for number in range(HOUSEHOLDS)
    ]  # fmt: skip


def steady(count: int) -> list[Paced]:
    """Return reports in turn about all households; once each household comes to hunger, which is red: no window holds it back.

    Raises:
        ValueError: so many that a household would have to hunger twice.
    """
    if count > HOUSEHOLDS * FLIPS:
        raise ValueError(f"at most {HOUSEHOLDS * FLIPS} reports, each household can say only once that it hungers")
    made = []
    for number in range(count):
        says = number % FLIPS == number // HOUSEHOLDS
        fact = {"type": "food", "adequate": False} if says else SPENDING
        made.append(Paced(latency.report(number, "cadre" if says or number % 2 else "department", fact), says))
    return made


def loaded(job: Job, count: int) -> list[Paced]:
    """Return the steady load with what a job also reports; cases take the order of reports from when they occur."""
    load = steady(count)
    numbered = [replace(each.sent, value=each.sent.value | {"occurred_at": f"{at:09d}"}) for at, each in enumerate(load)]
    return [Paced(sent, each.says) for sent, each in zip(job.reported(numbered), load, strict=True)]


async def _turn(job: Job, broker: str, prefix: str, records: list[Sent], seconds: int, folder: Path) -> Round:
    bulk, paced = (
        Settings(brokers=broker, topic_prefix=f"{prefix}-{what}-", partitions=PARTITIONS) for what in ("bulk", "paced")
    )
    for settings in (bulk, paced):
        await create_topics(settings)
        if job.second is not None:
            admission = await publish_version(settings, version_of(job.second, "second", FILE, None))
            assert admission.error is None, admission.error
    many = await throughput.measure(bulk, job.reported(records), folder / "bulk", job.given, reports_alone=True)
    load = loaded(job, RATE * seconds)
    timed = await latency.measure(paced, RATE, seconds, folder / "paced", load, entries(), job.given)
    await _as_meant(job, bulk, paced)
    return Round(many, timed)


async def _as_meant(job: Job, bulk: Settings, paced: Settings) -> None:
    """Look at what was said: whether the second version judged, shadow and areas spoke, or none of these."""
    on = job.second is not None
    for topic in (Topic.ALERTS_SHADOW, Topic.AREA_ALERTS):
        assert on == any(end > first for first, end in (await extents(bulk, topic)).values()), (job.name, topic)
    judged = {orjson.loads(record.value)["policy"] async for record in read_topic(paced, Topic.ALERTS, [0])}
    assert judged == {"shanxi@2" if on else "shanxi@1"}, (job.name, judged)


async def measure(records: list[Sent], rounds: int, seconds: int) -> str:
    """Return the table: medians of the rounds, and the medians of each round's ratio."""
    os.sched_setaffinity(0, {BROKER_CORE})  # inherited by the broker; the worker is pinned to the other core
    with tempfile.TemporaryDirectory(prefix="fangfan-bench-") as folder, EmbeddedBroker() as broker:
        both = jobs(Path(folder))
        found: dict[str, list[Round]] = {job.name: [] for job in both}
        for number in range(rounds):
            for job in both:  # by turns, so that a slow moment of the machine meets both
                print(f"... round {number + 1} of {rounds}, {job.name}", file=sys.stderr, flush=True)
                name = f"{job.name}-{number}"
                found[job.name].append(await _turn(job, broker.bootstrap, name, records, seconds, Path(folder) / name))
    return as_table(found)


def as_table(found: dict[str, list[Round]]) -> str:
    """Return medians by job, and below them what everything takes of the plain job."""
    rows = [
        [name, *(f"{statistics.median(map(ask, turns)):,.{digits}f}"
                 for ask, digits in zip(FIGURES.values(), DIGITS, strict=True))]
        for name, turns in found.items()
    ]  # fmt: skip
    plain, full = found.values()
    ratios = [statistics.median(ask(b) / ask(a) for a, b in zip(plain, full, strict=True)) for ask in FIGURES.values()]
    return table(["on a broker", *FIGURES], [*rows, ["of plain", *(f"{ratio:.2f}" for ratio in ratios)]])


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-extensions", description=__doc__)
    parser.add_argument("--households", type=int, default=6_000)
    parser.add_argument("--events", type=int, default=30_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=15, help="of each measurement of latency")
    options = parser.parse_args()
    began, records = time.monotonic(), simulated(options.households, options.events)
    size = f"households {options.households}, reports {options.events}, medians of {options.rounds}"
    print(f"{machine()}; `make bench-extensions` ({size}); the join in one process, without Kafka.\n")
    print(extensions.measure(records, options.rounds), flush=True)
    print(f"\nThe same load on a broker; one worker on one core, broker and driver on another, {PARTITIONS} partitions; "
          f"latency and cores at {RATE:,} reports/s. {ALL_ON}\n")  # fmt: skip
    print(asyncio.run(measure(records, options.rounds, options.seconds)))
    print(f"... took {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
