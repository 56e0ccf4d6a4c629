"""Cases of households, from a lead to removal and after it, told in reports; each is lived three ways."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from schemas.cases import CaseRecord
from streams.policy import Policy
from tests.build import cadre, declaration, department, entry, member, statement, tick
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, on_kafka

OF_COUNTY = ("decision", "rollback", "standing")
WELL = (
    {"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "housing", "grade": "B"},
    {"type": "water", "safe": True}, {"type": "medical_cover", "person_id": "P-0001", "enrolled": True},
)  # fmt: skip
BAD_WATER = {"type": "water", "safe": False}


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    folder = tmp_path_factory.mktemp("case-stories")
    settings = Settings(brokers=broker.bootstrap, topic_prefix="case-stories-", partitions=1)
    with on_kafka(settings, folder) as kafka:
        yield kafka


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Way:
    return chosen(request, lambda: Pure(policy), lambda: Batches(policy, tmp_path))


def step(day: str, name: str, phase: str = "entry", **more: Any) -> dict[str, Any]:
    """What a cadre reports of a case, or the county where only the county may."""
    fact = {"type": "case_step", "step": name, "phase": phase} | more
    at = f"{day}T09:00:00+08:00"
    if name in OF_COUNTY:
        return department(f"{name}-{day}", "rural-revitalization", fact, at=at)
    return cadre(f"{name}-{day}", fact, at=at)


def seen(day: str, *facts: dict[str, Any]) -> dict[str, Any]:
    return cadre(f"seen-{day}", *facts, at=f"{day}T09:00:00+08:00")


def removal(*days: str) -> list[dict[str, Any]]:
    """Appraisal, notice, review and decision of a removal, as many as there are days."""
    names = ("appraisal", "notice", "review", "decision")
    return [step(day, name, "removal") for name, day in zip(names, days, strict=False)]


STANDS = step("2025-09-01", "standing", stage="registered", category="marginal")
EARNS = seen("2025-10-01", *WELL, statement("2024-01", "2024-12", "14000"), statement("2025-01", "2025-09", "10500"))
"""Two people; 7,000 yuan a head and year."""


NOBODY_WORKS = entry(
    "H000001", member("P-0001", labour="none"), member("P-0002", birth_year=2014), updated_at="2026-02-01T00:00:00+08:00"
)


def told(cases: list[CaseRecord]) -> list[tuple[str, str]]:
    return [(each.transition, each.stage) for each in cases]


def lacking(case: CaseRecord) -> list[tuple[str, str]]:
    return [(one.code, one.detail) for one in case.refused[-1].missing]


def test_a_household_that_earns_and_is_well_is_removed_and_watched(live: Way) -> None:
    """The notice of Tuesday the 3rd ends with Tuesday the 10th; the township comes a week later."""
    cases = live.cases(
        entry(), STANDS, EARNS, *removal("2026-03-02", "2026-03-03"), tick("2026-03-10T00:00:00+08:00"),
        tick("2026-03-11T00:00:00+08:00"), *removal("2026-03-02", "2026-03-03", "2026-03-16", "2026-03-20")[2:],
    )  # fmt: skip

    assert [
        ("opened", "registered"), ("advanced", "removal_appraised"), ("advanced", "removal_noticed"),
        ("updated", "removal_noticed"), ("advanced", "removal_reviewed"), ("removed", "removed"),
    ] == told(cases)  # fmt: skip
    assert "tick:2026-03-11T00:00:00+08:00" == cases[3].caused_by, "the notice is over"
    assert [("watch", "2027-03-20")] == [(each.clock, each.due) for each in cases[-1].clocks]


@pytest.mark.parametrize(
    ("spoils", "condition"),
    [
        (seen("2026-02-01", BAD_WATER), ("guarantee", "water@1")),
        (seen("2026-02-01", statement("2025-02", "2026-01", "11000")), ("income-below-line", "2026-02")),
        (
            seen("2026-02-01", {"type": "spending", "category": "housing", "self_paid": "6000.00", "month": "2026-01"}),
            ("spending", "6000.00"),
        ),
        (NOBODY_WORKS, ("labour", "")),
    ],
    ids=["a bad well", "too little income", "a house to pay", "nobody can work"],
)  # fmt: skip
def test_removal_is_refused_and_says_what_stands_against_it(
    live: Way, spoils: dict[str, Any], condition: tuple[str, str]
) -> None:
    cases = live.cases(entry(), STANDS, EARNS, spoils, *removal("2026-03-02"))

    assert ("refused", "registered") == told(cases)[-1]
    assert condition in lacking(cases[-1])


def test_silence_is_not_health_and_no_statement_leads_past_the_guard(live: Way) -> None:
    """Nobody ever said how this household lives; the county then says that it was removed long ago."""
    cases = live.cases(
        entry(), STANDS, seen("2025-10-01", statement("2024-01", "2024-12", "14000"), statement("2025-01", "2025-09", "10500")),
        *removal("2026-03-02"), step("2026-03-03", "standing", stage="removed", category="marginal"),
    )  # fmt: skip

    assert ("guarantee", "water@1:unknown") in [(one.code, one.detail) for one in cases[-1].refused[0].missing]
    assert [("stage", "none|ended|removed")] == lacking(cases[-1])
    assert "registered" == cases[-1].stage


@pytest.mark.parametrize(
    ("home", "facts", "stage"),
    [
        (NOBODY_WORKS, (), "none"),
        (entry(), [{"type": "membership", "person_id": person, "status": "left", "cause": "death", "since": "2026-02"}
                   for person in ("P-0001", "P-0002")], "none"),
        (entry(), (), "removed"),
    ],
    ids=["nobody can work", "who could has died", "somebody can"],
)  # fmt: skip
def test_a_household_without_labour_is_not_said_to_be_removed_either(
    live: Way, home: dict[str, Any], facts: Iterable[dict[str, Any]], stage: str
) -> None:
    """The county says that a case which begins here was removed elsewhere; it says so again a month later."""
    standing = [step(day, "standing", stage="removed", category="marginal") for day in ("2026-03-02", "2026-04-02")]
    cases = live.cases(home, seen("2026-02-20", *WELL, *facts), *standing)

    assert {stage} == {each.stage for each in cases}
    assert [[("labour", "")]] * (2 if stage == "none" else 0) == [
        [(one.code, one.detail) for one in each.missing] for each in cases[-1].refused
    ]


def test_an_objection_stops_the_notice_until_it_is_settled(live: Way) -> None:
    """Notice on Tuesday the 3rd; a neighbour objects on the 5th, the village answers on the 9th."""
    objects = declaration("o", {"type": "case_step", "step": "objection", "phase": "removal"}, at="2026-03-05T09:00:00+08:00")
    cases = live.cases(
        entry(), STANDS, EARNS, *removal("2026-03-02", "2026-03-03"), objects,
        step("2026-03-06", "review", "removal"), step("2026-03-09", "settlement", "removal"),
        step("2026-03-11", "review", "removal"), step("2026-03-13", "review", "removal"),
    )  # fmt: skip
    refused = [[one.code for one in each.missing] for each in cases[-1].refused]

    assert [["objection-open", "notice-period"], ["notice-period"]] == refused
    assert "removal_reviewed" == cases[-1].stage


def test_an_objection_that_is_upheld_keeps_the_household_registered(live: Way) -> None:
    objects = declaration("o", {"type": "case_step", "step": "objection", "phase": "removal"}, at="2026-03-05T09:00:00+08:00")
    cases = live.cases(
        entry(), STANDS, EARNS, *removal("2026-03-02", "2026-03-03"), objects,
        step("2026-03-09", "settlement", "removal", passed=False),
    )  # fmt: skip

    assert ("returned", "registered") == told(cases)[-1]


def test_the_county_takes_a_removal_back(live: Way) -> None:
    cases = live.cases(
        entry(), STANDS, EARNS, *removal("2026-03-02", "2026-03-03", "2026-03-16", "2026-03-20"),
        step("2026-04-20", "rollback", "removal"),
    )  # fmt: skip

    assert [("removed", "removed"), ("rolled_back", "registered")] == told(cases)[-2:]


def test_a_relapse_in_the_watch_reopens_the_case_with_its_history(live: Way) -> None:
    """Removed in March; the well goes bad in June, while a cadre has put the household to sleep; somebody goes there."""
    sleeps = seen("2026-05-20", {"type": "snooze", "until": "2026-07-31", "reason": "being_helped"})
    cases = live.cases(
        entry(), STANDS, EARNS, *removal("2026-03-02", "2026-03-03", "2026-03-16", "2026-03-20"), sleeps,
        seen("2026-06-02", BAD_WATER), step("2026-06-04", "verification"),
    )  # fmt: skip

    assert [("relapsed", "removed"), ("opened", "verified")] == told(cases)[-2:]
    assert cases[-2].relapsed
    assert [1, 1, 1, 1, 1, 2] == [each.episode for each in cases[-1].history]
    assert "marginal" == cases[-1].category


def test_what_was_open_at_the_removal_hides_no_relapse_and_is_none(live: Way) -> None:
    """A call nobody answered and a crop lost to hail stand in no removal's way; in June the well goes bad."""
    call = {"type": "petition", "ref": "12317-1", "category": "land", "urgent": False, "status": "open", "since": "2026-03"}
    hail = {"type": "loss", "event": "hail-1", "hazard": "hail", "object": "crop", "lost_percent": 90, "month": "2026-02"}
    cases = live.cases(
        entry(), STANDS, EARNS, seen("2026-02-20", hail), department("q", "petitions", call, at="2026-03-01T09:00:00+08:00"),
        *removal("2026-03-02", "2026-03-03", "2026-03-16", "2026-03-20"), seen("2026-06-02", BAD_WATER),
    )  # fmt: skip
    removed, last = next(each for each in cases if each.stage == "removed"), cases[-1]

    assert ("removed", False, ["watch"]) == (removed.transition, removed.relapsed, [each.clock for each in removed.clocks])
    assert ("relapsed", True, ["verify", "watch"]) == (last.transition, last.relapsed, [each.clock for each in last.clocks])


