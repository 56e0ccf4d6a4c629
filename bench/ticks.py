"""`make bench-ticks`: what time costs by how many households are due: sweeps of the index, and taking in what they send."""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from agents.collector import tune_collector
from agents.due_index import DUE, DueIndex, due_key
from agents.households import Households
from agents.policy_files import load_policy
from agents.reading import Record as Taken
from agents.settings import DEFAULT_POLICY
from agents.store import HOUSEHOLD, Store
from agents.sweep import MOST, SLICE
from bench.load import NOW, Record
from bench.report import machine, table
from fangfan.simulation import Simulator
from schemas import codec
from schemas.fields import CHINA
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.due import due
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import Topic

CHANGELOG: Final = "changelog"
KINDS: Final = 4_000
"""How many different households there are, so that what the simulation plants is rare; a million are copies of these."""
BEGINS: Final = datetime(2026, 6, 1, tzinfo=CHINA)
"""Households that were last heard of before it are due then; all others have been heard of since, and are due a month later."""
DUE_COUNTS: Final = (1_000, 10_000, 100_000)
BATCH: Final = 1_500
"""Ticks of a batch: what a lane takes in one turn when much is waiting."""


@dataclass(frozen=True, slots=True)
class Row:
    """What some households that are due cost, in milliseconds of CPU; alerts that their ticks led to."""

    households: int
    due: int
    sweep: float
    taken: float
    alerts: int

    def cells(self) -> list[str]:
        """Return it as the table shows it."""
        first = [f"{self.households:,}", f"{self.due:,}", f"{self.sweep:,.{2 if self.due else 3}f}"]
        if not self.due:
            return [*first, "", "", ""]
        return [
            *first,
            f"{self.sweep / self.due * 1e3:.1f}",
            f"{self.taken / self.due * 1e3:.1f}",
            f"{self.alerts / self.due:.2f}",
        ]


def kinds(now: datetime, policy: Policy) -> list[HouseholdState]:
    """Return households as the simulation leaves them at an instant, those of which time may say something new."""
    found: dict[str, HouseholdState] = {}
    stamp = int(now.timestamp())
    for sent in Simulator(KINDS, KINDS * 5, 1, now).run().records:
        message = normalise(Topic(sent.topic), sent.key.encode(), sent.payload, stamp * 1_000)
        if isinstance(message, Report | RegistryChange) and message.household_id is not None:
            before = found.get(message.household_id, EMPTY)
            found[message.household_id] = advance(message.household_id, before, message, stamp * 10**9, policy).state
    return [state for state in found.values() if due(state, policy) is not None]


def fill(store: Store, encoded: list[bytes], households: int) -> None:
    """Store copies of some states, without an index."""
    for start in range(0, households, 10_000):
        numbers = range(start, min(households, start + 10_000))
        states = ((HOUSEHOLD + b"H%07d" % number, encoded[number % len(encoded)]) for number in numbers)
        store.write(states, {CHANGELOG: start}, len(numbers))


def timed(what: Callable[[], object]) -> float:
    """Return milliseconds of CPU."""
    began = time.process_time_ns()
    what()
    return (time.process_time_ns() - began) / 1e6


def behind(store: Store, index: DueIndex, some: list[HouseholdState], households: int) -> None:
    """Add households that were last heard of in the month before: they alone are due."""
    for start in range(0, households, 10_000):
        changes: dict[bytes, bytes | None] = {}
        for number in range(start, min(households, start + 10_000)):
            state, name = some[number % len(some)], f"B{households}-{number:07d}"
            changes[HOUSEHOLD + name.encode()] = codec.encode_state(state)
            index.move(changes, name, EMPTY, state)
        store.write(changes.items(), {})


def swept(index: DueIndex, now: int) -> Iterator[tuple[int, str]]:
    """Yield who is due as sweeps find them, one after another behind the last."""
    after = b""
    while found := index.overdue(now, after, MOST):
        yield from found
        after = due_key(*found[-1])


