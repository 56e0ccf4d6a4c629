"""Life of one household, told in reports: given these, this alert; lived three ways."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from schemas.rejections import Rejection
from streams.normalise import normalise
from streams.policy import Policy
from streams.topics import Topic
from tests.build import TIMESTAMP, cadre, declaration, department, encode, entry, statement, tick
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, on_kafka

WELL_OFF = cadre("c-income", statement("2025-06", "2026-05", "30000.00"))


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """One worker on one partition for all stories."""
    folder = tmp_path_factory.mktemp("stories")
    settings = Settings(brokers=broker.bootstrap, topic_prefix="stories-", partitions=1)
    with on_kafka(settings, folder) as kafka:
        yield kafka


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Way:
    """Each story is lived three ways."""
    return chosen(request, lambda: Pure(policy), lambda: Batches(policy, tmp_path))


def test_income_just_under_the_line_alerts_and_at_the_line_does_not(live: Way) -> None:
    """Contract §4: `<` by default, to the fen: 6,000.00 is not under the line, 5,999.99 is."""
    at_line, _ = live(entry(), cadre("c1", statement("2025-06", "2026-05", "12000.00")))
    _, alerts = live(entry(), cadre("c1", statement("2025-06", "2026-05", "11999.98")))

    assert at_line.thread.open is None
    assert [("opened", "yellow", "5999.99")] == [(a.transition, a.severity, a.reasons[0].value) for a in alerts]


def year(first: str, wage: str, transfer: str = "0") -> dict[str, Any]:
    """What two people earned in twelve months from June on."""
    return statement(f"{first}-06", f"{int(first) + 1}-05", wage, transfer=transfer)


@pytest.mark.parametrize(("wage", "severity"), [
    ("28000.02", None), ("28000.00", "yellow"), ("20000.02", "yellow"), ("20000.00", "orange"),
])  # fmt: skip
def test_work_in_town_ends_and_income_falls_by_just_under_a_third_or_by_half(
    live: Way, wage: str, severity: str | None
) -> None:
    """Contract §4: from 30 % on, orange from 50 %, of 20,000 yuan a head the year before; far above the line all the while."""
    _, alerts = live(entry(), cadre("c1", year("2024", "40000.00"), year("2025", wage)))

    assert ([] if severity is None else [(severity, ["income-drop@1"])]) == [
        (each.severity, [reason.rule for reason in each.reasons]) for each in alerts
    ]


def test_a_fall_of_income_is_told_with_both_years_and_over_when_the_next_is_as_good(live: Way) -> None:
    """Half of it is gone, until wages are stated that nobody had counted. Without a year before there is no fall."""
    before, poorer = (
        cadre("c0", year("2024", "40000.00"), at="2025-06-10T09:00:00+08:00"),
        cadre("c1", year("2025", "20000.00")),
    )
    better = cadre("c2", year("2025", "28000.02"), at="2026-06-12T09:00:00+08:00")
    _, alerts = live(entry(), before, poorer, better)

    assert [("opened", "orange", "c1"), ("cleared", None, "c2")] == [(a.transition, a.severity, a.caused_by) for a in alerts]
    assert {"c0", "c1"} == {each.event_id for each in alerts[0].reasons[0].evidence}
    assert ("50.00", "30.00", "percent") == (
        alerts[0].reasons[0].value, alerts[0].reasons[0].threshold, alerts[0].reasons[0].unit,
    )  # fmt: skip
    assert [] == live(entry(), poorer)[1]


@pytest.mark.parametrize(("wage", "transfer", "fires"), [
    ("6400.00", "9600.00", True), ("6400.01", "9599.99", False), ("5399.98", "12600.00", True), ("5400.00", "12600.00", False),
])  # fmt: skip
def test_an_old_couple_lives_on_transfers_not_far_above_the_line(live: Way, wage: str, transfer: str, fires: bool) -> None:
    """Contract §4: from 60 % of it on, under 1.5 times the line: 9,000 yuan a head."""
    _, alerts = live(entry(), cadre("c1", year("2025", wage, transfer)))

    assert ([("opened", "blue", ["policy-dependence@1"])] if fires else []) == [
        (each.transition, each.severity, [reason.rule for reason in each.reasons]) for each in alerts
    ]


def test_who_lives_on_transfers_and_finds_work_does_not_depend_on_them_any_more(live: Way) -> None:
    """Of 16,000 yuan 10,000 were transfers; with 2,000 more of wages it is less than 60 %."""
    leaning = cadre("c1", year("2025", "6000.00", "10000.00"), at="2026-06-10T09:00:00+08:00")
    works = cadre("c2", year("2025", "8000.00", "10000.00"), at="2026-06-12T09:00:00+08:00")
    _, alerts = live(entry(), leaning, works)

    assert [("opened", "blue", "62.50", "c1"), ("cleared", None, "", "c2")] == [
        (a.transition, a.severity, a.reasons[0].value if a.reasons else "", a.caused_by) for a in alerts
    ]


def test_an_explanation_names_income_line_and_word_of_whom(live: Way) -> None:
    """Issue: a cadre can act on it."""
    _, alerts = live(entry(), cadre("c1", statement("2025-06", "2026-05", "9625.00")))

    assert (
        "人均监测收入4,812.50元，低于6,000元监测线(2021-01-01起)；依据：干部6月10日走访" == alerts[0].reasons[0].explanation.zh
    )


def test_a_household_without_an_income_is_undetermined_not_poor(live: Way) -> None:
    """Contract §4: never zero, never an alert."""
    state, alerts = live(entry(), declaration("d1", {"type": "food", "adequate": True}))

    assert (None, []) == (state.thread.open, alerts)


def test_bad_water_repaired_clears_the_alert(live: Way) -> None:
    state, alerts = live(
        entry(),
        WELL_OFF,
        department("w1", "water", {"type": "water", "safe": False}, at="2026-06-11T09:00:00+08:00"),
        cadre("w2", {"type": "water", "safe": True}, at="2026-06-12T09:00:00+08:00"),
    )

    assert [("opened", "orange"), ("cleared", None)] == [(a.transition, a.severity) for a in alerts]
    assert [1, 2] == [a.sequence for a in alerts]
    assert "water@1" == alerts[1].conflicts[0].rule
    assert state.thread.open is None


def test_a_withdrawal_brings_back_what_was_newest_before(live: Way) -> None:
    """Contract §3.2: the newest alone is not enough to keep."""
    unsafe = department("w1", "water", {"type": "water", "safe": False}, at="2026-06-01T09:00:00+08:00")
    safe = department("w2", "water", {"type": "water", "safe": True}, at="2026-06-02T09:00:00+08:00")
    withdrawn = department("w3", "water", voids="w2", at="2026-06-03T09:00:00+08:00")

    ends = {msgspec.msgpack.encode(live(*order)[0].facts) for order in itertools.permutations([unsafe, safe, withdrawn])}
    state, alerts = live(unsafe, safe, withdrawn)

    assert 1 == len(ends)
    assert ["opened", "cleared", "opened"] == [a.transition for a in alerts]
    assert ["H000001:1", "H000001:1", "H000001:2"] == [a.alert_id for a in alerts]
    assert state.thread.open is not None


def test_a_withdrawal_from_another_channel_changes_nothing(live: Way) -> None:
    unsafe = department("w1", "water", {"type": "water", "safe": False}, at="2026-06-01T09:00:00+08:00")
    state, _ = live(unsafe, cadre("w3", voids="w1", at="2026-06-03T09:00:00+08:00"))

    assert state.thread.open is not None


@pytest.mark.parametrize(("months_ago", "counts"), [(36, True), (37, False)])
def test_what_is_older_than_36_months_does_not_count(live: Way, months_ago: int, counts: bool) -> None:
    month = 2026 * 12 + 5 - months_ago
    old = f"{month // 12:04d}-{month % 12 + 1:02d}-01T00:00:00+08:00"
    state, _ = live(cadre("h1", {"type": "housing", "grade": "D"}, at=old), WELL_OFF)

    assert counts == (state.thread.open is not None)


@pytest.mark.parametrize(("spent", "status", "severity"), [
    ("4999.99", "relieved", None), ("5000", "relieved", "yellow"), ("9999.99", "relieved", "yellow"),
    ("10000", "relieved", "orange"), ("20000", "relieved", "red"), ("19999.99", "general", None),
    ("20000", "general", "yellow"), ("80000", "general", "red"),
])  # fmt: skip
def test_spending_shocks_by_status(live: Way, spent: str, status: str, severity: str | None) -> None:
    shock = department("s1", "education", {"type": "spending", "category": "education", "self_paid": spent, "month": "2026-05"})
    state, _ = live(entry(status=status), shock)

    assert severity == (state.thread.open.severity if state.thread.open else None)
    if state.thread.open:
        assert "sudden" == state.thread.open.category


def test_a_cumulative_feed_counts_its_newest_total_of_each_year(live: Way) -> None:
    """Contract §3.2: year-to-date totals replace each other within a year, not across the new year."""

    def feed(event_id: str, total: str, month: str, at: str) -> dict[str, Any]:
        return department(event_id, "medical-insurance", {"type": "spending", "category": "medical", "self_paid": total,
                          "month": month, "cumulative": True}, at=at)  # fmt: skip

    last_year = [feed("m1", "1000", "2025-11", "2025-12-05T09:00:00+08:00"),
                 feed("m2", "2500", "2025-12", "2026-01-05T09:00:00+08:00")]  # fmt: skip
    under = feed("m3", "2499.99", "2026-04", "2026-05-05T09:00:00+08:00")
    reached = feed("m4", "2500", "2026-05", "2026-06-05T09:00:00+08:00")

    assert live(entry(), *last_year, under, WELL_OFF)[0].thread.open is None
    assert live(entry(), *last_year, under, reached)[0].thread.open is not None


def test_the_same_report_again_changes_nothing(live: Way) -> None:
    once, alerts = live(entry(), WELL_OFF, cadre("h1", {"type": "housing", "grade": "C"}))
    twice, again = live(entry(), WELL_OFF, *[cadre("h1", {"type": "housing", "grade": "C"})] * 3, WELL_OFF, entry())

    assert (once, alerts) == (twice, again)


def test_a_dropout_in_the_compulsory_stage_is_red_and_one_in_the_senior_stage_is_not(live: Way) -> None:
    def school(stage: str) -> dict[str, Any]:
        fact = {"type": "schooling", "person_id": "P-0002", "stage": stage, "status": "dropout"}
        return department("s1", "education", fact)

    _, alerts = live(entry(), school("compulsory"))

    assert [("schooling@1", "P-0002", "red")] == [(r.rule, r.subject, r.severity) for r in alerts[0].reasons]
    assert live(entry(), school("senior"))[0].thread.open is None


def test_channels_that_disagree_are_named(live: Way) -> None:
    bad = cadre("w1", {"type": "water", "safe": False}, at="2026-06-12T09:00:00+08:00")
    good = department("w0", "water", {"type": "water", "safe": True}, at="2026-06-11T09:00:00+08:00")
    _, alerts = live(good, bad)

    conflict = alerts[0].reasons[0].conflict
    assert conflict is not None
    assert (["w0"], ["w1"]) == ([e.event_id for e in conflict.good], [e.event_id for e in conflict.bad])


def test_what_an_illness_cost_stops_counting_when_its_month_leaves_the_window_though_nobody_reports(live: Way) -> None:
    """docs/contract-time.md: the window of June 2026 begins with June 2025; what was paid in May 2025 lies before it."""
    paid = {"type": "spending", "category": "medical", "self_paid": "6000.00", "month": "2025-05"}
    shock = department("m1", "medical-insurance", paid, at="2025-06-10T09:00:00+08:00")
    _, alerts = live(entry(), shock, tick("2026-05-01T00:00:00+08:00"), tick("2026-06-01T00:00:00+08:00"))

    said = [(each.transition, each.caused_by, each.as_of) for each in alerts]
    june = "2026-06-01T00:00:00+08:00"
    assert [("opened", "m1", "2025-06-10T09:00:00+08:00"), ("cleared", f"tick:{june}", june)] == said


def test_an_alert_that_an_entry_caused_names_it_as_the_registry_does(live: Way) -> None:
    """Contract §5: `registry:<updated_at>`, as the entry wrote it."""
    poor = cadre("c1", statement("2025-06", "2026-05", "8000"))
    _, alerts = live(poor, entry(updated_at="2025-12-31T16:00:00Z"))

    assert ["registry:2025-12-31T16:00:00Z"] == [each.caused_by for each in alerts]


def test_a_tick_of_before_changes_nothing(live: Way) -> None:
    state, alerts = live(entry(), WELL_OFF, tick("2026-06-01T00:00:00+08:00"))

    assert [] == alerts
    assert live(entry(), WELL_OFF)[0] == state


def test_a_tick_that_no_worker_would_send_is_refused() -> None:
    """docs/contract-time.md: the key names the household; not after the record's timestamp; on its own topic alone."""
    ahead = tick("2026-12-01T00:00:00+08:00")
    cases = [
        (Topic.TICKS, b"H000001", encode(ahead), "future-event", "$.at"),
        (Topic.TICKS, b"H000002", encode(tick("2026-06-01T00:00:00+08:00")), "invalid-key", "key"),
        (Topic.TICKS, b"H000001", encode(tick("June")), "invalid-value", "$.at"),
        (Topic.TICKS, b"H000001", None, "null-value", "$"),
        (Topic.REROUTED, b"H000001", encode(tick("2026-06-01T00:00:00+08:00")), "wrong-schema", "$.schema"),
        (Topic.CADRE_REPORTS, b"H000001", encode(tick("2026-06-01T00:00:00+08:00")), "wrong-schema", "$.schema"),
    ]
    for topic, key, value, code, field in cases:
        found = normalise(topic, key, value, TIMESTAMP)

        assert isinstance(found, Rejection), value
        assert (code, field) == (found.code.value, found.field)


