"""What happens around many households at once: events that reach them, and villages that are at risk; lived three ways."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from schemas.alerts import Alert
from schemas.area_alerts import AreaAlert
from streams.policy import Policy
from tests.build import cadre, declaration, department, entry, member
from tests.neighbours import (
    HERE,
    THERE,
    KafkaNeighbours,
    Neighbours,
    PureNeighbours,
    Record,
    StoredNeighbours,
    area_tick,
)
from tests.ways import WAYS, chosen, one_worker

VILLAGE, NEXT_DOOR = f"{HERE}100201", f"{HERE}100202"
"""Two villages of one township."""
OVER_THE_HILL = f"{HERE}101201"
"""A village of another township of the county."""
FAR_AWAY = f"{THERE}100201"
"""A village of another county."""


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNeighbours]:
    """One worker on one partition for all stories."""
    folder = tmp_path_factory.mktemp("area-stories")
    settings = Settings(brokers=broker.bootstrap, topic_prefix="area-stories-", partitions=1)
    with one_worker(settings, folder):
        kafka = KafkaNeighbours(settings)
        yield kafka
        kafka.close()


@pytest.fixture(params=WAYS)
def county(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Neighbours:
    """Each story is lived three ways."""
    return chosen(request, lambda: PureNeighbours(policy), lambda: StoredNeighbours(policy, tmp_path))


def on(day: str) -> str:
    return f"2026-{day}T09:00:00+08:00"


def house(number: int) -> str:
    return f"H00000{number}"


def home(number: int, village: str = VILLAGE, day: str = "01-05") -> Record:
    return entry(house(number), member(f"P-000{number}"), area_code=village, updated_at=on(day))


def grows(number: int, day: str, *, active: bool = True, village: str = VILLAGE) -> Record:
    fact = {"type": "grows", "product": "apple", "active": active}
    return declaration(f"g{number}-{day}", fact, at=on(day), household_id=house(number), area_code=village)


def owns(number: int, asset: str, day: str, *, village: str = VILLAGE) -> Record:
    fact = {"type": "asset_link", "asset": asset, "kind": "greenhouse", "linked": True}
    return cadre(f"l{number}-{day}", fact, at=on(day), household_id=house(number), area_code=village)


def happens(event_id: str, area: str, about: str, source: str, day: str, *facts: dict[str, Any], **over: Any) -> Record:
    return {"schema": "area-event/1", "event_id": event_id, "area_code": area, "about": about, "occurred_at": on(day),
            "reported_at": on(day), "source": source, "voids": None, "facts": list(facts)} | over  # fmt: skip


def slump(event_id: str, percent: int, day: str, area: str = f"{HERE}000000") -> Record:
    fact = {"type": "market", "product": "apple", "measure": "price", "drop_percent": percent, "month": "2026-09"}
    return happens(event_id, area, "grows:apple", "commerce", day, fact)


def taken_back(event_id: str, day: str) -> Record:
    return happens(f"{event_id}-void", f"{HERE}000000", "grows:apple", "commerce", day, voids=event_id)


def told(alerts: list[Alert]) -> list[tuple[str, str | None, str]]:
    return [(each.transition, each.severity, each.caused_by) for each in alerts]


def test_a_slump_in_the_county_is_told_to_who_grows_it_there_and_to_nobody_else(county: Neighbours) -> None:
    """The neighbour grows none; in the next county nothing happened; who cut the trees is asked no more."""
    lives = county(
        home(1), home(2), home(3, OVER_THE_HILL), home(4, FAR_AWAY),
        grows(1, "09-01"), grows(3, "09-02", village=OVER_THE_HILL), grows(4, "09-03", village=FAR_AWAY),
        slump("apples", 35, "09-10"), grows(3, "09-20", active=False, village=OVER_THE_HILL),
    )  # fmt: skip
    said = {name: told(alerts) for name, (_, alerts) in lives.items()}

    assert {
        house(1): [("opened", "yellow", "apples")], house(2): [],
        house(3): [("opened", "yellow", "apples"), ("cleared", None, "g3-09-20")], house(4): [],
    } == said  # fmt: skip
    assert ["market-slump@1"] == [reason.rule for reason in lives[house(1)][1][0].reasons]


def test_a_greenhouse_of_the_township_stands_idle_and_its_households_there_are_asked(county: Neighbours) -> None:
    """Two of its households live over the hill, of whom one moves here; one of the township has another greenhouse."""
    shed = f"shed-{HERE}"
    idle = {"type": "asset_status", "asset": shed, "status": "idle", "since": "2026-07"}
    works = idle | {"status": "running", "since": "2026-09"}
    lives = county(
        home(1), home(2, OVER_THE_HILL), home(3, NEXT_DOOR), home(4, OVER_THE_HILL),
        owns(1, shed, "08-01"), owns(2, shed, "08-01", village=OVER_THE_HILL), owns(3, f"{shed}-b", "08-01", village=NEXT_DOOR),
        owns(4, shed, "08-01", village=OVER_THE_HILL),
        happens("idle", f"{HERE}100000", f"asset:{shed}", "agriculture", "09-10", idle), home(4, NEXT_DOOR, "09-15"),
        happens("works", f"{HERE}100000", f"asset:{shed}", "agriculture", "09-20", works),
    )  # fmt: skip

    both = [("opened", "blue", "idle"), ("cleared", None, "works")]
    assert [both, [], [], both] == [told(lives[house(number)][1]) for number in (1, 2, 3, 4)]
    assert ["project-asset@1"] == [reason.rule for reason in lives[house(1)][1][0].reasons]


def test_who_is_linked_later_hears_of_it_then(county: Neighbours) -> None:
    """One tells in October what it grows; one that grows the same moves into the county, and one out of it."""
    lives = county(
        home(1), home(2, FAR_AWAY), home(3), grows(2, "09-01", village=FAR_AWAY), grows(3, "09-01"),
        slump("apples", 55, "09-10"),
        grows(1, "10-08"), home(2, VILLAGE, "10-09"), home(3, FAR_AWAY, "10-09"),
        slump("again", 40, "10-20"),
    )  # fmt: skip

    assert [("opened", "orange", "apples"), ("deescalated", "yellow", "again")] == told(lives[house(1)][1])
    assert [("opened", "orange", "apples"), ("deescalated", "yellow", "again")] == told(lives[house(2)][1])
    assert [("opened", "orange", "apples")] == told(lives[house(3)][1]), "it keeps what it was told, and hears no more"


def test_an_event_that_was_taken_back_is_over_for_all_and_never_was_for_who_comes_later(county: Neighbours) -> None:
    """35 % were right; the 55 % of the week after were a mistake, and then the 35 % are found to be one too."""
    lives = county(
        home(1), home(2), grows(1, "09-01"),
        slump("first", 35, "09-10"), slump("second", 55, "09-17"), taken_back("second", "09-18"),
        taken_back("first", "09-19"), grows(2, "09-20"),
    )  # fmt: skip

    assert [
        ("opened", "yellow", "first"), ("escalated", "orange", "second"),
        ("deescalated", "yellow", "second-void"), ("cleared", None, "first-void"),
    ] == told(lives[house(1)][1])  # fmt: skip
    assert [] == lives[house(2)][1]
    assert None is lives[house(2)][0].thread.open


def well(number: int, day: str, *, safe: bool, village: str = VILLAGE) -> Record:
    made = cadre(f"w{number}-{day}", {"type": "water", "safe": safe}, at=on(day), household_id=house(number))
    return made | {"area_code": village}


def hail(number: int, day: str, village: str = VILLAGE) -> Record:
    fact = {"type": "loss", "event": "hail-7", "hazard": "hail", "object": "crop", "lost_percent": 60, "month": "2026-06"}
    return department(f"l{number}-{day}", "emergency", fact, at=on(day), household_id=house(number), area_code=village)


def homes(*numbers: int, village: str = VILLAGE) -> list[Record]:
    return [home(number, village) for number in numbers]


def turns(alerts: list[AreaAlert]) -> list[tuple[str, str | None, list[str], str]]:
    """Return of each transition what it is, how grave, why, and the numbers of the households it names."""
    return [
        (each.transition, each.severity, list(each.because), "".join(member.household_id[-1] for member in each.members))
        for each in alerts
    ]


def test_a_village_is_at_risk_with_its_fifth_household_and_follows_who_comes_and_goes(county: Neighbours) -> None:
    """A well is repaired and another goes bad, a house falls down; with two repaired it is over. Next time is another one."""
    grave = cadre("h2", {"type": "housing", "grade": "D"}, at=on("06-13"), household_id=house(2), area_code=VILLAGE)
    said = county.areas(
        *homes(1, 2, 3, 4, 5, 6), *[well(number, "06-10", safe=False) for number in (1, 2, 3, 4, 5)],
        well(6, "06-11", safe=False), well(1, "06-12", safe=True), grave,
        well(5, "06-14", safe=True), well(1, "06-20", safe=False),
    )  # fmt: skip
    alerts, why = said[VILLAGE], ["households"]

    assert [
        ("opened", "orange", why, "12345"), ("updated", "orange", why, "123456"), ("updated", "orange", why, "23456"),
        ("updated", "red", why, "23456"), ("cleared", None, [], ""), ("opened", "red", why, "21346"),
    ] == turns(alerts)  # fmt: skip
    assert [1, 2, 3, 4, 5, 6] == [each.sequence for each in alerts]
    assert [f"{VILLAGE}:1"] * 5 + [f"{VILLAGE}:2"] == [each.area_alert_id for each in alerts]
    assert ["2026-06-10"] * 5 + ["2026-06-20"] == [each.opened_on for each in alerts]
    assert {VILLAGE} == set(said), "a township is not at risk of five households"


def test_four_bad_wells_are_a_matter_of_four_doors_and_three_fields_of_a_village(county: Neighbours) -> None:
    """A hail is one event: three households are enough, of the township too."""
    wells = county.areas(*homes(1, 2, 3, 4), *[well(number, "06-10", safe=False) for number in (1, 2, 3, 4)])
    fields = county.areas(*homes(1, 2, 3, 4), well(4, "06-10", safe=False), *[hail(number, "06-20") for number in (1, 2, 3)])

    assert {} == wells
    opened = [("opened", "orange", ["disaster"], "1234")]
    assert {VILLAGE: opened, VILLAGE[:9]: opened} == {area: turns(alerts) for area, alerts in fields.items()}


def test_an_event_of_the_county_puts_a_village_at_risk_of_which_nobody_said_anything(county: Neighbours) -> None:
    """Three grow apples; the slump is taken back, and with it the village's alert."""
    said = county.areas(
        *homes(1, 2, 3), *[grows(number, "09-01") for number in (1, 2, 3)],
        slump("apples", 35, "09-10"), taken_back("apples", "09-12"),
    )  # fmt: skip

    both = [("opened", "yellow", ["market"], "123"), ("cleared", None, [], "")]
    assert {VILLAGE: both, VILLAGE[:9]: both} == {area: turns(alerts) for area, alerts in said.items()}


