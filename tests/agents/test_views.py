"""What ``explain`` and ``/households/ID`` say of what a household keeps to itself: before, in and after snooze and window."""

import random
from io import StringIO
from typing import Any

import msgspec
import pytest
from rich.console import Console

from agents.views import household_view
from fangfan.explain_view import show
from schemas.fields import parse_instant
from schemas.registry import RegistryChange
from streams.household import merge
from streams.policy import Policy
from tests.build import cadre, department, entry, tick
from tests.oracle import case_histories, signal_histories, snooze_histories
from tests.streams.test_noise import noisy
from tests.ways import Pure

DAYS = 30
REMOVED_AT = parse_instant("2026-06-12T08:30:00+08:00")
NOTHING = {"snoozed_until": None, "window_until": None, "withheld": 0, "pending": None, "pending_until": None}


def said(day: str, fact: dict[str, Any]) -> dict[str, Any]:
    return cadre(f"c-{day}-{fact['type']}", fact, at=f"2026-{day}T09:00:00+08:00")


def house(day: str, grade: str) -> dict[str, Any]:
    return said(day, {"type": "housing", "grade": grade})


def snooze(day: str, until: str) -> dict[str, Any]:
    return said(day, {"type": "snooze", "until": f"2026-{until}", "reason": "being_helped"})


def water(day: str, *, safe: bool) -> dict[str, Any]:
    return said(day, {"type": "water", "safe": safe})


