"""A simulated county: what is sent, and what must be known of it at the end."""

from dataclasses import dataclass, field

from fangfan.case_plants import CASES
from fangfan.pilot_plants import PILOTS
from fangfan.planting import KINDS, Plant
from fangfan.registry_plants import FamilyPlant
from fangfan.sent import Sent
from fangfan.simulated import Household
from streams.topics import Topic


@dataclass(slots=True)
class Simulation:
    """Records in the order of sending; what must be open at the end; what must not though it looks so.

    ``planted`` are the rules that are open at the end by household, of whatever kind of plant; ``shocks``, ``near_misses``,
    ``cases``, ``snoozes``, ``residents`` (of planted villages), ``pilots`` (of the pilot county), ``counted`` (of the county
    whose report is known) and ``families`` (whose entries change, in the order of their roles) say which plant a household is;
    ``areas`` are the area codes of those of ``planted``.
    """

    households: int = 0
    records: list[Sent] = field(default_factory=list)
    planted: dict[str, frozenset[str]] = field(default_factory=dict)
    shocks: dict[str, str] = field(default_factory=dict)
    near_misses: dict[str, str] = field(default_factory=dict)
    cases: dict[str, str] = field(default_factory=dict)
    snoozes: dict[str, str] = field(default_factory=dict)
    residents: dict[str, str] = field(default_factory=dict)
    pilots: dict[str, str] = field(default_factory=dict)
    counted: dict[str, str] = field(default_factory=dict)
    families: dict[str, str] = field(default_factory=dict)
    areas: dict[str, str] = field(default_factory=dict)

    def note(self, plant: Plant, household: Household) -> None:
        """Plant something in a household, and note what must come of it."""
        name = household.household_id
        kinds = (self.shocks, self.near_misses, self.cases, self.snoozes, self.residents, self.pilots, self.counted)
        kinds[KINDS.index(plant.kind)][name] = plant.name
        plant.plant(household)
        self._expect(household, plant.rules)

    def note_family(self, name: str, family: FamilyPlant, households: list[Household]) -> None:
        """Plant something in several households at once."""
        family.plant(households)
        for household, rules in zip(households, family.rules, strict=True):
            self.families[household.household_id] = name
            self._expect(household, rules)

    def _expect(self, household: Household, rules: frozenset[str]) -> None:
        if rules:
            self.planted[household.household_id] = rules
            self.areas[household.household_id] = household.area_code

    def by_time(self) -> list[str]:
        """Return the households of whose cases only time tells."""
        return [household for household, name in self.cases.items() if CASES[name].by_time]

    def told_late(self) -> dict[Topic, list[str]]:
        """Return by topic the households of which something is said though no report comes: by time, or by another policy."""
        open_in_pilot = [household for household in self.pilots if household in self.planted]
        shadowed = self.shadowed()
        found_by_shadow = [household for household in self.pilots if household in shadowed]
        return {Topic.CASES: self.by_time(), Topic.ALERTS: open_in_pilot, Topic.ALERTS_SHADOW: found_by_shadow}

    def shadowed(self) -> dict[str, frozenset[str]]:
        """Return the rules that the shadow policy finds open at the end by household: those planted, and what only it finds."""
        found = {household: PILOTS[name].rules | PILOTS[name].shadow for household, name in self.pilots.items()}
        return self.planted | {household: rules for household, rules in found.items() if rules}

    @property
    def others(self) -> int:
        """How many households nothing is planted in."""
        kinds = (self.near_misses, self.cases, self.snoozes, self.residents, self.pilots, self.counted, self.families)
        return self.households - len(set().union(self.planted, *kinds))
