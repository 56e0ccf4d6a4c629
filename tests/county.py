"""A county on the pure path: households, whom persons and links lead to, and what areas know of it."""

from functools import partial

import msgspec

from schemas.area_alerts import AreaAlert, AreaClaim, AreaMember, AreaState, AreaTick
from schemas.areas import AreaNotice
from schemas.fields import day_of, instant_of_day
from schemas.household import EMPTY
from schemas.registry import PersonState, RegistryChange
from schemas.reports import Report, Tick
from streams.areas import link_claims, reaches, report_of, told_later
from streams.normalise import Message, normalise
from streams.persons import claims_of, household_of
from streams.persons import merge_claim as merge_person
from streams.pipeline import advance
from streams.policies import Judges
from streams.scale_risk import area_claims, merge_claim, turn_area
from streams.topics import Topic
from tests.build import TIMESTAMP
from tests.ways import Life

Lives = dict[str, Life]


class County:
    """All that is kept beside its households where there is no store."""

    def __init__(self, policy: Judges) -> None:
        self.lives: Lives = {}
        self.said: dict[str, list[AreaAlert]] = {}
        self._policy = policy
        self._persons: dict[str, PersonState] = {}
        self._waiting: dict[str, list[Report]] = {}
        self._links: dict[str, dict[str, str]] = {}
        self._events: dict[str, list[AreaNotice]] = {}
        self._areas: dict[str, AreaState] = {}
        self._members: dict[str, dict[str, AreaMember]] = {}

    def settle(self, message: Message) -> None:
        """Take a message and what comes of it: all that reaches households at once is heard before areas are looked at."""
        wave = [message]
        while wave:
            reached: list[Message] = []
            heard: dict[str, AreaState] = {}
            for each in wave:
                match each:
                    case AreaNotice():
                        self._events.setdefault(each.link, []).append(each)
                        for household, area in self._links.get(each.link, {}).items():
                            reached += _reached(each, household, area)
                    case AreaTick():
                        if self._areas.get(each.area, AreaState()).days:
                            heard[each.area] = msgspec.structs.replace(self._areas[each.area], day=day_of(each.at))
                    case Report() | RegistryChange() | Tick():
                        reached += self._live(each, heard)
                    case _:
                        raise AssertionError(f"no story tells {each}")
            self._look(heard)
            wave = reached

    def _live(self, message: Report | RegistryChange | Tick, heard: dict[str, AreaState]) -> list[Message]:
        """Take what tells of a household; return what reaches it of events that it is linked to now, and what waited for it."""
        name = message.household_id
        if name is None:
            assert isinstance(message, Report)
            person = message.person_id or ""
            name = household_of(self._persons.get(person, PersonState({})))
            if name is None:
                self._waiting.setdefault(person, []).append(message)
                return []
        before, alerts = self.lives.get(name, (EMPTY, []))
        step = advance(name, before, message, TIMESTAMP * 1_000_000, self._policy)
        self.lives[name] = step.state, alerts + ([step.alert] if step.alert is not None else [])
        reached: list[Message] = []
        for named in claims_of(name, before.facts, step.state.facts):
            self._persons[named.person_id] = merge_person(self._persons.get(named.person_id, PersonState({})), named)
            if named.named:
                reached += self._waiting.pop(named.person_id, ())
        for claim in area_claims(name, before, step.state, counted=False):
            self._tell(claim, heard)
        for link in link_claims(name, before.facts, step.state.facts):
            self._links.setdefault(link.link, {}).pop(name, None)
            if link.linked:
                self._links[link.link][name] = link.area_code
                for event in sorted(self._events.get(link.link, ()), key=told_later):
                    reached += _reached(event, name, link.area_code)
        return reached

    def _tell(self, claim: AreaClaim, heard: dict[str, AreaState]) -> None:
        for area in claim.areas:
            members = self._members.setdefault(area, {})
            known = heard.get(area, self._areas.get(area, AreaState()))
            heard[area], member = merge_claim(known, members.pop(claim.household_id, None), claim)
            if member is not None:
                members[claim.household_id] = member

    def _look(self, heard: dict[str, AreaState]) -> None:
        for area, state in heard.items():
            self._areas[area], alert = turn_area(
                area, state, self._policy.of(instant_of_day(state.day)), partial(dict, self._members[area])
            )
            if alert is not None:
                self.said.setdefault(area, []).append(alert)


def _reached(event: AreaNotice, household: str, area: str) -> list[Message]:
    """Return what a household hears of an event."""
    if not reaches(event.event.area_code, area):
        return []
    report = normalise(Topic.REROUTED, household.encode(), report_of(event.event, household, area), TIMESTAMP)
    assert isinstance(report, Report), report
    return [report]
