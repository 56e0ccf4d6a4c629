"""Alerts gathered by place, as consumers read them: what is printed is what docs/schemas/alert-group.schema.json says."""

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.grouping import Groups, Level
from fangfan.json_schemas import schema_of_groups
from schemas import codec
from schemas.household import EMPTY
from schemas.registry import RegistryChange
from schemas.rejections import Rejection
from schemas.reports import Report
from schemas.vocabulary import SEVERITIES
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, encode
from tests.doors import fangfan
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


def grouped(
    alerts: list[dict[str, Any]], level: Level, wanted: Callable[[dict[str, Any]], bool] = lambda _: True
) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    groups = Groups(level, 0, shown.append, wanted)
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


SAID = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.sampled_from([*SEVERITIES, None])), max_size=30)


@given(SAID, st.sampled_from([*SEVERITIES, None]), st.sets(st.integers(0, 2)))
async def test_a_household_stands_once_where_its_last_alert_puts_it_if_that_one_is_wanted(
    said: list[tuple[int, int, str | None]], severity: str | None, villages: set[int]
) -> None:
    """By household, village and severity; which severity is asked for (any where none), and which villages."""
    alerts = [
        {"household_id": f"H00000{who}", "area_code": f"14012310020{where}", "severity": grave} for who, where, grave in said
    ]
    asked = {f"14012310020{where}" for where in villages}
    found = grouped(alerts, "village", lambda each: each["area_code"] in asked and severity in (None, each["severity"]))
    last = {alert["household_id"]: alert for alert in alerts}
    kept = {name: each for name, each in last.items() if each["area_code"] in asked and severity in (None, each["severity"])}

    assert sorted({each["area_code"] for each in kept.values()}) == [group["area_code"] for group in found]
    shown = [alert for group in found for alert in group["alerts"]]
    assert kept == {alert["household_id"]: alert for alert in shown}
    assert len(kept) == len(shown)
    for group in found:
        inside = {name for name, each in kept.items() if each["area_code"] == group["area_code"]}
        assert (len(inside), sum(alert["household_id"] in inside for alert in alerts)) == (
            group["households"], group["transitions"],
        )  # fmt: skip


@pytest.mark.parametrize(("filters", "expected"), [
    ([], [("140123100201", ["A000001", "B000001"]), ("140221100201", ["C000001", "D000001"])]),
    (["--severity", "red"], [("140221100201", ["C000001"])]),
    (["--county", "140123"], [("140123100201", ["A000001", "B000001"])]),
    (["--rule", "food"], [("140221100201", ["C000001"])]),
])  # fmt: skip
async def test_filters_ask_the_last_alert_of_each_household(
    broker: EmbeddedBroker, topic_prefix: str, filters: list[str], expected: list[tuple[str, list[str]]]
) -> None:
    """One that hungered (red) has only a bad well left (orange), one is well again, one moved to another county."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(settings)
    hunger, well = [{"rule": "food@1"}], [{"rule": "water@1"}]
    told = [
        ("A000001", "140123100201", "red", hunger), ("B000001", "140123100201", "red", hunger),
        ("C000001", "140123100201", "orange", well), ("D000001", "140221100201", "orange", well),
        ("A000001", "140123100201", "orange", well), ("B000001", "140123100201", None, []),
        ("C000001", "140221100201", "red", hunger),
    ]  # fmt: skip
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
        for name, area, severity, reasons in told:
            alert = {"household_id": name, "area_code": area, "county_code": area[:6], "severity": severity, "reasons": reasons}
            await producer.send_and_wait(settings.topic("alerts"), encode(alert), name.encode())
    asked = ("alerts", "--json", "--group", "village", *filters)
    done = await asyncio.to_thread(fangfan, *asked, BROKERS=settings.brokers, TOPIC_PREFIX=topic_prefix)
    groups = [json.loads(each) for each in done.stdout.splitlines()]

    assert (0, "") == (done.returncode, done.stderr)
    assert expected == [(group["area_code"], sorted(alert["household_id"] for alert in group["alerts"])) for group in groups]
