"""The path of one record about one household, as one function: household -> assess -> alert."""

import msgspec

from schemas.alerts import Alert
from schemas.fields import render_instant
from schemas.findings import Assessment
from schemas.household import HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.alerts import Cause, Place, turn, unmoved
from streams.assess import area_code, assess
from streams.household import merge
from streams.policy import Policy
from streams.rules import EVERY_RULE
from streams.touched import touched


class Step(msgspec.Struct, frozen=True):
    """What one record did: the state after it (the same object where nothing changed), and what must be published.

    ``assessment`` holds the answers of the rules that were asked.
    """

    state: HouseholdState
    assessment: Assessment | None = None
    alert: Alert | None = None
    calendar_known: bool = True


def advance(
    household_id: str, before: HouseholdState, message: Report | RegistryChange | Tick, timestamp: int, policy: Policy
) -> Step:
    """Take one record about a household and say what must be published and stored.

    ``timestamp`` is the record's in nanoseconds. A record that changes nothing (a duplicate) is not assessed: the same
    facts give the same assessment, so nothing could be said. For the same reason only rules that the record may have touched
    are asked, and all of them only where one of these says something new.
    """
    facts = merge(before.facts, message)
    if facts is before.facts:
        return Step(before)
    state, thread = msgspec.structs.replace(before, facts=facts), before.thread
    area = area_code(facts) or ""
    county = area[:6]
    if thread.judged_by == policy.mark:
        rules = touched(before.facts, facts, message, policy.parameters(county))
        if not rules:
            return Step(state)
        if rules is not EVERY_RULE:
            some = assess(facts, policy, rules)
            if some is None or unmoved(thread.open, some, rules):
                return Step(state, some)
    assessment = assess(facts, policy)
    if assessment is None:
        return Step(state)
    if thread.judged_by != policy.mark:
        thread = msgspec.structs.replace(thread, judged_by=policy.mark)
        state = msgspec.structs.replace(state, thread=thread)
    place = Place(household_id, area, policy.tier(county), policy.label, policy.parameters(county).verification.working_days)
    turned = turn(thread, assessment, Cause(_name(message), timestamp), place)
    if turned is None:
        return Step(state, assessment)
    return Step(msgspec.structs.replace(state, thread=turned.thread), assessment, turned.alert, turned.calendar_known)


def _name(message: Report | RegistryChange | Tick) -> str:
    match message:
        case Report():
            return message.kept.event_id
        case RegistryChange():
            return f"registry:{render_instant(message.updated_at)}"
        case Tick():
            return f"tick:{render_instant(message.at)}"