COUNTY = "rural-revitalization"


def a_step(at: str, name: str, **more: Any) -> dict[str, Any]:
    """A step of a case by whom it is usually reported."""
    fact, at = {"type": "case_step", "step": name} | more, f"{at}T09:00:00+08:00"
    if name in ("comparison", "decision", "rollback"):
        return department(f"{name}-{at}", COUNTY, fact, at=at)
    return cadre(f"{name}-{at}", fact, at=at)


def test_a_lead_is_verified_and_the_household_registered_though_the_decision_came_before_the_review(live: Way) -> None:
    """docs/contract-cases.md §2: the case is a function of what occurred, not of what arrived when."""
    lead = department("w1", "water", {"type": "water", "safe": False}, at="2026-03-01T09:00:00+08:00")
    steps = [
        a_step("2026-03-02", "verification"), a_step("2026-03-03", "authorisation"), a_step("2026-03-04", "comparison"),
        a_step("2026-03-05", "appraisal"), a_step("2026-03-06", "notice"),
        a_step("2026-03-18", "decision", category="unstable"), a_step("2026-03-16", "review"),
    ]  # fmt: skip
    state, alerts = live(entry(), lead, *steps)

    assert ["opened"] == [each.transition for each in alerts]
    assert state.case is not None
    assert ("registered", "unstable", 1, ()) == (
        state.case.stage, state.case.category, state.case.episode, state.case.refused,
    )  # fmt: skip
    assert len(steps) == state.case.sequence, "the decision was refused first, then held: one record each"