def test_a_call_that_was_open_at_the_removal_is_a_relapse_once_it_has_waited_too_long(live: Way) -> None:
    """Called in March, removed in March: blue. In May nobody has answered for two months: yellow, and nothing else is new."""
    call = {"type": "petition", "ref": "12317-1", "category": "land", "urgent": False, "status": "open", "since": "2026-03"}
    records = [
        entry(), STANDS, EARNS, department("q", "petitions", call, at="2026-03-01T09:00:00+08:00"),
        *removal("2026-03-02", "2026-03-03", "2026-03-16", "2026-03-20"), tick("2026-04-30T23:59:59+08:00"),
    ]  # fmt: skip
    before, after = live.cases(*records), live.cases(*records, tick("2026-05-01T00:00:00+08:00"))

    assert ("removed", "removed") == told(before)[-1]
    assert [("removed", "removed"), ("relapsed", "removed")] == told(after)[-2:]
    assert "tick:2026-05-01T00:00:00+08:00" == after[-1].caused_by


def test_help_is_told_against_what_is_suggested(live: Way) -> None:
    works = department(
        "works", "water", {"type": "support", "kind": "water_works", "status": "granted", "since": "2026-02"},
        at="2026-02-10T09:00:00+08:00",
    )  # fmt: skip
    cases = live.cases(entry(), STANDS, seen("2026-02-01", BAD_WATER), works)
    water = [[(m.status, m.since) for m in each.measures if m.code == "water_works"] for each in cases]

    assert [[], [("not given", None)], [("given", "2026-02")]] == water


