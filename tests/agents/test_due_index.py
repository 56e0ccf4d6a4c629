"""The index of due households on a real store: batches keep it as a rebuild makes it, and a sweep sees only what is due."""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from aiokafka.record.default_records import DefaultRecord

from agents.due_index import DUE, OF_AREA, DueIndex, due_key, read_key
from agents.households import Households
from agents.policies import Judge
from agents.store import HOUSEHOLD, Store
from schemas import codec
from schemas.area_alerts import AreaClaim
from schemas.fields import instant_of_day, parse_day, parse_instant, render_instant
from streams.due import due
from streams.policies import policies_of
from streams.policy import Policy
from streams.topics import TOPIC_OF
from streams.workdays import CALENDAR
from tests.build import AREA as VILLAGE
from tests.build import TIMESTAMP, cadre, encode, statement
from tests.oracle.histories import history
from tests.streams.test_policies import document, file_version, published

TOPIC = "changelog"
CLAIMS = "changelog-of-claims"
JUNE = parse_day("2026-06-01")
LATER = parse_instant("2040-01-01T00:00:00+08:00")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "store")
    yield store
    store.close()


def records(households: int, seed: int) -> list[tuple[str, DefaultRecord]]:
    rng, made = random.Random(seed), []
    for number in range(households):
        name = f"H{number:06d}"
        reports, entry = history(rng)
        for each in [*reports, *([entry] if entry else [])]:
            topic, value = TOPIC_OF[each["schema"]].value, encode(each | {"household_id": name})
            made.append((topic, DefaultRecord(0, TIMESTAMP, 0, name.encode(), value, [])))
    rng.shuffle(made)
    return made


def live(
    store: Store, policy: Policy | Judge, some: list[tuple[str, DefaultRecord]], index: DueIndex | None, size: int = 7
) -> None:
    """Take records in small batches, as a lane stores them."""
    job = Households(0, 1, "", store, policy, index=index)
    for start in range(0, len(some), size):
        work = job.run(some[start : start + size], TIMESTAMP * 1_000_000)
        offsets = {TOPIC: store.offset(TOPIC) + len(work.states)}
        beside = work.index | index.marked(offsets) if index is not None else {}
        store.write([*work.changes.items(), *beside.items()], offsets)


def entries(store: Store) -> set[tuple[int, str]]:
    return {read_key(key) for key, _ in store.scan(DUE)}


def expected(store: Store, policy: Policy) -> set[tuple[int, str]]:
    states = {key[1:].decode(): codec.decode_state(value) for key, value in store.scan(HOUSEHOLD)}
    return {(instant, name) for name, state in states.items() if (instant := due(state, policy)) is not None}


def rebuild(index: DueIndex) -> int:
    *_, done = index.rebuild(10)
    return done


def test_batches_keep_the_index_as_a_rebuild_would_make_it(store: Store, policy: Policy) -> None:
    index = DueIndex(store, (TOPIC,), policy)
    assert rebuild(index) == 0
    live(store, policy, records(40, 1), index)

    assert index.complete
    assert expected(store, policy) == entries(store)
    assert len(entries(store)) > 30


def test_areas_are_in_the_index_that_batches_keep_as_a_rebuild_would_make_it(store: Store, policy: Policy) -> None:
    index = DueIndex(store, (TOPIC, CLAIMS), policy)
    rebuild(index)
    claims = [
        AreaClaim((VILLAGE, VILLAGE[:9]), f"W{number:06d}", False, JUNE + number, "orange", ("water@1",)) for number in range(7)
    ]
    job = Households(0, 1, "", store, policy, index=index)

    def hear(some: list[AreaClaim], kept: DueIndex | None) -> None:
        key = VILLAGE[:9].encode()
        records = [("persons", DefaultRecord(0, TIMESTAMP, 0, key, codec.encode_area_claim(each), [])) for each in some]
        work = (job if kept is not None else Households(0, 1, "", store, policy)).run(records, TIMESTAMP * 1_000_000)
        offsets = {CLAIMS: store.offset(CLAIMS) + len(work.changes)}
        store.write([*work.changes.items(), *(work.index | kept.marked(offsets) if kept is not None else {}).items()], offsets)

    hear(claims[:6], index)
    sixth = instant_of_day(JUNE + 1 + 30)  # five of six are left when the first is out of the window, four a day later

    assert index.complete
    assert {(sixth, OF_AREA + VILLAGE)} == entries(store), "the township is not at risk"
    assert [(sixth, OF_AREA + VILLAGE)] == index.overdue(LATER, b"", 10)

    hear(claims[6:], None)
    assert not index.complete, "an area changed behind its back"
    rebuild(index)
    assert index.complete
    assert {(instant_of_day(JUNE + 2 + 30), OF_AREA + VILLAGE)} == entries(store)


def test_states_that_came_without_the_index_are_indexed_by_a_rebuild(store: Store, policy: Policy) -> None:
    """A store rebuilt from its changelog, or a run with ticks off: the mark tells."""
    index = DueIndex(store, (TOPIC,), policy)
    rebuild(index)
    live(store, policy, records(20, 2), index)
    live(store, policy, records(30, 3), None)
    assert not index.complete
    assert expected(store, policy) != entries(store)

    assert 30 == rebuild(index)
    assert index.complete
    assert expected(store, policy) == entries(store)


