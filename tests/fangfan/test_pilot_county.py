"""The pilot county stands as planted on any day and in any order, under its version alone, which changes nothing elsewhere."""

import io
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from rich.console import Console

from fangfan.demo_summary import show
from fangfan.demo_verdict import as_planted
from fangfan.pilot_plants import COUNTY, PILOTS, VILLAGE
from fangfan.pilot_policy import base_of, pilot_version, shadow_version
from fangfan.planting import needed
from fangfan.simulation import Simulator
from fangfan.truth import Simulation
from schemas.fields import CHINA, day_of, parse_day
from streams.policies import BEGINNING, FILE, Version
from streams.policy import Policy
from streams.policy_documents import content_of, document_of, version_of
from streams.policy_layers import differences
from streams.topics import Topic
from tests.fangfan.test_planted_stories import found_in
from tests.fangfan.test_simulation import NOW, Lived, Trial
from tests.streams.test_policies import document

BASE = version_of(document("1"), "shanxi.toml", FILE, None)


def month_of(now: datetime) -> int:
    there = now.astimezone(CHINA)
    return there.year * 12 + there.month - 1


def trial(now: datetime = NOW) -> Trial:
    version = pilot_version(BASE, month_of(now))
    return Trial(version, shadow_version(version).policy)


def county(seed: int = 1, now: datetime = NOW, events: int = 300) -> Simulation:
    return Simulator(needed(1, pilot=True), events, seed, now, 1, pilot=True).run()


@pytest.mark.parametrize("seed", range(10))
def test_all_stands_as_planted_in_any_order_and_wherever_the_version_joins(policy: Policy, seed: int) -> None:
    simulation = county(seed)
    found = found_in(Lived(simulation, policy, random.Random(seed) if seed else None, trial=trial()))

    assert set(PILOTS) == set(simulation.pilots.values())
    assert simulation.planted == found.opened
    assert simulation.shadowed() == found.shadow
    assert as_planted(simulation, found)


