"""policy: rules as data. A Policy holds the parameters of every rule, overlaid province -> tier -> county once, at load."""

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final, Literal

import msgspec

from schemas.vocabulary import Severity
from streams.policy_areas import ScaleRisk
from streams.policy_cases import CaseRules, NoiseRules
from streams.policy_measures import NO_MEASURES, Measures
from streams.policy_signals import (
    Accident,
    AgedRule,
    ClaimReminder,
    Disability,
    DisasterLoss,
    Employment,
    InsuranceGap,
    MarketSlump,
    NewbornCover,
    Petition,
    ProductionLoss,
    Silence,
    SupportWithdrawn,
)

BP: Final = 10_000
"""Shares and multiples are whole basis points: 8000 = 0.8."""

Tier = Literal["leading", "consolidating", "key"]
TIERS: Final[tuple[Tier, ...]] = ("leading", "consolidating", "key")


class Line(msgspec.Struct, frozen=True):
    """An income line of ``amount`` fen per head and year, in force from the ordinal day ``start`` on."""

    start: int
    amount: int


class IncomeLine(msgspec.Struct, frozen=True):
    """Parameters of ``income-line``; ``yellow_from`` and ``orange_from`` are ratios to the line in basis points."""

    enabled: bool
    operator: Literal["<", "<="]
    lines: tuple[Line, ...]
    yellow_from: int
    orange_from: int


class IncomeDrop(msgspec.Struct, frozen=True):
    """Parameters of ``income-drop``: shares of the earlier income, in basis points."""

    enabled: bool
    fires_from: int
    orange_from: int


class PolicyDependence(msgspec.Struct, frozen=True):
    """Parameters of ``policy-dependence``, in basis points."""

    enabled: bool
    share_from: int
    line_multiple: int


class ExpenditureShock(msgspec.Struct, frozen=True):
    """Parameters of ``expenditure-shock``: limits in fen, multiples in basis points."""

    enabled: bool
    relieved: int
    general: int
    orange_multiple: int
    red_multiple: int


class IndicatorRule(msgspec.Struct, frozen=True):
    """Parameters of a rule that asks one indicator."""

    enabled: bool
    severity: Severity


class Housing(msgspec.Struct, frozen=True):
    """Parameters of ``housing``: how grave each bad grade is."""

    enabled: bool
    grade_c: Severity
    grade_d: Severity


class Working(msgspec.Struct, frozen=True):
    """Ages in years, inclusive, at which labour counts for the pathway."""

    age_from: int
    age_to: int


class Verification(msgspec.Struct, frozen=True):
    """How many Chinese working days a lead may wait for its visit."""

    working_days: int


GUARANTEES: Final = ("food", "clothing", "schooling", "medical-cover", "housing", "water")
"""The two worries and three guarantees, and water, by the names of their rules."""


class Parameters(msgspec.Struct, frozen=True, dict=True):
    """Everything a county's households are judged by."""

    income_line: IncomeLine
    income_drop: IncomeDrop
    policy_dependence: PolicyDependence
    expenditure_shock: ExpenditureShock
    food: IndicatorRule
    clothing: IndicatorRule
    schooling: IndicatorRule
    medical_cover: IndicatorRule
    housing: Housing
    water: IndicatorRule
    employment: Employment
    skills_stall: AgedRule
    disability: Disability
    new_relief: AgedRule
    support_withdrawn: SupportWithdrawn
    accident: Accident
    production_loss: ProductionLoss
    disaster_loss: DisasterLoss
    claim_reminder: ClaimReminder
    insurance_gap: InsuranceGap
    deceased_paid: IndicatorRule
    bereavement: AgedRule
    registration: AgedRule
    newborn_cover: NewbornCover
    petition: Petition
    market_slump: MarketSlump
    project_asset: AgedRule
    dividend: AgedRule
    working: Working
    verification: Verification
    cases: CaseRules
    noise: NoiseRules = NoiseRules()
    scale_risk: ScaleRisk = ScaleRisk()
    silence: Silence = Silence()

    @cached_property
    def plans(self) -> dict[frozenset[str], Any]:
        """Where :mod:`streams.assess` keeps what it asks of these rules, worked out once for every set of rules."""
        return {}


class County(msgspec.Struct, frozen=True):
    """A county-level unit by its six-digit code."""

    code: str
    zh: str
    en: str
    prefecture: str
    tier: Tier


class Policy(msgspec.Struct, frozen=True, dict=True):
    """One version of a province's policy. ``of_county`` holds counties whose parameters differ by tier or county.

    ``mark`` is a checksum of the province's parameters and of the versions of the rules, ``marks`` of those in ``of_county``:
    another mark, other answers perhaps. ``national_income`` is what reports compare incomes a head with; no rule asks it.
    ``measures`` answer nothing either: they say what may be done.
    """

    id: str
    version: str
    province: Parameters
    counties: Mapping[str, County]
    of_county: Mapping[str, Parameters]
    mark: int
    marks: Mapping[str, int] = {}
    national_income: tuple[Line, ...] = ()
    measures: Measures = NO_MEASURES

    @property
    def label(self) -> str:
        """The form in which alerts name it: ``id@version``."""
        return f"{self.id}@{self.version}"

    def tier(self, county_code: str) -> str:
        """Return a county's tier, ``unknown`` for a county the policy does not list."""
        county = self.counties.get(county_code)
        return county.tier if county is not None else "unknown"

    def parameters(self, county_code: str) -> Parameters:
        """Return what the households of a county are judged by."""
        return self.of_county.get(county_code, self.province)

    def all_parameters(self) -> Iterable[Parameters]:
        """Return the province's parameters and those of every county that has others."""
        return self.province, *self.of_county.values()

    def mark_of(self, county_code: str) -> int:
        """Return the mark of what the households of a county are judged by: equal marks, equal answers."""
        return self.marks.get(county_code, self.mark)

    def court(self, county_code: str) -> tuple[Parameters, str, int]:
        """Return what the households of a county are judged by, the county's tier, and its mark, all at once."""
        found = self._courts.get(county_code)
        if found is None:
            found = self.parameters(county_code), self.tier(county_code), self.mark_of(county_code)
            if county_code in self.counties:  # what else a report may name has no end
                self._courts[county_code] = found
        return found

    @cached_property
    def _courts(self) -> dict[str, tuple[Parameters, str, int]]:
        return {}

    @property
    def newest(self) -> "Policy":
        """Itself: no other takes effect after it."""
        return self

    def of(self, as_of: int | None) -> "Policy":
        """Return itself: a policy alone judges at every clock, as one of many versions does at some."""
        return self

    def next_after(self, day: int) -> int | None:
        """Return None: no other version takes effect."""
        return None


def line_at(parameters: Parameters, day: int) -> Line | None:
    """Return the income line in force on an ordinal day, None before the first one."""
    return in_force(parameters.income_line.lines, day)


def in_force(lines: Iterable[Line], day: int) -> Line | None:
    """Return the last of some lines that began by an ordinal day, None before the first one."""
    found: Line | None = None
    for line in lines:
        if line.start <= day and (found is None or line.start > found.start):
            found = line
    return found


def is_below(rule: IncomeLine, reference: int, line: Line) -> bool:
    """Tell whether an income per head in fen lies under a line, by the operator of the policy."""
    return reference <= line.amount if rule.operator == "<=" else reference < line.amount
