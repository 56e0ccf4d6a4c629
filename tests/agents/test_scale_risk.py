"""Scale risk on a real store: an area's alert is what its households' alerts make of it, in any order, and ends with them."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.policies import Judge
from agents.store import AREA as AREA_KEY
from agents.store import HOUSEHOLD, RESIDENT, Store
from schemas import codec
from schemas.area_alerts import AreaAlert
from streams.policies import alone, policies_of
from streams.policy import Policy
from streams.policy_areas import ScaleRisk
from streams.rules import name_of
from streams.topics import Topic
from tests.agents.test_areas import area, grows, home, slump
from tests.agents.test_households import Partition
from tests.build import AREA, cadre, declaration, encode
from tests.streams.test_policies import document, published

VILLAGE, OTHER, ELSEWHERE = AREA, AREA[:9] + "999", "140221100201"
Input = tuple[Topic, bytes | None, bytes | None]


def asking(policy: Policy, **over: Any) -> Policy:
    """The policy with an area's rules of its own."""
    return msgspec.structs.replace(ruled(policy, ScaleRisk(enabled=True, **over)), mark=policy.mark + 1)


def ruled(policy: Policy, rules: ScaleRisk) -> Policy:
    """The policy with these of areas, of which it says nothing by its mark."""
    return msgspec.structs.replace(policy, province=msgspec.structs.replace(policy.province, scale_risk=rules))


def well(name: str, *, safe: bool, at: str = "2026-06-10", code: str = VILLAGE) -> Input:
    fact = {"type": "water", "safe": safe}
    made = cadre(f"w-{name}-{at}-{safe}", fact, household_id=name, area_code=code, at=f"{at}T09:00:00+08:00")
    return Topic.CADRE_REPORTS, name.encode(), encode(made)


class Region:
    """One partition of villages; what its areas said."""

    def __init__(self, store: Store, policy: Policy) -> None:
        self._store, self._partition = store, Partition(store, policy)

    def take(self, *records: Input) -> list[AreaAlert]:
        said = []
        for record in records:
            for each in self._partition.settle(record):
                assert each.topic is not Topic.DEAD_LETTERS, each
                if each.topic is Topic.AREA_ALERTS:
                    said.append(msgspec.json.decode(each.value or b"", type=AreaAlert))
        return said

    def known(self) -> dict[str, tuple[dict[str, tuple[str, tuple[str, ...]]], int, bool]]:
        """What the areas keep: members with severity and rules, how many are registered, whether an alert is open."""
        found: dict[str, Any] = {}
        for key, data in self._store.scan(AREA_KEY):
            state, members = codec.decode_area_state(data), {}
            for resident, value in self._store.scan(RESIDENT + key[1:] + b"\0"):
                member = codec.decode_area_member(value)
                if member.severity is not None:
                    members[resident[len(key) + 1 :].decode()] = (member.severity, member.rules)
            if members or state.registered:
                found[key[1:].decode()] = (members, state.registered, state.open is not None)
                assert len(members) == sum(day.households for day in state.days.values())
                assert (state.open.households if state.open is not None else len(members)) == len(members)
        return found

    def recomputed(self, rules: ScaleRisk) -> dict[str, Any]:
        """The same from the households alone; every member counts as recent."""
        found: dict[str, tuple[dict[str, Any], int]] = {}
        for key, data in self._store.scan(HOUSEHOLD):
            state = codec.decode_state(data)
            newest, entry = state.facts.newest, state.facts.registry
            place = entry.area_code if entry is not None else newest.area_code if newest is not None else ""
            for digits in (9, 12):
                members, registered = found.setdefault(place[:digits], ({}, 0))
                if state.thread.open is not None:
                    fires = tuple(sorted({each.rule for each in state.thread.open.reasons}))
                    members[key[1:].decode()] = (state.thread.open.severity, fires)
                counted = bool(rules.share) and entry is not None
                found[place[:digits]] = (members, registered + counted)
        return {
            place: (members, registered, self._fires(place, members, registered, rules))
            for place, (members, registered) in found.items()
            if members or registered
        }

    def _fires(self, place: str, members: dict[str, Any], registered: int, rules: ScaleRisk) -> bool:
        limit = rules.village_households if len(place) == 12 else rules.township_households
        names = [{name_of(rule) for rule in fires} for _, fires in members.values()]
        hit = sum("production_loss" in each or "disaster_loss" in each for each in names)
        slumped = sum("market_slump" in each for each in names)
        share = rules.share and len(members) >= rules.share_households and len(members) * 10_000 >= rules.share * registered
        return len(members) >= limit or max(hit, slumped) >= rules.event_households or bool(share and registered)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "store")
    yield opened
    opened.close()