DAYS = [date(2026, 1, 1) + timedelta(days=11 * number) for number in range(34)] + [
    date(2024, 2, 29), date(2025, 3, 1), date(2026, 3, 31), date(2026, 12, 31),
]  # fmt: skip


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("minute", [5, 23 * 60 + 55])
def test_it_stands_so_on_every_day(policy: Policy, day: date, minute: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first minutes of a month to the last ones, in leap years, at the turn of one."""
    now = datetime(day.year, day.month, day.day, tzinfo=CHINA) + timedelta(minutes=minute)
    monkeypatch.setattr("tests.fangfan.test_simulation.NOW", now.astimezone(UTC))
    simulation = county(3, now, events=0)
    order = random.Random(minute) if minute == 5 else None

    assert as_planted(simulation, found_in(Lived(simulation, policy, order, trial=trial(now))))


def test_without_the_version_none_of_it_stands_and_without_a_shadow_of_its_own_nothing_more_is_found(policy: Policy) -> None:
    simulation = county()
    of = {name: household for household, name in simulation.pilots.items()}
    version = trial().version
    before = found_in(Lived(simulation, policy))
    same = found_in(Lived(simulation, policy, trial=Trial(version, version.policy)))

    opened = {name for name, household in of.items() if household in before.opened}
    wells = {name for name, each in PILOTS.items() if each.together and each.rules}
    assert {"house grade D, C within the window", "house grade D, C after the window", *wells} == opened
    assert 2 == len(wells)
    assert {VILLAGE, VILLAGE[:9]}.isdisjoint(before.areas)
    assert (("opened", "red"), ("deescalated", "orange")) == before.said[of["house grade D, C within the window"]]
    assert 0 == before.waiting
    assert {of["spending of 2,999.99"]} == simulation.shadowed().keys() - same.shadow.keys()


def test_a_house_waits_because_its_first_look_is_judged_by_the_version(policy: Policy) -> None:
    """Were the last reports sent before a version may be relied on, its window would not have begun."""
    simulation = county()
    (household,) = (each for each, name in simulation.pilots.items() if PILOTS[name].waits)
    reports = [each for each in simulation.records if each.topic == "cadre-reports" and each.value["household_id"] == household]

    assert [1, 1] == [each.turn for each in reports]
    late = Lived(simulation, policy, trial=trial()).alerts[household]
    assert [60] == [alert.noise.window_days for alert in late if alert.noise is not None]


def test_what_time_tells_is_not_known_without_ticks_and_all_that_is_late_is_waited_for(policy: Policy) -> None:
    simulation = county()
    lived = Lived(simulation, policy, trial=trial(), ticks=False)
    silent = {household for household, name in simulation.pilots.items() if "silence" in PILOTS[name].rules}
    late = simulation.told_late()

    assert silent
    assert silent.isdisjoint(found_in(lived).opened)
    assert silent <= set(late[Topic.ALERTS])
    only_there = set(late[Topic.ALERTS_SHADOW]) - set(late[Topic.ALERTS])
    assert {"spending of 2,999.99"} == {simulation.pilots[each] for each in only_there}


def test_nobody_else_lives_there_and_each_in_a_village_of_its_own() -> None:
    simulation = county()
    villages = {
        each.value["household_id"]: each.value["area_code"] for each in simulation.records if each.topic == "households"
    }
    there = {household: area for household, area in villages.items() if area.startswith(COUNTY)}

    assert set(simulation.pilots) == set(there)
    assert 4 == list(there.values()).count(VILLAGE)
    assert len(there) - 3 == len(set(there.values()))
    others = [each.value["area_code"][:6] for each in Simulator(400, 2_000, 1, NOW).run().records]
    assert COUNTY not in others


def test_what_is_not_asked_for_is_not_planted() -> None:
    few = Simulator(needed(1, pilot=True) - 1, 0, 1, NOW, 1, pilot=True).run()

    assert ({}, {}) == (Simulator(300, 0, 1, NOW).run().pilots, few.pilots)


def test_a_version_differs_in_the_pilot_county_alone_and_is_the_same_for_a_month() -> None:
    month = month_of(NOW)
    version, again, next_one = (pilot_version(BASE, each) for each in (month, month, month + 1))
    found = differences(document_of(BASE.content), document_of(version.content))

    assert {("policy", "effective-from")} == {(each.rule, each.key) for each in found if each.scope != COUNTY}
    assert {"expenditure-shock", "silence", "noise", "scale-risk"} == {each.rule for each in found if each.scope == COUNTY}
    assert "shanxi@1-pilot-2026-11" == version.policy.label
    assert (version.policy.label, version.content) == (again.policy.label, again.content)
    assert "shanxi@1-pilot-2026-12" == next_one.policy.label
    assert parse_day("2026-07-01") == version.effective_from
    shadow = differences(document_of(version.content), document_of(shadow_version(version).content))
    assert [(COUNTY, "expenditure-shock", "relieved", 3_000, 2_000)] == [
        (each.scope, each.rule, each.key, each.before, each.after) for each in shadow
    ]


def test_a_county_of_its_own_numbers_keeps_them_but_for_what_is_tried_out() -> None:
    rules = {"rules": {"expenditure-shock": {"relieved": 4_000, "general": 15_000, "source": "county office"}}}
    made = version_of(document("7", county={COUNTY: rules}), "shanxi.toml", FILE, None)
    spending = pilot_version(made, month_of(NOW)).policy.parameters(COUNTY).expenditure_shock

    assert (300_000, 1_500_000) == (spending.relieved, spending.general)


def test_a_pilot_is_made_from_what_is_in_force_but_for_pilots() -> None:
    """Else a running system would go back to its file everywhere, or one pilot would be made from another."""
    today = day_of(int(NOW.timestamp()) * 1_000_000_000)
    second = version_of(document("2", 7_000, "2026-11-20"), "topic", 0, 1)
    later = version_of(document("3", 8_000, "2026-12-01"), "topic", 1, 1)
    pilot = pilot_version(second, month_of(NOW))
    known = (BASE, second, later, Version(pilot.policy, pilot.effective_from, 2, 1, pilot.content))

    assert "2" == base_of(known, today).policy.version
    assert "1" == base_of(known, today - 10).policy.version
    assert (second.effective_from, BEGINNING) == (pilot.effective_from, BASE.effective_from)
    assert content_of(document_of(pilot.content)) == pilot.content


WRONG = [
    "unpublished",
    "loud",
    "shadow silent",
    "shadow loud",
    "not withheld",
    "silent",
    "heard",
    "another feed",
    "again",
    "mild",
    "spared",
    "all of them",
]


@pytest.mark.parametrize("what", WRONG)
def test_only_exactly_that_is_good(policy: Policy, what: str) -> None:
    simulation = county()
    found = found_in(Lived(simulation, policy, trial=trial()))
    of = {name: household for household, name in simulation.pilots.items()}
    assert as_planted(simulation, found)
    spending, house = frozenset({"expenditure-shock"}), of["house grade D, C within the window"]
    match what:
        case "unpublished":
            del found.opened[of["spending of 3,000 before the version"]]
        case "loud":
            found.opened[of["not heard of for 11 months"]] = frozenset({"silence"})
        case "shadow silent":
            del found.shadow[of["spending of 2,999.99"]]
        case "shadow loud":
            found.shadow[of["spending of 1,999.99"]] = spending
        case "not withheld":
            found.waiting = 0
        case "silent":
            found.feeds["housing"] = True
        case "heard":
            found.feeds["water"] = False
        case "another feed":
            found.feeds["health"] = False
        case "spared":
            del found.areas[VILLAGE]
        case "all of them":
            four = frozenset(household for name, household in of.items() if PILOTS[name].together)
            found.areas[VILLAGE] = found.areas[VILLAGE]._replace(members=four)
        case "again":
            found.said[house] = (*found.said[house], ("updated", "red"))
        case _:
            found.said[of["house grade D, C after the window"]] = (("opened", "red"),)

    output = io.StringIO()
    assert not show(Console(file=output, width=180), simulation, found)
    assert "✘" in output.getvalue().partition("pilot county")[2].partition("other households")[0]