def test_what_nobody_finishes_in_time_is_said_once_though_nobody_reports(live: Way) -> None:
    cases = live.cases(
        entry(), seen("2026-03-02", BAD_WATER), step("2026-03-03", "verification"),
        tick("2026-03-25T00:00:00+08:00"), tick("2026-04-01T00:00:00+08:00"),
    )  # fmt: skip

    assert [("opened", "verified"), ("overdue", "verified")] == told(cases)
    assert [("finish", "2026-03-24", True)] == [(each.clock, each.due, each.overdue) for each in cases[-1].clocks]


IN_2022 = (
    step("2021-09-01", "standing", stage="registered", category="marginal"),
    seen("2021-10-01", *WELL, statement("2020-01", "2020-12", "14000"), statement("2021-01", "2021-09", "10500")),
    *removal("2022-03-02", "2022-03-03", "2022-03-16", "2022-03-18"),
)


def test_who_was_removed_years_ago_stays_removed(live: Way) -> None:
    """By 2026 all that spoke for the removal of 2022 is too old to count. Then the well goes bad, and somebody goes there."""
    years = [tick(f"{year}-{month:02d}-01T00:00:00+08:00") for year in (2023, 2024, 2025) for month in range(1, 13)]
    cases = live.cases(
        entry(), *IN_2022, *years, seen("2026-06-02", BAD_WATER), step("2026-06-04", "verification"),
        tick("2026-06-30T00:00:00+08:00"),
    )  # fmt: skip
    after = cases[told(cases).index(("removed", "removed")) + 1 :]

    assert [("updated", "removed"), ("updated", "removed"), ("opened", "verified"), ("overdue", "verified")] == told(after)
    assert ("seen-2026-06-02", False) == (after[1].caused_by, after[1].relapsed), "works on the water are suggested"
    assert ("tick:2023-04-01T00:00:00+08:00", []) == (after[0].caused_by, after[0].clocks), "the watch is over"
    assert [1, 1, 1, 1, 1, 2] == [each.episode for each in after[-1].history]


def test_who_was_registered_years_ago_stays_registered(live: Way) -> None:
    """Entered in 2021 by all seven steps. Nobody says a word of the case until the village appraises in 2026."""
    days = ("03-02", "03-03", "03-04", "03-05", "03-08", "03-18", "03-19")
    names = ("verification", "authorisation", "comparison", "appraisal", "notice", "review", "decision")
    entered = [
        step(f"2021-{day}", name, **({"category": "sudden"} if name == "decision" else {}))
        for day, name in zip(days, names, strict=True)
    ]
    entered[2] = department("compared", "civil-affairs", *entered[2]["facts"], at=entered[2]["occurred_at"])
    years = [tick(f"{year}-04-01T00:00:00+08:00") for year in (2022, 2023, 2024, 2025)]
    cases = live.cases(entry(), *entered, *years, EARNS, *removal("2026-03-02"))

    assert [("advanced", "registered"), ("advanced", "removal_appraised")] == told(cases)[-2:]
    assert ("sudden", ()) == (cases[-1].category, tuple(cases[-1].refused))


def test_a_withdrawal_years_later_still_undoes_a_removal(live: Way) -> None:
    void = department("void", "rural-revitalization", at="2026-06-02T09:00:00+08:00") | {"voids": "decision-2022-03-18"}
    cases = live.cases(entry(), *IN_2022, tick("2025-12-01T00:00:00+08:00"), void)

    assert [("removed", "removed"), ("updated", "removed"), ("rolled_back", "removal_reviewed")] == [
        each for each in told(cases) if each[1].startswith("remov")
    ][-3:]
