"""Scale risk: what a household tells its village and township, and what these say of it (docs/contract-area-alerts.md)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import msgspec

from schemas.alerts import Explanation
from schemas.area_alerts import (
    AreaAlert,
    AreaClaim,
    AreaMember,
    AreaMemberNote,
    AreaRule,
    AreaState,
    OpenAreaAlert,
)
from schemas.fields import day_of, render_day
from schemas.household import HouseholdState
from schemas.vocabulary import RISK_CAUSES, SEVERITIES, AreaLevel, AreaTransition, RiskCause, Severity
from streams.assess import area_code
from streams.policies import Policies
from streams.policy import BP, Policy
from streams.policy_areas import ScaleRisk
from streams.rules import name_of

DIGITS: Final[dict[AreaLevel, int]] = {"village": 12, "township": 9}
"""Of an area code (county 6, township 3, village 3 digits) those that name an area of a level."""
_OF_EVENT: Final[dict[str, RiskCause]] = {
    "production_loss": "disaster", "disaster_loss": "disaster", "market_slump": "market",
}  # fmt: skip
"""Rules, by the names of their parameters, that speak of something that hits many at once."""
MAX_MEMBERS: Final = 200


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
    for digits in DIGITS.values():
        if old.area and old.area[:digits] != new.area[:digits]:
            claims.append(AreaClaim(old.area[:digits], household_id, False, day))
        if new.area:
            claims.append(AreaClaim(new.area[:digits], household_id, new.registered, day, new.severity, new.rules))
    return claims


def claims_again(household_id: str, state: HouseholdState, *, counted: bool) -> list[AreaClaim]:
    """Return all that a household's areas are to know of it, for when they may never have been told."""
    told = _told(state, counted=counted)
    if not told.area:
        told = told._replace(area=area_code(state.facts) or "")  # they may know of an alert that has ended since
    if not told.area:
        return []
    day = day_of(state.facts.as_of or 0)
    return [
        AreaClaim(told.area[:digits], household_id, told.registered, day, told.severity, told.rules)
        for digits in DIGITS.values()
    ]


def _told(state: HouseholdState, *, counted: bool) -> _Told:
    opened = state.thread.open
    registered = counted and state.facts.registry is not None
    if opened is None:
        return _Told((area_code(state.facts) or "") if registered else "", registered, None, ())
    rules = tuple(sorted({key.rule for key in opened.reasons}))
    return _Told(area_code(state.facts) or "", registered, opened.severity, rules)


def merge_claim(state: AreaState, claim: AreaClaim, was_registered: bool) -> AreaState:
    """Return an area that has heard of a household; the same object where it knew. ``was_registered``: before the claim."""
    members, known = state.members, state.members.get(claim.household_id)
    if claim.severity is None:
        if known is not None:
            members = {name: member for name, member in members.items() if name != claim.household_id}
    else:
        member = AreaMember(known.since if known is not None else claim.day, claim.severity, claim.rules)
        if member != known:
            members = {**members, claim.household_id: member}
    registered = state.registered + claim.registered - was_registered
    day = max(state.day, claim.day)
    if members is state.members and (registered, day) == (state.registered, state.day):
        return state
    return msgspec.structs.replace(state, members=members, registered=registered, day=day)


def recent(state: AreaState, rules: ScaleRisk) -> dict[str, AreaMember]:
    """Return the members that count: of whom the area first heard within the window, by name."""
    return {name: member for name, member in sorted(state.members.items()) if member.since > state.day - rules.window_days}


def because(level: AreaLevel, state: AreaState, members: Mapping[str, AreaMember], rules: ScaleRisk) -> tuple[RiskCause, ...]:
    """Return why an area is at risk, nothing where it is not."""
    if not rules.enabled:
        return ()
    limit = rules.village_households if level == "village" else rules.township_households
    of_event = Counter(cause for member in members.values() for cause in _causes(member.rules))
    share = rules.share and state.registered and len(members) * BP >= rules.share * state.registered
    found: dict[RiskCause, bool] = {
        "households": len(members) >= limit,
        "share": bool(share) and len(members) >= rules.share_households,
        "disaster": of_event["disaster"] >= rules.event_households,
        "market": of_event["market"] >= rules.event_households,
    }
    return tuple(cause for cause in RISK_CAUSES if found[cause])


def _causes(rules: Iterable[str]) -> set[RiskCause]:
    return {_OF_EVENT[name] for rule in rules if (name := name_of(rule)) in _OF_EVENT}


