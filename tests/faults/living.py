"""Households of a fault run as the pure path has them live: what the judges are given without any broker."""

import json
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from agents.store import AREA, RESIDENT
from schemas import codec
from schemas.area_alerts import AreaClaim, AreaMember, AreaState
from schemas.fields import day_of, instant_of_day
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.due import area_due, due
from streams.pipeline import Step, advance
from streams.policies import FILE, Policies, policies_of
from streams.policy import Policy
from streams.policy_documents import version_of
from streams.scale_risk import area_claims, merge_claim, turn_area
from tests.build import TIMESTAMP
from tests.faults.judge import Told, _judge_household
from tests.faults.switched import ALL, LATER_FROM, LATER_LINE, LINE, SHADOW_LINE, Switched, policy_text
from tests.faults.verdict import Verdict
from tests.faults.world import World
from tests.streams.test_against_oracle import read
from tests.streams.test_policies import published

NOW = TIMESTAMP * 1_000_000
Records = list[dict[str, Any]]


@dataclass(slots=True)
class Life:
    """A household at the end: its state and what was published of it, by the real policy and by the shadow, and of its case."""

    state: HouseholdState = EMPTY
    said: Records = field(default_factory=list)
    beside: Records = field(default_factory=list)
    case: Records = field(default_factory=list)
    claims: list[AreaClaim] = field(default_factory=list)

    @property
    def told(self) -> Told:
        return Told(self.said, self.beside, self.case)

    def take(self, name: str, step: Step) -> None:
        self.claims += area_claims(name, self.state, step.state, counted=True)
        self.state = step.state
        for alert, published_ in ((step.alert, self.said), (step.shadow_alert, self.beside)):
            if alert is not None:
                published_.append(json.loads(codec.encode_alert(alert, "")))
        if step.case is not None:
            self.case.append(json.loads(codec.encode_case(step.case, "")))


def judges(switched: Switched = ALL) -> tuple[Policies, Policy]:
    """Return what judges by: the file's version and the later one; and the shadow."""

    def document(version: str, line: int, start: date | None = None) -> dict[str, Any]:
        return tomllib.loads(policy_text(version, line, start, switched), parse_float=Decimal)

    file = version_of(document("1", LINE), "shanxi.toml", FILE, None)
    shadow = version_of(document("shadow", SHADOW_LINE), "shadow.toml", 0, None).policy
    return policies_of((file, published(document("2", LATER_LINE, LATER_FROM)))), shadow


def lived(world: World, switched: Switched = ALL, *, ticks: float) -> dict[str, Life]:
    """Let every household live; each of its ticks comes with a chance, and where one does not no later one does."""
    rng, (policies, shadow), lives = random.Random(1), judges(switched), {}
    for name, (reports, entry) in world.lives.items():
        life, records = Life(), [*reports, *([entry] if entry else [])]
        rng.shuffle(records)
        for record in records:
            message = read(record)
            assert isinstance(message, Report | RegistryChange)
            life.take(name, advance(name, life.state, message, NOW, policies, shadow))
        while (instant := due(life.state, policies)) is not None and instant <= NOW and rng.random() < ticks:
            life.take(name, advance(name, life.state, Tick(name, instant), NOW, policies, shadow))
        lives[name] = life
    return lives


class Region:
    """The areas of some households, as they heard of them, each claim by itself."""

    def __init__(self, switched: Switched = ALL) -> None:
        self._policies, _ = judges(switched)
        self._states: dict[str, AreaState] = {}
        self._members: dict[str, dict[str, AreaMember]] = {}
        self.said: dict[str, Records] = {}

    def hear(self, lives: Mapping[str, Life]) -> None:
        """Take in all that households told, by the days of their clocks."""
        for claim in sorted((claim for life in lives.values() for claim in life.claims), key=lambda each: each.day):
            for area in claim.areas:
                members = self._members.setdefault(area, {})
                state = self._states.get(area, AreaState())
                state, member = merge_claim(state, members.get(claim.household_id), claim)
                members.pop(claim.household_id, None)
                if member is not None:
                    members[claim.household_id] = member
                self._turn(area, state)

    def pass_time(self) -> None:
        """Take in every tick that is due by now."""
        for area in self._states:
            while (at := area_due(area, self._states[area], self._policies)) is not None and at <= NOW:
                self._turn(area, replace(self._states[area], day=day_of(at)))

    def _turn(self, area: str, state: AreaState) -> None:
        judge = self._policies.of(instant_of_day(state.day))
        self._states[area], alert = turn_area(area, state, judge, lambda: self._members[area])
        if alert is not None:
            self.said.setdefault(area, []).append(json.loads(codec.encode_area_alert(alert)))

    @property
    def changelog(self) -> list[tuple[bytes, bytes]]:
        """What the changelog of the person index would hold of them."""
        found = [(AREA + area.encode(), codec.encode_area_state(state)) for area, state in self._states.items()]
        for area, members in self._members.items():
            prefix = RESIDENT + area.encode() + b"\0"
            found += [(prefix + name.encode(), codec.encode_area_member(member)) for name, member in members.items()]
        return found


def judged(world: World, lives: dict[str, Life], switched: Switched = ALL, today: datetime | None = None) -> Verdict:
    verdict = Verdict()
    for name, life in lives.items():
        _judge_household(verdict, name, world, life.state.facts, life.told, switched, today)
    return verdict