def test_months_without_work_alert_and_work_found_clears(live: Way) -> None:
    """docs/contract-more.md: three months yellow, six orange; the newest word counts."""

    def work(event_id: str, status: str, since: str, at: str) -> dict[str, Any]:
        fact = {"type": "employment", "person_id": "P-0001", "status": status, "since": since}
        return department(event_id, "human-resources", fact, at=at)

    state, alerts = live(
        entry(),
        work("e1", "not_working", "2025-12", "2026-02-10T09:00:00+08:00"),
        work("e2", "not_working", "2025-12", "2026-03-10T09:00:00+08:00"),
        cadre("e3", {"type": "water", "safe": True}, at="2026-06-01T00:00:00+08:00"),
        work("e4", "working", "2026-06", "2026-06-10T09:00:00+08:00"),
    )

    assert [("opened", "yellow"), ("escalated", "orange"), ("cleared", None)] == [(a.transition, a.severity) for a in alerts]
    assert "成员P-0001自2025-12起无业，已6个月" in alerts[1].reasons[0].explanation.zh
    assert ["employment", "public_post", "training"] == [each.code for each in alerts[1].measures]
    assert state.thread.open is None


def test_hail_is_told_at_its_end_and_a_claim_that_nobody_made_is_remembered(live: Way) -> None:
    def hail(event_id: str, at: str, **over: Any) -> dict[str, Any]:
        fact = {"type": "loss", "event": "hail-7", "hazard": "hail", "object": "crop", "lost_percent": 60, "amount": "900",
                "month": "2026-03"}  # fmt: skip
        return department(event_id, "emergency", fact | over, at=at)

    insured = department("i1", "insurance", {"type": "cover", "kind": "disaster", "covered": True, "until": "2026-12"})
    paid = {"type": "claim", "kind": "disaster", "amount": "500.00", "month": "2026-06"}
    _, alerts = live(
        entry(),
        hail("h1", "2026-03-20T09:00:00+08:00", ended=False),
        hail("h2", "2026-03-21T09:00:00+08:00"),
        insured,
        department("p1", "insurance", paid, at="2026-06-11T09:00:00+08:00"),
    )

    assert [["production-loss@1"], ["production-loss@1", "claim-reminder@1"], ["production-loss@1"]] == [
        [reason.rule for reason in a.reasons] for a in alerts
    ]
    assert ["opened", "updated", "updated"] == [a.transition for a in alerts]