def test_batches_may_be_stored_while_the_index_is_rebuilt(store: Store, policy: Policy) -> None:
    """What they overtake is mended when it comes up; nobody is left out and nobody is ticked at a wrong instant."""
    made = records(60, 4)
    live(store, policy, made[: len(made) // 2], None)
    index = DueIndex(store, (TOPIC,), policy)
    slices = index.rebuild(5)
    rest = made[len(made) // 2 :]
    for start in range(0, len(rest), 20):
        next(slices, None)
        live(store, policy, rest[start : start + 20], index)
    for _ in slices:
        pass
    found = index.overdue(LATER, b"", 1_000)

    assert index.complete
    assert expected(store, policy) == set(found)
    assert expected(store, policy) == entries(store)


def test_batches_before_the_first_rebuild_do_not_make_an_index_complete(store: Store, policy: Policy) -> None:
    """A store that came from its changelog: reports are taken in before the index is built."""
    live(store, policy, records(30, 7), None)
    index = DueIndex(store, (TOPIC,), policy)
    live(store, policy, records(5, 8), index)

    assert not index.complete
    rebuild(index)
    assert index.complete
    assert expected(store, policy) == entries(store)


def test_a_version_that_is_published_makes_the_index_anew(store: Store) -> None:
    """Its first day is one on which households are due; batches on the way do not hide that the index is not complete."""
    judge = Judge(policies_of((file_version(),)))
    index = DueIndex(store, (TOPIC,), judge)
    rebuild(index)
    live(store, judge, records(30, 9), index)
    assert index.complete
    judge.replace(policies_of((file_version(), published(document("2", 7000, "2026-06-29")))))
    live(store, judge, records(5, 10), index)
    assert not index.complete
    rebuild(index)

    assert index.complete
    assert "2026-06-29T00:00:00+08:00" in {render_instant(instant) for instant, _ in entries(store)}


def test_another_policy_makes_the_index_anew(store: Store, policy: Policy) -> None:
    rebuild(DueIndex(store, (TOPIC,), policy))

    assert DueIndex(store, (TOPIC,), policy).complete
    assert not DueIndex(store, (TOPIC,), msgspec.structs.replace(policy, mark=policy.mark + 1)).complete


def test_another_calendar_makes_the_index_anew(store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer library knows another holiday or make-up day: clocks of cases may run out earlier than the index has it."""
    rebuild(DueIndex(store, (TOPIC,), policy))
    monkeypatch.setattr("agents.due_index.CALENDAR", CALENDAR + 1)
    index = DueIndex(store, (TOPIC,), policy)

    assert not index.complete
    rebuild(index)
    assert index.complete
    assert DueIndex(store, (TOPIC,), policy).complete


def test_a_sweep_goes_on_where_the_last_one_ended(store: Store, policy: Policy) -> None:
    index = DueIndex(store, (TOPIC,), policy)
    rebuild(index)
    live(store, policy, records(25, 5), index)
    everybody = sorted(entries(store))
    seen: list[tuple[int, str]] = []
    while some := index.overdue(LATER, due_key(*seen[-1]) if seen else b"", 4):
        assert len(some) <= 4
        seen += some

    assert everybody == seen
    assert everybody[0][0] == index.first()
    assert [] == index.overdue(everybody[0][0] - 1, b"", 4)


@pytest.mark.parametrize("there", [20, 200])
def test_a_sweep_reads_who_is_due_and_nobody_else(
    store: Store, policy: Policy, monkeypatch: pytest.MonkeyPatch, there: int
) -> None:
    """Three of twenty households or of two hundred: it costs the same (`make bench-ticks` has the time of a million)."""
    index = DueIndex(store, (TOPIC,), policy)
    rebuild(index)
    late = {"H000003", "H000011", "H000017"}
    reports = [
        cadre(f"e{number}", statement("2023-01", "2023-12", "9000"), household_id=f"H{number:06d}",
              at=f"2026-0{1 if f'H{number:06d}' in late else 6}-10T09:00:00+08:00")
        for number in range(there)
    ]  # fmt: skip
    for each in reports:
        record = DefaultRecord(0, TIMESTAMP, 0, each["household_id"].encode(), encode(each), [])
        live(store, policy, [("cadre-reports", record)], index)
    read: list[bytes] = []
    get, scan = store.get, store.scan
    monkeypatch.setattr(store, "get", lambda key: (read.append(key), get(key))[1])
    monkeypatch.setattr(store, "scan", lambda *a, **more: (read.append(each[0]) or each for each in scan(*a, **more)))
    found = index.overdue(parse_instant("2026-03-01T00:00:00+08:00"), b"", 1_000)

    assert late == {name for _, name in found}
    assert 7 == len(read), "three entries and their households, and the entry behind them"
    assert there == len(entries(store))


def test_a_household_that_becomes_due_before_all_others_is_seen(store: Store, policy: Policy) -> None:
    """The index remembers where its entries begin, so as not to read what was deleted; a late household lies before that."""
    index = DueIndex(store, (TOPIC,), policy)
    rebuild(index)
    for name, at in (("H000001", "2026-06-10T09:00:00+08:00"), ("H000002", "2024-03-01T09:00:00+08:00")):
        report = cadre(f"e-{name}", statement("2023-01", "2023-12", "9000"), household_id=name, at=at)
        record = "cadre-reports", DefaultRecord(0, TIMESTAMP, 0, name.encode(), encode(report), [])
        live(store, policy, [record], index)
        first = index.first()
        assert first is not None
        seen = render_instant(first)

    assert "2024-04-01T00:00:00+08:00" == seen
    assert ["H000002", "H000001"] == [name for _, name in index.overdue(LATER, b"", 10)]
