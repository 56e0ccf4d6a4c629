"""casework: facts and alert -> what is to be said of the household's case; nothing for a household that has none."""

from schemas.cases import Case, CaseNow, CaseRecord, CaseStep, Clock
from schemas.fields import day_of, parse_day
from schemas.findings import Assessment, Finding
from schemas.household import Facts, OpenAlert
from schemas.reports import Report
from schemas.vocabulary import SEVERITIES
from streams.assess import area_code, assess
from streams.case_clocks import clocks_of, watched
from streams.case_guard import against_removal, facts_at
from streams.cases import fold
from streams.measures import tracked
from streams.policies import Judges
from streams.policy import CaseRules
from streams.rules.silence import RULE as SILENCE
from streams.workdays import KNOWN_UNTIL


def may_begin(message: object, alert: OpenAlert | None, as_of: int) -> bool:
    """Tell whether there may be something to say of a household without a case: a step, or an alert not verified in time."""
    if alert is not None and day_of(as_of) > alert.verify_by:
        return True
    if not isinstance(message, Report) or message.signals is None:
        return False
    return any(type(fact) is CaseStep for fact in message.signals.facts)


def case_now(facts: Facts, alert: OpenAlert | None, judges: Judges) -> CaseNow:
    """Fold the case of a household that has a clock, read its clocks, track its measures; ``alert`` is the open one, if any.

    Whether it relapses is asked of the household itself: an alert that is snoozed or waits is not open.
    """
    as_of = facts.as_of or 0
    case, rules = _folded(facts, judges, as_of)
    if case.stage in ("none", "ended"):
        return CaseNow(case, clocks_of(case, as_of, alert, rules), False, as_of)
    policy = judges.of(as_of)
    assessment = assess(facts, policy)
    new = _since_removal(assessment, facts, case, judges)
    clocks = clocks_of(case, as_of, _to_visit(case, alert, new), rules)
    relapsed = watched(case, clocks) and any(each.rule != SILENCE for each in new)
    return CaseNow(case, clocks, relapsed, as_of, tracked(policy, assessment, facts))


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


def _to_visit(case: Case, alert: OpenAlert | None, new: tuple[Finding, ...]) -> OpenAlert | None:
    """Return the alert that asks for a visit: what was known when the case was removed asks for none."""
    return None if case.stage == "removed" and not new else alert


def clocks_at(facts: Facts, alert: OpenAlert | None, judges: Judges, instant: int) -> tuple[Clock, ...]:
    """Return the clocks that run at an instant (nanoseconds) of the case that all known steps make, whatever ``as_of``."""
    case, rules = _folded(facts, judges, instant)
    if alert is not None and case.stage == "removed":
        now = assess(facts, judges.of(facts.as_of))
        alert = _to_visit(case, alert, _since_removal(now, facts, case, judges))
    return clocks_of(case, instant, alert, rules)


def on_known_calendar(said: CaseRecord) -> bool:
    """Tell whether the deadlines that a record names were counted on a known calendar; the watch counts months."""
    return all(each.clock == "watch" or parse_day(each.due) <= KNOWN_UNTIL for each in said.clocks)


def _folded(facts: Facts, judges: Judges, instant: int) -> tuple[Case, CaseRules]:
    """Return the case that all known steps make, and the rules of its county at an instant."""
    rules = judges.of(instant).parameters((area_code(facts) or "")[:6]).cases
    return fold(facts, rules, lambda step: against_removal(facts, step, judges.of(step))), rules
