"""A household's life while a second policy is tried out beside the one in force, told in reports; lived three ways."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.policies import Judge
from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from schemas.alerts import Alert
from streams.policies import FILE, Version, alone
from streams.policy import Policy
from streams.policy_documents import version_of
from tests.build import cadre, department, entry, tick
from tests.streams.test_policies import document
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, on_kafka


def draft() -> Version:
    """The shipped policy, but with less spending, no wells, and one milder word a week."""
    made = document("draft")
    made["rules"]["expenditure-shock"]["relieved"] = 3000
    made["rules"]["water"]["enabled"] = False
    made["rules"]["noise"]["window-days"] = 7
    return version_of(made, "draft", FILE, None)


SHADOW = draft()


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One worker on one partition that runs the shadow."""
    folder = tmp_path_factory.mktemp("shadow-stories")
    (folder / "draft.json").write_bytes(SHADOW.content)
    settings = Settings(brokers=broker.bootstrap, topic_prefix="shadow-stories-", partitions=1)
    with on_kafka(settings, folder, SHADOW_POLICY=str(folder / "draft.json")) as kafka:
        yield kafka


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Way:
    """Each story is lived three ways."""
    return chosen(request, lambda: Pure(policy, SHADOW.policy), lambda: Batches(Judge(alone(policy), SHADOW.policy), tmp_path))


def on(day: str) -> str:
    return f"2026-{day}T09:00:00+08:00"


def told(alerts: list[Alert]) -> list[tuple[str, str | None, str, str]]:
    return [(each.transition, each.severity, each.caused_by, each.policy) for each in alerts]


def paid(amount: str, day: str = "06-10") -> dict[str, Any]:
    fact = {"type": "spending", "category": "education", "self_paid": amount, "month": "2026-05"}
    return department("s1", "education", fact, at=on(day))


def well(name: str, day: str, *, safe: bool) -> dict[str, Any]:
    return department(name, "water", {"type": "water", "safe": safe}, at=on(day))


def house(name: str, day: str, grade: str) -> dict[str, Any]:
    return cadre(name, {"type": "housing", "grade": grade}, at=on(day))


REMOVED = department(
    "r1", "rural-revitalization", {"type": "case_step", "step": "standing", "stage": "removed", "category": "marginal"},
    at=on("05-10"),
)  # fmt: skip


def test_what_only_the_shadow_minds_is_said_nowhere_else_and_is_no_relapse(live: Way) -> None:
    """3,000 yuan of tuition, which the policy in force lets pass, a month after the household's case was removed."""
    under, reached = (entry(), REMOVED, paid("2999.99")), (entry(), REMOVED, paid("3000.00"))
    state, alerts = live(*reached)

    assert ([], None) == (alerts, state.thread.open)
    assert [("opened", "yellow", "s1", "shanxi@draft")] == told(live.shadow(*reached))
    assert [] == live.shadow(*under)
    assert [("opened", False)] == [(case.transition, case.relapsed) for case in live.cases(*reached)]


def test_what_the_shadow_does_not_mind_is_said_as_ever(live: Way) -> None:
    """A bad well, for which somebody must come, and which is a relapse; the shadow would have sent nobody."""
    records = [entry(), REMOVED, well("w1", "06-10", safe=False)]
    state, alerts = live(*records)

    assert [("opened", "orange", "w1", "shanxi@1")] == told(alerts)
    assert state.thread.open is not None
    assert [("opened", False), ("relapsed", True)] == [(case.transition, case.relapsed) for case in live.cases(*records)]
    assert [] == live.shadow(*records)


def test_each_of_them_counts_its_own_alerts(live: Way) -> None:
    """Tuition, a well that goes bad and is repaired, a house: for one the second alert, for the other more of the first."""
    records = [
        entry(), paid("4000.00", "06-01"), well("w1", "06-02", safe=False), well("w2", "06-03", safe=True),
        house("h1", "06-04", "D"),
    ]  # fmt: skip
    _, alerts = live(*records)
    beside = live.shadow(*records)

    assert [("opened", "w1"), ("cleared", "w2"), ("opened", "h1")] == [(a.transition, a.caused_by) for a in alerts]
    assert [("H000001:1", 1), ("H000001:1", 2), ("H000001:2", 3)] == [(a.alert_id, a.sequence) for a in alerts]
    assert [("opened", "s1"), ("escalated", "h1")] == [(a.transition, a.caused_by) for a in beside]
    assert [("H000001:1", 1), ("H000001:1", 2)] == [(a.alert_id, a.sequence) for a in beside]
    assert [["housing@1"], ["expenditure-shock@1", "housing@1"]] == [
        sorted(reason.rule for reason in each.reasons) for each in (alerts[-1], beside[-1])
    ]


def test_what_the_shadow_holds_back_the_policy_in_force_has_said_long_since(live: Way) -> None:
    """The house is repaired on the day after; whoever tries out a window of a week is told at its end."""
    records = [entry(), house("h1", "06-02", "C"), house("h2", "06-03", "A")]
    over = tick("2026-06-09T00:00:00+08:00")
    _, alerts = live(*records, over)

    assert [("opened", "h1"), ("cleared", "h2")] == [(each.transition, each.caused_by) for each in alerts]
    assert ["h1"] == [each.caused_by for each in live.shadow(*records)]
    assert ["h1", "tick:2026-06-09T00:00:00+08:00"] == [each.caused_by for each in live.shadow(*records, over)]
