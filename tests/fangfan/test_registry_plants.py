"""Households whose entries change in a simulated county: who is told of where, and what stays where it was said."""

from fangfan.registry_plants import FAMILIES
from fangfan.truth import Simulation
from schemas.household import Facts
from streams.policy import Policy
from tests.fangfan.test_planted_stories import county, found_in
from tests.fangfan.test_simulation import Lived


def of(simulation: Simulation, name: str) -> list[str]:
    return [household for household, each in simulation.families.items() if each == name]


def known(facts: Facts) -> set[str]:
    return {each.event_id for each in (*facts.reports, *facts.signals)}


def test_everybody_is_told_of_in_the_one_household_that_names_them(policy: Policy) -> None:
    """Of the split, the merge and the marriage the labour office knew the person alone."""
    simulation = county()
    lived = Lived(simulation, policy)
    told = {
        each.value["event_id"]
        for each in simulation.records
        if each.topic == "department-feeds" and each.turn == 1 and each.value["household_id"] is None
    }
    (_, new), (_, grown), (his, _) = (
        of(simulation, name)
        for name in ("a household splits", "two households merge", "marries, both entries corrected")
    )  # fmt: skip

    assert 3 == len(told)
    assert {new, grown, his} == {name for name, state in lived.states.items() if known(state.facts) & told}
    assert [1, 1, 1] == [len(known(lived.states[name].facts) & told) for name in (new, grown, his)]


def test_what_was_said_before_stays_where_it_was_said(policy: Policy) -> None:
    simulation = county()
    lived = Lived(simulation, policy)
    old, _ = of(simulation, "a household splits")
    removed, _ = of(simulation, "two households merge")

    assert ["not_working"] == [fact.value for each in lived.states[old].facts.signals for fact in each.facts]  # type: ignore[union-attr] # signals
    assert (None, 1) == (lived.states[removed].facts.registry, len(lived.states[removed].facts.reports))


def test_the_removal_of_an_entry_decides(policy: Policy) -> None:
    """Without it the father would still be looked for in his own household, and that would be poor."""
    simulation = county()
    removed, grown = of(simulation, "two households merge")
    (removal,) = (each for each in simulation.records if each.gone)
    assert (removed, None) == (removal.key, removal.payload)
    simulation.records.remove(removal)
    found = found_in(Lived(simulation, policy))

    assert {"income-line", "employment"} == found.opened[removed]
    assert grown not in found.opened


def test_each_entry_of_before_decides_nothing_any_more(policy: Policy) -> None:
    """It is there, it differs, and it is older than what counts."""
    simulation = county()
    for name in FAMILIES:
        for household in of(simulation, name):
            entries = [each.value for each in simulation.records if each.topic == "households" and each.key == household]
            whole = sorted({(each["updated_at"], each["area_code"], len(each["members"])) for each in entries})
            assert whole[-1][1:] == (simulation.areas.get(household, whole[-1][1]), whole[-1][2])
            assert len({each[1:] for each in whole}) == len(whole)
