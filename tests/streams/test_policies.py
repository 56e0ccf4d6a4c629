"""Versions of a policy: which one judges, what a published record may say, and that judging again is judging afresh."""

import copy
import random
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import day_of
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report
from streams.alerts import decide
from streams.assess import assess
from streams.pipeline import Judges, Step, advance, reassess
from streams.policies import BEGINNING, FILE, Version, policies_of
from streams.policy import Policy
from streams.policy_documents import (
    Admission,
    Outcome,
    admit,
    content_of,
    document_of,
    merge_documents,
    record_of,
    version_of,
)
from tests.build import TIMESTAMP, cadre, department, entry, statement
from tests.oracle.histories import history
from tests.streams.test_against_oracle import read
from tests.streams.test_policy import SHIPPED

SINCE = TIMESTAMP * 1_000_000 + 1
DAYS = st.integers(700_000, 700_010)
STAMP = "2026-11-25T10:00:00+08:00"
AT = "2024-03-13T23:59:59+08:00"


def document(version: str, line: Any = 6000, start: str | None = None, **over: Any) -> dict[str, Any]:
    """The shipped policy under another version, with another income line from 2021 on."""
    made = copy.deepcopy(SHIPPED) | {"version": version} | over
    made["rules"]["income-line"]["lines"][0]["amount"] = line
    return made if start is None else made | {"effective-from": date.fromisoformat(start)}


def file_version(line: Any = 6000) -> Version:
    return version_of(document("1", line), "shanxi.toml", FILE, None)


def published(made: dict[str, Any], place: int = 0) -> Version:
    return version_of(made, "topic", place, SINCE + place)


def take(record: tuple[bytes | None, bytes | None], *versions: Version) -> Admission:
    return admit("shanxi", versions, *record, TIMESTAMP, 7)


def live(records: list[dict[str, Any]], policies: Judges, shadow: Policy | None = None) -> tuple[HouseholdState, list[Step]]:
    state, steps = EMPTY, []
    for record in records:
        message = read(record)
        assert isinstance(message, Report | RegistryChange)
        steps.append(advance("H000001", state, message, TIMESTAMP * 1_000_000, policies, shadow))
        state = steps[-1].state
    return state, steps


def some_life(rng: random.Random) -> list[dict[str, Any]]:
    reports, registry = history(rng)
    records = [*reports, *([registry] if registry else [])]
    rng.shuffle(records)
    return records


@given(st.lists(DAYS | st.just(BEGINNING), max_size=6), DAYS)
def test_the_greatest_effective_day_judges_and_of_equal_ones_the_later_on_the_topic(days: list[int], day: int) -> None:
    """Contract of the living policy §2, recomputed by looking at each version in turn."""
    one = file_version()
    made = [one, *(msgspec.structs.replace(one, effective_from=each, place=at) for at, each in enumerate(days))]
    expected = made[0]
    for version in made:
        if expected.effective_from <= version.effective_from <= day:
            expected = version
    shuffled = random.Random(day).sample(made, len(made))

    assert expected.place == policies_of(tuple(shuffled)).version_at(day).place


def test_before_every_effective_day_the_first_to_take_effect_judges() -> None:
    early, late = (msgspec.structs.replace(file_version(), effective_from=day, place=-day) for day in (700_000, 700_001))

    assert early == policies_of((late, early)).version_at(1)


def test_what_is_published_reads_back_exactly() -> None:
    overlay = {"key": {"rules": {"income-line": {"yellow-from": Decimal("0.85")}}}}
    version = published(document("2", Decimal("8800.50"), "2024-03-14", tier=overlay))
    key, value = record_of(version, STAMP)
    found = take((key, value), file_version())

    assert b"shanxi@2" == key
    assert b'"amount":8800.5' in value
    assert b'"yellow-from":0.85' in value
    assert (Outcome.JOINED, 2) == (found.outcome, len(found.versions))
    joined = found.versions[-1]
    assert (version.policy, version.content) == (joined.policy, joined.content)
    assert (date(2024, 3, 14).toordinal(), TIMESTAMP * 1_000_000) == (joined.effective_from, joined.published_at)


def test_how_a_number_or_a_table_is_written_makes_no_other_document() -> None:
    one, same = document("2", Decimal("6000.00")), dict(reversed(document("2", 6000).items()))
    same["rules"]["income-drop"]["fires-from"] = Decimal("0.3")

    assert content_of(one) == content_of(same)
    assert content_of(one) != content_of(document("2", 6001))


def test_overlays_of_a_folder_are_published_as_one_document_with_their_notes() -> None:
    base = document("2", tier={"key": {"rules": {"water": {"severity": "red", "source": "a"}}}})
    overlays = [
        {"tier": {"key": {"rules": {"water": {"enabled": False, "source": "b"}}}}},
        {"county": {"140123": {"rules": {"housing": {"grade-c": "yellow", "sample": ["grade-c"]}}}}},
    ]
    merged = merge_documents(base, overlays)

    assert {"severity": "red", "enabled": False, "source": "a; b"} == merged["tier"]["key"]["rules"]["water"]
    assert "yellow" == published(merged).policy.parameters("140123").housing.grade_c
    assert "a" == base["tier"]["key"]["rules"]["water"]["source"]


