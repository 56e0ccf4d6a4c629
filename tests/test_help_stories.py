"""Which help a household is offered, by its reasons and by who in it can work; lived three ways."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from schemas.alerts import Alert
from streams.policy import Policy
from tests.build import cadre, department, entry, member, statement, tick
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, on_kafka

JOBS = ["industry", "employment", "micro_credit", "public_post", "training"]
SECURITY = ["dibao", "destitute", "temporary_relief"]
AT = "T09:00:00+08:00"
HOME = entry("H000001", member("P-0001"), member("P-0002", birth_year=2014))
"""One who works, and a child."""
POOR = cadre("c1", statement("2025-03", "2026-02", "2000.00"), at=f"2026-03-02{AT}")


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    settings = Settings(brokers=broker.bootstrap, topic_prefix="help-stories-", partitions=1)
    with on_kafka(settings, tmp_path_factory.mktemp("help-stories")) as kafka:
        yield kafka


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Way:
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