def test_what_was_said_of_an_asset_is_taken_back(live: Way) -> None:
    """A withdrawal brings back what was newest before, for signals as for all facts, in any order."""

    def plant(event_id: str, status: str, at: str) -> dict[str, Any]:
        link = {"type": "asset_link", "asset": "pv-3", "kind": "photovoltaic", "linked": True}
        fact = {"type": "asset_status", "asset": "pv-3", "status": status, "since": "2026-04"}
        return department(event_id, "rural-revitalization", link, fact, at=at)

    down = plant("a1", "outage", "2026-06-01T09:00:00+08:00")
    runs = plant("a2", "running", "2026-06-02T09:00:00+08:00")
    undone = department("a3", "rural-revitalization", voids="a2", at="2026-06-03T09:00:00+08:00")
    ends = {msgspec.msgpack.encode(live(*order)[0].facts) for order in itertools.permutations([down, runs, undone])}
    state, alerts = live(entry(), down, runs, undone)

    assert 1 == len(ends)
    assert ["opened", "cleared", "opened"] == [a.transition for a in alerts]
    assert state.thread.open is not None
    assert [("project-asset@1", "blue")] == [(key.rule, key.severity) for key in state.thread.open.reasons]


def test_records_that_must_be_refused() -> None:
    """Contract §3, Rejected: each kind with its code and field."""
    base = cadre("c1", {"type": "water", "safe": True})
    future = cadre("c1", {"type": "water", "safe": True}, at="2026-11-30T00:00:00+08:00")
    number = "140107" + "19900307" + "001"
    check = "10X98765432"[
        sum(w * int(d) for w, d in zip((7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), number, strict=True)) % 11
    ]
    cases: list[tuple[bytes | None, str, str]] = [
        (None, "null-value", "$"),
        (b"\xff\xfe{}", "not-utf8", "$"),
        (b"{", "not-json", "$"),
        (b"[]", "not-an-object", "$"),
        (encode(base).replace(b'"event_id"', b'"event_id": "c2", "event_id"'), "duplicate-key", "$..event_id"),  # type: ignore[union-attr] # not None
        (encode({k: v for k, v in base.items() if k != "area_code"}), "missing-field", "$.area_code"),
        (encode(base | {"event_id": 7}), "wrong-type", "$.event_id"),
        (encode(base | {"event_id": "x" * 65}), "invalid-value", "$.event_id"),
        (encode(base | {"household_id": None}), "wrong-type", "$.household_id"),
        (encode(base | {"facts": [{"type": "horoscope"}]}), "unknown-fact", "$.facts[0].type"),
        (encode(base | {"facts": []}), "invalid-value", "$.facts"),
        (encode(cadre("c1", {"type": "income", "component": "wage", "month": "2026-05", "amount": "1"})),
         "fact-not-allowed", "$.facts[0].type"),
        (encode(cadre("c1", statement("2025-06", "2025-05", "1"))), "invalid-value", "$.facts[0].from"),
        (encode(cadre("c1", statement("2025-05", "2026-05", "1"))), "invalid-value", "$.facts[0].to"),
        (encode(cadre("c1", statement("2025-06", "2026-05", "-1"))), "invalid-value", "$.facts[0].wage"),
        (encode(cadre("c1", statement("2025-06", "2026-05", "1.234"))), "invalid-value", "$.facts[0].wage"),
        (encode(cadre("c1", statement("2025-06", "2026-05", True))), "wrong-type", "$.facts[0].wage"),
        (encode(base | {"occurred_at": "2026-06-10T09:00:00"}), "invalid-value", "$.occurred_at"),
        (encode(declaration("c1", {"type": "water", "safe": True})), "wrong-schema", "$.schema"),
        (encode(future), "future-event", "$.occurred_at"),
        (encode(base | {"note": f"户主{number}{check}"}), "identity-number", "$"),
    ]  # fmt: skip
    for value, code, field in cases:
        found = normalise(Topic.CADRE_REPORTS, b"H000001", value, TIMESTAMP)

        assert isinstance(found, Rejection), value
        assert (code, field) == (found.code.value, found.field)
        assert number not in found.message


