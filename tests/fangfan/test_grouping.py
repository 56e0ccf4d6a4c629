"""Alerts gathered by place, as consumers read them: what is printed is what docs/schemas/alert-group.schema.json says."""

import json
import random
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from fangfan.grouping import Groups, Level
from fangfan.json_schemas import schema_of_groups
from schemas import codec
from schemas.household import EMPTY
from schemas.registry import RegistryChange
from schemas.rejections import Rejection
from schemas.reports import Report
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, encode
from tests.oracle.histories import history

GROUPS = Draft202012Validator(schema_of_groups())


@pytest.fixture(scope="module")
def alerts(policy: Policy) -> list[dict[str, Any]]:
    """Every transition of a hundred random households of three villages."""
    found = []
    for seed in range(100):
        reports, registry = history(random.Random(seed))
        state, household = EMPTY, f"H{seed:06}"
        for record in [*([registry] if registry else []), *reports]:
            message = normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)
            assert not isinstance(message, Rejection)
            assert isinstance(message, Report | RegistryChange)
            step = advance(household, state, message, TIMESTAMP * 1_000_000, policy)
            state = step.state
            if step.alert is not None:
                alert = json.loads(codec.encode_alert(step.alert, "2026-06-15T08:00:00+08:00"))
                found.append(alert | {"area_code": f"14012310020{seed % 3}"})
    return found


def grouped(alerts: list[dict[str, Any]], level: Level) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    groups = Groups(level, 0, shown.append)
    for alert in alerts:
        groups.add(alert)
    groups.end()
    return shown


@pytest.mark.parametrize(("level", "places"), [("village", 3), ("township", 1), ("county", 1)])
async def test_every_group_validates(alerts: list[dict[str, Any]], level: Level, places: int) -> None:
    groups = grouped(alerts, level)

    assert places == len(groups)
    assert {"cleared", "opened"} <= {alert["transition"] for group in groups for alert in group["alerts"]}
    for group in groups:
        GROUPS.validate(json.loads(json.dumps(group)))
        assert set(group) == set(schema_of_groups()["properties"])  # nothing is printed that is not described
        assert group["households"] == sum(group["open"].values()) + group["cleared"] == len(group["alerts"])


async def test_a_place_where_all_is_well_again_validates(alerts: list[dict[str, Any]]) -> None:
    (group,) = grouped([alert for alert in alerts if alert["severity"] is None], "county")

    assert (None, {}) == (group["severity"], group["open"])
    GROUPS.validate(group)


SPOILED: list[dict[str, Any]] = [
    {"schema": "alert-group/2"}, {"level": "planet"}, {"area_code": "140123100"}, {"area_code": "14012310020X"},
    {"severity": "pink"}, {"open": {"pink": 1}}, {"open": {"red": 0}}, {"cleared": -1}, {"households": 0}, {"alerts": []},
    {"transitions": "3"}, {"alerts": [{"schema": "alert/1"}]},
]  # fmt: skip


@pytest.mark.parametrize("spoiled", SPOILED, ids=str)
async def test_what_no_group_says_does_not_validate(alerts: list[dict[str, Any]], spoiled: dict[str, Any]) -> None:
    group = grouped(alerts, "village")[0]

    assert GROUPS.is_valid(group)
    assert not GROUPS.is_valid(group | spoiled)


async def test_a_group_without_one_of_its_fields_does_not_validate(alerts: list[dict[str, Any]]) -> None:
    group = grouped(alerts, "village")[0]

    assert not [name for name in group if GROUPS.is_valid({key: value for key, value in group.items() if key != name})]
