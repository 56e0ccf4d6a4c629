"""Scale risk: what a household tells its village and township, and what these say of it (docs/contract-area-alerts.md)."""

import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from schemas.area_alerts import (
    DIGITS,
    AreaAlert,
    AreaClaim,
    AreaDay,
    AreaMember,
    AreaMemberNote,
    AreaRule,
    AreaState,
    OpenAreaAlert,
)
from schemas.fields import day_of, render_day
from schemas.household import HouseholdState
from schemas.vocabulary import SEVERITIES, AreaTransition, RiskCause, Severity
from streams.area_window import because, gravest, level_of, limit_of, recent
from streams.assess import area_code
from streams.explain_areas import explain
from streams.policies import Policies
from streams.policy import Policy
from streams.rules import name_of

_OF_EVENT: Final[dict[str, RiskCause]] = {
    "production_loss": "disaster", "disaster_loss": "disaster", "market_slump": "market",
}  # fmt: skip
"""Rules, by the names of their parameters, that speak of something that hits many at once."""
MAX_MEMBERS: Final = 200
"""So many an alert names."""
MANY: Final = 20
"""Of more households than these a few that come or go are no news."""
NOBODY: Final = AreaDay()


class Scope(NamedTuple):
    """What areas must be told of their households by all versions in force: anything at all, and who is registered."""

    watched: bool
    counted: bool


UNWATCHED: Final = Scope(watched=False, counted=False)


def scope_of(policies: Policies) -> Scope:
    """Return what the versions ask of areas. One that asks no more still has to be told what ends its open alerts."""
    rules = [each.scale_risk for version in policies.versions for each in version.policy.all_parameters()]
    watched = any(each.enabled for each in rules)
    return Scope(watched, watched and any(each.share for each in rules))


class _Told(NamedTuple):
    """What the areas of a household know of it."""

    area: str
    registered: bool
    severity: Severity | None
    rules: tuple[str, ...]


def area_claims(household_id: str, before: HouseholdState, after: HouseholdState, *, counted: bool) -> list[AreaClaim]:
    """Return what is to be told to villages and townships now that a household has changed; nothing of what they know.

    ``counted``: whether any policy asks which share of an area's households it is; else they are not told who is registered.
    """
    old, new = _told(before, counted=counted), _told(after, counted=counted)
    if old == new:
        return []
    day, claims = day_of(after.facts.as_of or 0), []
    left = tuple(area for area in areas_of(old.area) if area not in areas_of(new.area))
    if left:
        claims.append(AreaClaim(left, household_id, False, day))
    if new.area:
        claims.append(_claim(new.area, household_id, new, day))
    return claims


def areas_of(area: str) -> tuple[str, ...]:
    """Return the digits of the village and of the township of an area code, none of an empty one."""
    return tuple(area[:digits] for digits in DIGITS.values()) if area else ()


def _claim(area: str, household_id: str, told: _Told, day: int) -> AreaClaim:
    return AreaClaim(areas_of(area), household_id, told.registered, day, told.severity, told.rules)


def claims_again(household_id: str, state: HouseholdState, *, counted: bool) -> list[AreaClaim]:
    """Return all that a household's areas are to know of it, for when they may never have been told."""
    area = area_code(state.facts)  # also where they are to forget it: they may know of an alert that has ended since
    day = day_of(state.facts.as_of or 0)
    return [_claim(area, household_id, _told(state, counted=counted), day)] if area else []


def _told(state: HouseholdState, *, counted: bool) -> _Told:
    opened = state.thread.open
    registered = counted and state.facts.registry is not None
    if opened is None:
        return _Told((area_code(state.facts) or "") if registered else "", registered, None, ())
    rules = tuple(sorted({key.rule for key in opened.reasons}))
    return _Told(area_code(state.facts) or "", registered, opened.severity, rules)


Members = Mapping[str, AreaMember]
"""What an area knows of its households, by their ids."""


def merge_claim(state: AreaState, known: AreaMember | None, claim: AreaClaim) -> tuple[AreaState, AreaMember | None]:
    """Return an area that has heard of a household, and what it knows of it now; both the same objects where it knew."""
    since, member = claim.day, None
    if claim.severity is None:
        since = 0  # nobody's member; the same whenever it is said
    elif known is not None and known.severity is not None:
        since = known.since
    if claim.registered or claim.severity is not None:
        member = AreaMember(claim.registered, since, claim.severity, claim.rules)
    day = max(state.day, claim.day)
    if member == known:
        return (state if day == state.day else msgspec.structs.replace(state, day=day)), known
    days = dict(state.days)
    for each, step in ((known, -1), (member, 1)):
        if each is not None and each.severity is not None:
            counted = _counted(days.pop(each.since, NOBODY), claim.household_id, each, each.severity, step)
            if counted.households:
                days[each.since] = counted
    registered = state.registered + claim.registered - (known is not None and known.registered)
    return msgspec.structs.replace(state, day=day, registered=registered, days=days), member


