"""Indicators by county as a fold over households and leads (docs/contract-report.md)."""

import random
from datetime import date
from typing import Any

import pytest

from schemas.alerts import Explanation
from schemas.area_alerts import AreaAlert
from schemas.household import EMPTY, HouseholdState
from schemas.rejections import Rejection
from streams.counts import MEASURES, median, share
from streams.indicators import Indicators
from streams.normalise import normalise
from streams.outcomes import Visit, leads_of, turn_of
from streams.pipeline import advance
from streams.policies import BEGINNING, FILE, Version, alone, policies_of
from streams.policy import Policy
from streams.policy_parse import PolicyError, parse_policy
from streams.scope import Scope
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, cadre, declaration, department, encode, entry, statement
from tests.oracle import naive
from tests.oracle.histories import history
from tests.streams.test_policy import changed
from tests.ways import Pure

COUNTY = "140123"


def live(policy: Policy, *records: dict[str, Any]) -> HouseholdState:
    state = EMPTY
    for record in records:
        message = normalise(TOPIC_OF[record["schema"]], b"H000001", encode(record), TIMESTAMP)
        assert not isinstance(message, Rejection), message
        state = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy).state  # type: ignore[arg-type] # no claims
    return state


def scope(policy: Policy, day: str = "2026-11-30", **over: Any) -> Scope:
    given = {"since": date(2026, 11, 1).toordinal(), "silent_months": 6, "silent_days": 7} | over
    return Scope(alone(policy), date.fromisoformat(day).toordinal(), **given)


def count(states: list[HouseholdState], asked: Scope) -> Indicators:
    found = Indicators()
    for state in states:
        found.add_household(state, asked)
    return found


def counts(found: Indicators, by: str = "all", key: str = "all") -> dict[str, int]:
    return {name: number for name, number in found.row(by, key).counts.items() if number}


def test_what_one_household_counts_for(policy: Policy) -> None:
    """Two members with 9,625 yuan, all of it transfers; bad water by the cadre against a declaration."""
    poor = cadre("c1", statement("2025-06", "2026-05", "0", transfer="9625.00"))
    water = cadre("c2", {"type": "water", "safe": False}, at="2026-06-11T09:00:00+08:00")
    says = declaration("d1", {"type": "water", "safe": True}, at="2026-06-10T09:00:00+08:00")
    found = count([live(policy, entry(), poor, says, water)], scope(policy))

    assert {"households": 1, "open": 1, "open_orange": 1, "unstable": 1, "overdue": 1, "overdue_verify": 1,
            "rule_income_line": 1, "rule_policy_dependence": 1, "rule_water": 1, "reported": 1, "determined": 1, "dependent": 1,
            "conflicting": 1, "reported_declaration": 1, "reported_cadre": 1, "conflicting_declaration": 1,
            "conflicting_cadre": 1} == counts(found)  # fmt: skip
    assert counts(found) == counts(found, "county", COUNTY) == counts(found, "tier", "key")
    assert 481_250 == found.row("all", "all").median


def test_channels_that_disagree_on_a_signal_are_in_conflict_too(policy: Policy) -> None:
    """As the alert says; two channels that agree are not."""
    person = {"type": "employment", "person_id": entry()["members"][0]["person_id"], "since": "2026-01"}
    office = department("e1", "human-resources", person | {"status": "not_working"}, at="2026-06-10T09:00:00+08:00")
    for status, conflicting in (("working", 1), ("not_working", 0)):
        seen = cadre("c1", person | {"status": status}, at="2026-06-11T09:00:00+08:00")
        assert conflicting == counts(count([live(policy, entry(), office, seen)], scope(policy))).get("conflicting", 0)


SAFE, UNSAFE = {"type": "water", "safe": True}, {"type": "water", "safe": False}


