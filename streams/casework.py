"""casework: facts and alert -> what is to be said of the household's case; nothing for a household that has none."""

from schemas.cases import Case, CaseNow, CaseRecord, CaseStep, Clock
from schemas.fields import day_of, parse_day
from schemas.findings import Assessment, Finding
from schemas.household import Facts, HouseholdState, OpenAlert
from schemas.reports import Report
from schemas.vocabulary import SEVERITIES
from streams.assess import area_code, assess
from streams.case_clocks import clocks_of, visit_by, watched
from streams.case_guard import against_removal, facts_at
from streams.cases import fold
from streams.measures import tracked
from streams.policies import Judges
from streams.policy import Parameters
from streams.rules.silence import RULE as SILENCE
from streams.workdays import KNOWN_UNTIL

Clocks = tuple[Clock, ...]


def may_begin(message: object, alert: OpenAlert | None, as_of: int) -> bool:
    """Tell whether there may be something to say of a household without a case: a step, or an alert not verified in time."""
    if alert is not None and day_of(as_of) > alert.verify_by:
        return True
    if not isinstance(message, Report) or message.signals is None:
        return False
    return any(type(fact) is CaseStep for fact in message.signals.facts)


def case_now(state: HouseholdState, judges: Judges, today: int | None = None) -> CaseNow:
    """Fold the case of a household that has a clock, read its clocks, track its measures.

    ``today`` is the day (ordinal) of the record that is taken in, None where none is. Whether it relapses is asked of the
    household itself: an alert that is snoozed or waits is not open.
    """
    facts, alert = state.facts, state.thread.open
    as_of = facts.as_of or 0
    case, parameters = _folded(facts, judges, as_of)
    if case.stage in ("none", "ended"):
        return CaseNow(case, _clocks(case, as_of, alert, None, parameters), False, as_of)
    policy = judges.of(as_of)
    assessment = assess(facts, policy)
    new = _since_removal(assessment, facts, case, judges)
    new_since = _new_since(state, new, today)
    clocks = _clocks(case, as_of, alert, new_since, parameters)
    relapsed = watched(case, clocks) and any(each.rule != SILENCE for each in new)
    return CaseNow(case, clocks, relapsed, as_of, tracked(policy, assessment, facts), new_since)


def _since_removal(now: Assessment | None, facts: Facts, case: Case, judges: Judges) -> tuple[Finding, ...]:
    """Return the reasons of an assessment that were not there, or less grave, when the case was removed, as facts stood then.

    That day is judged by the policy then in force, like the guard of removal: what it let through is not new.
    """
    if case.stage != "removed" or now is None or not now.findings:
        return ()
    then = assess(facts_at(facts, case.since), judges.of(case.since))
    known = {(each.rule, each.subject): _gravity(each) for each in then.findings} if then is not None else {}
    return tuple(each for each in now.findings if _gravity(each) > known.get((each.rule, each.subject), -1))


def _gravity(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def _new_since(state: HouseholdState, new: tuple[Finding, ...], today: int | None) -> int | None:
    """Return the day from which on there are reasons new since the removal: that which is remembered, else today's.

    A release that remembered none waited for a visit from the alert's own day on.
    """
    if not new:
        return None
    if state.case is not None and state.case.new_since is not None:
        return state.case.new_since
    if today is None and state.thread.open is not None:
        return day_of(state.thread.open.opened_at)
    return today


def clocks_at(state: HouseholdState, judges: Judges, instant: int) -> Clocks:
    """Return the clocks that run at an instant (nanoseconds) of the case that all known steps make, whatever ``as_of``."""
    facts, alert = state.facts, state.thread.open
    case, parameters = _folded(facts, judges, instant)
    new_since = None
    if alert is not None and case.stage == "removed":
        now = assess(facts, judges.of(facts.as_of))
        new_since = _new_since(state, _since_removal(now, facts, case, judges), None)
    return _clocks(case, instant, alert, new_since, parameters)


def _clocks(case: Case, instant: int, alert: OpenAlert | None, new_since: int | None, parameters: Parameters) -> Clocks:
    visit = visit_by(case, alert, new_since, parameters.verification.working_days)
    return clocks_of(case, instant, visit, parameters.cases)


def on_known_calendar(said: CaseRecord | None) -> bool:
    """Tell whether the deadlines that are said, if any, were counted on a known calendar; the watch counts months."""
    return said is None or all(each.clock == "watch" or parse_day(each.due) <= KNOWN_UNTIL for each in said.clocks)


def _folded(facts: Facts, judges: Judges, instant: int) -> tuple[Case, Parameters]:
    """Return the case that all known steps make, and what judges its county at an instant."""
    parameters = judges.of(instant).parameters((area_code(facts) or "")[:6])
    return fold(facts, parameters.cases, lambda step: against_removal(facts, step, judges.of(step))), parameters
