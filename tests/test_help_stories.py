"""Which help a household is offered, by its reasons and by who in it can work; lived three ways."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.policy_files import load_policy
from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from schemas.alerts import Alert
from tests.build import cadre, department, entry, member, statement, tick
from tests.conftest import ROOT
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, on_kafka

JOBS = ["industry", "employment", "micro_credit", "public_post", "training"]
SECURITY = ["dibao", "destitute", "temporary_relief"]
AT = "T09:00:00+08:00"
HOME = entry("H000001", member("P-0001"), member("P-0002", birth_year=2014))
"""One who works, and a child."""
POOR = cadre("c1", statement("2025-03", "2026-02", "2000.00"), at=f"2026-03-02{AT}")


LENIENT = "140221100201"
"""A village of the one county in which a household without labour may be marked removed."""


@pytest.fixture(scope="module")
def lenient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped policy, but that one county has thrown the switch of `[rules.cases]`."""
    file = tmp_path_factory.mktemp("help-policy") / "shanxi.toml"
    switch = f"\n[county.{LENIENT[:6]}.rules.cases]\nwithout-labour = true\n"
    file.write_text((ROOT / "policy" / "shanxi.toml").read_text("utf-8") + switch, "utf-8")
    return file


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, lenient: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    settings = Settings(brokers=broker.bootstrap, topic_prefix="help-stories-", partitions=1)
    with on_kafka(settings, tmp_path_factory.mktemp("help-stories"), POLICY=str(lenient)) as kafka:
        yield kafka


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, lenient: Path, tmp_path: Path) -> Way:
    policy = load_policy(lenient)
    return chosen(request, lambda: Pure(policy), lambda: Batches(policy, tmp_path))


def offered(alert: Alert) -> list[str]:
    """What is suggested for its income."""
    return [each.code for each in alert.measures if "income-line@1" in each.rules]


def left(cause: str, since: str = "2026-04") -> dict[str, Any]:
    return {"type": "membership", "person_id": "P-0001", "status": "left", "cause": cause, "since": since}


@pytest.mark.parametrize(
    ("fact", "may_work"),
    [
        (left("death"), False),
        (left("move"), False),
        ({"type": "employment", "person_id": "P-0001", "status": "unable", "since": "2026-04"}, False),
        ({"type": "employment", "person_id": "P-0001", "status": "seeking", "since": "2026-04"}, True),
        (left("death") | {"person_id": "P-0002"}, True),
    ],
    ids=["died", "moved away", "unable", "seeks work", "the child died"],
)
def test_who_lost_the_one_who_works_is_not_offered_jobs_though_the_entry_still_names_them(
    live: Way, fact: dict[str, Any], may_work: bool
) -> None:
    """Poor in March; in April something is said of the one who works, and in May the well goes bad."""
    well = department("w1", "water", {"type": "water", "safe": False}, at=f"2026-05-06{AT}")
    _, alerts = live(HOME, POOR, cadre("c2", fact, at=f"2026-04-20{AT}"), well)

    assert (JOBS, JOBS if may_work else SECURITY) == (offered(alerts[0]), offered(alerts[-1]))
    assert {"development"} == {each.pathway for each in alerts}, "that is the entry's word alone"


def test_who_is_to_leave_next_month_may_work_until_then(live: Way) -> None:
    """Said in April for June; each time something else is told of the household, so that its alert is told again."""
    _, alerts = live(
        HOME, POOR, cadre("c2", left("move", "2026-06"), at=f"2026-04-20{AT}"),
        department("w1", "water", {"type": "water", "safe": False}, at=f"2026-05-06{AT}"), tick("2026-06-01T00:00:00+08:00"),
        department("w2", "water", {"type": "water", "safe": True}, at=f"2026-06-10{AT}"),
    )  # fmt: skip

    assert [JOBS, JOBS, SECURITY] == [offered(each) for each in alerts]


def test_a_case_asks_for_security_from_the_record_on_that_tells_of_the_death(live: Way) -> None:
    """The household is registered; no alert is told again for it, what the case asks for changes all the same."""
    stands = department(
        "s1", "rural-revitalization",
        {"type": "case_step", "step": "standing", "stage": "registered", "category": "marginal"}, at=f"2026-03-03{AT}",
    )  # fmt: skip
    cases = live.cases(HOME, POOR, stands, cadre("c2", left("move"), at=f"2026-04-20{AT}"))

    assert [JOBS, SECURITY] == [
        [each.code for each in case.measures if "income-line@1" in each.rules and each.status == "not given"] for case in cases
    ]
    assert ("updated", "c2") == (cases[-1].transition, cases[-1].caused_by)


def whole_way_out(area: str, *, late: bool) -> list[dict[str, Any]]:
    """A registered household that earns and is well, whose only worker becomes unable before the removal, or after it."""
    unable = {"type": "employment", "person_id": "P-0001", "status": "unable", "since": "2026-02"}
    well = (
        {"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "housing", "grade": "B"},
        {"type": "water", "safe": True}, {"type": "medical_cover", "person_id": "P-0001", "enrolled": True},
    )  # fmt: skip
    earned = statement("2024-01", "2024-12", "14000"), statement("2025-01", "2025-09", "10500")
    steps = [
        cadre(f"{name}-{day}", {"type": "case_step", "step": name, "phase": "removal"}, at=f"{day}{AT}")
        for name, day in (("appraisal", "2026-03-02"), ("notice", "2026-03-03"), ("review", "2026-03-16"))
    ]
    decision = {"type": "case_step", "step": "decision", "phase": "removal"}
    stands = {"type": "case_step", "step": "standing", "stage": "registered", "category": "marginal"}
    return [
        HOME | {"area_code": area}, department("s1", "rural-revitalization", stands, at=f"2025-09-01{AT}"),
        cadre("w1", *well, *earned, at=f"2025-10-01{AT}"),
        *([cadre("u1", unable, at=f"2026-02-10{AT}")] if not late else []), *steps,
        *([cadre("u1", unable, at=f"2026-03-18{AT}")] if late else []),
        department("d1", "rural-revitalization", decision, at=f"2026-03-20{AT}"),
    ]  # fmt: skip


@pytest.mark.parametrize(("late", "refused"), [(False, ["appraisal", "notice", "review", "decision"]), (True, ["decision"])])
def test_nobody_who_can_work_means_no_removal_but_where_the_policy_has_the_switch(
    live: Way, late: bool, refused: list[str]
) -> None:
    """Before the village agrees, or between its notice and the county's decision: both are asked."""
    case = live.cases(*whole_way_out(HOME["area_code"], late=late))[-1]
    there = live.cases(*whole_way_out(LENIENT, late=late))[-1]

    assert refused == [each.step for each in case.refused]
    assert "labour" in [one.code for one in case.refused[-1].missing]
    assert ("removed", []) == (there.stage, there.refused)
