"""What a fault run expects with signals, ticks, a later version and a shadow is what the pure path comes to, nothing else."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.faults.judge import _judge_household
from tests.faults.living import NOW, Life, judged, lived
from tests.faults.switched import ALL, Switched
from tests.faults.verdict import Verdict
from tests.faults.world import World, build
from tests.oracle.naive import CHINA
from tests.oracle.stored import moment, nanoseconds


@pytest.fixture(scope="module")
def world() -> World:
    return build(2_500, 20261128, ALL)


def test_households_whose_ticks_have_all_come_stand_as_they_must_today(world: World, lives: dict[str, Life]) -> None:
    verdict = judged(world, lives, today=moment(NOW))

    assert ([], []) == (verdict.lost, verdict.wrong)
    told = [life.said[-1] for life in lives.values() if life.said]
    assert len(told) // 3 < sum("tick:" in last["caused_by"] for last in told)
    assert {"shanxi@1", "shanxi@2"} == {each["policy"] for life in lives.values() for each in life.said}


def test_households_on_their_way_stand_as_they_must_at_the_clock_they_got_to(world: World) -> None:
    lives = lived(world, ticks=0.7)
    verdict = judged(world, lives)

    assert ([], []) == (verdict.lost, verdict.wrong)
    late = judged(world, lives, today=moment(NOW))
    assert [] == late.wrong
    assert len(lives) // 10 < len({each.partition(":")[0].split()[0] for each in late.lost}) < len(lives)
    assert {"no tick since"} == {each.partition(": ")[2][:13] for each in late.lost}


@pytest.mark.parametrize("other", [replace(ALL, version=False), replace(ALL, signals=0.0, ticks=False)])
def test_households_that_were_judged_otherwise_are_heard(world: World, lives: dict[str, Life], other: Switched) -> None:
    """By the line that was in force before, or by a clock that no report moved."""
    heard = 0
    for name, life in lives.items():
        verdict = Verdict()
        try:
            _judge_household(verdict, name, world, life.state.facts, life.told, other, None)
        except ValueError:
            heard += 1
        heard += not verdict.right

    assert len(lives) // 10 < heard


def test_a_shadow_that_says_what_the_real_policy_says_is_heard(world: World, lives: dict[str, Life]) -> None:
    verdict = judged(world, {name: replace(life, beside=life.said) for name, life in lives.items()})

    assert len(verdict.lost) + len(verdict.wrong) > len(lives) // 20
    assert {"shadow"} == {each.partition(":")[0].split()[1] for each in (*verdict.lost, *verdict.wrong)}


@pytest.mark.parametrize("part", ["severity", "category", "pathway", "reasons", "conflicts"])
def test_an_alert_that_says_anything_else_is_heard(world: World, lives: dict[str, Life], part: str) -> None:
    """Of one whose last alert is so long ago that nothing could wait."""
    name, life = next(
        (name, life) for name, life in lives.items()
        if life.said and life.said[-1]["severity"] == "red" and life.said[-1]["as_of"] < "2026-10"
    )  # fmt: skip
    other = {
        "severity": "blue", "category": "x", "pathway": "x", "reasons": life.said[-1]["reasons"][1:],
        "conflicts": [{"rule": "water@1", "subject": "nobody"}],
    }  # fmt: skip
    last = life.said[-1] | {part: other[part]}
    verdict = judged(world, {name: replace(life, said=[*life.said[:-1], last])})

    assert part in {each.partition("last alert, ")[2].partition(":")[0] for each in verdict.wrong}
    assert {part, "conflicts"} >= {each.partition("last alert, ")[2].partition(":")[0] for each in verdict.wrong}


@pytest.mark.parametrize(
    ("stored", "right"),
    [
        ("2026-06-10T09:00:00+08:00", True),
        ("2026-07-01T00:00:00+08:00", True),
        ("2026-07-01T00:00:00.000001+08:00", False),
        ("2026-06-30T00:00:00Z", False),
        ("2026-06-01T00:00:00+08:00", False),
        ("2026-12-01T00:00:00+08:00", False),
    ],
)
def test_a_clock_stands_at_the_newest_report_or_at_a_midnight_that_has_passed(stored: str, right: bool) -> None:
    reports = [{"schema": "cadre-report/1", "event_id": "e", "occurred_at": "2026-06-10T09:00:00+08:00"}]
    at, now = moment(nanoseconds(stored)), datetime(2026, 11, 18, tzinfo=CHINA)
    try:
        clock = ALL.clock(reports, at, now)
    except ValueError:
        assert not right
    else:
        assert right
        assert clock in (None, at)
    if at - moment(nanoseconds(str(reports[0]["occurred_at"]))) != timedelta():
        with pytest.raises(ValueError, match="its clock says"):
            replace(ALL, ticks=False).clock(reports, at, now)
