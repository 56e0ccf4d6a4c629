"""The plants of a simulated county are alive: what each expects is seen, and would not be without what it plants."""

from collections.abc import Callable

import pytest

from fangfan.planting import Plant
from fangfan.plants import NEAR_MISSES, SHOCKS
from fangfan.sent import Sent
from fangfan.simulated import Household
from fangfan.simulation import Simulator
from fangfan.truth import Simulation
from schemas.household import HouseholdState
from streams.policy import Policy
from tests.fangfan.nearly import NEARLY, Change
from tests.fangfan.test_planted_stories import county
from tests.fangfan.test_simulation import NOW, Lived


def live(policy: Policy, monkeypatch: pytest.MonkeyPatch, plants: list[Plant]) -> dict[str, HouseholdState]:
    """Return how households end, by the names of the plants, in a county where nothing else is planted."""
    monkeypatch.setattr("fangfan.simulation.plants", lambda _: plants)
    simulation = Simulator(len(plants), 0, 3, NOW).run()
    states = Lived(simulation, policy).states
    return {name: states[household] for household, name in (simulation.shocks | simulation.near_misses).items()}


def shocks(change: Callable[[Change], Change] = lambda plant: plant) -> list[Plant]:
    return [Plant("shock", name, rules, change(plant)) for name, (rules, plant) in SHOCKS.items()]


def near_misses(change: Callable[[str], Change]) -> list[Plant]:
    return [Plant("near miss", name, frozenset(), after(plant, change(name))) for name, plant in NEAR_MISSES.items()]


def after(plant: Change, change: Change) -> Change:
    def both(household: Household) -> None:
        plant(household)
        change(household)

    return both


def nothing(_: Household) -> None:
    """Change nothing."""


def rules_of(state: HouseholdState) -> set[str]:
    return {reason.rule.partition("@")[0] for reason in state.thread.open.reasons} if state.thread.open is not None else set()


def test_every_near_miss_nearly_breaks_its_rule(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens nothing, and one month, one percent, one fen or one word more would be open."""
    quiet = live(policy, monkeypatch, near_misses(lambda _: nothing))
    loud = live(policy, monkeypatch, near_misses(lambda name: NEARLY[name][1]))

    assert set(NEARLY) == set(quiet) == set(loud)
    assert {} == {name: rules_of(state) for name, state in quiet.items() if rules_of(state)}
    assert {} == {name: rules_of(state) for name, state in loud.items() if NEARLY[name][0] not in rules_of(state)}


def test_no_shock_is_open_without_what_it_plants(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    told = live(policy, monkeypatch, shocks())
    spared = live(policy, monkeypatch, shocks(lambda _: nothing))

    assert {name: rules for name, (rules, _) in SHOCKS.items()} == {name: rules_of(state) for name, state in told.items()}
    assert set() == {name for name, state in spared.items() if rules_of(state)}


SCENE = {"illness": {0}, "flood cost 12,000, insurance paid 3,000": {0}}
"""Reports of shocks that only set the scene: a total of the year that a later one replaces, and the insurance that paid."""


def drafted(plant: Change) -> Household:
    """Return a household in which something is planted, to look at what that is."""
    household = Simulator(30, 0, 1, NOW)._household(1)
    plant(household)
    return household


def shorter(plant: Change, what: str, at: int) -> Change:
    def less(household: Household) -> None:
        del getattr(household, what)[at]

    return after(plant, less)


def test_every_report_and_event_of_a_shock_matters(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any one of them other rules would be open, or as grave, or found by another channel."""
    less = [
        Plant("shock", f"{name} | {at}", rules, shorter(plant, what, at))
        for name, (rules, plant) in SHOCKS.items()
        for what in ("reports", "events")
        for at in range(len(getattr(drafted(plant), what)))
    ]
    told = live(policy, monkeypatch, shocks())
    idle: dict[str, set[int]] = {}
    for key, state in live(policy, monkeypatch, less).items():
        name, _, at = key.partition(" | ")
        if found(state) == found(told[name]):
            idle.setdefault(name, set()).add(int(at))

    assert len(less) > len(SHOCKS)
    assert SCENE == idle


def found(state: HouseholdState) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return what is open of a household, without when and by which reports."""
    reasons = state.thread.open.reasons if state.thread.open is not None else ()
    return [(reason.rule, reason.severity, reason.channels) for reason in reasons]


def of(planted: dict[str, str], name: str) -> str:
    """Return the household in which something is planted that is planted once."""
    (household,) = (household for household, each in planted.items() if each == name)
    return household


def without(simulation: Simulation, household: str, fact: dict[str, str]) -> Simulation:
    """Take out the reports of a household of which one fact says at least this."""

    def says(record: Sent) -> bool:
        facts = record.value.get("facts", ())
        return record.value.get("household_id") == household and any(fact.items() <= each.items() for each in facts)

    simulation.records = [record for record in simulation.records if not says(record)]
    return simulation


def test_what_insurance_paid_for_a_disaster_counts_against_what_it_cost(policy: Policy) -> None:
    """Of 12,000 yuan one household got 3,000 and is told of the rest; the other got all but 4,999.99."""
    simulation = county()
    told = of(simulation.shocks, "flood cost 12,000, insurance paid 3,000")
    covered = of(simulation.near_misses, "flood cost 12,000, insurance paid 7,000.01")
    lived = Lived(simulation, policy)
    claim = {"type": "claim", "kind": "disaster"}
    unpaid = Lived(without(without(simulation, covered, claim), told, claim), policy)

    assert ["yellow", "orange"] == [each.alerts[told][-1].severity for each in (lived, unpaid)]
    assert [set(), {"disaster-loss"}] == [rules_of(each.states[covered]) & {"disaster-loss"} for each in (lived, unpaid)]