SNOOZED = cadre("z1", {"type": "snooze", "until": "2026-06-30", "reason": "being_helped"}, at="2026-06-11T09:00:00+08:00")


def test_a_snoozed_household_is_told_of_when_the_snooze_is_over(live: Way) -> None:
    """Issue: snooze with expiry. The cadre knows of the well; who comes on 1 July finds it still bad."""
    unsafe = department("w1", "water", {"type": "water", "safe": False}, at="2026-06-12T09:00:00+08:00")
    asleep, none = live(entry(), WELL_OFF, SNOOZED, unsafe, tick("2026-06-30T23:59:59+08:00"))
    _, alerts = live(entry(), WELL_OFF, SNOOZED, unsafe, tick("2026-07-01T00:00:00+08:00"))

    assert [] == none
    assert asleep.thread.noise is not None
    assert ("opened", "orange", "snooze") == tuple(msgspec.to_builtins(asleep.thread.noise.pending))
    assert [("opened", "orange", 1)] == [(a.transition, a.severity, a.noise.withheld if a.noise else 0) for a in alerts]


def test_a_snooze_never_hides_red_nor_what_is_over(live: Way) -> None:
    """Issue: never hides red. And nobody is sent to a household of which everything is well again."""
    _, alerts = live(
        entry(),
        WELL_OFF,
        SNOOZED,
        cadre("h1", {"type": "housing", "grade": "C"}, at="2026-06-12T09:00:00+08:00"),
        cadre("h2", {"type": "housing", "grade": "D"}, at="2026-06-13T09:00:00+08:00"),
        cadre("h3", {"type": "housing", "grade": "A"}, at="2026-06-14T09:00:00+08:00"),
    )

    assert [("opened", "red"), ("cleared", None)] == [(a.transition, a.severity) for a in alerts]
    assert alerts[0].noise is not None
    assert ("2026-06-30", 1) == (alerts[0].noise.snoozed_until, alerts[0].noise.withheld)


def test_a_household_may_not_snooze_itself() -> None:
    snooze = declaration("z1", {"type": "snooze", "until": "2026-06-30", "reason": "visited"})
    message = normalise(Topic.SELF_DECLARATIONS, b"H000001", encode(snooze), TIMESTAMP)

    assert isinstance(message, Rejection)
    assert ("fact-not-allowed", "$.facts[0].type") == (message.code.value, message.field)