def test_a_village_of_which_many_wells_are_bad_is_one_alert_that_ends_with_them(store: Store, policy: Policy) -> None:
    """Issue: N households in a window as one area alert with members, updated and cleared."""
    region = Region(store, asking(policy, village_households=3, township_households=9))
    assert [] == region.take(*[home(f"H-000{n}") for n in range(4)], *[well(f"H-000{n}", safe=False) for n in range(2)])
    opened, joined = region.take(well("H-0002", safe=False), well("H-0003", safe=False))
    left = region.take(well("H-0000", safe=True, at="2026-06-11"))
    ended = region.take(well("H-0001", safe=True, at="2026-06-11"), well("H-0002", safe=True, at="2026-06-11"))

    assert ("opened", "orange", ["households"], 3, VILLAGE) == (
        opened.transition, opened.severity, opened.because, opened.households, opened.area_code,
    )  # fmt: skip
    assert ["H-0000", "H-0001", "H-0002"] == [each.household_id for each in opened.members]
    assert [("water@1", 3)] == [(each.rule, each.households) for each in opened.rules]
    assert "本村30天内新增3户预警：户数达到3户" == opened.explanation.zh
    assert [("updated", 2, 4)] == [(joined.transition, joined.sequence, joined.households)]
    assert [("updated", 3)] == [(each.transition, each.households) for each in left]
    assert [("cleared", None, 4)] == [(each.transition, each.severity, each.sequence) for each in ended]
    assert {f"{VILLAGE}:1"} == {each.area_alert_id for each in (opened, joined, *left, *ended)}


def passed(area: str, day: str) -> Input:
    return Topic.TICKS, area[:9].encode(), encode({"schema": "area-tick/1", "area": area, "at": f"{day}T00:00:00+08:00"})


def test_a_village_of_which_nothing_more_is_heard_is_at_risk_no_longer_than_its_window(store: Store, policy: Policy) -> None:
    """docs/contract-time.md: a tick moves an area's clock; one that was sent twice or comes late says nothing more."""
    region = Region(store, asking(policy, village_households=3, township_households=9, window_days=30))
    [opened] = region.take(*[well(f"H-000{n}", safe=False, at=f"2026-06-0{n + 1}") for n in range(3)])
    assert [] == region.take(passed(VILLAGE, "2026-06-30"))
    [ended] = region.take(passed(VILLAGE, "2026-07-01"))
    assert [] == region.take(passed(VILLAGE, "2026-07-01"), passed(VILLAGE, "2026-06-05"), passed(ELSEWHERE, "2026-07-01"))
    again = region.take(*[well(f"H-001{n}", safe=False, at="2026-07-02") for n in range(3)])

    assert ("opened", "2026-06-03") == (opened.transition, opened.as_of)
    assert ("cleared", "2026-07-01", []) == (ended.transition, ended.as_of, ended.members)
    assert [("opened", f"{VILLAGE}:2", "2026-07-02")] == [(e.transition, e.area_alert_id, e.as_of) for e in again[:1]]


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ((Topic.TICKS, VILLAGE.encode(), passed(VILLAGE, "2026-07-01")[2]), "invalid-key"),
        (passed(VILLAGE, "2030-01-01"), "future-event"),
        (passed(VILLAGE[:10], "2026-07-01"), "invalid-value"),
        ((Topic.PERSONS, *passed(VILLAGE, "2026-07-01")[1:]), "wrong-schema"),
    ],
)
def test_what_no_worker_sent_moves_no_clock_of_an_area(store: Store, policy: Policy, record: Input, code: str) -> None:
    [letter] = Partition(store, policy).settle(record)

    assert (Topic.DEAD_LETTERS, code) == (letter.topic, dict(letter.headers)["error.code"].decode())


def test_what_happened_long_before_the_window_does_not_count_with_what_happens_now(store: Store, policy: Policy) -> None:
    """The window is of the area's clock, the newest of its households'."""
    region = Region(store, asking(policy, village_households=3, window_days=30))
    old = [well(f"H-000{n}", safe=False, at="2026-04-01") for n in range(2)]
    assert [] == region.take(*old, well("H-0002", safe=False, at="2026-05-01"), well("H-0003", safe=False, at="2026-05-30"))
    said = region.take(well("H-0004", safe=False, at="2026-05-30"))

    assert [["H-0002", "H-0003", "H-0004"]] == [[each.household_id for each in alert.members] for alert in said]


def test_a_slump_that_hits_three_growers_is_a_risk_though_three_are_few(store: Store, policy: Policy) -> None:
    """Issue: disaster or price event."""
    region = Region(store, asking(policy, village_households=50, township_households=50, event_households=3))
    names = [f"H-000{n}" for n in range(3)]
    said = region.take(*[home(name) for name in names], *[grows(name) for name in names], area(slump()))

    assert {(VILLAGE, "village"), (VILLAGE[:9] + "000", "township")} == {(each.area_code, each.level) for each in said}
    assert {("market",)} == {tuple(each.because) for each in said}


