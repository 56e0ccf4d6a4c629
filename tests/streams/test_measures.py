"""Suggested is what fits reasons and pathway; who has no labour never gets jobs alone; what is given is told beside it."""

import copy
import random
import tomllib
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest

from agents.views import household_view
from schemas.alerts import Alert
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report
from schemas.vocabulary import MeasureCode, Pathway
from streams.assess import assess
from streams.measures import suggest
from streams.pipeline import advance
from streams.policy import Policy
from streams.policy_measures import JOBS as WORK
from streams.policy_measures import MeasureError, read_measures
from streams.policy_parse import PolicyError, parse_policy
from streams.rules import EVERY_RULE
from tests.build import TIMESTAMP, cadre, entry, member, statement
from tests.oracle.signal_histories import history
from tests.streams.test_against_oracle import fold, read

SHIPPED: dict[str, Any] = tomllib.loads(Path("policy/shanxi.toml").read_text("utf-8"), parse_float=Decimal)
POOR = cadre("c1", statement("2025-06", "2026-05", "2000.00"))
JOBS = {"industry", "employment", "micro_credit", "public_post", "training"}
OLD = entry("H000001", member("P-0001", birth_year=1950, labour="none"))
ABLE = entry("H000001", member("P-0001"))


def lived(policy: Policy, *records: dict[str, Any]) -> tuple[HouseholdState, list[Alert]]:
    state, alerts = EMPTY, []
    for record in records:
        message = read(record)
        assert isinstance(message, Report | RegistryChange)
        step = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy)
        state = step.state
        alerts += [step.alert] if step.alert else []
    return state, alerts


def codes(alert: Alert) -> list[str]:
    return [each.code for each in alert.measures]


def test_the_same_poverty_gets_jobs_with_labour_and_security_without(policy: Policy) -> None:
    _, able = lived(policy, ABLE, POOR)
    _, old = lived(policy, OLD, POOR)

    assert ("development", ["industry", "employment", "micro_credit", "public_post", "training"]) == (
        able[-1].pathway, codes(able[-1])
    )  # fmt: skip
    assert ("security", ["dibao", "destitute", "temporary_relief"]) == (old[-1].pathway, codes(old[-1]))
    assert ("低保", ["income-line@1"], "suggested") == (
        old[-1].measures[0].zh, old[-1].measures[0].rules, old[-1].measures[0].status
    )  # fmt: skip


def test_without_a_registry_entry_only_what_everybody_may_get_is_suggested(policy: Policy) -> None:
    _, alerts = lived(policy, cadre("h", {"type": "housing", "grade": "D"}), cadre("f", {"type": "food", "adequate": False}))

    assert "unknown" == alerts[-1].pathway
    assert ["temporary_relief", "housing_repair", "relocation"] == codes(alerts[-1])


def test_a_household_without_labour_never_gets_jobs_alone(policy: Policy) -> None:
    needing = {measure.code for measure in policy.measures.catalogue if measure.needs_labour}
    security = 0
    for seed in range(300):
        reports, registry = history(random.Random(seed))
        state = fold([read(record) for record in [*reports, *([registry] if registry else [])]], policy)
        found = assess(state.facts, policy)
        assert found is not None
        named = {each.code for each in suggest(policy, found, state.facts)}
        assert bool(found.findings) == bool(named)
        if found.pathway != "development" and named:
            security += 1
            assert named - needing
    assert JOBS == needing
    assert security > 50


def test_what_is_given_is_told_beside_what_is_suggested(policy: Policy) -> None:
    def given(kind: str, status: str = "granted") -> dict[str, Any]:
        return {"type": "support", "kind": kind, "status": status, "since": "2025-06"}

    gone = given("temporary_relief", "ended")
    state, alerts = lived(policy, OLD, cadre("s1", given("dibao"), given("industry"), gone), POOR)
    view = {each["code"]: (each["status"], each["since"]) for each in household_view("H000001", state, policy)["measures"]}

    assert [("dibao", "given"), ("destitute", "suggested"), ("temporary_relief", "suggested")] == [
        (each.code, each.status) for each in alerts[-1].measures
    ]
    assert {"dibao": ("given", "2025-06"), "destitute": ("not given", None), "temporary_relief": ("ended", "2025-06"),
            "industry": ("given beside", "2025-06")} == view  # fmt: skip


def test_a_cleared_alert_suggests_nothing(policy: Policy) -> None:
    _, alerts = lived(policy, ABLE, POOR, cadre("c2", statement("2025-06", "2026-05", "90000.00"), at="2026-06-11T09:00:00Z"))

    assert [("cleared", [])] == [(each.transition.value, codes(each)) for each in alerts[1:]]


CODES = get_args(MeasureCode)
RULES = ("income-line", "water", "silence")