def test_a_household_that_moves_takes_its_part_of_the_risk_with_it(county: Neighbours) -> None:
    """Next door in the township, which hears of no news; then over the hill, where two fields were lost already."""
    said = county.areas(
        *homes(1, 2, 3), *homes(4, 5, village=OVER_THE_HILL), *[hail(number, "06-20") for number in (1, 2, 3)],
        *[hail(number, "06-20", OVER_THE_HILL) for number in (4, 5)],
        home(3, NEXT_DOOR, "07-01"), home(3, OVER_THE_HILL, "07-02"),
    )  # fmt: skip
    here, gone = ("opened", "orange", ["disaster"], "123"), ("cleared", None, [], "")
    there = ("opened", "orange", ["disaster"], "345")

    assert {
        VILLAGE: [here, gone], VILLAGE[:9]: [here, gone], OVER_THE_HILL: [there], OVER_THE_HILL[:9]: [there],
    } == {area: turns(alerts) for area, alerts in said.items()}  # fmt: skip


def test_thirty_days_later_a_village_has_no_news_though_nobody_speaks(county: Neighbours) -> None:
    """The window counts days, the first of them that on which the wells went bad; time alone ends the alert, not theirs."""
    bad = [*homes(1, 2, 3, 4, 5), *[well(number, "06-10", safe=False) for number in (1, 2, 3, 4, 5)]]
    still = area_tick(VILLAGE, "2026-07-09T00:00:00+08:00")
    over = area_tick(VILLAGE, "2026-07-10T00:00:00+08:00")
    before, after, lives = county.areas(*bad, still), county.areas(*bad, still, over), county(*bad, still, over)
    opened = ("opened", "orange", ["households"], "12345")

    assert [[opened], [opened, ("cleared", None, [], "")]] == [turns(each[VILLAGE]) for each in (before, after)]
    assert "2026-07-10" == after[VILLAGE][-1].as_of
    assert {"orange"} == {state.thread.open.severity for state, _ in lives.values() if state.thread.open is not None}
