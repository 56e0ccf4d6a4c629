"""Whether what was found is what was planted: all of it, and nothing else."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from fangfan.area_plants import VILLAGES, crowded
from fangfan.case_plants import CASES
from fangfan.demo_found import Found
from fangfan.pilot_plants import PILOTS, VILLAGE
from fangfan.registry_plants import FAMILIES
from fangfan.report_plants import COUNTED, planted_counts
from fangfan.snooze_plants import SNOOZES
from fangfan.truth import Simulation
from streams.scale_risk import areas_of


class Place(NamedTuple):
    """A planted village or township: the village's name, its digits, why it must be at risk (empty: must not), of whom.

    ``residents`` are all who may ever be named there, ``members`` those who must be at the end. ``cleared``: it was at risk
    before.
    """

    name: str
    area: str
    because: tuple[str, ...]
    residents: frozenset[str]
    members: frozenset[str]
    cleared: bool


def places(simulation: Simulation) -> Iterator[Place]:
    """Yield the planted villages, each with its township; none where no village was planted."""
    for name, village in VILLAGES.items() if simulation.residents else ():
        residents = frozenset(household for household, each in simulation.residents.items() if each == name)
        members = residents.intersection(simulation.planted)
        for area, because in zip(areas_of(village.village), (village.because, village.township_because), strict=True):
            yield Place(name, area, because, residents, members, village.cleared)


def case_good(household: str, name: str, found: Found) -> bool:
    """Tell whether a household's case stands as planted, with its help, and that is open of the household which must be."""
    case = CASES[name]
    if case.helped is not None and found.helped.get(household) != case.helped:
        return False
    return found.cases.get(household) == case.truth and found.opened.get(household, frozenset()) == case.rules


def snooze_good(household: str, name: str, found: Found) -> bool:
    """Tell whether a household was told of as its snooze lets it be: not at all, under it, or after it."""
    plant = SNOOZES[name]
    said = (household in found.heard, household in found.asleep, household in found.woken)
    return said == (bool(plant.rules), plant.asleep, plant.woken)


def family_good(households: Sequence[str], name: str, found: Found) -> bool:
    """Tell whether of all households whose entries changed together that is open which must be."""
    return tuple(found.opened.get(household, frozenset()) for household in households) == FAMILIES[name].rules


def place_good(place: Place, found: Found) -> bool:
    """Tell whether a place's one alert is open as planted; of one that must not be at risk nothing was ever said.

    One that was at risk may say nothing either: where a worker takes in at once what made it so and what ended it.
    """
    said = found.areas.get(place.area)
    if place.cleared:
        return said is None or (said.times, said.because) == (1, ())
    if said is None or not place.because:
        return said is None and not place.because
    return (said.times, said.because, said.members) == (1, place.because, place.members) and said.named <= place.residents


def pilot_good(household: str, name: str, found: Found) -> bool:
    """Tell whether exactly what must be was published of a household of the pilot county, and its department is heard of so."""
    plant = PILOTS[name]
    said = (found.opened.get(household, frozenset()), found.said.get(household, ()))
    return said == (plant.rules, plant.said) and (plant.feed is None or found.feeds.get(plant.feed) == plant.silent)


def shadow_good(simulation: Simulation, found: Found) -> bool:
    """Tell whether the shadow policy found all that is planted, what only it finds, and nothing else."""
    return found.shadow == simulation.shadowed()


def feeds_good(simulation: Simulation, found: Found) -> bool:
    """Tell whether in the pilot county no other departments were heard of, nor more silent, than planted."""
    planted = [PILOTS[name] for name in simulation.pilots.values()]
    return found.feeds == {plant.feed: plant.silent for plant in planted if plant.feed is not None}


def waiting_good(simulation: Simulation, found: Found) -> bool:
    """Tell of how many households of the pilot county something is withheld: of as many as planted."""
    return found.waiting == sum(PILOTS[name].waits for name in simulation.pilots.values())


def counted_good(household: str, name: str, found: Found) -> bool:
    """Tell whether of a household of whom a report counts something that is open which must be."""
    return found.opened.get(household, frozenset()) == COUNTED[name].rules


def counts_good(simulation: Simulation, found: Found) -> bool:
    """Tell whether a report counts in their county exactly what is planted."""
    return found.counts == planted_counts(simulation.counted.values())


def trial_places(simulation: Simulation) -> tuple[Place, ...]:
    """Return the village of the pilot county that is at risk by its share, and its township; nothing if none is planted."""
    residents = frozenset(household for household, name in simulation.pilots.items() if PILOTS[name].together)
    members = residents.intersection(simulation.planted)
    areas = areas_of(VILLAGE) if residents else ()
    return tuple(Place("half of a village", area, ("share",), residents, members, cleared=False) for area in areas)


def surprises(simulation: Simulation, found: Found) -> list[str]:
    """Say of whom and where something was found that nobody planted."""
    known = set().union(
        simulation.planted, simulation.near_misses, simulation.snoozes, simulation.pilots, simulation.counted
    )  # fmt: skip
    told = set(simulation.cases) | set(simulation.counted)  # a visit begins a case, a missed one is overdue
    lines = [f"{each}: {', '.join(sorted(found.opened[each]))}" for each in sorted(set(found.opened) - known)]
    lines += [f"{each}: case 个案 {found.cases[each].stage}" for each in sorted(set(found.cases) - told)]
    full = crowded((area, simulation.planted[household]) for household, area in simulation.areas.items())
    full |= {place.area for place in trial_places(simulation)}
    return lines + [f"{area}: {', '.join(found.areas[area].because)}" for area in sorted(set(found.at_risk()) - full)]


def as_planted(simulation: Simulation, found: Found) -> bool:
    """Tell whether all planted was found and nothing else."""
    return (
        found.opened == simulation.planted
        and not surprises(simulation, found)
        and all(case_good(household, name, found) for household, name in simulation.cases.items())
        and all(snooze_good(household, name, found) for household, name in simulation.snoozes.items())
        and all(place_good(place, found) for place in places(simulation))
        and (not simulation.counted or counts_good(simulation, found))
        and (not simulation.pilots or _trial_good(simulation, found))
    )


def _trial_good(simulation: Simulation, found: Found) -> bool:
    """Tell whether the pilot county stands as planted: its households, the shadow, feeds, what waits."""
    return (
        all(pilot_good(household, name, found) for household, name in simulation.pilots.items())
        and shadow_good(simulation, found)
        and feeds_good(simulation, found)
        and waiting_good(simulation, found)
        and all(place_good(place, found) for place in trial_places(simulation))
    )
