"""What time costs: a sweep of the due index by how much is due, at a million households. `python -m bench.ticks`"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from agents.due_index import DUE, DueIndex, due_key
from agents.policy_files import load_policy
from agents.settings import DEFAULT_POLICY
from agents.store import HOUSEHOLD, Store
from bench.load import NOW, simulated
from bench.report import machine, table
from schemas import codec
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report
from streams.due import due
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import Topic

TOPIC = "changelog"
KINDS = 500
"""How many different states there are; a million households are copies of these under other names."""


def states(policy: Policy) -> list[HouseholdState]:
    """Return households as the simulation leaves them."""
    found: dict[str, HouseholdState] = {}
    now = int(NOW.timestamp())
    for record in simulated(KINDS, KINDS * 5):
        message = normalise(Topic(record.topic), record.key.encode(), record.payload, now * 1_000)
        if isinstance(message, Report | RegistryChange) and message.household_id is not None:
            before = found.get(message.household_id, EMPTY)
            found[message.household_id] = advance(message.household_id, before, message, now * 10**9, policy).state
    return [state for state in found.values() if due(state, policy) is not None]


def fill(store: Store, kinds: list[HouseholdState], households: int) -> None:
    """Store copies of some states, without an index."""
    encoded = [codec.encode_state(state) for state in kinds]
    for start in range(0, households, 10_000):
        numbers = range(start, min(households, start + 10_000))
        store.write(((HOUSEHOLD + b"H%07d" % number, encoded[number % len(encoded)]) for number in numbers), {TOPIC: start})


def timed(what: Callable[[], object]) -> float:
    """Return milliseconds of CPU."""
    began = time.process_time_ns()
    what()
    return (time.process_time_ns() - began) / 1e6


def early(store: Store, index: DueIndex, state: HouseholdState, policy: Policy, households: int) -> int:
    """Let some households fall behind the others, so that they alone are due; returns an instant when they are."""
    facts = msgspec.structs.replace(state.facts, as_of=(state.facts.as_of or 0) - 365 * 86_400 * 10**9)
    behind = msgspec.structs.replace(state, facts=facts)
    instant = due(behind, policy)
    assert instant is not None
    names = [f"B{number:07d}" for number in range(households)]
    value = codec.encode_state(behind)
    changes: dict[bytes, bytes | None] = {HOUSEHOLD + name.encode(): value for name in names}
    for name in names:
        index.move(changes, name, EMPTY, behind)
    store.write(changes.items(), {})
    return instant


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ticks", description=__doc__)
    parser.add_argument("--households", type=int, default=1_000_000)
    options = parser.parse_args()
    policy = load_policy(DEFAULT_POLICY)
    kinds = states(policy)
    rows = []
    with tempfile.TemporaryDirectory(prefix="fangfan-ticks-") as folder:
        store = Store(Path(folder))
        fill(store, kinds, options.households)
        index = DueIndex(store, TOPIC, policy)
        built = timed(lambda: [None for _ in index.rebuild(200)])
        nobody = index.first()
        assert nobody is not None
        rows.append(["0", f"{min(timed(lambda: index.overdue(nobody - 1, b'', 2_000)) for _ in range(5)):.2f}", ""])
        for count in (100, 1_000, 10_000):
            instant = early(store, index, kinds[0], policy, count)
            took = timed(lambda instant=instant, count=count: index.overdue(instant, b"", count))  # type: ignore[misc] # binds the loop's values
            rows.append([f"{count:,}", f"{took:.2f}", f"{took / count * 1e3:.1f}"])
            gone: dict[bytes, bytes | None] = {due_key(instant, f"B{number:07d}"): None for number in range(count)}
            store.write(gone.items(), {})
        each = timed(lambda: [due(state, policy) for state in kinds * 20]) / len(kinds) / 20 * 1e3
        entries = sum(len(key) for key, _ in store.scan(DUE)) / options.households
        store.close()
    print(f"{machine()}; `python -m bench.ticks --households {options.households}`; CPU time of one process\n")
    print(table(["households due", "sweep ms", "µs/household due"], rows))
    print(f"\nindex made anew: {built / 1e3:.1f} s for {options.households:,} households; due instant of one: {each:.2f} µs")
    print(f"keys of the index: {entries:.0f} bytes a household")


if __name__ == "__main__":
    main()
