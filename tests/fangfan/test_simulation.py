"""What the simulation plants is what opens, and nothing else: checked on the pure path, in any order."""

import random
from datetime import UTC, datetime
from functools import partial
from typing import NamedTuple

import msgspec
import pytest

from fangfan.plants import NEAR_MISSES, SHOCKS
from fangfan.sent import Sent, in_order
from fangfan.simulation import Simulator
from fangfan.truth import Simulation
from schemas.alerts import Alert
from schemas.area_alerts import AreaAlert, AreaClaim, AreaMember, AreaState
from schemas.areas import AreaNotice
from schemas.cases import CaseRecord
from schemas.fields import day_of, instant_of_day
from schemas.household import EMPTY, HouseholdState
from schemas.registry import PersonState, RegistryChange
from schemas.reports import Report, Tick
from streams.areas import link_claims, reaches, report_of
from streams.due import area_due, due
from streams.normalise import normalise
from streams.persons import claims_of, household_of
from streams.persons import merge_claim as merge_person
from streams.pipeline import Step, advance, reassess
from streams.policies import Policies, Version, alone, policies_of
from streams.policy import Policy
from streams.policy_documents import Outcome, admit, record_of
from streams.scale_risk import area_claims, claims_again, merge_claim, scope_of, turn_area
from streams.topics import Topic

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def final_states(simulation: Simulation, policy: Policy, order: random.Random | None) -> dict[str, HouseholdState]:
    return Lived(simulation, policy, order).states


class Trial(NamedTuple):
    """What is published midway, and what judges beside it on a thread of its own."""

    version: Version
    shadow: Policy


