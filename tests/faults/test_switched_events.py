"""What a fault run expects of area events: their facts in the states of those who are linked and live there, of nobody else."""

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.living import Life, judged
from tests.faults.switched import ALL
from tests.faults.world import World, build

SWITCHED = replace(ALL, linked=0.8)


@pytest.fixture(scope="module")
def world() -> World:
    return build(2_000, 3, SWITCHED)


def told(reports: list[dict[str, Any]]) -> set[str]:
    return {each["event_id"] for each in reports if each["event_id"].startswith("area-")}


def test_who_is_linked_and_lives_there_is_told(world: World, lives: dict[str, Life]) -> None:
    verdict = judged(world, lives, SWITCHED)
    reached = [told(reports) for reports, _ in world.lives.values()]
    sent = [topic for topic, _, value in world.records if b'"event_id": "area-' in value]

    assert verdict.right
    assert len(reached) // 4 < sum(map(bool, reached)) < len(reached)
    assert {"area-events"} == {*sent}
    assert len(sent) >= 60
    assert any(
        reason["rule"] == "market-slump@1" for life in lives.values() for each in life.said for reason in each["reasons"]
    )


def test_who_missed_an_event_or_was_told_of_a_strangers_is_heard(world: World, lives: dict[str, Life]) -> None:
    every = {report["event_id"]: report for reports, _ in world.lives.values() for report in reports if told([report])}
    heard = 0
    for name, (reports, entry) in world.lives.items():
        mine = told(reports)
        withdrawn = {each["voids"] for each in reports}
        missing = next(iter(sorted(mine - withdrawn)), None)
        strange = next(iter(sorted({*every} - mine - {key for key, each in every.items() if each["voids"]})), None)
        fewer = [each for each in reports if each["event_id"] != missing]
        more = [*reports, *([every[strange] | {"household_id": name}] if strange else [])]
        for other in (fewer, more):
            if other != reports:
                verdict = judged(replace(world, lives={name: (other, entry)}), {name: lives[name]}, SWITCHED)
                assert not verdict.right, (name, missing, strange)
                heard += 1
    assert heard > len(lives)