def by_channel(policy: Policy, *records: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The channels that reported something, and those that take part in a conflict."""
    found = counts(count([live(policy, *records)], scope(policy)))
    reported, conflicting = (
        {name.removeprefix(what) for name in found if name.startswith(what)} for what in ("reported_", "conflicting_")
    )
    assert bool(conflicting) == ("conflicting" in found)
    return reported, conflicting


def test_a_channel_takes_part_where_it_stands_on_a_side(policy: Policy) -> None:
    """The third channel agrees with one, or speaks of something else, or took its word back."""
    bad, good = cadre("c1", UNSAFE, at="2026-06-11T09:00:00+08:00"), declaration("d1", SAFE)
    both, every = {"declaration", "cadre"}, {"declaration", "cadre", "department"}

    assert (both, both) == by_channel(policy, good, bad)
    for third in (SAFE, UNSAFE):
        assert (every, every) == by_channel(policy, good, bad, department("w1", "water", third))
    assert (every, both) == by_channel(policy, good, bad, department("h1", "housing", {"type": "housing", "grade": "D"}))
    back = department("w2", "water", voids="w1", at="2026-06-12T09:00:00+08:00")
    assert (both, both) == by_channel(policy, good, bad, department("w1", "water", SAFE), back)
    assert (both, set()) == by_channel(policy, good, bad, cadre("c2", SAFE, at="2026-06-12T09:00:00+08:00"))


def test_a_switched_off_rule_has_no_conflict(policy: Policy) -> None:
    quiet = parse_policy(changed(lambda document: document["rules"]["water"].update(enabled=False)), "x")

    assert ({"declaration", "cadre"}, set()) == by_channel(quiet, declaration("d1", SAFE), cadre("c1", UNSAFE))


def loss(event: str, percent: int) -> dict[str, Any]:
    return {"type": "loss", "event": event, "hazard": "hail", "object": "crop", "lost_percent": percent, "month": "2026-05"}


def test_sides_of_a_signal_hold_the_channels_of_all_things_it_fires_for(policy: Policy) -> None:
    """Cadre and department disagree on one loss, the declaration speaks of another."""
    split = (department("e1", "emergency", loss("hail-1", 10), at="2026-06-01T09:00:00+08:00"), cadre("c1", loss("hail-1", 50)))
    both = {"cadre", "department"}

    assert both == by_channel(policy, *split)[1]
    assert both | {"declaration"} == by_channel(policy, *split, declaration("d1", loss("hail-2", 40)))[1]
    assert both == by_channel(policy, *split, declaration("d1", loss("hail-2", 10)))[1]


@pytest.mark.parametrize("fact", [
    {"type": "spending", "category": "other", "self_paid": "1.00", "month": "2026-05"},
    {"type": "employment", "person_id": "P-0001", "status": "working", "since": "2026-01"},
    {"type": "case_step", "step": "verification"}, {"type": "snooze", "until": "2026-06-20", "reason": "visited"},
])  # fmt: skip
def test_any_fact_that_counts_is_something_reported(policy: Policy, fact: dict[str, Any]) -> None:
    said = cadre("c1", fact, at="2023-06-15T09:00:00+08:00")
    back = cadre("c2", voids="c1", at="2023-06-16T09:00:00+08:00")
    later = [declaration("d1", SAFE, at=f"2026-{day}T09:00:00+08:00") for day in ("06-30", "07-01")]

    assert [{"cadre"}, set()] == [by_channel(policy, *records)[0] for records in ([said], [said, back])]
    assert [{"cadre", "declaration"}, {"declaration"}] == [by_channel(policy, said, each)[0] for each in later]


def test_who_is_overdue_is_decided_by_the_day(policy: Policy) -> None:
    """Opened on 2026-11-18 with five working days: to be verified by 2026-11-25."""
    state = live(policy, entry(), cadre("c1", {"type": "food", "adequate": False}))

    assert [0, 1] == [count([state], scope(policy, day)).row("all", "all").counts["overdue"] for day in
                      ("2026-11-25", "2026-11-26")]  # fmt: skip


def late(policy: Policy, state: HouseholdState, *days: str) -> list[set[str]]:
    """The overdue clocks that a household counts for on some days."""
    rows = [count([state], scope(policy, day)).row("all", "all").counts for day in days]
    return [{name for name, number in row.items() if number and name.startswith("overdue")} for row in rows]


def visit(event_id: str, at: str, step: str = "verification", **more: Any) -> dict[str, Any]:
    return cadre(event_id, {"type": "case_step", "step": step, **more}, at=f"{at}T09:00:00+08:00")


@pytest.mark.parametrize("passed", [True, False])
def test_who_was_visited_is_not_waited_for(policy: Policy, passed: bool) -> None:
    """Opened on Wednesday 2026-11-18; a visit that day leaves until 2026-12-09 to finish, if there is anything to finish."""
    hungry = (entry(), cadre("c1", {"type": "food", "adequate": False}))
    waiting = {"overdue", "overdue_verify"}

    assert [waiting] == late(policy, live(policy, *hungry), "2026-12-17")
    before = live(policy, *hungry, visit("v1", "2026-11-17", passed=False))
    assert [waiting] == late(policy, before, "2026-11-26"), "a visit of before is no answer"
    seen = live(policy, *hungry, visit("v1", "2026-11-18", passed=passed))
    assert [set(), {"overdue_finish"} if passed else set()] == late(policy, seen, "2026-12-09", "2026-12-10")


def test_an_objection_has_its_own_clock_and_stops_the_other(policy: Policy) -> None:
    """Raised on Friday 2026-06-12, a week after the visit: to be settled by 2026-06-29, a holiday lies between."""
    steps = [visit("v1", "2026-06-05"), visit("v2", "2026-06-06", "authorisation")]
    steps.append(department("v3", "civil-affairs", {"type": "case_step", "step": "comparison"}, at="2026-06-07T09:00:00+08:00"))
    steps += [
        visit("v4", "2026-06-08", "appraisal"),
        visit("v5", "2026-06-09", "notice"),
        visit("v6", "2026-06-12", "objection"),
    ]
    objected = live(policy, entry(), *steps)
    settled = live(policy, entry(), *steps, visit("v7", "2026-06-15", "settlement"))

    assert [set(), {"overdue_settle"}] == late(policy, objected, "2026-06-29", "2026-06-30")
    assert [set(), {"overdue_finish"}] == late(policy, settled, "2026-06-30", "2026-07-01")


def test_who_is_asleep_is_decided_by_the_day_and_what_waits_by_the_last_assessment(policy: Policy) -> None:
    """Asked for on 2026-06-01 until the 20th; a house of grade C is seen on the 10th, its danger (red) on the 11th."""
    sleep = {"type": "snooze", "until": "2026-06-20", "reason": "seasonal"}
    asleep = (entry(), cadre("c1", sleep, at="2026-06-01T09:00:00+08:00"))
    house = cadre("c2", {"type": "housing", "grade": "C"})
    hunger = cadre("c3", {"type": "food", "adequate": False}, at="2026-06-11T09:00:00+08:00")

    def quiet(day: str, *records: dict[str, Any]) -> tuple[int, int]:
        row = count([live(policy, *records)], scope(policy, day)).row("all", "all").counts
        return row["snoozed"], row["withheld"]

    assert [(1, 0), (1, 1), (0, 1), (1, 0), (0, 0)] == [
        quiet("2026-06-20", *asleep), quiet("2026-06-20", *asleep, house), quiet("2026-06-21", *asleep, house),
        quiet("2026-06-20", *asleep, house, hunger), quiet("2026-06-20", entry(), house),
    ]  # fmt: skip


def test_the_version_in_force_on_the_day_is_asked(policy: Policy) -> None:
    stricter = parse_policy(changed(lambda document: document["rules"]["policy-dependence"].update({"share-from": 1})), "x")
    start = date(2026, 11, 30).toordinal()
    versions = policies_of((Version(policy, BEGINNING, FILE, None, b""), Version(stricter, start, 0, 0, b"")))
    mixed = live(policy, entry(), cadre("c1", statement("2025-06", "2026-05", "1000.00", transfer="9625.00")))

    asked = [Scope(versions, start + days, start, 6, 7) for days in (-1, 0)]
    assert [policy, stricter] == [each.policy for each in asked]
    assert [1, 0] == [count([mixed], each).row("all", "all").counts["dependent"] for each in asked]


def test_silence_is_a_matter_of_months_and_never_having_spoken(policy: Policy) -> None:
    heard = live(policy, cadre("c1", {"type": "food", "adequate": True}, at="2026-06-30T23:59:59+08:00"))
    never = live(policy, entry())

    def silent(day: str, months: int) -> int:
        return count([heard, never], scope(policy, day, silent_months=months)).row("all", "all").counts["silent"]

    assert [1, 2] == [silent("2026-11-30", 6), silent("2026-12-01", 6)]
    assert [1, 2] == [silent("2026-06-30", 1), silent("2026-07-01", 1)]


def test_unknown_incomes_are_no_zero(policy: Policy) -> None:
    lives = ([cadre("c1", {"type": "food", "adequate": True})], [cadre("c1", statement("2025-06", "2026-05", "30000.00"))], [])
    states = [live(policy, entry(), *records) for records in lives]
    row = count(states, scope(policy)).row("all", "all")

    assert (3, 2, 1) == (row.counts["households"], row.counts["reported"], row.counts["determined"])
    assert (5000, 1_500_000) == (row.share("undetermined_share"), row.median)
    assert count([states[0]], scope(policy)).row("all", "all").median is None


def test_a_removed_household_counts_nowhere(policy: Policy) -> None:
    found = count([EMPTY], scope(policy))

    assert {} == found.rows


@pytest.mark.parametrize(("values", "expected"), [([], None), ([7], 7), ([1, 9], 5), ([1, 2], 2), ([2, 3], 2), ([3, 4, 5], 4)])
def test_the_median_is_exact(values: list[int], expected: int | None) -> None:
    assert expected == median(values)


def test_shares_are_exact_and_empty_of_nothing() -> None:
    assert [None, 3333, 10_000, 2] == [share(0, 0), share(1, 3), share(4, 4), share(1, 4000)]


def test_a_channels_share_is_of_its_own_households(policy: Policy) -> None:
    split = (declaration("d1", SAFE), cadre("c1", UNSAFE, at="2026-06-11T09:00:00+08:00"))
    states = [live(policy, *records) for records in (split, split[:1], split[:1], split[1:])]
    row = count(states, scope(policy)).row("all", "all")

    assert [3333, 5000, None] == [row.share(f"conflict_share_{name}") for name in ("declaration", "cadre", "department")]


def test_leads_are_counted_by_channel_within_the_time_asked_about(policy: Policy) -> None:
    asked = scope(policy)
    found = Indicators()
    lives = (
        [cadre("c1", {"type": "food", "adequate": False})],
        [department("w1", "water", {"type": "water", "safe": False}), cadre("w2", {"type": "water", "safe": False})],
    )
    for records in lives:
        state = EMPTY
        for record in [entry(), *records]:
            message = normalise(TOPIC_OF[record["schema"]], b"H000001", encode(record), TIMESTAMP)
            assert not isinstance(message, Rejection)
            step = advance("H000001", state, message, TIMESTAMP * 1_000_000, policy)  # type: ignore[arg-type] # no claims
            state = step.state
            if step.alert is not None:
                leads = leads_of([turn_of(step.alert)])
                found.add_leads(leads, (), asked)
                for early in (scope(policy, since=date(2026, 11, 19).toordinal()), scope(policy, "2026-11-17")):
                    none = Indicators()
                    none.add_leads(leads, (), early)
                    assert {} == none.rows

    assert {"leads": 2, "leads_cadre": 1, "leads_department": 1, "leads_alone_cadre": 1, "leads_alone_department": 1} == counts(
        found
    )


def test_any_order_and_division_gives_the_same(policy: Policy) -> None:
    rng = random.Random(7)
    states = []
    for seed in range(60):
        reports, registry = history(random.Random(seed))
        states.append(live(policy, *reports, *([registry] if registry else [])))
    whole = count(states, scope(policy))
    rng.shuffle(states)
    merged = Indicators()
    for part in (states[:7], states[7:20], states[20:]):
        merged.merge(count(part, scope(policy)))

    assert whole.rows.keys() == merged.rows.keys()
    for by, rows in whole.rows.items():
        assert {key: (row.counts, row.median) for key, row in rows.items()} == {
            key: (row.counts, row.median) for key, row in merged.rows[by].items()
        }


def test_random_households_agree_with_the_naive_recomputation(policy: Policy) -> None:
    seen: set[str] = set()
    for seed in range(200):
        reports, registry = history(random.Random(seed))
        found = count([live(policy, *reports, *([registry] if registry else []))], scope(policy))
        expected = naive.assess(reports, registry)
        assert expected is not None
        row, now = found.row("all", "all"), expected["now"]

        assert bool(now) == bool(row.counts["determined"])
        assert (now["reference"] if now else None) == row.median
        dependent = bool(now) and now["gross"] > 0 and now["transfers"] * 10 >= now["gross"] * 6
        assert dependent == bool(row.counts["dependent"])
        assert bool(expected["conflicts"]) == bool(row.counts["conflicting"])
        sides = {name for good, bad in expected["conflicts"].values() for name in (*good, *bad)}
        heard = {naive.NAMES[naive.RANK[each["schema"]]] for each in naive.live(reports)[0] if each["facts"]}
        assert (sides, heard) == tuple(
            {name for name in naive.NAMES if row.counts[f"{what}_{name}"]} for what in ("conflicting", "reported")
        )
        assert {f"open_{expected['severity']}"} - {"open_None"} == {name for name in row.counts if name.startswith("open_")}
        seen |= {name for name, number in row.counts.items() if number}

    assert {"dependent", "determined", *(f"conflicting_{name}" for name in naive.NAMES)} <= seen <= set(MEASURES)


def test_a_national_income_is_data_of_the_policy() -> None:
    lines = [{"from": date(2025, 1, 1), "amount": 23119, "source": "x"}]
    found = parse_policy(changed(lambda document: document.update(figures={"national-income": lines})), "x")
    shipped = parse_policy(changed(lambda document: None), "x")

    assert [2_311_900] == [line.amount for line in found.national_income]
    assert (2_169_100, 2_311_900) == tuple(line.amount for line in shipped.national_income)
    assert shipped.mark == found.mark, "no rule asks it"


@pytest.mark.parametrize(("figures", "key", "reason"), [
    ([], "figures", "must be a table"), ({"luck": 1}, "figures.luck", "unknown key"),
    ({"national-income": []}, "figures.national-income", "must be a list of lines"),
])  # fmt: skip
def test_figures_that_mean_nothing_are_refused(figures: Any, key: str, reason: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(changed(lambda document: document.update(figures=figures)), "shanxi.toml")

    assert (key, True) == (refused.value.key, reason in refused.value.reason)


def area_alert(transition: str, sequence: int, severity: str | None, **over: Any) -> AreaAlert:
    given = {"area_code": "140123100201", "level": "village", "opened_on": "2026-11-10"} | over
    return AreaAlert(
        schema="area-alert/1", area_alert_id="", county_code=COUNTY, tier="key", sequence=sequence, transition=transition,
        severity=severity, because=[], households=0, registered=None, share=None, window_days=30, rules=[], members=[],
        as_of="2026-11-10", policy="", explanation=Explanation("", ""), emitted_at="", **given,
    )  # type: ignore[arg-type] # words of the tests  # fmt: skip


@pytest.mark.parametrize(("said", "expected"), [
    ([area_alert("opened", 1, "red")], {"open_villages", "open_villages_red", "opened_villages", "opened_villages_red"}),
    ([area_alert("opened", 1, "blue"), area_alert("updated", 2, "red")],
     {"open_villages", "open_villages_red", "opened_villages", "opened_villages_blue"}),
    ([area_alert("opened", 1, "red"), area_alert("cleared", 2, None)], {"opened_villages", "opened_villages_red"}),
    ([area_alert("opened", 1, "red", opened_on="2026-10-31")], {"open_villages", "open_villages_red"}),
    ([area_alert("opened", 1, "red", opened_on="2026-12-01")], {"open_villages", "open_villages_red"}),
    ([area_alert("opened", 1, "red", level="township", area_code="140123100000"), area_alert("cleared", 1, None)],
     {"open_townships", "open_townships_red", "opened_townships", "opened_townships_red"}),
    # a crash took back an opening and what followed it, and said another
    ([area_alert("opened", 1, "red"), area_alert("cleared", 2, None), area_alert("opened", 1, "blue")],
     {"open_villages", "open_villages_blue", "opened_villages", "opened_villages_blue"}),
    ([area_alert("opened", 1, "red"), area_alert("opened", 1, "red"), area_alert("cleared", 2, None),
      area_alert("cleared", 2, None)], {"opened_villages", "opened_villages_red"}),
])  # fmt: skip
def test_what_an_area_counts_for(policy: Policy, said: list[AreaAlert], expected: set[str]) -> None:
    found = Indicators()
    found.add_area_alerts(iter(said), scope(policy))

    for by, key in (("all", "all"), ("tier", "key"), ("county", COUNTY)):
        assert dict.fromkeys(expected, 1) == counts(found, by, key)
    assert expected <= set(MEASURES)


def test_alerts_count_for_the_tier_they_name_and_households_for_that_of_the_day(policy: Policy) -> None:
    """A county that was a key county when its lead came and its village was at risk has become a leading one since."""
    promoted = parse_policy(changed(lambda document: document["counties"][COUNTY].update(tier="leading")), "x")
    asked, found = scope(promoted), Indicators()
    state, (alert,) = Pure(policy)(entry(), cadre("c1", {"type": "food", "adequate": False}))
    (lead,) = leads_of([turn_of(alert)])
    found.add_household(state, asked)
    found.add_leads([lead], (Visit(lead.day, True),), asked)
    found.add_area_alerts([area_alert("opened", 1, "red")], asked)
    whole, leading, key = (counts(found, *each) for each in (("all", "all"), ("tier", "leading"), ("tier", "key")))

    assert {"leads", "leads_cadre", "leads_alone_cadre", "verified_food@1", "confirmed_food@1", "open_villages",
            "open_villages_red", "opened_villages", "opened_villages_red"} == key.keys()  # fmt: skip
    assert whole == leading | key == counts(found, "county", COUNTY)
    assert {"households", "open", "rule_food"} <= leading.keys() == whole.keys() - key.keys()
