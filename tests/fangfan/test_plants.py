"""The plants of a simulated county are alive: what each expects is seen, and would not be without what it plants."""

from fangfan.sent import Sent
from fangfan.truth import Simulation
from streams.policy import Policy
from tests.fangfan.test_planted_stories import county
from tests.fangfan.test_simulation import Lived


def of(planted: dict[str, str], name: str) -> str:
    """Return the household in which something is planted that is planted once."""
    (household,) = (household for household, each in planted.items() if each == name)
    return household


def open_rules(lived: Lived, household: str) -> set[str]:
    thread = lived.states[household].thread
    return {reason.rule.partition("@")[0] for reason in thread.open.reasons} if thread.open is not None else set()


def without(simulation: Simulation, household: str, fact: dict[str, object]) -> Simulation:
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
    assert [set(), {"disaster-loss"}] == [open_rules(each, covered) & {"disaster-loss"} for each in (lived, unpaid)]
