"""The path of one record about one household, as one function: household -> assess -> alert."""

from dataclasses import dataclass

import msgspec

from schemas.alerts import Alert
from schemas.fields import render_instant
from schemas.findings import Assessment
from schemas.household import HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.alerts import Cause, Place, turn
from streams.assess import area_code, assess
from streams.household import merge
from streams.policy import Policy


@dataclass(frozen=True, slots=True)
class Step:
    """What one record did: the state after it (the same object where nothing changed), and what must be published."""

    state: HouseholdState
    assessment: Assessment | None = None
    alert: Alert | None = None
    calendar_known: bool = True


def advance(
    household_id: str, before: HouseholdState, message: Report | RegistryChange | Tick, timestamp: int, policy: Policy
) -> Step:
    """Take one record about a household and say what must be published and stored.

    ``timestamp`` is the record's in nanoseconds. A record that changes nothing (a duplicate) is not assessed: the same
    facts give the same assessment, so nothing could be said.
    """
    facts = merge(before.facts, message)
    if facts is before.facts:
        return Step(before)
    state = msgspec.structs.replace(before, facts=facts)
    assessment = assess(facts, policy)
    if assessment is None:
        return Step(state)
    area = area_code(facts) or ""
    county = area[:6]
    place = Place(household_id, area, policy.tier(county), policy.label, policy.parameters(county).verification.working_days)
    turned = turn(before.thread, assessment, Cause(_name(message), timestamp), place)
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