def test_the_first_content_of_a_version_stays() -> None:
    """§1: the same again changes nothing; other content or a null value is refused, also where the file has that version."""
    file, second = file_version(), published(document("2", 7000))
    again, other = record_of(second, STAMP), record_of(published(document("2", 7001)), STAMP)
    as_file = record_of(published(document("1", 7001)), STAMP)

    outcomes = [take(record, file, second).outcome for record in (again, other, (again[0], None), as_file)]

    assert [Outcome.KNOWN, Outcome.OVERWRITES, Outcome.REMOVES, Outcome.OVERWRITES] == outcomes
    assert (file, second) == take(other, file, second).versions


def spoiled(**over: Any) -> bytes:
    """A record that publishes version 2, with fields that say something else."""
    return content_of(document_of(record_of(published(document("2")), STAMP)[1]) | over)


def bad_rule() -> dict[str, Any]:
    made = document("2")
    made["rules"]["food"]["severity"] = "purple"
    return document_of(content_of(made))


KEY = b"shanxi@2"
REFUSED = [
    (KEY, b"{", "malformed", "$", "is not JSON"),
    (KEY, b"\xff\xfe{}", "malformed", "$", "is not JSON"),
    (KEY, b"[" * 100_000, "malformed", "$", "is not JSON"),
    (KEY, b'{"schema":"policy/1","schema":"policy/1"}', "malformed", "$", "stands twice"),
    (KEY, b"[]", "malformed", "$", "not a JSON object"),
    (KEY, spoiled(schema="policy/2"), "malformed", "$", "schema policy/1"),
    (KEY, spoiled(document=[]), "malformed", "$", "schema policy/1"),
    (KEY, spoiled(version="3"), "malformed", "id, version, effective_from", "do not say"),
    (KEY, spoiled(effective_from="2026-07-01"), "malformed", "id, version, effective_from", "do not say"),
    (b"shanxi@3", spoiled(), "malformed", "key", "is not id@version"),
    (None, spoiled(), "malformed", "key", "is not id@version"),
    (KEY, spoiled(document=bad_rule()), "invalid", "rules.food.severity", "one of"),
]


@pytest.mark.parametrize(("key", "value", "outcome", "where", "why"), REFUSED, ids=[f"{row[3]}: {row[4]}" for row in REFUSED])
def test_a_record_that_is_no_version_is_refused_with_source_key_and_reason(
    key: bytes | None, value: bytes, outcome: str, where: str, why: str
) -> None:
    found = take((key, value), file_version())

    assert outcome == found.outcome
    assert (file_version(),) == found.versions
    assert found.error is not None
    assert "offset 7" in found.error.source
    assert (where, True) == (found.error.key, why in found.error.reason)


def test_another_policys_versions_are_not_ours() -> None:
    assert Outcome.OTHER_ID == take((b"gansu@1", b"{"), file_version()).outcome


def test_a_county_overlay_marks_its_county_alone() -> None:
    """§2: a version that only changes other counties changes nothing for a household."""
    overlay = {"rules": {"water": {"severity": "red"}}}
    plain, one, tier = (
        published(document("2", **over)).policy for over in ({}, {"county": {"140123": overlay}}, {"tier": {"key": overlay}})
    )

    assert plain.mark == plain.mark_of("140123") == one.mark_of("140215")
    assert plain.mark != one.mark_of("140123")
    assert one.mark_of("140123") == tier.mark_of("140123") == tier.mark_of("140215")
    assert plain.mark == tier.mark_of("140105") == tier.mark_of("999999")


def test_a_household_is_judged_by_the_version_of_its_own_day() -> None:
    """domain.md: a line of 8,800 from 14 March 2024, a mid-year change."""
    policies = policies_of((file_version(), published(document("2", 8800, "2024-03-14"))))
    income = cadre("c1", statement("2023-03", "2024-02", "14000"), at=AT)
    later = department("w1", "water", {"type": "water", "safe": True}, at="2024-03-14T00:00:00+08:00")

    _, (_, before, after) = live([entry(), income, later], policies)

    assert before.alert is None
    assert after.alert is not None
    found = after.alert
    assert ("shanxi@2", "w1") == (found.policy, found.caused_by)
    assert ("7000.00", "8800.00") == (found.reasons[0].value, found.reasons[0].threshold)


def versions(rng: random.Random) -> list[Version]:
    """Versions that differ in what histories run into: lines, shocks, severities, a county, a day."""
    made = []
    for number in range(rng.randint(1, 3)):
        each = document(str(number + 2), rng.choice([4000, 6000, 9000, 20_000]), rng.choice([None, "2025-09-15", "2026-06-05"]))
        each["rules"]["expenditure-shock"]["relieved"] = rng.choice([1000, 5000])
        each["rules"]["water"]["severity"] = rng.choice(["red", "yellow"])
        each["rules"]["food"]["enabled"] = rng.random() < 0.7
        if rng.random() < 0.5:
            each["county"] = {"140123": {"rules": {"housing": {"grade-c": "red"}}}}
        made.append(published(each, number))
    return made