def level_of(area: str) -> AreaLevel:
    """Return whether an area's digits name a village or a township."""
    return "village" if len(area) == DIGITS["village"] else "township"


def turn_area(area: str, state: AreaState, policy: Policy) -> tuple[AreaState, AreaAlert | None]:
    """Compare what was last published of an area with what holds now, and say what is to be said."""
    rules, level = policy.parameters(area[:6]).scale_risk, level_of(area)
    members = recent(state, rules)
    causes = because(level, state, members, rules)
    before = state.open
    if not causes:
        if before is None:
            return state, None
        after = msgspec.structs.replace(state, sequence=state.sequence + 1, open=None)
        return after, _alert(area, after, "cleared", before.opened_on, {}, (), policy)
    severity = _worst(members.values())
    now = OpenAreaAlert(before.opened_on if before is not None else state.day, severity, causes, tuple(members))
    if now == before:
        return state, None
    opened = before is None
    after = msgspec.structs.replace(state, episode=state.episode + opened, sequence=state.sequence + 1, open=now)
    return after, _alert(area, after, "opened" if opened else "updated", now.opened_on, members, causes, policy)


def _worst(members: Iterable[AreaMember]) -> Severity:
    return max((member.severity for member in members), key=SEVERITIES.index)


def _alert(
    area: str, state: AreaState, transition: AreaTransition, opened_on: int, members: Mapping[str, AreaMember],
    causes: tuple[RiskCause, ...], policy: Policy,
) -> AreaAlert:  # fmt: skip
    rules, level = policy.parameters(area[:6]).scale_risk, level_of(area)
    fires = Counter(rule for member in members.values() for rule in member.rules)
    counted = state.registered if rules.share else None
    last = sorted(members.items(), key=lambda each: (-SEVERITIES.index(each[1].severity), each[0]))
    return AreaAlert(
        schema="area-alert/1", area_alert_id=f"{area}:{state.episode}", area_code=area.ljust(12, "0"), level=level,
        county_code=area[:6], tier=policy.tier(area[:6]), sequence=state.sequence, transition=transition,
        severity=_worst(members.values()) if causes else None, because=list(causes), households=len(members),
        registered=counted, share=f"{len(members) / counted:.4f}" if counted else None, window_days=rules.window_days,
        rules=[AreaRule(rule, count) for rule, count in sorted(fires.items(), key=lambda each: (-each[1], each[0]))],
        members=[AreaMemberNote(name, m.severity, render_day(m.since), list(m.rules)) for name, m in last[:MAX_MEMBERS]],
        opened_on=render_day(opened_on), as_of=render_day(state.day), policy=policy.label,
        explanation=explain(level, len(members), causes, rules, fires, state.registered), emitted_at="",
    )  # fmt: skip


_BECAUSE: Final[dict[RiskCause, tuple[str, str]]] = {
    "households": ("户数达到{limit}户", "at least {limit} households"),
    "share": ("占登记户的{share}", "{share} of those registered"),
    "disaster": ("其中{disaster}户受灾", "{disaster} of them hit by a disaster"),
    "market": ("其中{market}户遇价格滞销", "{market} of them by a slump of the market"),
}


def explain(
    level: AreaLevel, members: int, causes: tuple[RiskCause, ...], rules: ScaleRisk, fires: Mapping[str, int], registered: int
) -> Explanation:
    """Return what an area's alert means, in a sentence."""
    zh_level, en_level = {"village": ("村", "village"), "township": ("乡镇", "township")}[level]
    if not causes:
        return Explanation(f"本{zh_level}集中风险已解除", f"the {en_level} is no longer at risk")
    of_event = Counter({cause: max((n for rule, n in fires.items() if _OF_EVENT.get(name_of(rule)) == cause), default=0)
                        for cause in ("disaster", "market")})  # fmt: skip
    words = {
        "limit": rules.village_households if level == "village" else rules.township_households,
        "share": f"{members * 100 / registered:.1f}%" if registered else "", **of_event,
    }  # fmt: skip
    zh = "、".join(_BECAUSE[cause][0].format(**words) for cause in causes)
    en = ", ".join(_BECAUSE[cause][1].format(**words) for cause in causes)
    return Explanation(
        f"本{zh_level}{rules.window_days}天内新增{members}户预警：{zh}",
        f"{members} households of the {en_level} have a new alert within {rules.window_days} days: {en}",
    )
