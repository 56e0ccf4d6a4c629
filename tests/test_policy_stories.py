"""A household's life while its policy has versions, told in reports; lived three ways."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.policies import Judge
from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from streams.policies import policies_of
from streams.policy_documents import record_of
from tests.build import cadre, department, entry, statement, tick
from tests.streams.test_policies import STAMP, document, file_version, published
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, on_kafka, with_versions

RED_WATER = {"county": {"140123": {"rules": {"water": {"severity": "red"}}}}}
VERSIONS = (
    published(document("2024", 8800, "2024-03-14"), 0),
    published(document("2024-water", 8800, "2024-09-01", **RED_WATER), 1),
    published(
        document(
            "2025",
            8800,
            "2025-01-01",
            county={"140221": {"rules": {"noise": {"window-days": 7}}}, "140222": {"rules": {"silence": {"enabled": True}}}},
        ),
        2,
    ),
    published(
        document(
            "2026",
            8800,
            "2026-09-01",
            tier={"consolidating": {"rules": {"housing": {"grade-c": "red"}}}},
            county={"140121": {"rules": {"housing": {"grade-c": "yellow"}}}},
        ),
        3,
    ),
)
"""domain.md: 8,800 from 14 March 2024, a change in the middle of the year; one county that takes water more seriously; then
another one whose cadres want one milder word a week, and one where silence counts; at last a tier that takes houses more
seriously, and in it a county that does not."""
POLICIES = policies_of((file_version(), *VERSIONS))
UNSAFE = {"type": "water", "safe": False}


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One worker on one partition, on topics where the versions have been published before it started."""
    folder = tmp_path_factory.mktemp("policy-stories")
    settings = Settings(brokers=broker.bootstrap, topic_prefix="policy-stories-", partitions=1)
    with_versions(settings, [record_of(version, STAMP) for version in VERSIONS])
    with on_kafka(settings, folder) as kafka:
        yield kafka


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, tmp_path: Path) -> Way:
    """Each story is lived three ways."""
    return chosen(request, lambda: Pure(POLICIES), lambda: Batches(Judge(POLICIES), tmp_path))


def test_the_line_of_the_day_judges_and_the_day_it_changes_is_the_first_of_the_new_one(live: Way) -> None:
    """7,000 yuan a head: above 6,000 on 13 March 2024, under 8,800 from the first moment of the 14th in China."""
    income = cadre("c1", statement("2023-03", "2024-02", "14000"), at="2024-03-13T23:59:59+08:00")
    before, none = live(entry(), income)
    after, alerts = live(entry(), income, cadre("c2", UNSAFE | {"safe": True}, at="2024-03-14T00:00:00+08:00"))

    assert (None, []) == (before.thread.open, none)
    assert [("opened", "orange", "c2", "shanxi@2024")] == [(a.transition, a.severity, a.caused_by, a.policy) for a in alerts]
    assert after.thread.open is not None


def test_a_report_that_comes_late_is_judged_by_the_day_of_the_newest(live: Way) -> None:
    """The household's clock decides, not the day of the report that came last, so the order does not matter."""
    income = cadre("c1", statement("2023-03", "2024-02", "14000"), at="2024-03-01T09:00:00+08:00")
    later = cadre("c2", UNSAFE | {"safe": True}, at="2024-03-20T09:00:00+08:00")
    one, _ = live(entry(), income, later)
    other, alerts = live(entry(), later, income)

    assert one.facts == other.facts
    assert one.thread.open is not None
    assert other.thread.open is not None
    assert one.thread.open.reasons == other.thread.open.reasons
    assert ["shanxi@2024"] == [a.policy for a in alerts]


def test_time_alone_reaches_a_version(live: Way) -> None:
    """No report comes after 1 March; a tick at the first day of the version is enough."""
    income = cadre("c1", statement("2023-03", "2024-02", "14000"), at="2024-03-01T09:00:00+08:00")
    _, alerts = live(entry(), income, tick("2024-03-14T00:00:00+08:00"))

    assert [("opened", "tick:2024-03-14T00:00:00+08:00")] == [(a.transition, a.caused_by) for a in alerts]


