"""Households whose entries change in a simulated county: who is told of where, and what stays where it was said."""

from typing import Any

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
        for name in ("a household splits", "two households merge, an alert open", "marries, both entries corrected")
    )  # fmt: skip

    assert 3 == len(told)
    assert {new, grown, his} == {name for name, state in lived.states.items() if known(state.facts) & told}
    assert [1, 1, 1] == [len(known(lived.states[name].facts) & told) for name in (new, grown, his)]


def test_what_was_said_before_stays_where_it_was_said(policy: Policy) -> None:
    simulation = county()
    lived = Lived(simulation, policy)
    old, _ = of(simulation, "a household splits")
    removed, _ = of(simulation, "two households merge, an alert open")

    assert ["not_working", "serious"] == [fact.value for each in lived.states[old].facts.signals for fact in each.facts]  # type: ignore[union-attr] # signals
    assert (None, 2) == (lived.states[removed].facts.registry, len(lived.states[removed].facts.reports))


def test_the_removal_of_an_entry_decides(policy: Policy) -> None:
    """Without it the father would still be looked for in his own household, and that would be poor."""
    simulation = county()
    removed, grown = of(simulation, "two households merge, an alert open")
    (removal,) = (each for each in simulation.records if each.gone)
    assert (removed, None) == (removal.key, removal.payload)
    simulation.records.remove(removal)
    found = found_in(Lived(simulation, policy))

    assert {"housing", "income-line", "employment"} == found.opened[removed]
    assert grown not in found.opened


def test_a_household_that_leaves_by_merge_keeps_its_alert_and_its_members_are_looked_for_elsewhere(policy: Policy) -> None:
    """It opens while the father is registered there; of what is left nobody knows who could work."""
    simulation = county()
    removed, grown = of(simulation, "two households merge, an alert open")
    lived = Lived(simulation, policy)
    first, last, entry = lived.alerts[removed][0], lived.alerts[removed][-1], lived.states[grown].facts.registry
    (father,) = (
        member["person_id"]
        for each in simulation.records
        if each.topic == "households" and each.gone
        for member in each.value["members"][:1]
    )

    assert ("opened", "development") == (first.transition, first.pathway)
    assert ("orange", "unknown", "unknown") == (last.severity, last.category, last.pathway)
    assert last.caused_by.startswith("registry:")
    assert ["housing@1"] == [reason.rule for reason in last.reasons]
    assert entry is not None
    assert father in {member.person_id for member in entry.members}
    assert {father} == {reason.subject for reason in lived.alerts[grown][-1].reasons}


def test_whose_entry_changed_and_how() -> None:
    """Two entries each, of which the newer counts: fewer members, another county."""
    simulation = county()
    entries: dict[str, list[dict[str, Any]]] = {}
    for each in simulation.records:
        if each.topic == "households" and each.key in simulation.families and not each.gone and each.turn == -1:
            entries.setdefault(each.key, []).append(each.value)
    (old, _), (_, bride), (here,), (away,) = (
        of(simulation, name)
        for name in ("a household splits", "marries, both entries corrected", "moves to a key county",
                     "moves away from a key county")
    )  # fmt: skip
    changed = {name: sorted(some, key=lambda each: str(each["updated_at"])) for name, some in entries.items() if len(some) > 1}

    assert {old, bride, here, away} == set(changed)
    assert [2, 1] == [len(first["members"]) - len(last["members"]) for first, last in (changed[old], changed[bride])]
    assert [("140105", "140123"), ("140123", "140105")] == [
        (first["area_code"][:6], last["area_code"][:6]) for first, last in (changed[here], changed[away])
    ]