def any_measures(rng: random.Random) -> dict[str, Any]:
    """Measures of a policy, half of which must not be used: jobs said to need no labour, jobs alone, lists left out."""
    known = [code for code in CODES if rng.random() < 0.98]
    needs = {code: rng.random() < (0.95 if code in WORK else 0.4) for code in known}
    return {
        "catalogue": {code: {"zh": "帮", "en": "help", "needs-labour": need} for code, need in needs.items()},
        "for": {
            rule: {way: rng.sample(CODES, rng.choice([0, 2, 3, 4])) for way in ("development", "security")}
            for rule in RULES if rng.random() < 0.98
        },
    }  # fmt: skip


def test_no_policy_that_may_be_used_gives_jobs_alone_to_who_cannot_work() -> None:
    """Whatever fires together: who has no labour, or of whom that is not known, gets nothing or something that needs none."""
    used, jobs = 0, 0
    for seed in range(3_000):
        rng = random.Random(seed)
        document = any_measures(rng)
        needs, of_rules = {code: row["needs-labour"] for code, row in document["catalogue"].items()}, document["for"]
        known = all(code in needs for row in of_rules.values() for some in row.values() for code in some)
        honest = all(needs.get(code, True) for code in WORK)
        alone = any(row["security"] and all(needs.get(code) for code in row["security"]) for row in of_rules.values())
        may_be_used = {*RULES[:2]} <= {*of_rules} and known and honest and not alone
        try:
            measures = read_measures(document, RULES, ("silence",))
        except MeasureError:
            assert not may_be_used, seed
            continue
        assert may_be_used, seed
        used += 1
        firing = [rule for rule in RULES if rng.random() < 0.6]
        for way in ("security", "unknown"):
            offered = frozenset[str]().union(*(measures.for_rule(rule, way) for rule in firing))
            assert not offered or [code for code in offered if not needs[code]], (seed, way)
            jobs += bool(offered & WORK)
    assert 500 < used < 2_500
    assert jobs > 50, "beside something else a job may be offered"


def test_every_reason_has_help_with_labour_and_without(policy: Policy) -> None:
    """All rules but ``silence``, which asks for a visit; and what it says of a household is never jobs alone."""
    needing = {measure.code for measure in policy.measures.catalogue if measure.needs_labour}
    rules = {name.replace("_", "-") for name in EVERY_RULE}
    of = {(rule, way): policy.measures.for_rule(rule, way) for rule in rules for way in get_args(Pathway) if way != "unknown"}

    assert {("silence", "development"), ("silence", "security")} == {each for each, codes in of.items() if not codes}
    assert WORK <= needing
    assert not [each for each, codes in of.items() if each[1] == "security" and codes & needing]


def of_rule(rule: str, **lists: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["measures"]["for"].update({rule: lists})


REFUSED: list[tuple[Callable[[dict[str, Any]], Any], str, str]] = [
    (
        of_rule("water", development=["industry"], security=["industry", "training"]),
        "measures.for.water.security",
        "jobs alone",
    ),
    (of_rule("water", development=["gold"], security=[]), "measures.for.water.development", "not in the catalogue"),
    (of_rule("water", development=["industry", "industry"], security=[]), "measures.for.water.development", "each once"),
    (of_rule("water", development=[]), "measures.for.water", "takes development and security"),
    (of_rule("luck", development=[], security=[]), "measures.for.luck", "unknown rule"),
    (lambda d: d["measures"]["for"].pop("water"), "measures.for.water", "is missing"),
    (lambda d: d["measures"].pop("for"), "measures", "takes catalogue and for"),
    (lambda d: d["measures"]["catalogue"].update(gold={}), "measures.catalogue.gold", "unknown measure"),
    (lambda d: d["measures"]["catalogue"]["dibao"].pop("zh"), "measures.catalogue.dibao", "takes zh, en and needs-labour"),
    (
        lambda d: d["measures"]["catalogue"]["public_post"].update({"needs-labour": False}),
        "measures.catalogue.public_post",
        "is a job",
    ),
    (lambda d: d["measures"]["catalogue"]["dibao"].update(en=1), "measures.catalogue.dibao", "must be texts"),
]


@pytest.mark.parametrize(("change", "key", "reason"), REFUSED, ids=[f"{key}: {reason}" for _, key, reason in REFUSED])
def test_measures_that_must_not_be_used_name_key_and_reason(change: Any, key: str, reason: str) -> None:
    document = copy.deepcopy(SHIPPED)
    change(document)
    with pytest.raises(PolicyError) as refused:
        parse_policy(document, "x")

    assert key == refused.value.key
    assert reason in refused.value.reason


def test_a_policy_may_suggest_nothing_and_judges_the_same(policy: Policy) -> None:
    document = copy.deepcopy(SHIPPED)
    del document["measures"]
    silent = parse_policy(document, "x")

    assert policy.mark == silent.mark
    assert [] == lived(silent, ABLE, POOR)[1][-1].measures