def test_an_overlay_for_a_county_escalates_there_and_nowhere_else(live: Way) -> None:
    here = department("w1", "water", UNSAFE, at="2024-08-31T09:00:00+08:00")
    later = department("m1", "health", {"type": "medical_cover", "person_id": "P-0001", "enrolled": True},
                       at="2024-09-01T09:00:00+08:00")  # fmt: skip
    _, alerts = live(here, later)
    elsewhere = {"area_code": "140221100201"}
    _, there = live(here | elsewhere, later | elsewhere)

    assert [("opened", "orange"), ("escalated", "red")] == [(a.transition, a.severity) for a in alerts]
    assert [("opened", "orange")] == [(a.transition, a.severity) for a in there]


def test_the_county_is_asked_before_its_tier_and_the_tier_before_the_province(live: Way) -> None:
    """Issue: overlays province, tier, county. The same cracked house in three villages, on the first day of the version."""

    def house(area: str, day: str) -> list[tuple[str, str | None, str]]:
        grade = cadre("h1", {"type": "housing", "grade": "C"}, at=f"{day}T09:00:00+08:00", area_code=f"{area}100201")
        _, alerts = live(entry(area_code=f"{area}100201"), grade)
        return [(a.tier, a.severity, a.policy) for a in alerts]

    assert [("key", "orange", "shanxi@2026")] == house("140123", "2026-09-01")
    assert [("consolidating", "red", "shanxi@2026")] == house("140122", "2026-09-01")
    assert [("consolidating", "yellow", "shanxi@2026")] == house("140121", "2026-09-01")
    assert [("consolidating", "orange", "shanxi@2025")] == house("140122", "2026-08-31")


def test_where_a_window_damps_a_pump_that_fails_and_runs_again_is_told_once_a_week(live: Way) -> None:
    """Issue: at most one change per window unless severity rises.

    The pump fails on the 2nd, runs on the 3rd, fails on the 4th and runs for good from the 6th on; that is said at the end of
    the week that began with the first word. A house that is found unsafe meanwhile is told of at once.
    """
    here = {"area_code": "140221100201"}

    def pump(name: str, day: int, *, runs: bool) -> dict[str, Any]:
        return department(name, "water", {"type": "water", "safe": runs}, at=f"2025-02-{day:02d}T09:00:00+08:00") | here

    flapping = [pump("w1", 2, runs=False), pump("w2", 3, runs=True), pump("w3", 4, runs=False), pump("w4", 6, runs=True)]
    waiting, once = live(*flapping, tick("2025-02-08T23:59:59+08:00"))
    _, over = live(*flapping, tick("2025-02-08T23:59:59+08:00"), tick("2025-02-09T00:00:00+08:00"))
    worse = cadre("h1", {"type": "housing", "grade": "D"}, at="2025-02-05T09:00:00+08:00") | here
    _, risen = live(*flapping[:3], worse)

    assert [("opened", "orange")] == [(a.transition, a.severity) for a in once]
    assert waiting.thread.noise is not None
    assert ("cleared", None, "window") == tuple(msgspec.to_builtins(waiting.thread.noise.pending))
    assert [("opened", 0), ("cleared", 2)] == [(a.transition, a.noise.withheld if a.noise else None) for a in over]
    assert [("opened", "orange"), ("escalated", "red")] == [(a.transition, a.severity) for a in risen]


def test_where_silence_counts_a_household_nobody_speaks_of_for_a_year_is_a_lead_until_somebody_does(live: Way) -> None:
    """Well in March 2025, and then no word of any channel; next door, where silence does not count, nothing is said."""
    here = {"area_code": "140222100201"}
    home = entry(**here)
    well = cadre("c1", UNSAFE | {"safe": True}, at="2025-03-31T09:00:00+08:00") | here
    year = tick("2026-03-01T00:00:00+08:00")
    _, before = live(home, well, tick("2026-02-28T23:59:59+08:00"))
    silent, alerts = live(home, well, year)
    _, over = live(home, well, year, cadre("c2", UNSAFE | {"safe": True}, at="2026-03-02T09:00:00+08:00") | here)
    _, elsewhere = live(entry(), well | {"area_code": "140123100201"}, year)

    assert [] == before == elsewhere
    assert [("opened", "yellow", "tick:2026-03-01T00:00:00+08:00")] == [(a.transition, a.severity, a.caused_by) for a in alerts]
    assert [("silence@1", "12", "12", ["cadre"], ["c1"])] == [
        (r.rule, r.value, r.threshold, r.channels, [e.event_id for e in r.evidence]) for r in alerts[0].reasons
    ]
    assert silent.thread.open is not None
    assert [("opened", "tick:2026-03-01T00:00:00+08:00"), ("cleared", "c2")] == [(a.transition, a.caused_by) for a in over]
