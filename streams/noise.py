"""Noise control: which transitions wait, and by what (docs/contract-noise.md). A red one never does."""

from dataclasses import dataclass
from typing import Final

from schemas.alerts import NoiseNote
from schemas.fields import day_of, instant_of_day, parse_day, render_day
from schemas.household import Facts, Noise, Pending, Thread
from schemas.reports import Signal
from schemas.vocabulary import Severity, Transition, WithheldBy
from streams.policy_cases import NoiseRules

GRAVEST: Final = "red"
NOTHING: Final = Noise()


@dataclass(frozen=True, slots=True)
class Hush:
    """What may hold a household's transitions back: ``window_days`` after the last one, and a snooze through a day."""

    window_days: int
    snoozed_until: int | None


OPEN_EAR: Final = Hush(0, None)
"""Nothing is held back."""


def hush_of(facts: Facts, rules: NoiseRules) -> Hush:
    """Return what holds a household's transitions back by its policy."""
    if not rules.window_days and not facts.signals:
        return OPEN_EAR
    return Hush(rules.window_days, snoozed_until(facts, rules))


def snoozed_until(facts: Facts, rules: NoiseRules, day: int | None = None) -> int | None:
    """Return the last day of the snooze a household is in on an ordinal day, by default that of its clock; None: in none.

    The newest counts; it ends ``snooze_days`` after it was reported at the latest, whatever it says.
    """
    if not rules.snooze_days:
        return None
    today = day_of(facts.as_of or 0) if day is None else day
    for report in reversed(facts.signals):
        for fact in report.facts:
            if isinstance(fact, Signal) and fact.kind == "snooze":
                until = min(parse_day(fact.value.partition(":")[2]), day_of(report.occurred_at) + rules.snooze_days)
                return until if today <= until else None
    return None


def withheld_by(kind: Transition, severity: Severity | None, thread: Thread, as_of: int, hush: Hush) -> WithheldBy | None:
    """Return what holds a transition back, None where it is to be published now. Where both do it is the snooze."""
    if hush.snoozed_until is not None and _snoozes(kind, severity, thread):
        return "snooze"
    end = window_until(thread, hush.window_days) if _damps(kind) else None
    return "window" if end is not None and day_of(as_of) <= end else None


def _snoozes(kind: Transition, severity: Severity | None, thread: Thread) -> bool:
    """Tell whether a snooze holds a transition back: what opens, rises, falls or changes, red neither now nor last published.

    So what was published as red is never left standing by a snooze.
    """
    before = thread.open.severity if thread.open is not None else None
    return kind is not Transition.CLEARED and GRAVEST not in (before, severity)


def _damps(kind: Transition) -> bool:
    """Tell whether a window holds a transition back: what falls, changes or clears. What rises is never damped."""
    return kind not in (Transition.OPENED, Transition.ESCALATED)


def window_until(thread: Thread, window_days: int) -> int | None:
    """Return the last day (ordinal) on which milder changes wait after the last transition, None where there is none."""
    if not window_days or thread.noise is None or thread.noise.changed_at is None:
        return None
    return day_of(thread.noise.changed_at) + window_days - 1


def waits_until(thread: Thread, hush: Hush) -> int | None:
    """Return the last day (ordinal) through which what waits is held back, by whichever holds it longest.

    None where nothing waits, or nothing holds it back by the policy of now: it goes with the household's next record.
    """
    if thread.noise is None or thread.noise.pending is None:
        return None
    kind, severity = thread.noise.pending.transition, thread.noise.pending.severity
    ends = (
        hush.snoozed_until if _snoozes(kind, severity, thread) else None,
        window_until(thread, hush.window_days) if _damps(kind) else None,
    )
    return max((end for end in ends if end is not None), default=None)


def held(noise: Noise | None, pending: Pending | None) -> Noise | None:
    """Return the noise of a household of which nothing is published now; ``pending`` is what waits, None for nothing."""
    before = noise or NOTHING
    if pending == before.pending:
        return noise
    return Noise(before.changed_at, before.withheld + (begins(before.pending, pending) is not None), pending)


def begins(before: Pending | None, now: Pending | None) -> Pending | None:
    """Return what waits now where it did not wait before, whatever held it back: that a window goes on where a snooze ends is
    no other transition."""
    same = before is not None and now is not None and (before.transition, before.severity) == (now.transition, now.severity)
    return None if same else now


def published(as_of: int, hush: Hush) -> Noise | None:
    """Return the noise of a household of which a transition is published now."""
    return Noise(as_of) if hush.window_days else None


def note_of(noise: Noise | None, hush: Hush) -> NoiseNote | None:
    """Return what an alert says of noise control, None where there is nothing of it."""
    withheld = noise.withheld if noise is not None else 0
    until = hush.snoozed_until
    if not hush.window_days and not withheld and until is None:
        return None
    return NoiseNote(hush.window_days, withheld, render_day(until) if until is not None else None)


def heard_again(thread: Thread, facts: Facts, as_of: int, rules: NoiseRules) -> list[int]:
    """Return the instants after ``as_of`` at which what waits may be published; none where nothing waits."""
    noise = thread.noise
    if noise is None or noise.pending is None:
        return []
    ends = (snoozed_until(facts, rules), window_until(thread, rules.window_days))
    return [again for end in ends if end is not None and (again := instant_of_day(end + 1)) > as_of]
