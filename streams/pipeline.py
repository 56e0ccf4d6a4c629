"""The path of one record about one household, as one function: household -> assess -> alert."""

import msgspec

from schemas.alerts import Alert
from schemas.fields import render_instant
from schemas.findings import Assessment
from schemas.household import Facts, HouseholdState, Thread
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.alerts import Cause, Place, turn, unmoved
from streams.assess import area_code, assess
from streams.household import merge
from streams.policy import Policy
from streams.rules import EVERY_RULE
from streams.touched import touched

Message = Report | RegistryChange | Tick
"""What may change a household."""


class Step(msgspec.Struct, frozen=True):
    """What one record did: the state after it (the same object where nothing changed), and what must be published.

    ``assessment`` holds the answers of the rules that were asked.
    """

    state: HouseholdState
    assessment: Assessment | None = None
    alert: Alert | None = None
    calendar_known: bool = True


class Judgement(msgspec.Struct, frozen=True):
    """What one policy says after one record: the thread after it (the same object where it stands), and what must be published.

    ``assessment`` holds the answers of the rules that were asked.
    """

    thread: Thread
    assessment: Assessment | None = None
    alert: Alert | None = None
    calendar_known: bool = True


def advance(household_id: str, before: HouseholdState, message: Message, timestamp: int, policy: Policy) -> Step:
    """Take one record about a household and say what must be published and stored.

    ``timestamp`` is the record's in nanoseconds. A record that changes nothing (a duplicate) is not assessed: the same
    facts give the same assessment, so nothing could be said.
    """
    facts = merge(before.facts, message)
    if facts is before.facts:
        return Step(before)
    found = judge(household_id, before.facts, facts, before.thread, message, timestamp, policy)
    state = msgspec.structs.replace(before, facts=facts, thread=found.thread)
    return Step(state, found.assessment, found.alert, found.calendar_known)


def judge(
    household_id: str, before: Facts, facts: Facts, thread: Thread, message: Message, timestamp: int, policy: Policy
) -> Judgement:
    """Say what a policy says now that a record has turned the facts ``before`` into other ``facts``.

    Facts know no policy: several policies, each with its own thread, may judge the same ones. Only rules that the record may
    have touched are asked, and all of them only where one of these says something new.
    """
    area = area_code(facts) or ""
    county = area[:6]
    if thread.judged_by == policy.mark:
        rules = touched(before, facts, message, policy.parameters(county))
        if not rules:
            return Judgement(thread)
        if rules is not EVERY_RULE:
            some = assess(facts, policy, rules)
            if some is None or unmoved(thread.open, some, rules):
                return Judgement(thread, some)
    assessment = assess(facts, policy)
    if assessment is None:
        return Judgement(thread)
    if thread.judged_by != policy.mark:
        thread = msgspec.structs.replace(thread, judged_by=policy.mark)
    place = Place(household_id, area, policy.tier(county), policy.label, policy.parameters(county).verification.working_days)
    turned = turn(thread, assessment, Cause(_name(message), timestamp), place)
    if turned is None:
        return Judgement(thread, assessment)
    return Judgement(turned.thread, assessment, turned.alert, turned.calendar_known)


def _name(message: Message) -> str:
    match message:
        case Report():
            return message.kept.event_id
        case RegistryChange():
            return f"registry:{render_instant(message.updated_at)}"
        case Tick():
            return f"tick:{render_instant(message.at)}"
