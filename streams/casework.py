"""casework: facts and alert -> what is to be said of the household's case; nothing for a household that has none."""

from schemas.cases import Case, CaseNow, CaseStep, Clock
from schemas.fields import day_of
from schemas.findings import Finding
from schemas.household import Facts, OpenAlert
from schemas.reports import Report
from schemas.vocabulary import SEVERITIES
from streams.assess import area_code, assess
from streams.case_clocks import clocks_of, watched
from streams.case_guard import against_removal, facts_at
from streams.cases import fold
from streams.measures import tracked
from streams.policies import Judges
from streams.rules.silence import RULE as SILENCE


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
    policy = judges.of(as_of)
    case, clocks = _at(facts, alert, judges, as_of)
    if case.stage in ("none", "ended"):
        return CaseNow(case, clocks, False, as_of)
    relapsed = watched(case, clocks) and any(each.rule != SILENCE for each in since_removal(facts, case, judges))
    return CaseNow(case, clocks, relapsed, as_of, tracked(policy.measures, assess(facts, policy), facts))


def since_removal(facts: Facts, case: Case, judges: Judges) -> tuple[Finding, ...]:
    """Return the reasons that a household had not, or less grave, when its case was removed, as its facts stood then.

    That day is judged by the policy then in force, like the guard of removal: what it let through is not new.
    """
    now = assess(facts, judges.of(facts.as_of))
    if now is None or not now.findings:
        return ()
    then = assess(facts_at(facts, case.since), judges.of(case.since))
    known = {(each.rule, each.subject): _gravity(each) for each in then.findings} if then is not None else {}
    return tuple(each for each in now.findings if _gravity(each) > known.get((each.rule, each.subject), -1))


def _gravity(finding: Finding) -> int:
    return SEVERITIES.index(finding.severity)


def clocks_at(facts: Facts, alert: OpenAlert | None, judges: Judges, instant: int) -> tuple[Clock, ...]:
    """Return the clocks that run at an instant (nanoseconds) of the case that all known steps make, whatever ``as_of``."""
    return _at(facts, alert, judges, instant)[1]


def _at(facts: Facts, alert: OpenAlert | None, judges: Judges, as_of: int) -> tuple[Case, tuple[Clock, ...]]:
    rules = judges.of(as_of).parameters((area_code(facts) or "")[:6]).cases
    case = fold(facts, rules, lambda instant: against_removal(facts, instant, judges.of(instant)))
    if alert is not None and case.stage == "removed" and not since_removal(facts, case, judges):
        alert = None  # what was known when the case was removed asks for no visit
    return case, clocks_of(case, as_of, alert, rules)
