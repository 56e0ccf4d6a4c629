"""What is to be done by when, and what is said when it is not, though nobody reports; lived three ways."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from schemas.cases import CaseRecord
from streams.policy import Policy
from tests.build import cadre, declaration, department, entry, statement, tick
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, on_kafka, punctual

Record = dict[str, Any]
WELL = (
    {"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "housing", "grade": "B"},
    {"type": "water", "safe": True}, {"type": "medical_cover", "person_id": "P-0001", "enrolled": True},
    statement("2024-01", "2024-12", "14000"), statement("2025-01", "2025-09", "10500"),
)  # fmt: skip
"""All that a removal asks for: two people and 7,000 yuan a head and year."""
SAFE, UNSAFE = {"type": "water", "safe": True}, {"type": "water", "safe": False}


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    settings = Settings(brokers=broker.bootstrap, topic_prefix="deadline-stories-", partitions=1)
    with on_kafka(settings, tmp_path_factory.mktemp("deadline-stories")) as kafka:
        yield kafka


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Way:
    return chosen(request, lambda: Pure(policy), lambda: Batches(policy, tmp_path))


def on(day: str) -> str:
    return f"{day}T09:00:00+08:00"


def midnight(day: str) -> Record:
    return tick(f"{day}T00:00:00+08:00")


def a_step(day: str, name: str, **more: Any) -> Record:
    """A step as whoever may tells it."""
    fact = {"type": "case_step", "step": name} | more
    match name:
        case "objection":
            return declaration(f"{name}-{day}", fact, at=on(day))
        case "comparison" | "decision" | "standing":
            return department(f"{name}-{day}", "rural-revitalization", fact, at=on(day))
        case _:
            return cadre(f"{name}-{day}", fact, at=on(day))


def until_notice(*days: str) -> list[Record]:
    """The way in up to the village's notice."""
    names = ("verification", "authorisation", "comparison", "appraisal", "notice")
    return [a_step(day, name) for name, day in zip(names, days, strict=True)]


def told(cases: list[CaseRecord]) -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
    return [(c.caused_by, c.transition, [(each.clock, each.due, each.overdue) for each in c.clocks]) for c in cases]


@pytest.mark.parametrize(
    ("passed", "transition", "clocks"),
    [(True, "opened", [("finish", "2026-06-01", False)]), (False, "opened", [])],
    ids=["found in need", "found nothing of it"],
)  # fmt: skip
def test_a_lead_that_nobody_visits_is_overdue_after_five_working_days_and_a_visit_answers_it(
    live: Way, passed: bool, transition: str, clocks: list[tuple[str, str, bool]]
) -> None:
    """Seen on Wednesday 29 April; Labour Day keeps offices shut from 1 to 5 May and Saturday the 9th makes up for it."""
    lead = cadre("w1", UNSAFE, at=on("2026-04-29"))
    visit = a_step("2026-05-11", "verification", passed=passed)
    cases = live.cases(*punctual(entry(), lead, midnight("2026-05-10"), midnight("2026-05-11"), visit))
    early = live.cases(*punctual(entry(), lead, tick("2026-05-09T23:59:59+08:00")))

    assert [
        ("tick:2026-05-10T00:00:00+08:00", "overdue", [("verify", "2026-05-09", True)]),
        ("verification-2026-05-11", transition, clocks),
    ] == told(cases)
    assert [] == early


def test_who_objects_is_answered_in_ten_working_days_and_the_work_on_the_case_waits(live: Way) -> None:
    """Visited on 2 March: by the 23rd it should be finished, were it not for the objection, open from the 10th to the 25th."""
    way = [*until_notice("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"),
           a_step("2026-03-10", "objection")]  # fmt: skip
    cases = live.cases(
        *punctual(
            entry(), *way, midnight("2026-03-24"), midnight("2026-03-25"), a_step("2026-03-26", "settlement"),
            midnight("2026-04-01"), midnight("2026-04-11"),
        )
    )  # fmt: skip
    assert [False] * 5 + [True, True] + [False] * 3 == [each.open_objection for each in cases]
    *_, objected, unsettled, settled, noticed, unfinished = told(cases)

    assert ("objection-2026-03-10", "updated", ("settle", "2026-03-24", False)) == (*objected[:2], objected[2][1])
    assert ("tick:2026-03-25T00:00:00+08:00", "overdue") == unsettled[:2]
    assert ("settle", "2026-03-24", True) in unsettled[2]
    assert ("settlement-2026-03-26", "updated") == settled[:2]
    assert [("finish", "2026-04-09", False), ("notice", "2026-03-31", False)] == settled[2]
    assert ("tick:2026-04-01T00:00:00+08:00", "updated", [("finish", "2026-04-09", False)]) == noticed
    assert ("tick:2026-04-11T00:00:00+08:00", "overdue", [("finish", "2026-04-09", True)]) == unfinished


