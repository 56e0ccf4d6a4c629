"""`make scale-doc`: docs/scale.md from what `make bench-scale` measured: what a province and the nation need."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.report import BUILD, table
from bench.scale import Size, render
from bench.takeover import Takeover, Together, render_more

PAGE = Path(__file__).resolve().parent.parent / "docs" / "scale.md"
TEMPLATE = Path(__file__).resolve().parent / "scale_page.md"
HOUR = 3_600
BUSY = 0.5
"""How much of a core a worker may use in a burst: the rest is for rebuilds and for what was not foreseen."""
REBUILD_SECONDS = 60.0
"""How long a worker whose folder is lost may take to be back, by itself."""
REPLICATION = 3
RETENTION_DAYS = 400
DIRTY = 2.0
"""Kafka compacts a log once half of it is out of date (``min.cleanable.dirty.ratio`` 0.5): it weighs up to twice that."""
COPIES = 2
"""A worker's own partitions, and as many of others as their standby."""
GIB = 1 << 30


@dataclass(frozen=True, slots=True)
class Place:
    """Whom the system serves. ``a_day`` and ``burst`` are reports, ``replay`` those of a year."""

    name: str
    households: int
    a_day: int
    burst: int
    burst_hours: int
    replay: int


PROVINCE = Place("a province", 5_000_000, 300_000, 2_000_000, 4, 100_000_000)
NATION = Place("the nation", 200_000_000, 12_000_000, 80_000_000, 4, 4_000_000_000)


@dataclass(frozen=True, slots=True)
class Costs:
    """What was measured, as functions of the households one worker holds. CPU in µs a report, sizes in bytes."""

    at_one: float
    per_doubling: float
    broker_us: float
    rebuild_us: float
    changelog_bytes: float
    disk_bytes: float
    input_bytes: float
    kept_bytes: float

    def report_us(self, households: float) -> float:
        """CPU of a worker for a report, where it holds so many households."""
        return self.at_one + self.per_doubling * math.log2(max(households, 1))

    def rate(self, households: float) -> float:
        """Reports a second of one core."""
        return 1e6 / self.report_us(households)


