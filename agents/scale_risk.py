"""What the areas of one partition know of their households, and what is published of them (docs/contract-area-alerts.md)."""

from collections.abc import Iterable
from functools import partial

import msgspec

from agents import telemetry
from agents.due_index import DueIndex
from agents.overlay import entries, read
from agents.store import AREA, RESIDENT, Store
from agents.work import Outgoing, Work
from schemas import codec
from schemas.area_alerts import AreaAlert, AreaClaim, AreaMember, AreaState, AreaTick, place_of
from schemas.fields import day_of, instant_of_day, render_instant
from schemas.household import HouseholdState
from streams.policies import Judges
from streams.scale_risk import Scope, area_claims, claims_again, merge_claim, turn_area
from streams.topics import Topic, partition_of


class AreaWatch:
    """Reads and changes the areas within one batch. They lie in the store and changelog of the person index.

    Each area is looked at once a batch, when all its households in it have been heard: what lies between is nobody's news.
    """

    def __init__(
        self, partition: int, partitions: int, store: Store, work: Work, scope: Scope, index: DueIndex | None
    ) -> None:  # fmt: skip
        """Bind a partition's store to the batch under way. ``scope`` is what areas are to be told."""
        self._partition, self._partitions, self._store, self._work = partition, partitions, store, work
        self._scope, self._index = scope, index
        self._states: dict[str, AreaState] = {}
        self._before: dict[str, AreaState] = {}

    def tell(self, household: str, before: HouseholdState, after: HouseholdState) -> None:
        """Tell the areas of a household what has changed of it."""
        watched, counted = self._scope
        if watched and (counted or before.thread.open is not None or after.thread.open is not None):
            self._send(area_claims(household, before, after, counted=counted))

    def tell_again(self, household: str, state: HouseholdState) -> None:
        """Tell the areas of a household all of it: they may have missed it, or a version begins to ask."""
        if self._scope.watched:
            self._send(claims_again(household, state, counted=self._scope.counted))

    def _send(self, claims: list[AreaClaim]) -> None:
        for claim in claims:
            place = place_of(claim.areas[0])
            where = partition_of(place, self._partitions)
            self._work.outgoing.append(Outgoing(Topic.PERSONS, where, place.encode(), codec.encode_area_claim(claim)))

    def hear(self, claim: AreaClaim) -> None:
        """Take in what a household told."""
        for area in claim.areas:
            key = _resident(area) + claim.household_id.encode()
            data = read(self._store, self._work, key)
            known, before = codec.decode_area_member(data) if data is not None else None, self._state(area)
            self._states[area], member = merge_claim(before, known, claim)
            if member is not known:
                self._work.changes[key] = codec.encode_area_member(member) if member is not None else None

    def pass_time(self, tick: AreaTick) -> None:
        """Move an area's clock to a tick's day; one without members has nothing that could end."""
        before, day = self._state(tick.area), day_of(tick.at)
        if before.days and day > before.day:
            self._states[tick.area] = msgspec.structs.replace(before, day=day)

    def look(self, areas: Iterable[str]) -> None:
        """Look at areas at the end of the batch though nothing is told of them."""
        self._states |= {area: self._state(area) for area in areas}

    def end(self, judges: Judges, now: int) -> None:
        """Publish what is to be said of the areas that heard something in this batch. ``now`` (nanoseconds) stamps it."""
        for area, heard in self._states.items():
            try:
                state, alert = turn_area(area, heard, judges.of(instant_of_day(heard.day)), partial(self._members, area))
            except Exception as error:  # one area must never stop the households around it
                telemetry.log("error", "area.failed", partition=self._partition, error=type(error).__name__)
                state, alert = heard, None
            if alert is not None:
                self._publish(area, alert, render_instant(now))
            if state is not self._before[area]:
                self._work.changes[AREA + area.encode()] = codec.encode_area_state(state)
                if self._index is not None:
                    self._index.move_area(self._work.index, area, self._before[area], state)

    def _publish(self, area: str, alert: AreaAlert, stamp: str) -> None:
        value = codec.encode_area_alert(msgspec.structs.replace(alert, emitted_at=stamp))
        self._work.outgoing.append(Outgoing(Topic.AREA_ALERTS, self._partition, area.encode(), value))
        self._work.tally.area_alerts[alert.transition, alert.level] += 1

    def _members(self, area: str) -> dict[str, AreaMember]:
        """Return what an area knows of its households, as this batch has changed it."""
        prefix = _resident(area)
        found = entries(self._store, self._work, prefix)
        return {key[len(prefix) :].decode(): codec.decode_area_member(value) for key, value in found.items()}

    def _state(self, area: str) -> AreaState:
        state = self._states.get(area)
        if state is None:
            data = read(self._store, self._work, AREA + area.encode())
            state = self._before[area] = codec.decode_area_state(data) if data is not None else AreaState()
        return state


def _resident(area: str) -> bytes:
    return RESIDENT + area.encode() + b"\0"