def seen(policy: Policy, *records: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """What holds the household back by its view, and the head of what ``explain`` prints."""
    state, _ = Pure(policy)(entry(), *records)
    view = household_view("H000001", state, policy)
    written = StringIO()
    show(Console(file=written, width=160, highlight=False), view | {"history": []})
    return view["noise"], written.getvalue().partition("rules 规则")[0]


SLEEP = (snooze("06-01", "06-20"), house("06-10", "C"))
HELD = ["opened", "orange", "snooze"]


@pytest.mark.parametrize(("records", "expected", "words"), [
    ((house("05-20", "A"),), NOTHING, ()),
    (SLEEP[:1], NOTHING | {"snoozed_until": "2026-06-20"}, ("until 至 2026-06-20, red is told all the same",)),
    (SLEEP, {"snoozed_until": "2026-06-20", "window_until": None, "withheld": 1, "pending": HELD,
             "pending_until": "2026-06-20"}, ("opened, 橙 orange, by snooze 暂缓, until 至 2026-06-20", "1 held back")),
    ((*SLEEP, tick("2026-06-20T23:59:59+08:00")), {"snoozed_until": "2026-06-20", "window_until": None, "withheld": 1,
     "pending": HELD, "pending_until": "2026-06-20"}, ("until 至 2026-06-20",)),
    ((*SLEEP, tick("2026-06-21T00:00:00+08:00")), NOTHING, ("● 橙 orange",)),
    ((*SLEEP, house("06-11", "A")), {"snoozed_until": "2026-06-20", "window_until": None, "withheld": 1, "pending": None,
                                     "pending_until": None}, ("none open 无", "1 held back")),
    ((*SLEEP, house("06-12", "D")), NOTHING | {"snoozed_until": "2026-06-20"}, ("● 红 red", "red is told all the same")),
    ((*SLEEP, snooze("06-12", "06-11")), NOTHING, ("● 橙 orange",)),  # a newer one woke it
    ((snooze("03-01", "06-20"), house("06-01", "C")), {"snoozed_until": "2026-06-01", "window_until": None, "withheld": 1,
     "pending": HELD, "pending_until": "2026-06-01"}, ("until 至 2026-06-01",)),  # none lasts more than 92 days
])  # fmt: skip
def test_a_snooze_is_shown_while_it_holds(
    policy: Policy, records: tuple[dict[str, Any], ...], expected: dict[str, Any], words: tuple[str, ...]
) -> None:
    found, text = seen(policy, *records)

    assert expected == found
    assert all(each in text for each in words), text
    assert ("snooze 暂缓提醒" in text, "waiting 待发" in text) == (bool(found["snoozed_until"]), bool(found["pending"]))
    assert "window 间隔" not in text


OPENED = (house("06-01", "C"),)
"""The window runs from the 1st through the 30th of June."""
BETTER = (*OPENED, house("06-10", "A"))
CLEARED = ["cleared", None, "window"]


@pytest.mark.parametrize(("records", "expected", "words"), [
    ((house("06-01", "A"),), NOTHING, ()),
    (OPENED, NOTHING | {"window_until": "2026-06-30"}, ("until 至 2026-06-30, milder changes wait",)),
    (BETTER, {"snoozed_until": None, "window_until": "2026-06-30", "withheld": 1, "pending": CLEARED,
              "pending_until": "2026-06-30"}, ("cleared, 解除 none, by window 间隔, until 至 2026-06-30",)),
    ((*BETTER, house("06-20", "C")), NOTHING | {"window_until": "2026-06-30", "withheld": 1}, ("● 橙 orange",)),
    ((*BETTER, tick("2026-06-30T23:59:59+08:00")), {"snoozed_until": None, "window_until": "2026-06-30", "withheld": 1,
     "pending": CLEARED, "pending_until": "2026-06-30"}, ("until 至 2026-06-30",)),
    ((*BETTER, tick("2026-07-01T00:00:00+08:00")), NOTHING | {"window_until": "2026-07-30"}, ("none open 无",)),
    ((*OPENED, house("06-20", "D")), NOTHING | {"window_until": "2026-07-19"}, ("● 红 red",)),
    ((*OPENED, tick("2026-06-30T23:00:00+08:00")), NOTHING | {"window_until": "2026-06-30"}, ("milder changes wait",)),
    ((*OPENED, tick("2026-07-01T00:00:00+08:00")), NOTHING, ("● 橙 orange",)),  # it is over and holds nothing back
])  # fmt: skip
def test_a_window_is_shown_while_it_holds(
    policy: Policy, records: tuple[dict[str, Any], ...], expected: dict[str, Any], words: tuple[str, ...]
) -> None:
    found, text = seen(noisy(policy, DAYS), *records)

    assert expected == found
    assert all(each in text for each in words), text
    assert ("window 间隔  " in text, "waiting 待发" in text) == (bool(found["window_until"]), bool(found["pending"]))
    assert "snooze 暂缓提醒" not in text


@pytest.mark.parametrize(("until", "records", "pending", "through"), [
    ("06-20", (water("06-10", safe=False),), ["updated", "orange", "snooze"], "2026-06-30"),  # the window outlasts the snooze
    ("07-10", (water("06-10", safe=False),), ["updated", "orange", "snooze"], "2026-07-10"),
    ("07-10", (house("06-10", "A"),), CLEARED, "2026-06-30"),  # no snooze holds back what is over
    ("06-20", (water("06-10", safe=False), tick("2026-06-21T00:00:00+08:00")), ["updated", "orange", "window"], "2026-06-30"),
])  # fmt: skip
def test_where_both_hold_something_back_the_longer_one_is_named(
    policy: Policy, until: str, records: tuple[dict[str, Any], ...], pending: list[Any], through: str
) -> None:
    """Opened on the 1st of June, asleep from the 5th on."""
    found, text = seen(noisy(policy, DAYS), *OPENED, snooze("06-05", until), *records)

    assert (pending, through) == (found["pending"], found["pending_until"])
    assert 1 == found["withheld"], "it is one transition, whatever holds it back"
    assert f", until 至 {through}" in text


def test_what_no_policy_holds_back_any_more_goes_with_the_next_record(policy: Policy) -> None:
    """The file has no window since, and nobody was heard of in the meantime."""
    state, _ = Pure(noisy(policy, DAYS))(entry(), *BETTER)
    view = household_view("H000001", state, policy)
    written = StringIO()
    show(Console(file=written, width=160, highlight=False), view | {"history": []})

    assert NOTHING | {"withheld": 1, "pending": CLEARED} == view["noise"]
    assert "by window 间隔, until the next report 至下次报告" in written.getvalue()


def test_what_a_case_rests_on_is_shown_apart_when_it_counts_no_more(policy: Policy) -> None:
    """A household entered in 2021 and heard of in 2026: its entry is seen, and so that it counts no more."""
    stands = {"type": "case_step", "step": "standing", "stage": "registered", "category": "sudden"}
    begun = department("stands", "rural-revitalization", stands, at="2021-09-01T09:00:00+08:00")
    state, _ = Pure(policy)(entry(), begun, water("06-01", safe=True))
    view = household_view("H000001", state, policy)
    written = StringIO()
    show(Console(file=written, width=200), view | {"history": []})

    assert {"declaration": [], "cadre": [], "department": ["stands"]} == {
        channel: [each["event_id"] for each in reports] for channel, reports in view["past"].items()
    }
    assert ["c-06-01-water"] == [each["event_id"] for reports in view["facts"].values() for each in reports]
    assert "registered" == view["case"]["stage"]
    assert written.getvalue().index("counts no more") < written.getvalue().index("2021-09-01 09:00")


@pytest.mark.parametrize("seed", range(40))
def test_whatever_is_known_of_a_household_can_be_printed(policy: Policy, seed: int) -> None:
    """Facts of every department, steps of cases and snoozes: each report that counts stands in what ``explain`` prints."""
    rng = random.Random(seed)
    reports, known = signal_histories.history(rng)
    reports = [*reports, *case_histories.steps(rng), *snooze_histories.snoozes(rng)]
    state, _ = Pure(policy)(*([known] if known else []), *reports)
    view = household_view("H000001", state, policy)
    written = StringIO()
    show(Console(file=written, width=250), view | {"history": []})

    shown = {each["event_id"] for some in view["facts"].values() for each in some}
    assert shown
    assert {each.event_id for each in (*state.facts.reports, *state.facts.signals)} == shown
    assert all(f" {name} " in written.getvalue() for name in shown)


def test_a_removed_entry_is_told_from_one_that_never_was(policy: Policy) -> None:
    """Both have no registry entry; of the one it is said since when."""
    report, removed = house("06-10", "C"), RegistryChange("H000001", REMOVED_AT, None, "")
    never, _ = Pure(policy)(report)
    named, _ = Pure(policy)(entry(), report)
    gone = msgspec.structs.replace(named, facts=merge(named.facts, removed))
    shown = []
    for state in (never, named, gone):
        view = household_view("H000001", state, policy)
        written = StringIO()
        show(Console(file=written, width=160, highlight=False), view | {"history": []})
        (line,) = (each for each in written.getvalue().splitlines() if each.startswith("registry 登记"))
        shown.append((view["registry"] is None, view["registry_removed_at"], line.split("登记")[1].strip()))

    assert [
        (True, None, "none 无"), (False, None, "脱贫户 relieved since 自 2019-12-01, 2 members 人"),
        (True, "2026-06-12T08:30:00+08:00", "removed 已注销 2026-06-12T08:30:00+08:00"),
    ] == shown  # fmt: skip
