"""Households that send nothing are judged again when other versions of the policy judge them: a walk through one partition.
Open alerts of areas are looked at beside them (``agents/area_walk.py``).

In slices between the batches of reports, bounded by count and time. Where the walk stands is kept in memory alone: who
begins again looks at every household, and passes over those that are done.
"""

import time
from typing import Final, NamedTuple

from agents import telemetry
from agents.area_walk import AreaWalk
from agents.policies import Judge
from agents.store import HOUSEHOLD, Store
from schemas import codec
from schemas.household import HouseholdState
from streams.pipeline import Step, reassess
from streams.policies import Policies

JUDGED: Final = 100
"""How many households a slice judges again at most."""
LOOKED: Final = 2_000
"""How many it looks at."""
SLICE_SECONDS: Final = 0.05
"""How long it takes, but for its last household: one with very many reports takes long."""
SAY_SECONDS: Final = 5.0

Judged = tuple[str, HouseholdState, Step]
"""A household, as it was, and what judging it again did."""


class Piece(NamedTuple):
    """Households that were judged again, and areas (their digits) that are to be looked at again."""

    households: list[Judged]
    areas: list[str]


class Walk:
    """Goes through a partition's households whenever what judges them has changed, and once when it begins."""

    def __init__(self, partition: int, store: Store, judge: Judge) -> None:
        """Bind a partition's store to what judges it."""
        self._partition, self._store, self._judge = partition, store, judge
        self._areas = AreaWalk(store, judge)
        self._change = -1
        self._next: bytes | None = None
        self._looked = self._judged = self._moved = 0
        self._began = self._said = 0.0
        telemetry.reassess_left.labels(str(partition)).set(0)

    def slice(self) -> Piece | None:
        """Return what comes next; None where all has been seen.

        Raises:
            UnknownStateVersion: a household was stored by a newer release.
        """
        areas, households = self._areas.slice(), self._slice()
        return None if areas is None and households is None else Piece(households or [], areas or [])

    def _slice(self) -> list[Judged] | None:
        """Return the next households that are judged otherwise than their answers were given; None where all have been seen."""
        if self._change != self._judge.changes:
            self._change = self._judge.changes
            if self._judge.walks:
                self._begin()
        policies = self._judge.policies
        if self._next is None:
            return None
        steps: list[Judged] = []
        looked, until = 0, time.monotonic() + SLICE_SECONDS
        for key, value in self._store.scan(HOUSEHOLD, self._next):
            if looked >= LOOKED or len(steps) >= JUDGED or (looked and time.monotonic() > until):
                break
            self._next = key + b"\0"
            looked += 1
            steps += self._look(key[len(HOUSEHOLD) :].decode(), value, policies)
        else:
            self._next = None
        self._looked += looked
        self._tell(steps)
        return steps

    def _look(self, household: str, value: bytes, policies: Policies) -> list[Judged]:
        before = codec.decode_state(value)
        try:
            step = reassess(household, before, policies, self._judge.shadow, self._judge.shadow_since)
        except Exception as error:  # one household must never stop those around it
            telemetry.log("error", "household.failed", partition=self._partition, error=type(error).__name__)
            return []
        return [] if step.state is before else [(household, before, step)]

    def _begin(self) -> None:
        self._next = HOUSEHOLD
        self._looked = self._judged = self._moved = 0
        self._began = self._said = time.monotonic()
        telemetry.log("info", "reassessment.started", partition=self._partition, households=self._households)

    @property
    def _households(self) -> int:
        """How many there are to look at, 0 until the store has counted them."""
        counts = self._store.counts
        return counts[0] if counts is not None else 0

    def _tell(self, steps: list[Judged]) -> None:
        self._judged += len(steps)
        self._moved += sum(step.alert is not None for _, _, step in steps)
        left = max(1, self._households - self._looked) if self._next is not None else 0
        telemetry.reassess_left.labels(str(self._partition)).set(left)
        now, counts = time.monotonic(), {"reassessed": self._judged, "transitions": self._moved}
        if self._next is None:
            telemetry.log("info", "reassessment.done", partition=self._partition, looked=self._looked, **counts,
                          seconds=round(now - self._began, 2))  # fmt: skip
        elif now - self._said > SAY_SECONDS:
            self._said = now
            telemetry.log("info", "reassessment.progress", partition=self._partition, left=left, **counts)