def _counted(day: AreaDay, household_id: str, member: AreaMember, severity: Severity, step: int) -> AreaDay:
    causes, at = _causes(member.rules), SEVERITIES.index(severity)
    blue, yellow, orange, red = (n + step * (index == at) for index, n in enumerate(day.by_severity))
    return AreaDay(
        day.disaster + step * ("disaster" in causes), day.market + step * ("market" in causes), (blue, yellow, orange, red),
        day.digest ^ zlib.crc32(household_id.encode()),
    )  # fmt: skip


def _causes(rules: Iterable[str]) -> set[RiskCause]:
    return {_OF_EVENT[name] for rule in rules if (name := name_of(rule)) in _OF_EVENT}


def turn_area(
    area: str, state: AreaState, policy: Policy, members: Callable[[], Members]
) -> tuple[AreaState, AreaAlert | None]:
    """Compare what was last published of an area with what holds now, and say what is to be said.

    ``members`` returns all that the area knows; it is asked only where something is said.
    """
    rules, level = policy.parameters(area[:6]).scale_risk, level_of(area)
    count = recent(state, rules)
    causes = because(level, state, count, rules)
    before = state.open
    if not causes:
        if before is None:
            return state, None
        after = msgspec.structs.replace(state, sequence=state.sequence + 1, open=None)
        return after, _alert(area, after, "cleared", before.opened_on, {}, NOBODY, causes, policy)
    severity = gravest(count)
    opened_on = before.opened_on if before is not None else state.day
    now = OpenAreaAlert(opened_on, severity, causes, count.households, count.digest)
    if before is not None and _alike(before, now):
        return state, None
    opened = before is None
    after = msgspec.structs.replace(state, episode=state.episode + opened, sequence=state.sequence + 1, open=now)
    inside = {
        name: member
        for name, member in members().items()
        if member.severity is not None and member.since > state.day - rules.window_days
    }
    return after, _alert(area, after, "opened" if opened else "updated", opened_on, inside, count, causes, policy)


def _alike(before: OpenAreaAlert, now: OpenAreaAlert) -> bool:
    """Tell whether nothing is to be said: the same households, or of many fewer than a tenth came or went."""
    if (before.severity, before.because) != (now.severity, now.because):
        return False
    if (before.households, before.digest) == (now.households, now.digest):
        return True
    return before.households > MANY and abs(now.households - before.households) * 10 < before.households


def _alert(
    area: str, state: AreaState, transition: AreaTransition, opened_on: int, members: Members, count: AreaDay,
    causes: tuple[RiskCause, ...], policy: Policy,
) -> AreaAlert:  # fmt: skip
    rules, level = policy.parameters(area[:6]).scale_risk, level_of(area)
    fires = Counter(rule for member in members.values() for rule in member.rules)
    counted = state.registered if rules.share else None
    notes = [
        AreaMemberNote(name, member.severity, render_day(member.since), list(member.rules))
        for name, member in members.items()
        if member.severity is not None
    ]
    notes.sort(key=lambda each: (-SEVERITIES.index(each.severity), each.household_id))
    return AreaAlert(
        schema="area-alert/1", area_alert_id=f"{area}:{state.episode}", area_code=area.ljust(12, "0"), level=level,
        county_code=area[:6], tier=policy.tier(area[:6]), sequence=state.sequence, transition=transition,
        severity=state.open.severity if state.open is not None else None, because=list(causes), households=count.households,
        registered=counted, share=f"{count.households / counted:.4f}" if counted else None, window_days=rules.window_days,
        rules=[AreaRule(rule, n) for rule, n in sorted(fires.items(), key=lambda each: (-each[1], each[0]))],
        members=notes[:MAX_MEMBERS], opened_on=render_day(opened_on), as_of=render_day(state.day), policy=policy.label,
        explanation=explain(level, count, causes, rules.window_days, limit_of(level, rules), state.registered), emitted_at="",
    )  # fmt: skip
