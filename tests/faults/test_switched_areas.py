"""What a fault run expects of areas is what the pure path comes to; whatever else they know or said is heard."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.faults.judge_areas import MANY, Area, Records, judge_areas, known_areas, stored_areas
from tests.faults.living import NOW, Life, Region
from tests.faults.switched import ALL, Switched
from tests.faults.verdict import Verdict
from tests.faults.world import World, build
from tests.oracle.stored import moment


@pytest.fixture(scope="module")
def world() -> World:
    return build(5_000, 20261129, replace(ALL, linked=0.7))


@pytest.fixture(scope="module")
def region(lives: dict[str, Life]) -> Region:
    """With all of its ticks. Not to be changed."""
    heard = Region()
    heard.hear(lives)
    heard.pass_time()
    return heard


@pytest.fixture
def known(world: World, lives: dict[str, Life]) -> dict[str, Area]:
    return known_areas(world, {name: life.said for name, life in lives.items()}, counted=True)


def judged(
    known: dict[str, Area], stored: dict[str, Area], said: dict[str, Records], *, whole: bool = True, switched: Switched = ALL
) -> Verdict:
    verdict = Verdict()
    judge_areas(verdict, known, stored, said, switched, moment(NOW) if whole else None, moment(NOW))
    return verdict


def test_areas_know_and_say_what_their_households_make_of_them(region: Region, known: dict[str, Area]) -> None:
    stored = stored_areas(region.changelog)
    last = {area: said[-1] for area, said in region.said.items()}

    assert judged(known, stored, region.said).right
    assert {"opened", "updated", "cleared"} <= {each["transition"] for said in region.said.values() for each in said}
    assert 3 < sum(each["transition"] != "cleared" for each in last.values()) < len(last)
    assert {"households", "share", "disaster", "market"} == {
        cause for said in region.said.values() for each in said for cause in each["because"]
    }
    assert {area for area, each in stored.items() if each.members} - {*last}, "some are at no risk at all"


def test_areas_to_which_no_tick_came_are_heard(lives: dict[str, Life], known: dict[str, Area]) -> None:
    silent = Region()
    silent.hear(lives)
    verdict = judged(known, stored_areas(silent.changelog), silent.said)

    assert verdict.lost
    assert [] == verdict.wrong
    assert {"no tick since"} == {each.partition(": ")[2][:13] for each in verdict.lost}
    assert judged(known, stored_areas(silent.changelog), silent.said, whole=False).right


def test_claims_on_their_way_are_forgiven_only_while_some_may_be(world: World, lives: dict[str, Life]) -> None:
    behind = Region()
    behind.hear({name: replace(life, claims=life.claims[:-1]) for name, life in lives.items()})
    behind.pass_time()
    stored = stored_areas(behind.changelog)
    known = known_areas(world, {name: life.said for name, life in lives.items()}, counted=True)

    assert not judged(known, stored, behind.said).right
    assert judged(known, stored, behind.said, whole=False).right


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        lambda said: said[:-1],
        lambda said: said[1:],
        lambda said: [*said, said[-1]],
        lambda said: [*said[:-1], said[-1] | {"severity": "blue"}],
        lambda said: [*said[:-1], said[-1] | {"because": ["share", "market"]}],
        lambda said: [*said[:-1], said[-1] | {"households": 400}],
        lambda said: [*said[:-1], said[-1] | {"transition": "cleared"}],
        lambda said: [*said[:-1], said[-1] | {"transition": "opened"}],
        lambda said: [*said[:-1], said[-1] | {"area_alert_id": "x:7"}],
    ],
)
def test_an_area_alert_that_says_anything_else_is_heard(
    region: Region, known: dict[str, Area], change: Callable[[Records], Records], whole: bool
) -> None:
    stored = stored_areas(region.changelog)
    last = {area: said[-1] for area, said in region.said.items()}  # of many households some may come and go unsaid
    open_ = [area for area, each in last.items() if each["transition"] == "updated" and each["households"] <= MANY]
    assert open_
    for area in open_:
        verdict = judged(known, stored, region.said | {area: change(region.said[area])}, whole=whole)
        assert not verdict.right, area
        assert {area} == {each.partition(":")[0].split()[1] for each in (*verdict.lost, *verdict.doubled, *verdict.wrong)}


@pytest.mark.parametrize("part", ["member", "severity", "rules", "since", "registered", "early", "late"])
def test_an_area_that_knows_anything_else_is_heard(region: Region, known: dict[str, Area], part: str) -> None:
    stored = stored_areas(region.changelog)
    area = max(stored, key=lambda each: len(stored[each].members))
    kept, days = stored[area], timedelta(days=1)
    name, member = max(kept.members.items(), key=lambda each: each[1].since)
    other: dict[str, Any] = {
        "severity": member._replace(severity="blue" if member.severity == "red" else "red"),
        "rules": member._replace(rules=("food@1", "schooling@1", "water@1")),
        "since": member._replace(since=member.since - days),
    }  # fmt: skip
    match part:
        case "member":
            stored[area] = replace(kept, members={each: value for each, value in kept.members.items() if each != name})
        case "registered":
            stored[area] = replace(kept, registered=kept.registered + 1)
        case "early" | "late":
            stored[area] = replace(kept, day=moment(NOW).date() + 2 * days if part == "late" else known[area].day - days)
        case _:
            stored[area] = replace(kept, members=kept.members | {name: other[part]})

    assert not judged(known, stored, region.said).right
