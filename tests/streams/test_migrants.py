"""Migrant work: where persons work, kept beside what they do, and counted against a year before (docs/contract-report.md)."""

from typing import Any

import pytest

from schemas.fields import parse_day
from schemas.household import HouseholdState
from schemas.rejections import Rejection
from schemas.reports import Signal
from streams.assess import assess
from streams.migrants import migrants
from streams.normalise import normalise
from streams.policy import Policy
from streams.topics import Topic
from tests.build import TIMESTAMP, cadre, declaration, encode, entry
from tests.streams.test_indicators import count, live, scope


def work(status: str = "working", place: Any = "outside", since: str = "2026-01", person: str = "P-0001") -> dict[str, Any]:
    return {"type": "employment", "person_id": person, "status": status, "since": since, "place": place}


def on(state: HouseholdState, day: str) -> tuple[int, int]:
    return migrants(state.facts, parse_day(day))


@pytest.mark.parametrize(("fact", "value"), [
    (work(), "working:outside"), (work(place="county"), "working:county"), (work(place=None), "working"),
    ({key: word for key, word in work().items() if key != "place"}, "working"), (work("retired"), "retired"),
])  # fmt: skip
def test_where_somebody_works_is_kept_beside_the_status_under_the_key_of_before(fact: dict[str, Any], value: str) -> None:
    for encoded in (encode(cadre("c1", fact)), encode(cadre("c1", fact)).replace(b'"type"', b'"type" ')):  # type: ignore[union-attr] # a record
        found = normalise(Topic.CADRE_REPORTS, b"H000001", encoded, TIMESTAMP)
        assert not isinstance(found, Rejection)
        assert (Signal("employment", "P-0001", "", value, 2026 * 12),) == found.signals.facts  # type: ignore[union-attr] # a report


def test_a_place_that_is_none_is_refused() -> None:
    found = normalise(Topic.CADRE_REPORTS, b"H000001", encode(cadre("c1", work(place="moon"))), TIMESTAMP)

    assert isinstance(found, Rejection)
    assert "place" in found.field


def test_where_somebody_works_changes_no_rule(policy: Policy) -> None:
    for place in ("county", "outside", None):
        state = live(
            policy, entry(), cadre("c1", work("seeking", place)), cadre("c2", work(place=place), at="2026-06-11T09:00:00+08:00")
        )
        assert state.thread.open is None
        back = cadre("c3", work("not_working", place), at="2026-06-12T09:00:00+08:00")
        assert ["employment@1"] == [each.rule for each in live(policy, entry(), back).thread.open.reasons]  # type: ignore[union-attr] # open


def test_who_works_is_said_to_work_wherever_it_is(policy: Policy) -> None:
    found = assess(live(policy, entry(), cadre("c1", work())).facts, policy)

    assert found is not None
    assert ["working"] == [each.value for each in found.quiet if each.rule == "employment@1"]


def test_the_newest_word_up_to_the_day_counts(policy: Policy) -> None:
    state = live(policy, entry(), cadre("c1", work(place="province", since="2025-03"), at="2025-04-01T09:00:00+08:00"),
                 declaration("d1", work(), at="2026-02-01T00:00:00+08:00"),
                 cadre("c2", work(place="county"), at="2026-06-01T00:00:00+08:00"))  # fmt: skip

    days = ("2025-03-31", "2025-04-01", "2026-01-31", "2026-02-01", "2026-05-31", "2026-06-01")
    assert [(0, 0), (1, 0), (1, 0), (1, 1), (1, 1), (0, 0)] == [on(state, day) for day in days]


def test_work_that_has_not_begun_and_words_that_are_too_old_do_not_count(policy: Policy) -> None:
    state = live(policy, entry(), cadre("c1", work(since="2026-07"), at="2026-06-10T09:00:00+08:00"))

    assert [(0, 0), (1, 1), (1, 1), (0, 0)] == [
        on(state, day) for day in ("2026-06-30", "2026-07-01", "2028-06-30", "2028-07-01")
    ]


def test_only_members_count_where_they_are_known(policy: Policy) -> None:
    words = (cadre("c1", work()), cadre("c2", work(person="P-0404"), at="2026-06-11T09:00:00+08:00"))

    assert [(1, 1), (2, 2)] == [on(live(policy, *home, *words), "2026-06-30") for home in ((entry(),), ())]


def test_a_county_is_compared_with_its_year_before(policy: Policy) -> None:
    moved = live(policy, entry(), cadre("c1", work(place="province", since="2025-03"), at="2025-04-01T09:00:00+08:00"),
                 cadre("c2", work(), at="2026-06-01T00:00:00+08:00"))  # fmt: skip
    new = live(policy, entry(), cadre("c1", work()))
    row = count([moved, new], scope(policy, "2026-06-30")).row("county", "140123")

    assert (2, 1, 20_000) == (row.counts["migrants"], row.counts["migrants_before"], row.share("migrants_share"))
    assert (2, 0, None) == (
        row.counts["migrants_outside"], row.counts["migrants_outside_before"], row.share("migrants_outside_share")
    )  # fmt: skip