def test_an_objection_that_two_channels_told_of_waits_until_one_takes_it_back(live: Way) -> None:
    """A neighbour calls the hotline and writes to the petitions office; settled once, then the office sees it."""
    way = until_notice("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06")
    objection = {"type": "case_step", "step": "objection"}
    written = department("letter", "petitions", objection, at=on("2026-03-10"))
    withdrawn = department("letter-withdrawn", "petitions", voids="letter", at=on("2026-03-25"))
    cases = live.cases(
        *punctual(
            entry(), *way, a_step("2026-03-10", "objection"), written, a_step("2026-03-11", "settlement"),
            a_step("2026-03-24", "review"), withdrawn,
        )
    )  # fmt: skip
    both = live.cases(
        *punctual(entry(), *way, a_step("2026-03-10", "objection"), written, a_step("2026-03-11", "review"))
    )[-1].refused[0].missing[0]  # fmt: skip

    assert ["objection-open", "notice-period"] == [each.code for each in cases[-2].refused[0].missing]
    assert ("letter-withdrawn", "advanced", "reviewed", []) == (
        cases[-1].caused_by, cases[-1].transition, cases[-1].stage, cases[-1].refused
    )  # fmt: skip
    assert both.zh.startswith("尚有2项未处理的异议")
    assert both.en.startswith("2 objections are still open")


def test_a_household_is_watched_for_a_year_after_its_removal_and_that_it_ends_is_said(live: Way) -> None:
    """Bad water on the last day of the watch is a relapse; the day after it is a lead like any other."""
    stands = a_step("2025-06-30", "standing", stage="removed", category="marginal")
    good, bad = (
        cadre("w1", SAFE, at=on("2025-06-01")),
        [cadre("w2", UNSAFE, at=on(day)) for day in ("2026-06-30", "2026-07-01")],
    )
    over = live.cases(*punctual(entry(updated_at="2025-01-01T00:00:00+08:00"), good, stands, midnight("2026-07-01"), bad[1]))
    last = live.cases(*punctual(entry(updated_at="2025-01-01T00:00:00+08:00"), good, stands, bad[0]))

    watch = [("watch", "2026-06-30", False)]
    assert [
        ("standing-2025-06-30", "opened", watch), ("tick:2026-07-01T00:00:00+08:00", "updated", []),
    ] == told(over)[:2]  # fmt: skip
    assert not any(each.relapsed for each in over)
    assert ("relapsed", "removed") == (last[-1].transition, last[-1].stage)
    assert [("verify", "2026-07-07", False), *watch] == told(last)[-1][2]


GAP = {"type": "cover", "kind": "price", "covered": False, "until": "2025-01"}
"""Nobody insured the harvest: blue in a key county, and in no removal's way."""


@pytest.mark.parametrize("visited", [True, False], ids=["registered after a visit", "registered elsewhere"])
def test_a_relapse_wants_a_visit_of_its_own_whatever_was_open_at_the_removal(live: Way, visited: bool) -> None:
    """The gap of 2025 is still open when the household is removed in March 2026; in June the well goes bad."""
    days = ("2025-02-21", "2025-02-24", "2025-02-25", "2025-02-26", "2025-02-27")
    begun = [*until_notice(*days), a_step("2025-03-10", "review"), a_step("2025-03-12", "decision", category="marginal")]
    begun = begun if visited else [a_step("2025-03-12", "standing", stage="registered", category="marginal")]
    removed = [
        a_step(day, name, phase="removal") for name, day in (("appraisal", "2026-03-02"), ("notice", "2026-03-03"),
                                                             ("review", "2026-03-16"), ("decision", "2026-03-20"))
    ]  # fmt: skip
    told_again = cadre("w2", UNSAFE, at=on("2026-06-08"))
    cases = live.cases(
        *punctual(
            entry(updated_at="2025-01-01T00:00:00+08:00"), department("i1", "insurance", GAP, at=on("2025-02-20")), *begun,
            cadre("well", *WELL, at=on("2025-10-01")), *removed, cadre("w1", UNSAFE, at=on("2026-06-02")), told_again,
            midnight("2026-06-09"), midnight("2026-06-10"), a_step("2026-06-10", "verification"),
        )
    )  # fmt: skip

    assert [
        ("decision-2026-03-20", "removed", [("watch", "2027-03-20", False)]),
        ("w1", "relapsed", [("verify", "2026-06-09", False), ("watch", "2027-03-20", False)]),
        ("tick:2026-06-10T00:00:00+08:00", "overdue", [("verify", "2026-06-09", True), ("watch", "2027-03-20", False)]),
        ("verification-2026-06-10", "opened", [("finish", "2026-07-02", False)]),
    ] == told(cases)[-4:]
