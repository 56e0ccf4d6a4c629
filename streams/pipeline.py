"""The path of one record about one household, as one function: household -> assess -> alert."""

import msgspec

from schemas.alerts import Alert
from schemas.cases import CaseRecord, CaseThread
from schemas.fields import day_of, render_instant
from schemas.findings import Answers
from schemas.household import Facts, HouseholdState, Pending, Thread
from schemas.registry import RegistryChange
from schemas.reports import Reassess, Report, Tick
from streams.alerts import Cause, Place, turn, unmoved
from streams.assess import answers_of, area_code, assessment_from
from streams.case_turn import turn_case
from streams.casework import case_now, may_begin, on_known_calendar
from streams.household import merge
from streams.measures import suggest
from streams.noise import hush_of
from streams.policies import Judges, Policies
from streams.policy import Policy
from streams.rules import EVERY_RULE
from streams.rules.context import Context
from streams.touched import touched

Message = Report | RegistryChange | Tick
"""What may change a household."""


class Step(msgspec.Struct, frozen=True, gc=False):
    """What one record did: the state after it (the same object where nothing changed), and what must be published.

    ``assessment`` holds the answers of the rules that were asked, ``shadow_alert`` what a shadow policy would publish, ``case``
    what is to be said of the household's case, ``withheld`` a transition that waits since now. ``calendar_known`` is False
    where a deadline that is told of was counted Monday to Friday.
    """

    state: HouseholdState
    assessment: Answers | None = None
    alert: Alert | None = None
    calendar_known: bool = True
    shadow_alert: Alert | None = None
    case: CaseRecord | None = None
    withheld: Pending | None = None


class Judgement(msgspec.Struct, frozen=True, gc=False):
    """What one policy says after one record: the thread after it (the same object where it stands), and what must be published.

    ``assessment`` holds the answers of the rules that were asked, ``withheld`` a transition that waits since now.
    """

    thread: Thread
    assessment: Answers | None = None
    alert: Alert | None = None
    calendar_known: bool = True
    withheld: Pending | None = None


def advance(
    household_id: str, before: HouseholdState, message: Message, timestamp: int, policies: Judges, shadow: Policy | None = None
) -> Step:
    """Take one record about a household and say what must be published and stored.

    ``timestamp`` is the record's in nanoseconds. A record that changes nothing (a duplicate) is not assessed: the same
    facts give the same assessment, so nothing could be said.
    """
    facts = merge(before.facts, message)
    if facts is before.facts:
        return Step(before)
    found = judge(household_id, before.facts, facts, before.thread, message, timestamp, policies.of(facts.as_of))
    state = HouseholdState(before.version, facts, found.thread, before.shadow, before.case)
    state, case = _with_case(household_id, state, message, timestamp, policies)
    known = found.calendar_known and on_known_calendar(case)
    if shadow is None:
        return Step(state, found.assessment, found.alert, known, None, case, found.withheld)
    beside = judge(household_id, before.facts, facts, before.shadow or Thread(), message, timestamp, shadow)
    state = msgspec.structs.replace(state, shadow=beside.thread)
    return Step(state, found.assessment, found.alert, known, beside.alert, case, found.withheld)


def _with_case(
    household_id: str, state: HouseholdState, message: Message | Reassess, timestamp: int, policies: Judges
) -> tuple[HouseholdState, CaseRecord | None]:
    """Return the state with what is now said of the household's case, and the record that says it, if any."""
    facts, as_of = state.facts, state.facts.as_of
    if as_of is None or not (state.case or may_begin(message, state.thread.open, as_of)):
        return state, None
    place = _place(household_id, area_code(facts) or "", policies.of(as_of))
    now = case_now(state, policies, day_of(timestamp))
    turned = turn_case(state.case or CaseThread(), now, Cause(_name(message), timestamp), place)
    if turned is not None:
        return msgspec.structs.replace(state, case=turned[0]), turned[1]
    if state.case is not None and state.case.new_since != now.new_since:
        state = msgspec.structs.replace(state, case=msgspec.structs.replace(state.case, new_since=now.new_since))
    return state, None


