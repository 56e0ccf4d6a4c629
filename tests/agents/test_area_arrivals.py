"""A replay tells households of area events what a worker told them, and at the same record of theirs."""

import random
from collections import Counter
from pathlib import Path

import pytest

from agents.store import HOUSEHOLD, Store
from schemas import codec
from schemas.areas import AreaNotice
from schemas.household import Facts
from schemas.registry import RegistryChange
from schemas.reports import Report
from streams.area_arrivals import Heard, Linked, links, reached
from streams.arrivals import Arrival
from streams.household import merge
from streams.normalise import normalise
from streams.policy import Policy
from streams.topics import Topic
from tests.agents.test_areas import COUNTY, County, Input, area, grows, home, linked, outage, slump
from tests.build import AREA, TIMESTAMP

ELSEWHERE = "140221100201"


def replayed(records: list[Input]) -> list[Arrival]:
    """Return all arrivals at households, in order, as the command finds them."""
    arrivals: dict[str, list[Arrival]] = {}
    events: list[Heard] = []
    for number, (topic, key, value) in enumerate(records):
        order = (TIMESTAMP, 0, 0, number)
        message = normalise(topic, key, value, TIMESTAMP)
        if isinstance(message, AreaNotice):
            events.append(Heard(order, TIMESTAMP, message))
        elif isinstance(message, Report):
            name = str(message.household_id)
            arrivals.setdefault(name, []).append(Arrival(order, name, TIMESTAMP, message, None))
        else:
            assert isinstance(message, RegistryChange), message
            name = message.household_id
            arrivals.setdefault(name, []).append(Arrival(order, name, TIMESTAMP, None, message))
    said: list[Linked] = [each for name, history in arrivals.items() for each in links(name, history)]
    told = [
        each
        for link in sorted({heard.notice.link for heard in events})
        for each in reached(
            [one for one in said if one.claim.link == link], [heard for heard in events if heard.notice.link == link]
        )
    ]
    return sorted([*(each for history in arrivals.values() for each in history), *told], key=lambda each: each.order)


def facts_of(arrivals: list[Arrival]) -> dict[str, Facts]:
    found: dict[str, Facts] = {}
    for arrival in arrivals:
        message = arrival.report or arrival.change
        assert message is not None
        found[arrival.reaches] = merge(found.get(arrival.reaches, Facts()), message)
    return found


def world(rng: random.Random) -> list[Input]:
    """Households that grow apples, stop, move and are linked to a plant; events about both, withdrawn, repeated, too old."""
    names = [f"H-{number:03d}" for number in range(4)]
    records = [home(name, rng.choice([AREA, ELSEWHERE])) for name in names]
    for name in names:
        records += [grows(name, at=f"2026-06-0{rng.randint(1, 9)}T09:00:00+08:00") for _ in range(rng.randint(0, 2))]
        if rng.random() < 0.4:
            records.append(grows(name, active=False, at=f"2026-06-0{rng.randint(1, 9)}T10:00:00+08:00"))
        if rng.random() < 0.4:
            records.append(home(name, rng.choice([AREA, ELSEWHERE]), f"2026-0{rng.randint(2, 6)}-01T00:00:00+08:00"))
        if rng.random() < 0.5:
            records.append(linked(name))
    for number in range(rng.randint(1, 4)):
        where = rng.choice([COUNTY, AREA, ELSEWHERE[:6] + "000000"])
        records.append(area(slump(f"apple-{number}", where, rng.randint(30, 60))))
    if rng.random() < 0.5:
        records.append(area(slump("back", facts=[], voids="apple-0", occurred_at="2026-06-12T09:00:00+08:00")))
    if rng.random() < 0.5:
        records.append(area(slump("old", occurred_at="2023-01-12T09:00:00+08:00")))
    if rng.random() < 0.5:
        records.append(area(outage()))
    records += rng.sample(records, rng.randint(0, 3))
    rng.shuffle(records)
    return records


@pytest.mark.parametrize("seed", range(40))
def test_a_replay_tells_each_household_what_a_worker_told_it(tmp_path: Path, policy: Policy, seed: int) -> None:
    records = world(random.Random(seed))
    store = Store(tmp_path / "store")
    county = County(store, policy)
    county.take(*records)
    live = {key[1:].decode(): codec.decode_state(data).facts for key, data in store.scan(HOUSEHOLD)}
    store.close()
    arrivals = replayed(records)

    sent = Counter((each["household_id"], each["event_id"]) for each in county.sent)
    own = len([record for record in records if record[0] is not Topic.AREA_EVENTS])
    assert set(sent) == {
        (each.reaches, each.report.kept.event_id)
        for each in arrivals
        if each.report is not None and (each.reaches, each.report.kept.event_id) in sent
    }
    assert own + sum(sent.values()) == len(arrivals)
    events = {event_id for _, event_id in sent} - {"pv-1-down"}  # of another link, whose lane may be faster or slower
    for name in {household for household, _ in sent}:
        told = [each["event_id"] for each in county.sent if each["household_id"] == name and each["event_id"] in events]
        reports = [each.report for each in arrivals if each.reaches == name and each.report is not None]
        assert told == [each.kept.event_id for each in reports if each.kept.event_id in events]
    assert live == facts_of(arrivals)


def test_the_worlds_are_worth_replaying(tmp_path: Path, policy: Policy) -> None:
    told = 0
    for seed in range(40):
        records = world(random.Random(seed))
        told += len(replayed(records)) - sum(record[0] is not Topic.AREA_EVENTS for record in records) > 0

    assert told > 15


def test_who_is_linked_later_hears_of_it_directly_after_the_record_that_links_it() -> None:
    before, after = grows("H-0001"), grows("H-0002")
    arrivals = replayed([home("H-0001"), home("H-0002"), before, area(slump()), after, home("H-0003")])

    named = [
        (each.reaches, each.report.kept.event_id if each.report is not None else "entry") for each in arrivals if each.order
    ]
    assert [
        ("H-0001", "entry"), ("H-0002", "entry"), ("H-0001", "g-H-0001-True"), ("H-0001", "apple-1"),
        ("H-0002", "g-H-0002-True"), ("H-0002", "apple-1"), ("H-0003", "entry"),
    ] == named  # fmt: skip
