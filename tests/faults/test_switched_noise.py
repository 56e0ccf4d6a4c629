"""What a fault run expects to be held back is what the pure path holds back; what went too soon or waits too long is heard."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from tests.faults.judge_alerts import judge_alert
from tests.faults.living import NOW, Life, judged, lived
from tests.faults.switched import ALL
from tests.faults.verdict import Verdict
from tests.faults.world import World, build
from tests.oracle.naive import when
from tests.oracle.stored import moment

SWITCHED = replace(ALL, snoozed=0.6, cases=0.0, linked=0.0)


@pytest.fixture(scope="module")
def world() -> World:
    return build(3_000, 11, SWITCHED)


def heard(
    world: World, lives: dict[str, Life], window: int | None, *, snoozes: bool = True, ticked: bool = True
) -> set[str]:  # fmt: skip
    """The households of which something is heard of their alerts, by a judge who knows of the window and of snoozes."""
    found = set()
    for name, life in lives.items():
        reports, entry = world.lives[name]
        expected = partial(SWITCHED.expected, reports, entry)
        known = [each for each in reports if snoozes or not any(fact["type"] == "snooze" for fact in each["facts"])]
        verdict, clock, late = Verdict(), moment(life.state.facts.as_of or 0), moment(NOW) if ticked else None
        judge_alert(verdict, name, known, life.said, window, expected, clock, late)
        if not verdict.right:
            found.add(name)
    return found


def test_what_waits_at_the_end_is_what_must(world: World, lives: dict[str, Life]) -> None:
    assert judged(world, lives, SWITCHED, moment(NOW)).right
    notes = [each["noise"] for life in lives.values() for each in life.said]
    assert any(each["withheld"] for each in notes)
    assert any(each["snoozed_until"] for each in notes)


def test_a_judge_who_knows_of_no_snooze_or_of_no_window_hears_what_waits(world: World, lives: dict[str, Life]) -> None:
    """So that what waits is not taken for what was lost only where it must wait."""
    assert set() == heard(world, lives, SWITCHED.window)
    assert heard(world, lives, SWITCHED.window, snoozes=False)
    behind = lived(world, ticks=0)
    assert set() == heard(world, behind, SWITCHED.window, ticked=False)
    assert heard(world, behind, None, ticked=False) > heard(world, behind, SWITCHED.window, snoozes=False, ticked=False)


def test_households_that_noise_control_never_reached_are_heard(world: World, lives: dict[str, Life]) -> None:
    """Published as under the policy that is shipped: milder changes follow at once, and snoozes hide as they do anyhow."""
    loud = lived(world, replace(SWITCHED, window=None), ticks=1)

    assert {name for name, life in loud.items() if life.said} == heard(world, loud, SWITCHED.window)


def test_a_milder_change_within_the_window_is_heard(world: World, lives: dict[str, Life]) -> None:
    mild = {
        name: life for name, life in lives.items()
        if len(life.said) > 1 and life.said[-1]["transition"] in ("cleared", "updated", "deescalated")
    }  # fmt: skip
    assert mild
    for name, life in mild.items():
        soon = (when(life.said[-2]["as_of"]) + timedelta(days=9)).isoformat()
        said = [*life.said[:-1], life.said[-1] | {"as_of": soon}]
        assert {name} == heard(world, {name: replace(life, said=said)}, SWITCHED.window)


def test_what_could_go_and_got_no_tick_is_heard(world: World) -> None:
    verdict = judged(world, lived(world, ticks=0), SWITCHED, moment(NOW))

    assert [] == verdict.wrong
    assert any(each.endswith("no tick since what waits could go") for each in verdict.lost)