def _place(household_id: str, area: str, policy: Policy) -> Place:
    parameters, tier, _ = policy.court(area[:6])
    return Place(household_id, area, tier, policy.label, parameters.verification.working_days)


def reassess(
    household_id: str, before: HouseholdState, policies: Policies, shadow: Policy | None = None, shadow_since: int = 0
) -> Step:
    """Judge a household again where a published version, or the shadow, judges it now that did not give its answers.

    What opens does so at the timestamp of the version's record, for the shadow at ``shadow_since`` (nanoseconds).
    """
    facts, county = before.facts, (area_code(before.facts) or "")[:6]
    if facts.as_of is None:
        return Step(before)
    state, step = before, Step(before)
    version = policies.version_at(day_of(facts.as_of))
    if version.published_at is not None and before.thread.judged_by != version.policy.mark_of(county):
        message = Reassess(version.policy.label)
        found = judge(household_id, facts, facts, before.thread, message, version.published_at, version.policy)
        state = msgspec.structs.replace(state, thread=found.thread)
        state, case = _with_case(household_id, state, message, version.published_at, policies)
        known = found.calendar_known and on_known_calendar(case)
        step = Step(state, found.assessment, found.alert, known, case=case, withheld=found.withheld)
    thread = before.shadow or Thread()
    if shadow is not None and thread.judged_by != shadow.mark_of(county):
        beside = judge(household_id, facts, facts, thread, Reassess(shadow.label), shadow_since, shadow)
        state = msgspec.structs.replace(state, shadow=beside.thread)
        step = msgspec.structs.replace(step, state=state, shadow_alert=beside.alert)
    return step


def judge(
    household_id: str, before: Facts, facts: Facts, thread: Thread, message: Message | Reassess, timestamp: int, policy: Policy
) -> Judgement:
    """Say what a policy says now that a record has turned the facts ``before`` into other ``facts``.

    Facts know no policy: several policies, each with its own thread, may judge the same ones. Only rules that the record may
    have touched are asked, and all of them only where one of these says something new.
    """
    if facts.as_of is None:
        return Judgement(thread)
    area = area_code(facts) or ""
    parameters, tier, mark = policy.court(area[:6])
    context = Context(facts, parameters, tier)
    waiting = thread.noise is not None and thread.noise.pending is not None  # its time may have come
    if thread.judged_by == mark and not waiting:
        rules = touched(before, facts, message, parameters)
        if not rules:
            return Judgement(thread)
        if rules is not EVERY_RULE:
            some = answers_of(context, rules)
            if unmoved(thread.open, some, rules):
                return Judgement(thread, some)
    answers = answers_of(context, EVERY_RULE)
    if thread.judged_by != mark:
        thread = Thread(thread.episode, thread.sequence, thread.open, mark, thread.noise)
    if not answers.findings and thread.open is None and thread.noise is None:  # as of most: nothing was said, nor is to be
        return Judgement(thread, answers)
    assessment = assessment_from(context, answers)
    place = Place(household_id, area, tier, policy.label, parameters.verification.working_days)
    turned = turn(thread, assessment, Cause(_name(message), timestamp), place, hush_of(facts, parameters.noise))
    alert = turned.alert
    if alert is not None and assessment.findings and policy.measures.catalogue:
        alert = msgspec.structs.replace(alert, measures=suggest(policy, assessment, facts))
    return Judgement(turned.thread, assessment, alert, turned.calendar_known, turned.withheld)


def _name(message: Message | Reassess) -> str:
    match message:
        case Report():
            return message.kept.event_id
        case RegistryChange():
            return f"registry:{message.stamp}"
        case Tick():
            return f"tick:{render_instant(message.at)}"
        case Reassess():
            return f"policy:{message.policy}"
