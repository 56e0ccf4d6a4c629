"""The short run of the fault driver: what must hold after kills, a frozen worker, a lost folder and a broker gone."""

from pathlib import Path

import pytest

from fangfan.broker import EmbeddedBroker
from tests.faults.driver import Plan, carry_out


@pytest.mark.timeout(420)
async def test_nothing_lost_nothing_doubled_nothing_wrong(tmp_path: Path) -> None:
    plan = Plan(reports=12_000, seed=20261124, faults=["kill", "broker", "zombie", "folder", "kill", "term"])
    with EmbeddedBroker(nodes=plan.nodes) as broker:
        line, right = await carry_out(plan, tmp_path, broker, "faults-")

    assert right, line
