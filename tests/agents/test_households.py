"""One partition's batches on a real store: persons that wait and move, entries that go, records that lie wrong."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka.record.default_records import DefaultRecord

from agents import telemetry
from agents.households import Households
from agents.policies import Judge
from agents.store import Store
from agents.work import Outgoing, Work
from schemas.fields import instant_of_day
from streams.policy import Policy
from streams.topics import Topic
from streams.workdays import KNOWN_UNTIL
from tests.build import TIMESTAMP, cadre, department, encode, entry, member

UNSAFE = {"type": "water", "safe": False}
NOW = TIMESTAMP * 1_000_000


class Partition:
    """The only partition there is; what it sends to itself can be fed back."""

    def __init__(self, store: Store, policy: Policy | Judge) -> None:
        self._store, self.households, self._offset = store, Households(0, 1, "", store, policy), 0

    def take(self, *records: tuple[Topic, bytes | None, bytes | None]) -> Work:
        work = self.households.run([(topic, self._record(key, value)) for topic, key, value in records], NOW)
        self._store.write(work.changes.items(), {})
        return work

    def adopt(self, *alerts: Outgoing) -> Work:
        work = self.households.adopt([self._record(each.key, each.value) for each in alerts])
        self._store.write(work.changes.items(), {})
        return work

    def slice(self) -> Work | None:
        work = self.households.slice(NOW)
        if work is not None:
            self._store.write(work.changes.items(), {})
        return work

    def settle(self, *records: tuple[Topic, bytes | None, bytes | None]) -> list[Outgoing]:
        """Feed records, and what comes of them, until nothing is left that travels on; return everything sent."""
        sent: list[Outgoing] = []
        while records:
            work = self.take(*records)
            sent += work.outgoing
            records = tuple((e.topic, e.key, e.value) for e in work.outgoing if e.topic in (Topic.REROUTED, Topic.PERSONS))
        return sent

    def _record(self, key: bytes | None, value: bytes | None) -> DefaultRecord:
        self._offset += 1
        return DefaultRecord(self._offset, TIMESTAMP, 0, key, value, [])


@pytest.fixture
def partition(tmp_path: Path, policy: Policy) -> Iterator[Partition]:
    store = Store(tmp_path / "store")
    yield Partition(store, policy)
    store.close()


def of_person(event_id: str, person: str, **over: Any) -> tuple[Topic, bytes, bytes | None]:
    report = department(event_id, "water", UNSAFE, household_id=None, person_id=person, **over)
    return Topic.DEPARTMENT_FEEDS, person.encode(), encode(report)


def registry(household: str, *persons: str, at: str = "2026-01-01T00:00:00+08:00") -> tuple[Topic, bytes, bytes | None]:
    made = entry(household, *[member(person) for person in persons], updated_at=at)
    return Topic.HOUSEHOLDS, household.encode(), encode(made)


def alerts(sent: list[Outgoing]) -> list[tuple[str, str, str]]:
    found = [orjson.loads(each.value or b"") for each in sent if each.topic is Topic.ALERTS]
    return [(each["household_id"], each["transition"], each["caused_by"]) for each in found]


def test_reports_of_an_unknown_person_wait_and_are_released_in_order(partition: Partition) -> None:
    waiting = [of_person(f"w{number}", "P-0001", at=f"2026-06-1{number}T09:00:00+08:00") for number in (3, 1, 2)]
    work = partition.take(*waiting)

    assert 3 == work.tally.parked
    assert [Topic.PERSONS_CHANGELOG] * 4 == [each.topic for each in work.outgoing]

    sent = partition.settle(registry("H000001", "P-0001"))
    released = [orjson.loads(each.value or b"")["event_id"] for each in sent if each.topic is Topic.REROUTED]

    assert ["w3", "w1", "w2"] == released
    assert [("H000001", "opened", "w3")] == alerts(sent)


def test_a_released_report_is_gone_from_the_waiting_room(partition: Partition) -> None:
    partition.take(of_person("w1", "P-0001"))
    partition.settle(registry("H000001", "P-0001"))
    again = partition.settle(registry("H000001", "P-0001", at="2026-02-01T00:00:00+08:00"))

    assert [] == [each for each in again if each.topic is Topic.REROUTED]


def test_a_person_belongs_to_the_household_whose_entry_named_it_last(partition: Partition) -> None:
    partition.settle(registry("H000001", "P-0001"), registry("H000002", "P-0001", at="2026-02-01T00:00:00+08:00"))

    assert [("H000002", "opened", "w1")] == alerts(partition.settle(of_person("w1", "P-0001")))


def test_of_two_entries_of_one_moment_the_greatest_household_counts(partition: Partition) -> None:
    partition.settle(registry("H000009", "P-0001"), registry("H000002", "P-0001"))

    assert [("H000009", "opened", "w1")] == alerts(partition.settle(of_person("w1", "P-0001")))


def test_an_entry_that_names_a_person_no_more_gives_it_back_to_who_named_it_before(partition: Partition) -> None:
    partition.settle(
        registry("H000001", "P-0001"),
        registry("H000002", "P-0001", at="2026-02-01T00:00:00+08:00"),
        registry("H000002", "P-0002", at="2026-03-01T00:00:00+08:00"),
    )

    assert [("H000001", "opened", "w1")] == alerts(partition.settle(of_person("w1", "P-0001")))


def test_a_removed_entry_lets_its_persons_wait_again(partition: Partition) -> None:
    """A null value counts as `updated_at` = the record's timestamp (contract §3.3)."""
    partition.settle(registry("H000001", "P-0001"), (Topic.HOUSEHOLDS, b"H000001", None))

    assert 1 == partition.take(of_person("w1", "P-0001")).tally.parked


