"""Whether areas know of their households what these published, and say of it what they must (docs/contract-area-alerts.md)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from agents.store import AREA, RESIDENT
from schemas import codec
from tests.faults.switched import Switched
from tests.faults.verdict import Verdict, judge_sequences
from tests.faults.world import World
from tests.oracle.naive import CHINA, when
from tests.oracle.naive_areas import DIGITS, Member, Risk, risk

Records = list[dict[str, Any]]
MANY = 20
"""Of more households than these others alone are news only once their number differs by a tenth."""


@dataclass(slots=True)
class Area:
    """What an area's partition keeps, or what its households come to: its clock, who is a member, how many are registered."""

    day: date = date.min
    members: dict[str, Member] = field(default_factory=dict)
    registered: int = 0


def stored_areas(changelog: Iterable[tuple[bytes, bytes | None]]) -> dict[str, Area]:
    """Return what the changelog of the person index holds of areas; its entries in order."""
    newest = {key: value for key, value in changelog if key[:1] in (AREA, RESIDENT)}
    found: defaultdict[str, Area] = defaultdict(Area)
    for key, value in newest.items():
        area, _, household = key[1:].decode().partition("\0")
        if value is None:
            continue
        if key[:1] == AREA:
            day = codec.decode_area_state(value).day
            found[area].day = date.fromordinal(day) if day else date.min
            continue
        member = codec.decode_area_member(value)
        found[area].registered += member.registered
        if member.severity is not None:
            found[area].members[household] = Member(date.fromordinal(member.since), member.severity, member.rules)
    return dict(found)


def known_areas(world: World, alerts: Mapping[str, Records], *, counted: bool) -> dict[str, Area]:
    """Return what areas must know: of each household what it last published, since its alert opened.

    The clock is the newest day on which a household had to say something else than before. ``counted``: whether who is
    registered is told.
    """
    found: defaultdict[str, Area] = defaultdict(Area)
    for name, (reports, entry) in world.lives.items():
        place, said = (entry or reports[0])["area_code"], alerts.get(name, [])
        news = [day_of(each) for before, each in zip([None, *said], said, strict=False) if told(before) != told(each)]
        opened = [day_of(each) for each in said if each["transition"] == "opened"]
        for area in (found[place[:digits]] for digits in DIGITS):
            area.registered += counted and entry is not None
            area.day = max([area.day, *news])
            if said and said[-1]["transition"] != "cleared":
                area.members[name] = Member(opened[-1], *told(said[-1]))
    return dict(found)


def told(alert: dict[str, Any] | None) -> tuple[Any, tuple[str, ...]]:
    """Return what an area is told of an alert: its severity and its rules."""
    if alert is None:
        return None, ()
    return alert["severity"], tuple(sorted({reason["rule"] for reason in alert["reasons"]}))


def day_of(alert: dict[str, Any]) -> date:
    """Return the day in China of a household's clock when it published an alert."""
    return when(alert["as_of"]).astimezone(CHINA).date()


def judge_areas(
    verdict: Verdict, known: Mapping[str, Area], stored: Mapping[str, Area], said: Mapping[str, Records], switched: Switched,
    today: datetime | None, now: datetime,
) -> None:  # fmt: skip
    """Whether what areas keep and say agrees with their households; ``today``: None where some claims may be on their way."""
    for area in sorted({*known, *stored, *said}):
        must, has, alerts = known.get(area, Area()), stored.get(area, Area()), said.get(area, [])
        judge_sequences(verdict, f"area {area}", [each["sequence"] for each in alerts])
        _judge_transitions(verdict, area, alerts)
        _judge_clock(verdict, area, must, has, today or now, switched, whole=today is not None)
        if today is not None:
            _judge_members(verdict, area, must, has)
        rules = switched.risk_rules(area)
        holds = risk(area, has.members, has.registered, has.day, rules)
        _judge_alert(verdict, area, holds, alerts, has.day)
        if today is not None and holds.because:
            later = risk(area, has.members, has.registered, today.astimezone(CHINA).date(), rules)
            if (later.because, later.severity) != (holds.because, holds.severity):
                verdict.lost.append(f"area {area}: no tick since {has.day}")


def _judge_transitions(verdict: Verdict, area: str, alerts: Records) -> None:
    """Whether each follows from the one before: what is open is updated or cleared, in the episode in which it opened."""
    is_open, episode = False, 0
    for each in alerts:
        episode += not is_open
        right = {"updated", "cleared"} if is_open else {"opened"}
        if each["transition"] not in right or each["area_alert_id"] != f"{area}:{episode}":
            verdict.wrong.append(f"area {area}: {each['transition']} of {each['area_alert_id']} at {each['sequence']}")
        is_open = each["transition"] != "cleared"


def _judge_clock(verdict: Verdict, area: str, must: Area, has: Area, now: datetime, switched: Switched, *, whole: bool) -> None:
    """Whether an area's clock stands where its households' news led it, or at a later midnight that has passed."""
    newest = must.day if whole else max((member.since for member in has.members.values()), default=date.min)
    latest = now.astimezone(CHINA).date() if switched.ticks else must.day
    if not newest <= has.day <= latest:
        verdict.wrong.append(f"area {area}: its clock says {has.day}, its households {newest}, and it is {latest}")


def _judge_members(verdict: Verdict, area: str, must: Area, has: Area) -> None:
    if must.registered != has.registered:
        verdict.wrong.append(f"area {area}: {has.registered} are registered and not {must.registered}")
    for name in sorted({*must.members, *has.members}):
        known, kept = must.members.get(name), has.members.get(name)
        if kept is None:
            verdict.lost.append(f"area {area}: does not know of {name}")
        elif kept != known:
            verdict.wrong.append(f"area {area}: knows of {name} {kept} and not {known}")


def _judge_alert(verdict: Verdict, area: str, holds: Risk, alerts: Records, day: date) -> None:
    """Whether what was last said is what holds at the area's clock, but for some of very many who came or went."""
    last = alerts[-1] if alerts and alerts[-1]["transition"] != "cleared" else None
    if (last is not None) != bool(holds.because):
        kind = verdict.lost if last is None else verdict.wrong
        kind.append(f"area {area}: {'no alert' if last is None else 'an alert'} on {day} with {holds.because}")
        return
    if last is None:
        return
    if (last["because"], last["severity"]) != (holds.because, holds.severity):
        verdict.wrong.append(f"area {area}: {last['because']} {last['severity']} and not {holds.because} {holds.severity}")
    count, others = last["households"], abs(last["households"] - len(holds.households))
    if count > MANY and others * 10 < count:
        return
    named = {each["household_id"] for each in last["members"]}
    if others or (count == len(named) and named != holds.households):
        verdict.wrong.append(f"area {area}: names {count} households and not {len(holds.households)}")
