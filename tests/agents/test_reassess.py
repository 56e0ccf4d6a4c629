"""Households judged again on a real store: in bounded slices, once each, from where another left off."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka.record.default_records import DefaultRecord

from agents import reassess
from agents.households import Households
from agents.policies import Judge
from agents.store import Store
from agents.work import Work
from streams.policies import policies_of
from streams.topics import Topic
from tests.build import TIMESTAMP, cadre, encode, entry, statement
from tests.streams.test_policies import document, file_version, published

HOUSEHOLDS = 250
NOW = TIMESTAMP * 1_000_000
FILE = file_version()


def row(at: int, topic: Topic, name: str, record: dict[str, Any]) -> tuple[str, DefaultRecord]:
    return topic, DefaultRecord(at, TIMESTAMP, 0, name.encode(), encode(record), [])


class Partition:
    """The only partition there is; 13,000 yuan for two a household: above the line of the file."""

    def __init__(self, folder: Path) -> None:
        self.store, self.judge = Store(folder), Judge(policies_of((FILE,)))
        self.households = self.again()
        records = []
        for number in range(HOUSEHOLDS):
            name = f"H{number:06d}"
            income = cadre(f"c-{name}", statement("2025-06", "2026-05", "13000"), household_id=name)
            records += [(Topic.HOUSEHOLDS, name, entry(name)), (Topic.CADRE_REPORTS, name, income)]
        work = self.households.run([row(at, *each) for at, each in enumerate(records)], NOW)
        assert not [each for each in work.outgoing if each.topic is Topic.ALERTS]
        self.keep(work)

    def again(self) -> Households:
        """The same partition after a restart."""
        return Households(0, 1, "", self.store, self.judge)

    def keep(self, work: Work) -> None:
        self.store.write(work.changes.items(), {}, work.tally.new_households, work.tally.parked)

    def publish(self, version: str, line: int, start: str | None = None) -> None:
        made = published(document(version, line, start), int(version))
        self.judge.replace(policies_of((*self.judge.policies.versions, made)))

    def slices(self, households: Households) -> list[Work]:
        """Take slices until there is nothing left."""
        taken = []
        while (work := households.slice(NOW)) is not None:
            self.keep(work)
            taken.append(work)
        return taken


@pytest.fixture
def partition(tmp_path: Path) -> Iterator[Partition]:
    made = Partition(tmp_path / "store")
    yield made
    made.store.close()


def alerts(works: list[Work], topic: Topic = Topic.ALERTS) -> dict[str, list[tuple[int, str, str]]]:
    found: dict[str, list[tuple[int, str, str]]] = {}
    for each in [each for work in works for each in work.outgoing if each.topic is topic]:
        alert = orjson.loads(each.value or b"")
        found.setdefault(alert["household_id"], []).append((alert["sequence"], alert["transition"], alert["caused_by"]))
    return found


EVERYBODY = {f"H{number:06d}": [(1, "opened", "policy:shanxi@2")] for number in range(HOUSEHOLDS)}


def test_without_a_published_version_there_is_nothing_to_do(partition: Partition) -> None:
    assert partition.households.slice(NOW) is None


def test_every_household_is_judged_again_once_in_bounded_slices(partition: Partition) -> None:
    partition.publish("2", 7000)
    works = partition.slices(partition.households)

    assert EVERYBODY == alerts(works)
    assert all(work.tally.reassessed <= reassess.JUDGED for work in works)
    assert HOUSEHOLDS == sum(work.tally.reassessed for work in works)
    assert [] == [each for each in partition.slices(partition.again()) if each.states]


def test_a_slice_looks_at_no_more_than_so_many(partition: Partition, monkeypatch: pytest.MonkeyPatch) -> None:
    """A version that judges nobody here: all are looked at, in several slices, and none is stored again."""
    monkeypatch.setattr(reassess, "LOOKED", 60)
    monkeypatch.setattr(reassess, "SLICE_SECONDS", 60.0)
    partition.publish("2", 7000, "2099-01-01")
    works = partition.slices(partition.households)

    assert HOUSEHOLDS // 60 + 1 == len(works)
    assert {} == {household: state for work in works for household, state in work.states.items()}


def test_who_begins_again_passes_over_what_is_done(partition: Partition) -> None:
    partition.publish("2", 7000)
    first = partition.households.slice(NOW)
    assert first is not None
    partition.keep(first)
    lost = partition.households.slice(NOW)  # computed, never committed
    assert lost is not None
    works = [first, *partition.slices(partition.again())]

    assert lost.states
    assert EVERYBODY == alerts(works)


def test_a_version_that_joins_on_the_way_is_judged_by_all(partition: Partition) -> None:
    partition.publish("2", 7000)
    first = partition.households.slice(NOW)
    assert first is not None
    partition.keep(first)
    partition.publish("3", 6200)
    works = [first, *partition.slices(partition.households)]
    done = set(first.states)
    found = alerts(works)

    assert {name: [(1, "opened", "policy:shanxi@2"), (2, "cleared", "policy:shanxi@3")] for name in done} == found


def test_reports_of_a_batch_are_judged_by_one_set_of_versions(partition: Partition) -> None:
    """What joins while a batch is computed judges the next one."""
    poor = cadre("n1", statement("2025-06", "2026-05", "13000"), household_id="H000000", at="2026-06-12T09:00:00+08:00")
    record = row(9_999, Topic.CADRE_REPORTS, "H000000", poor)

    def records() -> Iterator[tuple[str, DefaultRecord]]:
        partition.publish("2", 7000)
        yield record

    during = partition.households.run(records(), NOW)
    after = partition.households.run([record], NOW)

    assert {} == alerts([during])
    assert {"H000000": [(1, "opened", "n1")]} == alerts([after])


def test_a_shadow_publishes_to_its_own_topic_alone(partition: Partition) -> None:
    partition.judge = Judge(policies_of((FILE,)), published(document("9", 7000)).policy, NOW)
    works = partition.slices(partition.again())

    assert ({}, {}) == (alerts(works), alerts(works, Topic.ALERTS_CURRENT))
    assert {name: [(1, "opened", "policy:shanxi@9")] for name in EVERYBODY} == alerts(works, Topic.ALERTS_SHADOW)
    assert HOUSEHOLDS == sum(len(work.tally.shadowed) for work in works)
