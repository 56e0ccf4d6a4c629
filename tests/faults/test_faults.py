"""The short run of the fault driver: what must hold after kills, a frozen worker, a lost folder and a broker gone."""

from pathlib import Path

import pytest

from fangfan.broker import EmbeddedBroker
from tests.faults.driver import carry_out
from tests.faults.plan import Plan
from tests.faults.switched import ALL, Switched


@pytest.mark.timeout(420)
async def test_nothing_lost_nothing_doubled_nothing_wrong(tmp_path: Path) -> None:
    faults = ["kill", "broker", "zombie", "folder", "join", "term"]
    plan = Plan(reports=6_000, seed=20261124, faults=faults, switched=ALL, to_the_end=False)
    with EmbeddedBroker(nodes=plan.nodes) as broker:
        line, verdict = await carry_out(plan, tmp_path, broker, "faults-")

    assert verdict.right, line


@pytest.mark.timeout(300)
async def test_at_least_once_repeats_but_loses_nothing_when_workers_are_killed(tmp_path: Path) -> None:
    """Two workers at once may repeat transitions while partitions move; whether they do is luck: not asserted.

    Without ticks, which would have every household judged again, it is the walk that brings the published version to those
    that had reported before.
    """
    faults, switched = ["kill", "term", "kill", "folder", "kill"], Switched(signals=0.4, version=True)
    plan = Plan(reports=12_000, seed=7, faults=faults, nodes=1, guarantee="at-least-once", switched=switched)
    with EmbeddedBroker() as broker:
        line, verdict = await carry_out(plan, tmp_path, broker, "faults-")

    assert ([], []) == (verdict.lost, verdict.wrong), line
