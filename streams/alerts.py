"""alert: (thread, Assessment) -> the transition to publish with its reason, or None (contract §5)."""

import msgspec

from schemas.alerts import Alert, ConflictNote, Evidence, Reason
from schemas.fields import day_of, parse_day, parse_instant, render_day, render_instant, render_money
from schemas.findings import Answers, Assessment, Conflict, Finding
from schemas.household import ConflictKey, Noise, OpenAlert, Pending, ReasonKey, Thread
from schemas.reports import KeptReport
from schemas.vocabulary import CHANNELS, SEVERITIES, Transition
from streams.explain import explain
from streams.noise import OPEN_EAR, Hush, begins, held, note_of, published, withheld_by
from streams.rules import name_of
from streams.workdays import add_workdays

MAX_EVIDENCE = 64


class Cause(msgspec.Struct, frozen=True, gc=False):
    """What the household was assessed after: its name in ``caused_by``, and the record's timestamp in nanoseconds."""

    name: str
    timestamp: int


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where the household is, and how the policy that judges it is called."""

    household_id: str
    area_code: str
    tier: str
    policy: str
    working_days: int


class Turn(msgspec.Struct, frozen=True, gc=False):
    """What comes of an assessment: the thread after it (the same object where it stands), and what must be published.

    ``calendar_known`` tells whether the alert's deadline was counted on a known calendar. ``withheld`` is a transition that
    waits since now.
    """

    thread: Thread
    alert: Alert | None = None
    calendar_known: bool = True
    withheld: Pending | None = None


def turn(thread: Thread, assessment: Assessment, cause: Cause, place: Place, hush: Hush = OPEN_EAR) -> Turn:
    """Compare what was last published with what holds now, and say what is to be said of it."""
    kind = decide(thread.open, assessment)
    by = withheld_by(kind, assessment.severity, thread, assessment.as_of, hush) if kind is not None else None
    if kind is None or by is not None:
        pending = Pending(kind, assessment.severity, by) if kind is not None and by is not None else None
        noise = held(thread.noise, pending)
        if noise is thread.noise:
            return Turn(thread)
        waited = thread.noise.pending if thread.noise is not None else None
        return Turn(msgspec.structs.replace(thread, noise=noise), withheld=begins(waited, pending))
    return _published(thread, kind, assessment, cause, place, hush)


def _published(thread: Thread, kind: Transition, assessment: Assessment, cause: Cause, place: Place, hush: Hush) -> Turn:
    known = True
    if thread.open is None:
        deadline = add_workdays(day_of(cause.timestamp), place.working_days)
        opened_at, verify_by, known = cause.timestamp, deadline.day, deadline.known
    else:
        opened_at, verify_by = thread.open.opened_at, thread.open.verify_by
    episode = thread.episode + (kind is Transition.OPENED)
    now = _open(assessment, opened_at, verify_by) if assessment.severity is not None else None
    noise = published(assessment.as_of, hush)
    after = Thread(episode, thread.sequence + 1, now, thread.judged_by, noise)
    alert = Alert(
        schema="alert/1",
        alert_id=f"{place.household_id}:{episode}",
        household_id=place.household_id,
        sequence=after.sequence,
        transition=kind,
        severity=assessment.severity,
        previous_severity=thread.open.severity if thread.open is not None else None,
        category=assessment.category,
        pathway=assessment.pathway,
        area_code=place.area_code,
        county_code=place.area_code[:6],
        tier=place.tier,
        reasons=[reason(finding) for finding in assessment.findings],
        conflicts=[note(conflict) for conflict in assessment.conflicts],
        opened_at=render_instant(opened_at),
        as_of=render_instant(assessment.as_of),
        caused_by=cause.name,
        policy=place.policy,
        verify_by=render_day(verify_by),
        emitted_at="",
        noise=note_of(thread.noise, hush),
    )
    return Turn(after, alert, known)


def thread_of(alert: Alert) -> Thread:
    """Return the thread that publishing an alert led to, not judged by anything: the next report asks every rule."""
    episode, severity = int(alert.alert_id.rpartition(":")[2]), alert.severity
    damped = alert.noise is not None and alert.noise.window_days
    noise = Noise(parse_instant(alert.as_of)) if damped else None
    if severity is None:
        return Thread(episode, alert.sequence, noise=noise)
    reasons = sorted(ReasonKey(each.rule, each.subject or "", each.severity, tuple(each.channels)) for each in alert.reasons)
    notes = [*alert.conflicts, *(each.conflict for each in alert.reasons if each.conflict is not None)]
    conflicts = sorted(ConflictKey(each.rule, each.subject or "", _channels(each.good), _channels(each.bad)) for each in notes)
    opened_at, verify_by = parse_instant(alert.opened_at), parse_day(alert.verify_by)
    now = OpenAlert(opened_at, verify_by, severity, alert.category, alert.pathway, tuple(reasons), tuple(conflicts))
    return Thread(episode, alert.sequence, now, noise=noise)


def _channels(side: list[Evidence]) -> tuple[str, ...]:
    return tuple(sorted({each.channel for each in side}, key=CHANNELS.index))


def decide(before: OpenAlert | None, now: Assessment) -> Transition | None:
    """Return what happened, None for nothing."""
    if before is None:
        return Transition.OPENED if now.severity is not None else None
    if now.severity is None:
        return Transition.CLEARED
    step = SEVERITIES.index(now.severity) - SEVERITIES.index(before.severity)
    if step:
        return Transition.ESCALATED if step > 0 else Transition.DEESCALATED
    same = (before.reasons, before.conflicts, before.category, before.pathway) == (
        _reason_keys(now),
        _conflict_keys(now),
        now.category,
        now.pathway,
    )
    return None if same else Transition.UPDATED


def unmoved(before: OpenAlert | None, now: Answers, rules: frozenset[str]) -> bool:
    """Tell whether what some rules say now is what was last published of them. ``now`` holds the answers of these alone."""
    if before is None:
        return not now.findings
    reasons = tuple(key for key in before.reasons if name_of(key.rule) in rules)
    conflicts = tuple(key for key in before.conflicts if name_of(key.rule) in rules)
    return reasons == _reason_keys(now) and conflicts == _conflict_keys(now)


def _open(now: Assessment, opened_at: int, verify_by: int) -> OpenAlert:
    severity = now.severity
    if severity is None:
        raise ValueError("an alert without a severity is not open")
    return OpenAlert(opened_at, verify_by, severity, now.category, now.pathway, _reason_keys(now), _conflict_keys(now))


def _reason_keys(now: Answers) -> tuple[ReasonKey, ...]:
    return tuple(sorted(finding.key for finding in now.findings))


def _conflict_keys(now: Answers) -> tuple[ConflictKey, ...]:
    inside = [finding.conflict for finding in now.findings if finding.conflict is not None]
    return tuple(sorted(conflict.key for conflict in (*now.conflicts, *inside)))


def reason(finding: Finding) -> Reason:
    """Return a finding as an alert carries it."""
    reports = finding.reports
    return Reason(
        rule=finding.rule,
        dimension=finding.dimension,
        severity=finding.severity,
        subject=finding.subject,
        value=finding.value,
        threshold=finding.threshold,
        unit=finding.unit,
        channels=list(finding.channels),
        evidence=[_evidence(report) for report in reports[:MAX_EVIDENCE]],
        evidence_count=len(reports),
        figures={name: _figure(name, number) for name, number in finding.figures.items()},
        conflict=note(finding.conflict) if finding.conflict is not None else None,
        explanation=explain(finding),
    )


def _figure(name: str, number: int) -> str:
    if name == "line_from":
        return render_day(number)
    return str(number) if name in ("members", "relieved", "count") else render_money(number)


def _evidence(report: KeptReport) -> Evidence:
    return Evidence(report.event_id, CHANNELS[report.channel], report.source, render_instant(report.occurred_at))


def note(conflict: Conflict) -> ConflictNote:
    """Return a conflict as an alert carries it."""
    good, bad = ([_evidence(report) for report in side] for side in (conflict.good, conflict.bad))
    return ConflictNote(conflict.rule, conflict.subject, good, bad)