def test_a_share_of_the_registered_is_a_risk_where_it_is_asked_for(store: Store, policy: Policy) -> None:
    region = Region(store, asking(policy, village_households=50, township_households=50, share=3_000, share_households=3))
    homes = [home(f"H-{n:04d}") for n in range(10)]
    assert [] == region.take(*homes, *[well(f"H-{n:04d}", safe=False) for n in range(2)])
    village, _ = sorted(region.take(well("H-0002", safe=False)), key=lambda each: each.level, reverse=True)

    assert (["share"], 3, 10, "0.3000") == (village.because, village.households, village.registered, village.share)
    assert "占登记户的30.0%" in village.explanation.zh


def test_a_household_that_moves_takes_its_alert_with_it(store: Store, policy: Policy) -> None:
    region = Region(store, asking(policy, village_households=1, township_households=9))
    region.take(home("H-0001"), well("H-0001", safe=False))
    said = region.take(home("H-0001", OTHER, at="2026-07-01T00:00:00+08:00"))

    assert {(VILLAGE, "cleared"), (OTHER, "opened")} == {(each.area_code, each.transition) for each in said}


def test_a_policy_that_does_not_ask_is_told_nothing(store: Store, policy: Policy) -> None:
    province = msgspec.structs.replace(policy.province, scale_risk=ScaleRisk())
    partition = Partition(store, msgspec.structs.replace(policy, province=province))
    sent = partition.settle(home("H-0001"), *[well(f"H-{n:04d}", safe=False) for n in range(9)])

    assert {"person-claim/1"} == {json.loads(each.value or b"")["schema"] for each in sent if each.topic is Topic.PERSONS}


@pytest.mark.parametrize("share", [0, 2_500])
def test_areas_know_in_any_order_what_a_recomputation_from_households_finds(tmp_path: Path, policy: Policy, share: int) -> None:
    """Issue: equal to a batch recomputation. Households that open, worsen, recover, move, come and go, some told twice."""
    rules = ScaleRisk(True, 366, 3, 5, 2, share, 2)
    judged = asking(policy, **{field: getattr(rules, field) for field in ScaleRisk.__struct_fields__ if field != "enabled"})
    opened = 0
    for seed in range(40):
        rng = random.Random(seed)
        records: list[Input] = []
        for name in (f"H-{n:04d}" for n in range(9)):
            records.append(home(name, rng.choice([VILLAGE, VILLAGE, OTHER, ELSEWHERE])))
            records += [well(name, safe=rng.random() < 0.4, at=f"2026-06-{rng.randint(1, 28):02d}") for _ in range(3)]
            if rng.random() < 0.3:
                records.append(home(name, rng.choice([OTHER, ELSEWHERE]), at="2026-07-01T00:00:00+08:00"))
            if rng.random() < 0.4:
                loss = {"type": "loss", "event": "hail", "hazard": "hail", "object": "crop", "lost_percent": 60,
                        "month": "2026-06"}  # fmt: skip
                records.append((Topic.SELF_DECLARATIONS, name.encode(),
                                encode(declaration(f"l-{name}", loss, household_id=name))))  # fmt: skip
        records += rng.sample(records, 6)
        rng.shuffle(records)
        store = Store(tmp_path / f"{share}-{seed}")
        region = Region(store, judged)
        region.take(*records)
        expected = region.recomputed(rules)
        assert (seed, expected) == (seed, region.known())
        opened += sum(each[2] for each in expected.values())
        store.close()
    assert opened > 20


def test_a_version_that_begins_to_ask_hears_of_households_that_send_nothing(store: Store, policy: Policy) -> None:
    """Living policy: whoever is open already is told by the walk."""
    silent = msgspec.structs.replace(policy, province=msgspec.structs.replace(policy.province, scale_risk=ScaleRisk()))
    judge = Judge(alone(silent))
    partition = Partition(store, judge)
    partition.settle(*[well(f"H-{n:04d}", safe=False) for n in range(3)])
    asks = document("2", 6000, "2021-01-01")
    asks["rules"]["scale-risk"] = {"enabled": True, "village-households": 3}
    judge.replace(policies_of((*judge.policies.versions, published(asks, 0))))
    sent = []
    while (work := partition.slice()) is not None:
        sent += [(each.topic, each.key, each.value) for each in work.outgoing if each.topic is Topic.PERSONS]
    said = [each for each in partition.settle(*sent) if each.topic is Topic.AREA_ALERTS]

    assert [VILLAGE.encode()] == [each.key for each in said]


