"""Sweeps on a real store, with a lane that takes in what they send: how soon households that were left alone catch up."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecord

from agents import sweep as sweeping
from agents.due_index import DueIndex
from agents.store import Store
from agents.sweep import Sweep
from schemas.fields import parse_instant
from streams.policy import Policy
from streams.topics import Topic
from tests.agents.test_due_index import TOPIC, live, rebuild
from tests.build import TIMESTAMP, cadre, encode, statement

NOW = parse_instant("2026-11-18T00:00:00+08:00")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "store")
    yield store
    store.close()


def heard_in(*months: int) -> list[tuple[str, DefaultRecord]]:
    """A household each that was last heard of in a month of 2026."""
    made = []
    for month in months:
        name, at = f"H{month:06d}", f"2026-{month:02d}-10T09:00:00+08:00"
        report = cadre("e1", statement("2025-01", "2025-10", "30000"), household_id=name, at=at)
        made.append(("cadre-reports", DefaultRecord(0, TIMESTAMP, 0, name.encode(), encode(report), [])))
    return made


class Sent:
    """Takes ticks as a producer does, confirmed at once."""

    def __init__(self) -> None:
        self.ticks: list[DefaultRecord] = []

    async def send(self, topic: str, value: bytes, key: bytes, partition: int) -> Any:
        assert (Topic.TICKS.value, 0) == (topic, partition)
        self.ticks.append(DefaultRecord(0, TIMESTAMP, 0, key, value, []))
        return _confirmed()


async def _confirmed() -> None:
    return None


async def swept(store: Store, policy: Policy, index: DueIndex, monkeypatch: pytest.MonkeyPatch, *, taken: bool) -> list[int]:
    """Return how many ticks each of a hundred sweeps sent, one a second; ``taken``: the lane takes in what it is sent."""
    lane = SimpleNamespace(index=index, waiting_records=0, working=False)
    worker: Any = SimpleNamespace(settings=SimpleNamespace(topic=lambda topic: topic.value), lanes={0: lane}, lag={0: 0})
    sweep, counts = Sweep(worker), []
    for second in range(100):
        monkeypatch.setattr(sweeping, "time", SimpleNamespace(monotonic=lambda second=second: float(second)))
        sent: Any = Sent()
        await sweep._sweep(sent, NOW)
        counts.append(len(sent.ticks))
        if taken:
            live(store, policy, [("ticks", tick) for tick in sent.ticks], index)
    return counts


async def test_households_that_are_behind_by_different_times_catch_up_with_every_sweep(
    store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One was last heard of in January, one in October: ten months are ten sweeps."""
    index = DueIndex(store, (TOPIC,), policy)
    rebuild(index)
    live(store, policy, heard_in(*range(1, 11)), index)

    assert [*range(10, 0, -1), 0, 0] == (await swept(store, policy, index, monkeypatch, taken=True))[:12]


async def test_what_is_on_its_way_is_not_sent_again_for_a_minute(
    store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = DueIndex(store, (TOPIC,), policy)
    rebuild(index)
    live(store, policy, heard_in(3, 4), index)
    counts = await swept(store, policy, index, monkeypatch, taken=False)

    assert [2, *[0] * 60, 2] == counts[:62]
