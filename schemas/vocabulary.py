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


class Transition(StrEnum):
    """What happened to a household's alert (contract §5)."""

    OPENED = "opened"
    ESCALATED = "escalated"
    DEESCALATED = "deescalated"
    UPDATED = "updated"
    CLEARED = "cleared"