def measured(store: Store, index: DueIndex, policy: Policy, some: list[HouseholdState], counts: tuple[int, int]) -> Row:
    """Let some of the households be due: sweep, and take in the ticks as a lane does."""
    households, count = counts
    behind(store, index, some, count)
    now, found = int(BEGINS.timestamp()), list[tuple[int, str]]()
    sweep = timed(lambda: found.extend(swept(index, now * 10**9)))
    assert count == len(found), f"{len(found)} of {count} were due"
    job = Households(0, 1, "", store, policy, index=index)
    records: list[tuple[str, Taken]] = [
        (Topic.TICKS.value, Record(at, now * 1_000, name.encode(), codec.encode_tick(Tick(name, instant)), []))
        for at, (instant, name) in enumerate(found)
    ]
    alerts = 0

    def take() -> None:
        nonlocal alerts
        for start in range(0, len(records), BATCH):
            work = job.run(records[start : start + BATCH], now * 10**9)
            alerts += sum(each.topic is Topic.ALERTS for each in work.outgoing)
            store.write([*work.changes.items(), *work.index.items()], {}, work.tally.new_households)

    taken = timed(take)
    left = index.overdue(now * 10**9, b"", 1)
    assert not left, f"{left} is due still"
    return Row(households, count, sweep, taken, alerts)


def at_size(
    households: int, policy: Policy, later: list[HouseholdState], earlier: list[HouseholdState]
) -> tuple[list[Row], str]:
    """Measure one partition of so many households: with nobody due, and with some; and what the index itself costs."""
    with tempfile.TemporaryDirectory(prefix="fangfan-ticks-") as folder:
        store = Store(Path(folder))
        fill(store, [codec.encode_state(state) for state in later], households)
        index = DueIndex(store, (CHANGELOG,), policy)
        built = timed(lambda: [None for _ in index.rebuild(SLICE)])
        entries = sum(len(key) for key, _ in store.scan(DUE)) / households
        now = int(BEGINS.timestamp()) * 10**9
        first = index.first()
        assert first is not None
        assert first > now, "nobody may be due yet"
        nobody = min(timed(lambda: index.overdue(now, b"", MOST)) for _ in range(20))
        rows = [Row(households, 0, nobody, 0.0, 0)]
        tune_collector()
        for count in (each for each in DUE_COUNTS if each <= households):
            print(f"{households:,} households, {count:,} due", file=sys.stderr, flush=True)
            rows.append(measured(store, index, policy, earlier, (households, count)))
        store.close()
    return rows, f"{households:,} households: {built / 1e3:.1f} s to make the index anew, its keys {entries:.0f} bytes each"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-ticks", description=__doc__)
    parser.add_argument("--households", type=int, nargs="+", default=[100_000, 1_000_000], help="In one partition.")
    options = parser.parse_args()
    policy = load_policy(DEFAULT_POLICY)
    print("simulating", file=sys.stderr, flush=True)
    at = int(BEGINS.timestamp()) * 10**9
    later = [state for state in kinds(NOW, policy) if (state.facts.as_of or 0) >= at]
    earlier = [state for state in kinds(BEGINS - timedelta(days=11), policy) if due(state, policy) == at]
    sizes = [at_size(each, policy, later, earlier) for each in options.households]
    reckoned = timed(lambda: [due(state, policy) for state in later]) / len(later) * 1e3
    print(f"{machine()}; `make bench-ticks`; CPU time of one process, one partition, without Kafka.\n")
    head = ["households", "of these due", "sweep ms", "µs/tick found", "µs/tick taken in", "alerts a tick"]
    print(table(head, [row.cells() for rows, _ in sizes for row in rows]))
    print(f"\nThe due instant of one household: {reckoned:.1f} µs. " + "; ".join(said for _, said in sizes) + ".")


if __name__ == "__main__":
    main()
