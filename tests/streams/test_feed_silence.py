"""When departments were last heard of in a county, and which of them are silent (docs/contract-report.md, "Feeds")."""

from datetime import date
from typing import Any

import pytest

from schemas.fields import parse_day, parse_instant
from streams.feed_silence import Feeds, Word, silent, word_of
from streams.indicators import Indicators
from streams.policy import Policy
from tests.build import department, encode
from tests.streams.test_indicators import scope

DAY = parse_day("2026-11-20")
ARRIVED = parse_instant("2026-11-20T12:00:00+08:00") // 1_000_000


@pytest.mark.parametrize(("over", "expected"), [
    ({}, "2026-11-20"), ({"reported_at": "2026-11-19T23:59:59+08:00"}, "2026-11-19"),
    ({"reported_at": "2026-11-19T16:00:00Z"}, "2026-11-20"),  # it is tomorrow in China
    ({"reported_at": "2036-11-20T09:00:00+08:00"}, "2026-11-20"),  # a clock that is ten years ahead
    ({"facts": [{"type": "nonsense"}]}, "2026-11-20"),  # refused, but somebody sent it
    ({"source": "cadre-7"}, None), ({"area_code": "1401"}, None), ({"reported_at": "yesterday"}, None), ({"source": 7}, None),
])  # fmt: skip
def test_what_a_record_says_of_its_feed(over: dict[str, Any], expected: str | None) -> None:
    record = department("e1", "water", {"type": "water", "safe": True}, at="2026-11-20T09:00:00+08:00") | over
    word = Word("140123", "water", parse_day(expected)) if expected else None

    assert word == word_of(encode(record), ARRIVED)


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b"\xff"])
def test_junk_says_nothing(value: bytes | None) -> None:
    assert word_of(value, ARRIVED) is None


def test_the_newest_word_counts_by_county_tier_and_in_all_whatever_the_partition(policy: Policy) -> None:
    found, elsewhere, asked = Indicators(), Indicators(), scope(policy, "2026-11-20")
    found.add_word(Word("140123", "water", DAY - 9), asked)
    found.add_word(Word("140123", "health", DAY + 1), asked)  # after the day that was asked about
    elsewhere.add_word(Word("140123", "water", DAY - 8), asked)
    elsewhere.add_word(Word("140221", "water", DAY - 2), asked)
    found.merge(elsewhere)

    assert [{"water": DAY - 8}, {"water": DAY - 2}, {"water": DAY - 2}, {}] == [
        found.feeds.heard(by, key, policy)
        for by, key in (("county", "140123"), ("county", "140221"), ("all", "all"), ("county", "140929"))
    ]
    tiers = {policy.tier("140123"), policy.tier("140221")}
    assert {DAY - 8, DAY - 2} >= {found.feeds.heard("tier", tier, policy)["water"] for tier in tiers}
    assert {} == found.feeds.heard("tier", "unknown", policy)


def test_a_department_is_silent_from_so_many_days_on_if_it_ever_spoke() -> None:
    days = {"water": DAY - 7, "insurance": DAY - 6, "health": DAY - 30}

    assert ["health", "water"] == list(silent(days, DAY, 7))
    assert ["health", "water", "insurance"] == list(silent(days, DAY + 1, 7))
    assert ["health"] == list(silent(days, DAY, 7, {"water": 8, "health": 30}))
    assert ["water", "insurance"] == list(silent(days, DAY, 7, {"insurance": 6, "health": 31}))
    assert [] == list(silent({}, date.max.toordinal(), 1))


def test_feeds_take_words_in_any_order() -> None:
    one, other = Feeds(), Feeds()
    for feeds, days in ((one, (3, 1, 2)), (other, (1, 2, 3))):
        for day in days:
            feeds.add("140123", "water", day)

    assert one.counties == other.counties == {"140123": {"water": 3}}
