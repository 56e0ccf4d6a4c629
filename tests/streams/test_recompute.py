"""Each alert is recomputable from its own evidence: the reports a reason names give the same reason again."""

import random
from typing import Any

import msgspec
import pytest

from schemas.household import EMPTY
from schemas.rejections import Rejection
from schemas.reports import Tick
from streams.alerts import reason
from streams.assess import assess
from streams.household import merge
from streams.normalise import normalise
from streams.policy import Policy
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, encode
from tests.oracle.histories import history

SEEDS = 1_500


def facts_of(records: list[dict[str, Any]]) -> Any:
    facts = EMPTY.facts
    for record in records:
        message = normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)
        assert not isinstance(message, Rejection)
        facts = merge(facts, message)
    return facts


def test_every_reason_follows_from_the_reports_it_names(policy: Policy) -> None:
    """With the registry entry and the household's clock beside them; nothing else is looked at."""
    seen: dict[str, int] = {}
    for seed in range(SEEDS):
        reports, registry = history(random.Random(seed))
        entries = [registry] if registry else []
        whole = facts_of([*reports, *entries])
        found = assess(whole, policy)
        assert found is not None
        for finding in found.findings:
            named = {report.event_id for report in finding.reports}
            # a named report may also withdraw others; these are not named and were not counted
            some = [dict(report, voids=None) for report in reports if report["event_id"] in named]
            facts = merge(facts_of([*some, *entries]), Tick("H000001", whole.as_of or 0))
            again = assess(facts, policy)
            assert again is not None
            twin = [each for each in again.findings if (each.rule, each.subject) == (finding.rule, finding.subject)]

            assert twin, (seed, finding.rule)
            said, wanted = (msgspec.to_builtins(reason(each)) for each in (twin[0], finding))
            assert wanted == said, (seed, finding.rule)
            rule = finding.rule.partition("@")[0]
            seen[rule] = seen.get(rule, 0) + 1
    missing = {"income-line", "income-drop", "policy-dependence", "expenditure-shock", "food", "clothing", "schooling",
               "medical-cover", "housing", "water"} - set(seen)  # fmt: skip

    assert not missing


@pytest.mark.parametrize("rule", ["income-line", "expenditure-shock"])
def test_without_one_of_its_reports_a_money_reason_changes(policy: Policy, rule: str) -> None:
    """The evidence names no report for show: leaving one out changes value, channels or the reason itself."""
    changed = 0
    for seed in range(300):
        reports, registry = history(random.Random(seed))
        entries = [registry] if registry else []
        whole = facts_of([*reports, *entries])
        found = assess(whole, policy)
        assert found is not None
        for finding in [each for each in found.findings if each.rule.startswith(rule) and len(each.reports) > 1]:
            left_out = finding.reports[-1].event_id
            named = {report.event_id for report in finding.reports} - {left_out}
            some = [dict(report, voids=None) for report in reports if report["event_id"] in named]
            again = assess(merge(facts_of([*some, *entries]), Tick("H000001", whole.as_of or 0)), policy)
            assert again is not None
            twin = [reason(each) for each in again.findings if each.rule == finding.rule]
            assert [reason(finding)] != twin
            changed += 1

    assert changed > 10