class Lived:
    """What becomes of all records on the pure path, in their order or shuffled: states, and all that is to be published.

    Reports of a household that is told of in order stay so, and what is sent first or last. Once all is sent, and if an order
    is given at moments between, households get the ticks that they are due up to now, unless there are to be none.
    With a trial, its version joins after half of what is not sent last, if an order is given anywhere in it.
    """

    def __init__(
        self,
        simulation: Simulation,
        policy: Policy,
        order: random.Random | None = None,
        *,
        ticks: bool = True,
        trial: Trial | None = None,
    ) -> None:
        self.states: dict[str, HouseholdState] = {}
        self.alerts: dict[str, list[Alert]] = {}
        self.shadow_alerts: dict[str, list[Alert]] = {}
        self.cases: dict[str, CaseRecord] = {}
        self.areas: dict[str, AreaState] = {}
        self.area_alerts: dict[str, list[AreaAlert]] = {}
        self._members: dict[str, dict[str, AreaMember]] = {}
        self._links: dict[str, dict[str, str]] = {}
        self._events: dict[str, list[AreaNotice]] = {}
        self._persons: dict[str, PersonState] = {}
        self._waiting: dict[str, list[tuple[Report, int]]] = {}
        self.judges: Policies = alone(policy)
        self.sent, self.now = simulation.records, NOW
        self._shadow = trial.shadow if trial is not None else None
        records = list(simulation.records)
        if order is not None:
            order.shuffle(records)
        early = sum(record.turn < 1 for record in records)
        joins = early // 2 if order is None else order.randrange(early)
        for place, record in enumerate(
            in_order(records, set(simulation.snoozes) | set(simulation.pilots) | set(simulation.counted))
        ):
            if trial is not None and place == joins:
                self._join(trial.version)
            self._take(record)
            if order is not None and order.random() < 0.01:
                self._judge_again()
                if ticks:
                    self._pass_time()
        self._judge_again()
        if ticks:
            self._pass_time()

    def _join(self, version: Version) -> None:
        """Take a version from its topic, as workers do."""
        key, value = record_of(version, NOW.isoformat())
        known = self.judges.versions
        admission = admit(known[0].policy.id, known, key, value, int(NOW.timestamp() * 1000), 0)
        assert Outcome.JOINED is admission.outcome, admission
        self.judges = policies_of(admission.versions)

    def _judge_again(self) -> None:
        """Walk through all households; those whose answers were given under what judges them are passed over."""
        for household, before in list(self.states.items()):
            step = reassess(household, before, self.judges, self._shadow, 1)
            self._note(household, before, step)
            if step.state is not before:
                for claim in claims_again(household, step.state, counted=scope_of(self.judges).counted):
                    self._tell(claim)

    def _take(self, record: Sent) -> None:
        milliseconds = record.sent_at or int(NOW.timestamp() * 1000)

        message = normalise(Topic(record.topic), record.key.encode(), record.payload, milliseconds)
        if isinstance(message, AreaNotice):
            self._events.setdefault(message.link, []).append(message)
            for household, area in self._links.get(message.link, {}).items():
                self._reach(message, household, area)
            return
        assert isinstance(message, Report | RegistryChange), (message, record)
        self._hear(message, milliseconds)

    def _reach(self, notice: AreaNotice, household: str, area: str) -> None:
        if reaches(notice.event.area_code, area):
            milliseconds = int(NOW.timestamp() * 1000)
            value = report_of(notice.event, household, area)
            report = normalise(Topic.REROUTED, household.encode(), value, milliseconds)
            assert isinstance(report, Report), report
            self._hear(report, milliseconds)

    def _pass_time(self) -> None:
        """Tick households as workers do, each at the instants at which it is due, up to now."""
        now = int(NOW.timestamp() * 1_000_000_000)
        for household in list(self.states):
            while (instant := due(self.states[household], self.judges)) is not None and instant <= now:
                self._hear(Tick(household, instant), now // 1_000_000)
        for area in list(self.areas):
            while (instant := area_due(area, self.areas[area], self.judges)) is not None and instant <= now:
                self._look(area, msgspec.structs.replace(self.areas[area], day=day_of(instant)))

    def _hear(self, message: Report | RegistryChange | Tick, milliseconds: int) -> None:
        household = message.household_id
        if household is None:
            assert isinstance(message, Report)
            person = str(message.person_id)
            household = household_of(self._persons.get(person, PersonState({})))
            if household is None:
                self._waiting.setdefault(person, []).append((message, milliseconds))
                return
        before = self.states.get(household, EMPTY)
        step = advance(household, before, message, milliseconds * 1_000_000, self.judges, self._shadow)
        self._note(household, before, step)

    def _note(self, household: str, before: HouseholdState, step: Step) -> None:
        """Keep a step's state and what it says, and tell persons, places and those who follow events of it."""
        self.states[household] = step.state
        if step.alert is not None:
            self.alerts.setdefault(household, []).append(step.alert)
        if step.shadow_alert is not None:
            self.shadow_alerts.setdefault(household, []).append(step.shadow_alert)
        if step.case is not None:
            self.cases[household] = step.case
        for named in claims_of(household, before.facts, step.state.facts):
            self._persons[named.person_id] = merge_person(self._persons.get(named.person_id, PersonState({})), named)
            if named.named:
                for report, at in self._waiting.pop(named.person_id, ()):
                    self._hear(report, at)
        for claim in area_claims(household, before, step.state, counted=scope_of(self.judges).counted):
            self._tell(claim)
        for link in link_claims(household, before.facts, step.state.facts):
            self._links.setdefault(link.link, {}).pop(household, None)
            if link.linked:
                self._links[link.link][household] = link.area_code
                for notice in self._events.get(link.link, ()):
                    self._reach(notice, household, link.area_code)

    def _tell(self, claim: AreaClaim) -> None:
        for area in claim.areas:
            members = self._members.setdefault(area, {})
            state, member = merge_claim(self.areas.get(area, AreaState()), members.get(claim.household_id), claim)
            members.pop(claim.household_id, None)
            if member is not None:
                members[claim.household_id] = member
            self._look(area, state)

    def _look(self, area: str, state: AreaState) -> None:
        policy = self.judges.of(instant_of_day(state.day))
        self.areas[area], alert = turn_area(area, state, policy, partial(dict, self._members[area]))
        if alert is not None:
            self.area_alerts.setdefault(area, []).append(alert)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("shuffled", [False, True])
def test_planted_is_open_at_the_end_and_nothing_else(policy: Policy, seed: int, shuffled: bool) -> None:
    simulation = Simulator(300, 2_000, seed, NOW).run()
    states = final_states(simulation, policy, random.Random(seed) if shuffled else None)
    opened = {
        household: frozenset(reason.rule.partition("@")[0] for reason in state.thread.open.reasons)
        for household, state in states.items()
        if state.thread.open is not None
    }

    assert simulation.planted == opened
    assert set(SHOCKS) == set(simulation.shocks.values())
    assert set(NEAR_MISSES) == set(simulation.near_misses.values())


@pytest.mark.parametrize("now", [datetime(2026, 1, 1, 0, 5, tzinfo=UTC), datetime(2024, 2, 29, 20, 0, tzinfo=UTC)])
def test_it_holds_at_the_edges_of_a_year_and_of_a_month(policy: Policy, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fangfan.test_simulation.NOW", now)
    simulation = Simulator(100, 0, 7, now).run()
    states = final_states(simulation, policy, None)

    assert set(simulation.planted) == {household for household, state in states.items() if state.thread.open}


def test_what_departments_push_moves_nobody_over_a_boundary(policy: Policy) -> None:
    """Sixty records a household, agreeing with its statements to the fen where a boundary is near."""
    simulation = Simulator(100, 6_000, 11, NOW).run()
    states = final_states(simulation, policy, random.Random(11))

    assert set(simulation.planted) == {household for household, state in states.items() if state.thread.open}


def test_feeds_carry_what_goes_wrong_in_real_ones() -> None:
    records = Simulator(800, 16_000, 3, NOW).run().records
    reports = [record for record in records if record.topic not in ("households", "area-events")]
    facts = [fact for record in reports for fact in record.value["facts"]]
    by_topic = {topic: [record for record in reports if record.topic == topic] for topic in {each.topic for each in reports}}

    assert {"self-declarations", "cadre-reports", "department-feeds"} == set(by_topic)
    assert all(len(some) > 0.05 * len(reports) for some in by_topic.values())
    assert {"wage", "business", "property", "transfer"} == {fact["component"] for fact in facts if fact["type"] == "income"}
    assert 0.05 < sum(fact.get("cumulative", False) for fact in facts) / len(reports) < 0.5
    assert len({record.value["event_id"] for record in reports}) < len(reports)
    assert any(record.key == "by-hand" for record in reports)
    assert 0.02 < sum(record.value["household_id"] is None for record in reports) / len(reports) < 0.3
    assert sum(bool(record.value["voids"]) for record in reports) > 0.01 * len(reports)


def test_a_producer_partitions_all_it_sends_alike() -> None:
    """A source of a county has one client library."""
    libraries: dict[tuple[str, str], set[bool]] = {}
    for record in Simulator(300, 6_000, 3, NOW).run().records:
        if record.topic != "households":
            producer = (record.value["source"].partition("-")[0], record.value["area_code"][:6])
            libraries.setdefault(producer, set()).add(record.crc32)

    assert {frozenset({True}), frozenset({False})} == {frozenset(each) for each in libraries.values()}


def test_registry_entries_come_before_and_after_reports_and_name_every_person_reported() -> None:
    """Nobody is made up: a report of a person alone finds the household whose entry names the person."""
    records = Simulator(300, 3_000, 4, NOW).run().records
    entered: set[str] = set()
    ahead = 0
    for record in records:
        if record.topic == "households":
            entered.add(record.value["household_id"])
        elif record.value.get("household_id") is not None:
            ahead += record.value["household_id"] not in entered
    members = {
        member["person_id"]
        for record in records
        if record.topic == "households" and not record.gone
        for member in record.value["members"]
    }
    reports = [record.value for record in records if record.topic not in ("households", "area-events")]
    persons = {fact.get("person_id") for report in reports for fact in report["facts"]} | {
        each["person_id"] for each in reports
    }

    assert ahead
    assert persons - {None} <= members


def test_one_seed_makes_the_same_records() -> None:
    assert Simulator(50, 300, 5, NOW).run().records == Simulator(50, 300, 5, NOW).run().records
    assert Simulator(50, 300, 5, NOW).run().records != Simulator(50, 300, 6, NOW).run().records
