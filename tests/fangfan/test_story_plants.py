"""Cases, snoozes, villages and changed entries of a simulated county are alive: without a part each would stand otherwise."""

from collections.abc import Callable

import pytest

from fangfan.area_plants import VILLAGES, Resident
from fangfan.case_plants import CASES
from fangfan.demo_found import AreaFound, Found
from fangfan.demo_verdict import case_good
from fangfan.planting import Plant
from fangfan.registry_plants import FAMILIES
from fangfan.report_plants import COUNTED
from fangfan.sent import Sent
from fangfan.simulated import Household
from fangfan.simulation import Simulator
from fangfan.snooze_plants import SNOOZES
from fangfan.truth import Simulation
from streams.policy import Policy
from tests.fangfan.test_planted_stories import county, found_in
from tests.fangfan.test_plants import after, drafted, shorter
from tests.fangfan.test_simulation import NOW, Lived

SCENE = {
    "from lead to removal, watched": {0, 12},
    "removed once the well was good, a call open": {1, 3},
    "relapse beside a call open at the removal": {0, 1, 2, 3},
    "relapse by a call that grew graver": {0, 1, 2, 3},
    "removal rolled back": {3},
    "not removed on 5,000 yuan": {3},
    "not removed without labour": {3},
    "removed once the tuition was paid": {4},
    "not removed, nothing known of the well": {2},
    "objection to a removal": {3},
    "registered again after a relapse": {0, 1, 2, 3, 5},
}
"""Reports that only set the scene: the lead, the last wages of a household that earned enough before, how well all
was where a case stands as removed, and of one that is entered anew why. None of them is a step.
"""


def lived_in(policy: Policy, monkeypatch: pytest.MonkeyPatch, plants: list[Plant]) -> tuple[Simulation, Found]:
    """Live a county where nothing else is planted."""
    monkeypatch.setattr("fangfan.simulation.plants", lambda _: plants)
    simulation = Simulator(len(plants), 0, 3, NOW).run()
    return simulation, found_in(Lived(simulation, policy))


def test_every_step_of_a_case_matters(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the case would stand elsewhere, for another reason, or late; so it is with most of what is said beside."""
    idle: dict[str, set[int]] = {}
    for name, case in CASES.items():
        drafts = range(len(drafted(case.plant).reports))
        less = [Plant("case", name, case.rules, shorter(case.plant, "reports", at)) for at in drafts]
        simulation, found = lived_in(policy, monkeypatch, less)
        for at, household in zip(drafts, simulation.cases, strict=True):
            if case_good(household, name, found):
                idle.setdefault(name, set()).add(at)

    assert SCENE == idle
    assert not [
        fact
        for name, some in SCENE.items()
        for at in some
        for fact in drafted(CASES[name].plant).reports[at][2]
        if fact["type"] == "case_step"
    ]


def unsnoozed(household: Household) -> None:
    """Put nobody to sleep."""
    for channel, source, facts, more in list(household.reports):
        awake = [fact for fact in facts if fact["type"] != "snooze"]
        household.reports.remove((channel, source, facts, more))
        household.reports += [(channel, source, awake, more)] if awake else []


def test_without_its_snooze_a_household_would_be_heard_of_otherwise(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    awake = [Plant("snooze", name, each.rules, after(each.plant, unsnoozed)) for name, each in SNOOZES.items()]
    simulation, found = lived_in(policy, monkeypatch, awake)

    assert set(SNOOZES) == set(simulation.snoozes.values())
    for household, name in simulation.snoozes.items():
        heard = (found.opened.get(household, frozenset()), household in found.asleep, household in found.woken)
        planted = SNOOZES[name]
        assert (planted.rules, planted.asleep, planted.woken) != heard, name


@pytest.mark.parametrize("name", VILLAGES)
def test_a_village_is_at_risk_by_each_of_its_households(policy: Policy, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """With one fewer of those that are hit something else is said of it, or nothing; where it is spared, one more decides."""
    village, residents = VILLAGES[name], list(VILLAGES[name].residents)

    def said_of(*some: Resident) -> tuple[int, tuple[str, ...]]:
        found = lived_in(policy, monkeypatch, [Plant("resident", name, each.rules, each.plant) for each in some])[1]
        times, because, *_ = found.areas.get(village.village, AreaFound(0, (), frozenset()))
        return times, because

    at_risk = bool(village.because or village.cleared)
    hit = [at for at, each in enumerate(residents) if each.rules or village.cleared]
    others = [residents[:at] + residents[at + 1 :] for at in hit] if at_risk else [[*residents, residents[0]]]

    assert (int(at_risk), village.because) == said_of(*residents)
    assert (int(at_risk), village.because) not in [said_of(*some) for some in others]


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_told_of_so_because_its_entries_changed(policy: Policy, name: str) -> None:
    """Without any one of the last entries of its households, or the removal of one, somebody would be told of otherwise."""
    simulation = county(events=0)
    records = simulation.records
    family = {household for household, each in simulation.families.items() if each == name}
    last: dict[str, Sent] = {}
    for each in sorted(records, key=lambda each: (str(each.value.get("updated_at", "")), each.gone)):
        if each.topic == "households" and each.key in family:
            last[each.key] = each

    assert family == set(last)
    for household, entry in last.items():
        simulation.records = [each for each in records if each != entry]
        opened = found_in(Lived(simulation, policy)).opened
        assert any(simulation.planted.get(each) != opened.get(each) for each in family), household


BESIDE = {
    "left the county this year": {0},
    "unsafe water, visited and in need": {2},
    "unsafe water, visited before and after": {1},
}
"""What must not count: work in the home county, a second visit, and one before there was a lead."""


def test_every_report_of_a_household_that_is_counted_matters(policy: Policy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it a report would count it otherwise, or another alert would be open; so it is not with what is beside it."""
    idle: dict[str, set[int]] = {}

    def counted(name: str, plant: Callable[[Household], None]) -> tuple[dict[str, int], frozenset[str]]:
        _, found = lived_in(policy, monkeypatch, [Plant("counted", name, COUNTED[name].rules, plant)])
        return found.counts, next(iter(found.opened.values()), frozenset())

    for name, each in COUNTED.items():
        planted = {what: count for what, count in each.counts.items() if count}, each.rules
        assert planted == counted(name, each.plant), name
        for at in range(len(drafted(each.plant).reports)):
            if planted == counted(name, shorter(each.plant, "reports", at)):
                idle.setdefault(name, set()).add(at)

    assert BESIDE == idle
