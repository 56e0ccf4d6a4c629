"""Households of a fault run as the pure path has them live: what the judges are given without any broker."""

import json
import random
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from schemas import codec
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.due import due
from streams.pipeline import Step, advance
from streams.policies import Policies, policies_of
from streams.policy import Policy
from tests.build import TIMESTAMP
from tests.faults.judge import Told, _judge_household
from tests.faults.switched import ALL, LATER_FROM, LATER_LINE, LINE, SHADOW_LINE, Switched
from tests.faults.verdict import Verdict
from tests.faults.world import World
from tests.streams.test_against_oracle import read
from tests.streams.test_policies import document, file_version, published, version_of

NOW = TIMESTAMP * 1_000_000
Records = list[dict[str, Any]]


@dataclass(slots=True)
class Life:
    """A household at the end: its state and what was published of it, by the real policy and by the shadow, and of its case."""

    state: HouseholdState = EMPTY
    said: Records = field(default_factory=list)
    beside: Records = field(default_factory=list)
    case: Records = field(default_factory=list)

    @property
    def told(self) -> Told:
        return Told(self.said, self.beside, self.case)

    def take(self, step: Step) -> None:
        self.state = step.state
        for alert, published_ in ((step.alert, self.said), (step.shadow_alert, self.beside)):
            if alert is not None:
                published_.append(json.loads(codec.encode_alert(alert, "")))
        if step.case is not None:
            self.case.append(json.loads(codec.encode_case(step.case, "")))


def judges() -> tuple[Policies, Policy]:
    later = published(document("2", LATER_LINE // 100, LATER_FROM.isoformat()))
    shadow = version_of(document("shadow", SHADOW_LINE // 100), "shadow.toml", 0, None).policy
    return policies_of((file_version(LINE // 100), later)), shadow


def lived(world: World, *, ticks: float) -> dict[str, Life]:
    """Let every household live; each of its ticks comes with a chance, and where one does not no later one does."""
    rng, (policies, shadow), lives = random.Random(1), judges(), {}
    for name, (reports, entry) in world.lives.items():
        life, records = Life(), [*reports, *([entry] if entry else [])]
        rng.shuffle(records)
        for record in records:
            message = read(record)
            assert isinstance(message, Report | RegistryChange)
            life.take(advance(name, life.state, message, NOW, policies, shadow))
        while (instant := due(life.state, policies)) is not None and instant <= NOW and rng.random() < ticks:
            life.take(advance(name, life.state, Tick(name, instant), NOW, policies, shadow))
        lives[name] = life
    return lives


def judged(world: World, lives: dict[str, Life], switched: Switched = ALL, today: datetime | None = None) -> Verdict:
    verdict = Verdict()
    for name, life in lives.items():
        _judge_household(verdict, name, world, life.state.facts, life.told, switched, today)
    return verdict
