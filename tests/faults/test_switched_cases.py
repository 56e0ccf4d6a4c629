"""What a fault run expects of cases is what the pure path comes to; whatever else was said of one is heard."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.living import NOW, Life, judged, lived
from tests.faults.switched import ALL
from tests.faults.world import World, build
from tests.oracle.stored import moment

SWITCHED = replace(ALL, cases=0.9)


@pytest.fixture(scope="module")
def world() -> World:
    return build(4_000, 7, SWITCHED)


def heard(world: World, lives: dict[str, Life]) -> list[str]:
    verdict = judged(world, lives, SWITCHED, moment(NOW))
    return [*verdict.lost, *verdict.doubled, *verdict.wrong]


def test_cases_stand_where_the_naive_folding_has_them(world: World, lives: dict[str, Life]) -> None:
    last = [life.case[-1] for life in lives.values() if life.case]
    codes = {one["code"] for each in last for refused in each["refused"] for one in refused["missing"]}

    assert [] == heard(world, lives)
    assert {"verified", "noticed", "registered", "removal_noticed", "removed", "ended"} <= {each["stage"] for each in last}
    assert {"stage", "no-objection", "notice-period", "income-undetermined", "guarantee", "labour"} <= codes
    assert {"finish", "settle"} <= {clock["clock"] for each in last for clock in each["clocks"] if clock["overdue"]}
    assert {"given", "not given", "given beside"} <= {one["status"] for each in last for one in each["measures"]}
    assert any(each["relapsed"] for each in last)


def test_a_household_that_has_no_case_has_no_record(world: World, lives: dict[str, Life]) -> None:
    plain = {name for name, (reports, _) in world.lives.items() if not any(_steps(each) for each in reports)}
    assert plain
    assert not any(lives[name].case for name in plain)
    other = next(life.case for life in lives.values() if life.case)
    name = min(plain)

    assert heard(world, {name: replace(lives[name], case=other)})


def _steps(report: dict[str, Any]) -> bool:
    return any(fact["type"] == "case_step" for fact in report["facts"])


def test_every_record_that_is_missing_or_said_twice_is_heard(world: World, lives: dict[str, Life]) -> None:
    """The last too: what it says differs from what the one before said, else it had not been said."""
    some = {name: life for name, life in lives.items() if life.case}
    for name, life in some.items():
        for case in (life.case[:-1], life.case[1:], [*life.case, life.case[-1]]):
            assert heard(world, {name: replace(life, case=case)}), (name, len(case))


@pytest.mark.parametrize(
    "over",
    [
        {"episode": 9}, {"stage": "appraised"}, {"category": "sudden"}, {"refused": []}, {"clocks": []}, {"relapsed": True},
        {"measures": []}, {"open_objection": True}, {"previous_stage": "reviewed"}, {"transition": "returned"},
    ],
)  # fmt: skip
def test_a_case_that_says_anything_else_is_heard(world: World, lives: dict[str, Life], over: dict[str, Any]) -> None:
    found = Counter[bool]()
    for name, life in lives.items():
        if life.case:
            last = life.case[-1]
            overdue = any(each["overdue"] or each["clock"] in ("notice", "watch") for each in last["clocks"])
            differs = overdue if "clocks" in over else last | over != last
            found[differs] += 1
            assert differs == bool(heard(world, {name: replace(life, case=[*life.case[:-1], last | over])})), name
    assert found[True] > 5


def test_a_clock_that_ran_out_without_a_tick_is_heard(world: World) -> None:
    verdict = judged(world, lived(world, ticks=0), SWITCHED, moment(NOW))

    assert [] == verdict.wrong
    for part in ("overdue", "notice_over"):
        assert any("no tick since" in each and f"'{part}'" in each for each in verdict.lost), part