def sliced(partition: Partition) -> list[AreaAlert]:
    """What a partition says that is told nothing, until it has looked at all it has."""
    said = []
    while (work := partition.slice()) is not None:
        said += [each for each in work.outgoing if each.topic is Topic.AREA_ALERTS]
    return [msgspec.json.decode(each.value or b"", type=AreaAlert) for each in said]


RULES: list[tuple[ScaleRisk, list[tuple[str, str, list[str]]]]] = [
    (ScaleRisk(), [(VILLAGE, "cleared", []), (OTHER, "cleared", [])]),  # switched off
    (ScaleRisk(True, village_households=4), [(VILLAGE, "cleared", [])]),
    (ScaleRisk(True, village_households=5), [(VILLAGE, "cleared", []), (OTHER, "cleared", [])]),
    (ScaleRisk(True, window_days=5, village_households=3), [(VILLAGE, "cleared", []), (OTHER, "updated", ["households"])]),
    (ScaleRisk(True, village_households=3), []), (ScaleRisk(True, village_households=1, township_households=2), []),
]  # fmt: skip


@pytest.mark.parametrize(("rules", "expected"), RULES, ids=str)
@pytest.mark.parametrize("how", ["file", "version"])
def test_another_policy_looks_at_once_at_what_is_open(
    store: Store, policy: Policy, how: str, rules: ScaleRisk, expected: list[tuple[str, str, list[str]]]
) -> None:
    """A file is another one after a restart, a version joins meanwhile; nobody sends anything, and nothing is opened."""
    before = asking(policy, village_households=3, township_households=9)
    judge = Judge(alone(before))
    partition = Partition(store, judge)
    records = [well(f"H-00{place}{n}", safe=False, at=f"2026-06-{day}", code=code)
               for place, (code, days) in enumerate(((VILLAGE, (1, 1, 9)), (OTHER, (1, 7, 8, 9)))) for n, day in
               enumerate(f"{day:02d}" for day in days)]  # fmt: skip
    opened = [each for each in partition.settle(*records) if each.topic is Topic.AREA_ALERTS]
    assert [] == sliced(partition)
    after = ruled(before, rules)
    if how == "file":
        partition = Partition(store, after)
    else:
        judge.replace(alone(after))
    said = sliced(partition)

    assert {VILLAGE.encode(), OTHER.encode()} == {each.key for each in opened}
    assert expected == [(each.area_code, each.transition, list(each.because)) for each in said]
    assert all(each.households == (3 if each.transition == "updated" else 0) for each in said)
    assert [] == sliced(Partition(store, after)), "once"


def test_very_many_areas_are_looked_at_in_slices(store: Store, policy: Policy) -> None:
    partition = Partition(store, asking(policy, village_households=1, township_households=2))
    villages = [f"140123{n // 100 + 100}{n % 100 + 200}" for n in range(700)]
    partition.settle(*[well(f"H-{n:04d}", safe=False, code=code) for n, code in enumerate(villages)])
    off = Partition(store, ruled(policy, ScaleRisk()))
    works = []
    while (work := off.slice()) is not None:
        works.append([each.key for each in work.outgoing if each.topic is Topic.AREA_ALERTS])
    townships = [f"140123{n}" for n in range(100, 107)]

    assert sorted(each.encode() for each in [*villages, *townships]) == [key for work in works for key in work]
    assert len(works) > 1


def test_who_adopts_an_alert_tells_the_areas_that_may_never_have_heard(store: Store, policy: Policy, tmp_path: Path) -> None:
    """At least once: the alert left, what was to be told to the areas did not, nor did the state (decision 21)."""
    partition = Partition(store, policy)
    lost = Store(tmp_path / "lost")
    alerts = [each for each in Partition(lost, policy).take(well("H-0001", safe=False)).outgoing if each.topic is Topic.ALERTS]
    lost.close()
    partition.take(well("H-0001", safe=True, at="2026-06-09"))
    [claim] = [each for each in partition.adopt(*alerts).outgoing if each.topic is Topic.PERSONS]
    told = json.loads(claim.value or b"")

    assert (VILLAGE[:9].encode(), [VILLAGE, VILLAGE[:9]], "orange") == (claim.key, told["areas"], told["severity"])


def test_an_area_with_very_many_households_is_not_told_of_each(store: Store, policy: Policy) -> None:
    region = Region(store, asking(policy, village_households=5, township_households=9_999))
    said = region.take(*[well(f"H-{n:04d}", safe=False) for n in range(260)])

    tenths = [24, 27, 30, 33, 37, 41, 46, 51, 57, 63, 70, 77, 85, 94, 104, 115, 127, 140, 154, 170, 187, 206, 227, 250]
    assert [*range(5, 22), *tenths] == [each.households for each in said]
    assert {200} == {len(each.members) for each in said if each.households > 200}
