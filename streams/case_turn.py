"""case: (what was last said of it, the case now) -> the record to publish, or None (docs/contract-cases.md §5)."""

import msgspec

from schemas.cases import (
    STAGES,
    CaseNow,
    CaseRecord,
    CaseShown,
    CaseThread,
    CaseTransition,
    ClockName,
    ClockNote,
    Done,
    DoneNote,
    RefusedNote,
)
from schemas.fields import render_day, render_instant
from streams.alerts import Cause, Place
from streams.case_clocks import ON_NOTICE

Turned = tuple[CaseThread, CaseRecord]


def turn_case(said: CaseThread, now: CaseNow, cause: Cause, place: Place) -> Turned | None:
    """Compare a case with what was last said of it. None where nothing is to be said."""
    case = now.case
    thread = CaseThread(
        said.sequence + 1,
        case.episode,
        case.stage,
        case.category,
        tuple((refused.event_id, refused.position) for refused in case.refused),
        tuple(clock.clock for clock in now.clocks if clock.overdue),
        now.relapsed,
        tuple(tuple(f"{each.code}:{each.detail}" for each in refused.missing) for refused in case.refused),
        tuple((each.code, each.status) for each in now.measures),
        case.stage in ON_NOTICE and not _runs(now, "notice"),
        case.stage == "removed" and not _runs(now, "watch"),
        bool(case.objections),
        now.new_since,
    )
    kind = decide(said, thread)
    if kind is None:
        return None
    shown = show(now)
    record = CaseRecord(
        schema="case/1",
        household_id=place.household_id,
        sequence=thread.sequence,
        transition=kind,
        episode=shown.episode,
        stage=shown.stage,
        previous_stage=said.stage,
        category=shown.category,
        since=shown.since,
        open_objection=shown.open_objection,
        refused=shown.refused,
        clocks=shown.clocks,
        relapsed=shown.relapsed,
        history=shown.history,
        measures=shown.measures,
        area_code=place.area_code,
        county_code=place.area_code[:6],
        tier=place.tier,
        as_of=render_instant(now.as_of),
        caused_by=cause.name,
        policy=place.policy,
        emitted_at="",
    )
    return thread, record


def _runs(now: CaseNow, name: ClockName) -> bool:
    """Tell whether a clock runs."""
    return any(clock.clock == name for clock in now.clocks)


def show(now: CaseNow) -> CaseShown:
    """Return a case as people and consumers read it."""
    case = now.case
    return CaseShown(
        episode=case.episode,
        stage=case.stage,
        category=case.category,
        since=render_instant(case.since) if case.stage != "none" else None,
        open_objection=bool(case.objections),
        refused=[RefusedNote(each.event_id, each.step, each.phase, list(each.missing)) for each in case.refused],
        clocks=[ClockNote(clock.clock, render_day(clock.due), clock.overdue) for clock in now.clocks],
        relapsed=now.relapsed,
        history=[_done(each) for each in case.history],
        measures=list(now.measures),
    )


def decide(said: CaseThread, now: CaseThread) -> CaseTransition | None:
    """Return what happened to a case, None for nothing; the first that holds, in the order of the contract."""
    if _content(said) == _content(now):
        return None
    if now.episode > said.episode:
        return "opened"
    if now.stage != said.stage:
        return _moved(said, now)
    if now.relapsed and not said.relapsed:
        return "relapsed"
    if set(now.overdue) - set(said.overdue):
        return "overdue"
    if set(now.refused) - set(said.refused):
        return "refused"
    return "updated"


def _moved(said: CaseThread, now: CaseThread) -> CaseTransition:
    if now.stage == "ended":
        return "ended"
    if now.stage == "removed":
        return "removed"
    if said.stage == "removed":
        return "rolled_back"
    return "advanced" if STAGES.index(now.stage) > STAGES.index(said.stage) else "returned"


def _content(thread: CaseThread) -> tuple[object, ...]:
    """Return what a record would say; how often something was said, and since when there are new reasons, is no part of it."""
    return msgspec.structs.astuple(thread)[1:-1]


def _done(each: Done) -> DoneNote:
    done = each.event_id, each.step, each.phase, each.passed, each.stage
    return DoneNote(each.episode, *done, render_instant(each.occurred_at))
