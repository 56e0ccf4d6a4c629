"""The closed sets of words that appear on topics, in tables, in metrics and in texts."""

from enum import StrEnum
from typing import Final, Literal

Channel = Literal["declaration", "cadre", "department"]
CHANNELS: Final[tuple[Channel, ...]] = ("declaration", "cadre", "department")
"""In the order of their rank: of two facts of one instant, the later channel's counts as newer (contract §3.2)."""

Severity = Literal["blue", "yellow", "orange", "red"]
SEVERITIES: Final[tuple[Severity, ...]] = ("blue", "yellow", "orange", "red")
"""From the mildest to the gravest (contract §4)."""

Component = Literal["wage", "business", "property", "transfer"]
COMPONENTS: Final[tuple[Component, ...]] = ("wage", "business", "property", "transfer")
SIGNED_COMPONENTS: Final = frozenset({"business", "property"})
"""Only these may be negative (contract §3)."""

Category = Literal["sudden", "unstable", "marginal", "unknown"]
Pathway = Literal["development", "security", "unknown"]
IndicatorKind = Literal["food", "clothing", "schooling", "medical_cover", "housing", "water"]
SpendingCategory = Literal["medical", "education", "housing", "disaster", "other"]
ClaimKind = Literal["medical", "price", "disaster", "accident", "other"]
Stage = Literal["compulsory", "senior", "vocational", "higher"]
Status = Literal["attending", "dropout", "suspended", "graduated"]
Grade = Literal["A", "B", "C", "D"]
Labour = Literal["full", "partial", "none"]
HouseholdStatus = Literal["general", "relieved"]
DeclarationSource = Literal["app", "hotline", "window", "proxy"]
Department = Literal[
    "medical-insurance", "health", "education", "housing", "water", "human-resources", "civil-affairs",
    "disabled-federation", "emergency", "public-security", "agriculture", "market-regulation", "commerce",
    "rural-revitalization", "insurance", "petitions",
]  # fmt: skip

SignalKind = Literal[
    "employment", "skills", "disability", "support", "loss", "cover", "accident", "membership", "petition", "grows", "market",
    "asset_link", "asset_status", "dividend", "snooze",
]  # fmt: skip
"""Facts of which the newest of a key counts (docs/contract-more.md §1)."""
EmploymentStatus = Literal["working", "not_working", "seeking", "unable", "retired"]
WorkPlace = Literal["county", "province", "outside"]
"""Where a person works: in the home county, elsewhere in the province, or outside of it."""
SkillsStep = Literal["filed", "trained", "assessed", "certified", "placed", "left"]
DisabilityGrade = Literal["none", "1", "2", "3", "4"]
MeasureCode = Literal[
    "industry", "employment", "micro_credit", "public_post", "training", "consumption", "dibao", "destitute",
    "temporary_relief", "medical_aid", "education_aid", "school_return", "housing_repair", "water_works", "relocation",
    "infrastructure", "insurance", "care", "other",
]  # fmt: skip
"""Assistance measures, and the kinds of support that are given."""
SupportStatus = Literal["granted", "ended", "withdrawn"]
Hazard = Literal[
    "drought", "flood", "hail", "frost", "wind", "earthquake", "landslide", "fire", "pest", "epidemic", "other"
]  # fmt: skip
LossObject = Literal["crop", "livestock", "facility", "house", "other"]
CoverKind = Literal["price", "disaster", "accident"]
AccidentKind = Literal["traffic", "work", "fire", "drowning", "fall", "other"]
Outcome = Literal["minor", "serious", "disabling", "fatal"]
MembershipStatus = Literal["joined", "left"]
MembershipCause = Literal["birth", "death", "marriage", "divorce", "split", "merge", "move", "other"]
PetitionCategory = Literal[
    "income", "food", "housing", "water", "education", "medical", "employment", "support", "land", "disaster", "other"
]  # fmt: skip
PetitionStatus = Literal["open", "answered", "closed"]
Product = Literal[
    "millet", "maize", "wheat", "sorghum", "oats", "buckwheat", "beans", "potato", "vegetables", "mushrooms", "apple", "pear",
    "jujube", "walnut", "apricot", "grape", "herbs", "sunflower", "pig", "sheep", "cattle", "donkey", "chicken", "bees", "fish",
    "other",
]  # fmt: skip
MarketMeasure = Literal["price", "sales"]
AssetKind = Literal["photovoltaic", "industry", "workshop", "greenhouse", "breeding", "other"]
AssetStatus = Literal["running", "outage", "idle"]
DividendStatus = Literal["paid", "unpaid"]
SnoozeReason = Literal["visited", "being_helped", "seasonal", "disputed", "other"]
WithheldBy = Literal["snooze", "window"]
"""Why a transition waits (docs/contract-noise.md)."""


AreaLevel = Literal["village", "township"]
AreaTransition = Literal["opened", "updated", "cleared"]
RiskCause = Literal["households", "share", "disaster", "market"]
RISK_CAUSES: Final[tuple[RiskCause, ...]] = ("households", "share", "disaster", "market")
"""Why an area is at risk (docs/contract-area-alerts.md)."""


class Transition(StrEnum):
    """What happened to a household's alert (contract §5)."""

    OPENED = "opened"
    ESCALATED = "escalated"
    DEESCALATED = "deescalated"
    UPDATED = "updated"
    CLEARED = "cleared"
