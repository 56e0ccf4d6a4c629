"""What a report counts, by name, and the counts of one place (docs/contract-report.md, "What is counted")."""

from collections import Counter
from typing import Final

from schemas.vocabulary import CHANNELS, SEVERITIES, AreaLevel
from streams.ledger import divide_half_even
from streams.policy import BP
from streams.rules import RULES as EVERY
from streams.rules import name_of

CATEGORIES: Final = ("sudden", "unstable", "marginal", "unknown")
RULES: Final = tuple(f"rule_{name}" for name in EVERY)
LEADS: Final = ("leads", *(f"leads_{name}" for name in CHANNELS), *(f"leads_alone_{name}" for name in CHANNELS))
PLURAL: Final[dict[AreaLevel, str]] = {"village": "villages", "township": "townships"}
AREAS: Final = tuple(
    f"{what}_{places}{severity}" for what in ("open", "opened") for places in PLURAL.values()
    for severity in ("", *(f"_{name}" for name in SEVERITIES))
)  # fmt: skip
OVERDUE: Final = ("overdue_verify", "overdue_finish", "overdue_settle")
MIGRANTS: Final = (
    "migrants", "migrants_before", "migrants_share", "migrants_outside", "migrants_outside_before", "migrants_outside_share",
)  # fmt: skip
BY_CHANNEL: Final = tuple(f"{what}_{name}" for what in ("reported", "conflicting", "conflict_share") for name in CHANNELS)
MEASURES: Final = (
    "households", "open", *(f"open_{name}" for name in SEVERITIES), *CATEGORIES, "overdue", *RULES, *LEADS, "reported",
    "determined", "undetermined_share", "dependent", "dependent_share", "median_income", "of_province", "of_nation",
    "conflicting", "conflict_share", "silent", "silent_share", *AREAS, *OVERDUE, *MIGRANTS, "snoozed", "withheld",
    *BY_CHANNEL,
)  # fmt: skip
SHARES: Final = {
    "dependent_share": ("dependent", "determined"), "conflict_share": ("conflicting", "reported"),
    "silent_share": ("silent", "households"),
    "migrants_share": ("migrants", "migrants_before"),
    "migrants_outside_share": ("migrants_outside", "migrants_outside_before"),
    **{f"conflict_share_{name}": (f"conflicting_{name}", f"reported_{name}") for name in CHANNELS},
}  # fmt: skip
"""What a share is of what; that of the undetermined is what is left of the determined."""
_ORDER: Final = {name: place for place, name in enumerate(EVERY)}


class Row:
    """The counts of one place, and the reference incomes (fen a head) of its determined households."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.counts: Counter[str] = Counter()
        self.incomes: list[int] = []

    def merge(self, other: "Row") -> None:
        """Add the counts of other households."""
        self.counts.update(other.counts)
        self.incomes += other.incomes

    def share(self, name: str) -> int | None:
        """Return a share in basis points, half to even; None of nothing."""
        if name == "undetermined_share":
            return share(self.counts["reported"] - self.counts["determined"], self.counts["reported"])
        part, whole = SHARES[name]
        return share(self.counts[part], self.counts[whole])

    @property
    def judged(self) -> list[str]:
        """The rules that stand behind leads, as ``rule@version``, in the order of the alert's and of their versions."""
        found = (name.removeprefix("verified_") for name in self.counts if name.startswith("verified_"))
        return sorted(found, key=lambda rule: (_ORDER.get(name_of(rule), len(_ORDER)), len(rule), rule))

    def precision(self, rule: str) -> int | None:
        """Return the share of verified leads of a rule (``rule@version``) that a visit confirmed, in basis points."""
        return share(self.counts[f"confirmed_{rule}"], self.counts[f"verified_{rule}"])

    @property
    def median(self) -> int | None:
        """The median reference income in fen, None where none is determined."""
        return median(self.incomes)


def median(values: list[int]) -> int | None:
    """Return the middle one; of an even number the mean of the two in the middle, half to even."""
    if not values:
        return None
    ordered, middle = sorted(values), len(values) // 2
    return ordered[middle] if len(values) % 2 else divide_half_even(ordered[middle - 1] + ordered[middle], 2)


def share(part: int, whole: int) -> int | None:
    """Return a part in basis points of a whole, half to even; None of nothing."""
    return divide_half_even(part * BP, whole) if whole > 0 else None