def fitted(sizes: Sequence[Size]) -> Costs:
    """Fit the costs to what was measured: how CPU a report grows with each doubling by least squares; the rest are means."""
    x = [math.log2(size.households) for size in sizes]
    y = [size.cpu_us for size in sizes]
    middle = sum(x) / len(x)
    spread = sum((each - middle) ** 2 for each in x)
    slope = sum((a - middle) * b for a, b in zip(x, y, strict=True)) / spread if spread else 0.0

    def mean(*values: float) -> float:
        return sum(values) / len(values)

    return Costs(
        at_one=mean(*y) - slope * middle, per_doubling=slope, broker_us=mean(*(s.broker_us for s in sizes)),
        rebuild_us=mean(*(s.rebuild_seconds / s.households * 1e6 for s in sizes)),
        changelog_bytes=mean(*(s.changelog_bytes for s in sizes)), disk_bytes=mean(*(s.disk_bytes for s in sizes)),
        input_bytes=mean(*(s.input_bytes for s in sizes)), kept_bytes=mean(*(s.kept_bytes for s in sizes)),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """What a place needs. Disk in GiB, rates in reports a second, CPU in cores."""

    workers: int
    partitions: int
    households_each: float
    burst_rate: float
    burst_cores: float
    broker_cores: float
    rebuild_seconds: float
    replay_hours: float
    worker_disk: float
    broker_disk: float


def need(place: Place, costs: Costs) -> Need:
    """Return the fewest workers that take the burst at half a core each and are rebuilt in time, and two at least."""
    burst = place.burst / place.burst_hours / HOUR
    workers = 2
    while True:
        each = place.households / workers
        busy = burst / workers * costs.report_us(each) / 1e6
        if busy <= BUSY and each * costs.rebuild_us / 1e6 <= REBUILD_SECONDS:
            break
        workers += 1
    kept = place.a_day * RETENTION_DAYS * (costs.input_bytes + costs.kept_bytes)
    logs = kept + place.households * costs.changelog_bytes * DIRTY
    return Need(
        workers=workers, partitions=_partitions(workers), households_each=each, burst_rate=burst,
        burst_cores=burst * costs.report_us(each) / 1e6, broker_cores=burst * costs.broker_us / 1e6,
        rebuild_seconds=each * costs.rebuild_us / 1e6, replay_hours=place.replay / (workers * costs.rate(each)) / HOUR,
        worker_disk=each * costs.disk_bytes * COPIES / GIB, broker_disk=logs * REPLICATION / GIB,
    )  # fmt: skip


def _partitions(workers: int) -> int:
    """Four partitions a worker, so that one more or less moves a quarter of one's; a multiple of 12."""
    return math.ceil(workers * 4 / 12) * 12


def check(sizes: Sequence[Size]) -> list[list[str]]:
    """Predict each measured size from the others alone; return rows of what was predicted and what was measured."""
    rows = []
    for left_out in sizes:
        costs = fitted([size for size in sizes if size is not left_out])
        predicted = (costs.rate(left_out.households), left_out.households * costs.rebuild_us / 1e6,
                     left_out.households * costs.disk_bytes / GIB)  # fmt: skip
        measured = (1e6 / left_out.cpu_us, left_out.rebuild_seconds, left_out.households * left_out.disk_bytes / GIB)
        pairs = [f"{a:,.2f} / {b:,.2f} ({(a - b) / b:+.0%})" for a, b in zip(predicted[1:], measured[1:], strict=True)]
        first = f"{predicted[0]:,.0f} / {measured[0]:,.0f} ({(predicted[0] - measured[0]) / measured[0]:+.0%})"
        rows.append([f"{left_out.households:,}", first, *pairs])
    return rows


def page(found: Mapping[str, Any]) -> str:
    """Return the whole page."""
    every = [Size(**size) for size in found["sizes"]]
    sizes = [size for size in every if size.partitions == every[0].partitions]
    costs = fitted(sizes)
    measured = [
        ["worker CPU a report", f"{costs.report_us(sizes[0].households):.1f} µs at {sizes[0].households:,} households, "
         f"{costs.per_doubling:+.2f} µs with each doubling"],
        ["broker CPU a report", f"{costs.broker_us:.1f} µs (one node, no replication)"],
        ["rebuild of a household, with its persons", f"{costs.rebuild_us:.1f} µs"],
        ["state of a household", f"{sizes[0].state_bytes:,.0f} bytes; {costs.changelog_bytes:,.0f} on the broker with its "
         f"persons, {costs.disk_bytes:,.0f} on a worker's disk"],
        ["a report", f"{costs.input_bytes:,.0f} bytes in, {costs.kept_bytes:,.0f} kept of alerts and moved records"],
        ["peak memory of a worker (`FANGFAN_STORE_MIB` 256)", "; ".join(
            f"{s.peak_mib:,.0f} MiB with {s.households:,} households, {s.rebuild_peak_mib:,.0f} to rebuild them" for s in sizes
        )],
    ]  # fmt: skip
    needs = [(place, need(place, costs)) for place in (PROVINCE, NATION)]
    names = ["", *(place.name for place, _ in needs)]
    rows = [
        ["households; reports a day", *(f"{p.households:,}; {p.a_day:,}" for p, _ in needs)],
        ["burst", *(f"{p.burst:,} in {p.burst_hours} h = {n.burst_rate:,.0f}/s" for p, n in needs)],
        ["**workers** (a core each)", *(f"**{n.workers}**" for _, n in needs)],
        ["households a worker", *(f"{n.households_each:,.0f}" for _, n in needs)],
        ["cores of all workers in the burst", *(f"{n.burst_cores:.2f}" for _, n in needs)],
        ["**partitions**", *(f"**{n.partitions}**" for _, n in needs)],
        ["rebuild of a worker that lost its folder", *(f"{n.rebuild_seconds:.0f} s" for _, n in needs)],
        [f"replay of {PROVINCE.replay:,} / {NATION.replay:,} reports", *(f"{n.replay_hours:.1f} h" for _, n in needs)],
        ["**broker**: cores of the leaders in the burst", *(f"**{n.broker_cores:.2f}**" for _, n in needs)],
        [f"**broker disk**, {RETENTION_DAYS} days, {REPLICATION} replicas",
         *(f"**{n.broker_disk:,.0f} GiB**" for _, n in needs)],
        ["disk of a worker, with a standby's share", *(f"{n.worker_disk:,.1f} GiB" for _, n in needs)],
    ]  # fmt: skip
    return TEMPLATE.read_text().format(
        machine=found["machine"], command=found["command"], measured=table(["what", "measured"], measured),
        sizes=render(every), flat=f"{min(s.rate for s in sizes) / sizes[0].rate:.0%}",
        more=render_more([Takeover(**each) for each in found["takeovers"]], [Together(**each) for each in found["workers"]]),
        check=table(["households", "reports/s of a core: predicted / measured", "rebuild s: predicted / measured",
                     "worker's disk GiB: predicted / measured"], check(sizes)),
        needs=table(names, rows), busy=f"{BUSY:.0%}", rebuild=f"{REBUILD_SECONDS:.0f}",
    )  # fmt: skip


def main() -> None:
    found = json.loads((BUILD / "scale.json").read_text())
    PAGE.write_text(page(found))
    print(f"wrote {PAGE.name}")


if __name__ == "__main__":
    main()