def test_a_record_keyed_otherwise_is_moved_with_its_bytes_and_origin(partition: Partition) -> None:
    value = encode(department("w1", "water", UNSAFE))
    (moved,) = partition.take((Topic.DEPARTMENT_FEEDS, b"typed by hand", value)).outgoing

    assert (Topic.REROUTED, b"H000001", value, TIMESTAMP) == (moved.topic, moved.key, moved.value, moved.timestamp)
    assert [
        ("source.topic", b"department-feeds"), ("source.partition", b"0"), ("source.offset", b"1"),
    ] == moved.headers  # fmt: skip


def test_a_hand_written_record_on_rerouted_is_refused_by_name(partition: Partition) -> None:
    topic, _, value = of_person("w1", "P-0001")
    work = partition.take((Topic.REROUTED, b"?", value), (topic, b"P-0001", value))

    assert {"invalid-key": 1} == dict(work.tally.rejections)
    assert 1 == work.tally.parked


def test_an_alert_whose_report_comes_again_behind_its_remedy_is_cleared(
    partition: Partition, policy: Policy, tmp_path: Path
) -> None:
    """Without the adoption the two together say nothing, and the alert would stand for ever."""
    bad, good = (
        (Topic.DEPARTMENT_FEEDS, b"H000001", encode(department(name, "water", fact, household_id="H000001", occurred_at=at)))
        for name, fact, at in (
            ("d1", UNSAFE, "2026-06-10T09:00:00+08:00"), ("d2", UNSAFE | {"safe": True}, "2026-06-20T09:00:00+08:00"),
        )
    )  # fmt: skip
    lost = Store(tmp_path / "lost")
    [said] = [each for each in Partition(lost, policy).take(bad).outgoing if each.topic is Topic.ALERTS]
    lost.close()
    adopted = partition.adopt(said)

    assert [(Topic.ALERTS_CURRENT, said.value)] == [
        (e.topic, e.value) for e in adopted.outgoing if e.topic is Topic.ALERTS_CURRENT
    ]
    assert not partition.adopt(said).outgoing, "it is known by now"
    assert [("H000001", "cleared", "d2")] == alerts([*partition.take(good).outgoing, *partition.take(bad).outgoing])


def test_a_department_is_counted_where_its_report_is_taken_in_and_others_are_not(partition: Partition) -> None:
    """Feed silence: what the rule FangfanDepartmentSilent looks at."""
    heard = (Topic.DEPARTMENT_FEEDS, b"H000001", encode(department("w1", "water", UNSAFE)))
    seen = (Topic.CADRE_REPORTS, b"H000001", encode(cadre("c1", UNSAFE)))
    work = partition.take(heard, heard, seen, of_person("w2", "P-0404"))

    assert {"water": 2} == work.tally.departments


BEYOND = date.fromordinal(KNOWN_UNTIL) + timedelta(days=1)
"""The first day of the first year of which nobody has announced the holidays."""


@pytest.mark.parametrize(("days", "counted"), [(-60, 0), (-10, 1), (3, 1)])
def test_a_deadline_that_reaches_into_a_year_nobody_has_announced_is_told(
    partition: Partition, days: int, counted: int
) -> None:
    """Contract §5, contract-cases §4: Monday to Friday, and a warning; here fifteen days after a visit are counted."""
    visit = {"type": "case_step", "step": "verification"}
    report = encode(cadre("v1", visit, at=f"{BEYOND + timedelta(days=days)}T09:00:00+08:00"))
    sent = DefaultRecord(0, instant_of_day(BEYOND.toordinal() + days) // 1_000_000 + 86_400_000, 0, b"H000001", report, [])
    work = partition.households.run([(Topic.CADRE_REPORTS, sent)], NOW)

    assert [Topic.CASES] == [each.topic for each in work.outgoing if each.topic in (Topic.CASES, Topic.ALERTS)]
    assert counted == work.tally.calendar_unknown


def test_so_is_an_alert_to_be_verified_there(partition: Partition, capsys: pytest.CaptureFixture[str]) -> None:
    report = encode(cadre("w1", UNSAFE))
    late = instant_of_day(BEYOND.toordinal() - 3) // 1_000_000
    told = [
        partition.households.run([(Topic.CADRE_REPORTS, DefaultRecord(0, at, 0, key, report, []))], NOW).tally
        for at, key in ((late, b"H000001"), (TIMESTAMP, b"H000002"))
    ]
    for tally in told:
        telemetry.confirmed("0", tally, NOW)
    lines = [orjson.loads(line) for line in capsys.readouterr().err.splitlines()]

    assert [1, 0] == [each.calendar_unknown for each in told]
    assert [("warning", "calendar.unknown", 1, f"{BEYOND - timedelta(days=1)}")] == [
        (line["level"], line["event"], line["deadlines"], line["known_until"]) for line in lines
    ]
