"""Whether what is open of a household is what holds, but for what noise control holds back (docs/contract-noise.md)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.faults.verdict import Verdict
from tests.oracle.naive import when
from tests.oracle.naive_noise import MILD, asleep, content, day_of, waits

Records = list[dict[str, Any]]
ASLEEP = ("severity", "previous_severity", "transition")
"""Where an alert of a household that is asleep says that it is red, was, or is over."""


def judge_alert(
    verdict: Verdict, name: str, reports: Records, alerts: Records, window: int | None,
    expected: Callable[[datetime | None], dict[str, Any]], clock: datetime | None, late: datetime | None,
) -> None:  # fmt: skip
    """Whether the last alert says what is expected at the household's clock, or waits as it must.

    ``window``: the days within which milder transitions wait, None where noise control is off. ``late``: an instant up to which
    every tick should have come, if any; what is expected then must be what is expected now, and wait no less.
    """
    now, said = expected(clock), open_of(alerts)
    if not _held(said, now, reports, alerts, window):
        _judge_content(verdict, name, now, said)
    elif late is not None and not _held(said, expected(late), reports, alerts, window):
        verdict.lost.append(f"{name}: no tick since what waits could go")
    if late is not None:
        _judge_time(verdict, name, now, expected(late))
    if window is not None:
        _judge_noise(verdict, name, alerts, window)


def open_of(alerts: Records) -> dict[str, Any] | None:
    """Return what was last published of an alert that is open, None where none is."""
    return alerts[-1] if alerts and alerts[-1]["transition"] != "cleared" else None


def _held(
    said: dict[str, Any] | None, holds: dict[str, Any], reports: Records, alerts: Records, window: int | None
) -> bool:  # fmt: skip
    """Whether what holds is to wait; without noise control nothing is."""
    if window is None:
        return False
    changed = when(alerts[-1]["as_of"]) if alerts else None
    return waits(said and content(said), holds, changed, window, asleep=asleep(reports, holds["as_of"]))


def _judge_noise(verdict: Verdict, name: str, alerts: Records, window: int) -> None:
    """Whether of what does not rise one went a window at most, and while asleep nothing but red and what cleared."""
    for before, each in pairwise(alerts):
        ends = day_of(when(before["as_of"])) + timedelta(days=window)
        if each["transition"] in MILD and day_of(when(each["as_of"])) < ends:
            verdict.wrong.append(f"{name}: {each['transition']} at {each['sequence']} within the window up to {ends}")
    for each in alerts:
        if each["noise"] is None or each["noise"]["window_days"] != window:
            verdict.wrong.append(f"{name}: {each['sequence']} says {each['noise']} of a window of {window}")
        elif each["noise"]["snoozed_until"] and not {"red", "cleared"} & {*(each[part] for part in ASLEEP)}:
            verdict.wrong.append(f"{name}: {each['transition']} at {each['sequence']} while asleep")


def _judge_time(verdict: Verdict, name: str, then: dict[str, Any], now: dict[str, Any]) -> None:
    """Whether a household stands at an instant since which its answer has changed: a tick that never came.

    Neither category nor pathway is anything without a reason.
    """
    names = ("severity", "reasons", "conflicts") + (("category", "pathway") if now["severity"] else ())
    if [then[each] for each in names] != [now[each] for each in names]:
        verdict.lost.append(f"{name}: no tick since {then['as_of']}")


def _judge_content(verdict: Verdict, name: str, expected: dict[str, Any], last: dict[str, Any] | None) -> None:
    if expected["severity"] is None:
        if last is not None:
            verdict.wrong.append(f"{name}: open though nothing holds")
        return
    if last is None:
        verdict.lost.append(f"{name}: no alert")
        return
    for part, value in content(last).items():
        if value != expected[part]:
            verdict.wrong.append(f"{name}: last alert, {part}: {value} and not {expected[part]}")