def test_judging_again_is_judging_afresh() -> None:
    """§4: whatever was in force on the way, the open alert is that of the facts under the versions now; and once is enough."""
    file, moved, quiet = file_version(), 0, 0
    for seed in range(600):
        rng = random.Random(seed)
        now = policies_of((file, *versions(rng)))
        state, _ = live(some_life(rng), file.policy)
        step = reassess("H000001", state, now)
        assert state.facts.as_of is not None
        version = now.version_at(day_of(state.facts.as_of))
        fresh = assess(state.facts, version.policy)
        assert fresh is not None

        assert decide(step.state.thread.open, fresh) is None, seed
        assert state.facts == step.state.facts
        assert step.state is reassess("H000001", step.state, now).state
        if step.alert is None:
            quiet += 1
            assert state.thread.sequence == step.state.thread.sequence
            continue
        moved += 1
        assert state.thread.sequence + 1 == step.alert.sequence
        assert (f"policy:{version.policy.label}", version.policy.label) == (step.alert.caused_by, step.alert.policy)
    assert moved > 80
    assert quiet > 80


def test_what_opens_opens_when_the_version_was_published() -> None:
    state, _ = live([entry(), cadre("c1", statement("2025-06", "2026-05", "13000"))], file_version().policy)
    step = reassess("H000001", state, policies_of((file_version(), published(document("2", 7000), 5))))

    assert step.alert is not None
    assert "opened" == step.alert.transition
    assert step.state.thread.open is not None
    assert SINCE + 5 == step.state.thread.open.opened_at


def test_a_changed_file_is_not_walked() -> None:
    """§4: a household is judged by a changed file with its next record."""
    state, _ = live([entry(), cadre("c1", statement("2025-06", "2026-05", "13000"))], file_version().policy)

    assert state is reassess("H000001", state, policies_of((file_version(7000),))).state


def test_a_shadow_judges_the_same_facts_on_a_thread_of_its_own() -> None:
    """§5: nothing of the real thread differs because a shadow runs."""
    real, shadow, seen = file_version().policy, file_version(9000).policy, 0
    for seed in range(200):
        records = some_life(random.Random(seed))
        alone, expected = live(records, real)
        beside, wanted = live(records, shadow)
        both, steps = live(records, real, shadow)

        assert [each.alert for each in expected] == [each.alert for each in steps]
        assert [each.alert for each in wanted] == [each.shadow_alert for each in steps]
        assert (alone.facts, alone.thread, beside.thread) == (both.facts, both.thread, both.shadow)
        seen += sum(step.shadow_alert is not None for step in steps)
    assert seen > 80


def test_a_shadow_that_begins_judges_households_that_send_nothing() -> None:
    state, _ = live([entry(), cadre("c1", statement("2025-06", "2026-05", "13000"))], file_version().policy)
    policies, shadow = policies_of((file_version(),)), published(document("9", 7000)).policy
    step = reassess("H000001", state, policies, shadow, SINCE)
    found = step.shadow_alert

    assert (state.thread, None) == (step.state.thread, step.alert)
    assert found is not None
    assert ("shanxi@9", "policy:shanxi@9", 1) == (found.policy, found.caused_by, found.sequence)
    assert step.state is reassess("H000001", step.state, policies, shadow, SINCE).state


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path into a document, at most one county."""
    found = [path]
    if isinstance(node, dict):
        for key in list(node)[:30]:
            found += places(node[key], (*path, key))
    elif isinstance(node, list):
        for at, each in enumerate(node):
            found += places(each, (*path, at))
    return found


LAYERS = {
    "tier": {"key": {"rules": {"water": {"severity": "red", "source": "a"}}}},
    "county": {"140123": {"rules": {"housing": {"grade-c": "red", "sample": ["grade-c"]}}}},
}
WHOLE = document_of(record_of(published(document("2", start="2026-07-01", **LAYERS)), STAMP)[1])
WHOLE["document"]["counties"] = {code: WHOLE["document"]["counties"][code] for code in ("140105", "140123")}
PLACES = places(WHOLE)[1:]


@given(st.sampled_from(PLACES), JSON)
def test_whatever_stands_somewhere_in_a_record_is_taken_or_refused(path: tuple[Any, ...], value: Any) -> None:
    """No record may stop a worker from reading the next version: none raises, and a refusal names a key."""
    spoilt = copy.deepcopy(WHOLE)
    node = spoilt
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    found = take((b"shanxi@2", content_of(spoilt)), file_version())

    assert (found.error is None) == (found.outcome is Outcome.JOINED)
    assert found.error is None or found.error.key


@given(st.binary(max_size=40) | JSON.map(lambda value: content_of({"document": value})))
def test_whatever_lies_on_the_topic_is_refused(value: bytes) -> None:
    assert take((b"shanxi@2", value), file_version()).outcome is Outcome.MALFORMED
