"""Law: whatever comes in whichever order, a report says what a batch says of the same topics, asked of any day."""

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from fangfan.report_view import rows_of
from fangfan.simulation import Simulator
from fangfan.truth import Simulation
from schemas.alerts import Alert
from schemas.fields import parse_day, parse_instant
from streams.feed_silence import word_of
from streams.indicators import Indicators
from streams.outcomes import leads_of, turn_of, visits_of
from streams.policies import alone
from streams.policy import Policy
from streams.scope import Scope
from tests.fangfan.test_report import cases, later, places_at_risk, seldom_heard, sleepers, workers_away
from tests.fangfan.test_simulation import NOW, Lived
from tests.oracle.report import Asked, Batch

BEGIN, END = date(2026, 11, 25), date(2026, 12, 31)
"""Days behind all that is reported: states are taken as they are, whatever the day."""


def sent(seed: int) -> Simulation:
    """A county of what the report's own test plants and some that is made up, each record sent when it says."""
    made = Simulator(60, 300, seed, NOW).run()
    planted = [*places_at_risk(), *later(), *cases(), *workers_away(), *sleepers(), *seldom_heard()]
    at = [parse_instant(each.value.get("reported_at") or each.value["updated_at"]) // 1_000_000
          for each in (*made.records, *planted)]  # fmt: skip
    made.records = [replace(each, sent_at=when) for each, when in zip((*made.records, *planted), at, strict=True)]
    return made


def repeated(said: list[Alert], rng: random.Random) -> list[Alert]:
    """What a household's alerts look like where a worker said some, and who took over said them again and was right."""
    begin = rng.randrange(len(said) + 1)
    wrong = [msgspec.structs.replace(each, tier="leading", county_code="140105", severity="red") for each in said[begin:]]
    return [*said[:begin], *wrong, *said[begin:]]


def topics_of(simulation: Simulation, lived: Lived) -> dict[str, list[dict[str, Any]]]:
    """Return what lies on the topics."""
    names = ("self-declarations", "cadre-reports", "department-feeds", "households")
    topics = {name: [each.value for each in simulation.records if each.topic == name] for name in names}
    said = {"alerts": lived.alerts.values(), "area-alerts": lived.area_alerts.values(), "cases": [[*lived.cases.values()]]}
    return topics | {name: [msgspec.to_builtins(one) for some in lives for one in some] for name, lives in said.items()}


def counted(simulation: Simulation, lived: Lived, scope: Scope) -> list[dict[str, Any]]:
    """Return the rows of a report over the same."""
    found = Indicators()
    for household, state in lived.states.items():
        found.add_household(state, scope)
        found.add_leads(leads_of(map(turn_of, lived.alerts.get(household, ()))), visits_of(state.facts), scope)
    found.add_area_alerts([alert for said in lived.area_alerts.values() for alert in said], scope)
    for record in simulation.records:
        if record.topic == "department-feeds":
            word = word_of(record.payload, record.sent_at or 0)
            assert word is not None
            found.add_word(word, scope)
    return rows_of(found, scope)


@pytest.mark.parametrize("seed", range(16))
def test_a_report_equals_a_batch(policy: Policy, tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    simulation = sent(seed)
    lived = Lived(simulation, policy, rng, ticks=False)
    if seed % 2:  # at least once
        lived.alerts = {household: repeated(said, rng) for household, said in lived.alerts.items()}
    day = BEGIN + timedelta(days=rng.randrange((END - BEGIN).days + 1))
    since, months, days = day - timedelta(days=rng.randrange(200)), rng.randint(1, 12), rng.randint(1, 40)
    scope = Scope(alone(policy), day.toordinal(), since.toordinal(), months, days)
    expected = Batch(topics_of(simulation, lived), tmp_path, Asked(str(day), str(since), months, days)).rows()
    found = counted(simulation, lived, scope)

    assert parse_day(str(day)) == scope.day
    assert expected.keys() == {(row["by"], row["key"]) for row in found}
    for row in found:
        wanted = {"by": row["by"], "key": row["key"]} | expected[row["by"], row["key"]]
        assert {} == {name: (value, row[name]) for name, value in wanted.items() if value != row[name]}, row["key"]
    whole = expected["all", "all"]
    assert all(whole[name] for name in ("open", "reported", "conflicting", "migrants", "open_villages", "overdue"))
