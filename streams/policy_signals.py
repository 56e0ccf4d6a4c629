"""Parameters of the rules on signals (docs/contract-more.md §3): months are whole, shares basis points, money fen."""

import msgspec

from schemas.vocabulary import Severity


class AgedRule(msgspec.Struct, frozen=True):
    """Parameters of a rule with one severity that counts ``months``."""

    enabled: bool
    months: int
    severity: Severity


class Silence(msgspec.Struct, frozen=True):
    """Parameters of ``silence`` (docs/contract-time.md), which a policy must switch on."""

    enabled: bool = False
    months: int = 12
    severity: Severity = "yellow"


class Employment(msgspec.Struct, frozen=True):
    """Parameters of ``employment``: months without work from which it fires, and from which it is orange."""

    enabled: bool
    months: int
    orange_months: int


class Disability(msgspec.Struct, frozen=True):
    """Parameters of ``disability``: how long a grade is new, and how grave each severe grade is."""

    enabled: bool
    new_months: int
    grade_1: Severity
    grade_2: Severity


class SupportWithdrawn(msgspec.Struct, frozen=True):
    """Parameters of ``support-withdrawn``: how long the transition lasts from the household's relief."""

    enabled: bool
    transition_months: int
    severity: Severity


class Accident(msgspec.Struct, frozen=True):
    """Parameters of ``accident``: how long it counts, and how grave each outcome is."""

    enabled: bool
    months: int
    serious: Severity
    disabling: Severity
    fatal: Severity


class ProductionLoss(msgspec.Struct, frozen=True):
    """Parameters of ``production-loss``: shares lost, in basis points."""

    enabled: bool
    fires_from: int
    orange_from: int
    red_from: int


class DisasterLoss(msgspec.Struct, frozen=True):
    """Parameters of ``disaster-loss``: a limit in fen, multiples of it in basis points."""

    enabled: bool
    fires_from: int
    orange_multiple: int
    red_multiple: int


class ClaimReminder(msgspec.Struct, frozen=True):
    """Parameters of ``claim-reminder``: months without a claim, and the share lost from which an incident counts."""

    enabled: bool
    months: int
    lost_from: int
    severity: Severity


class InsuranceGap(msgspec.Struct, frozen=True):
    """Parameters of ``insurance-gap``: the tiers in which full coverage is due."""

    enabled: bool
    tiers: tuple[str, ...]
    severity: Severity


class NewbornCover(msgspec.Struct, frozen=True):
    """Parameters of ``newborn-cover``: from which month after the birth, and until before which."""

    enabled: bool
    months: int
    until_months: int
    severity: Severity


class Petition(msgspec.Struct, frozen=True):
    """Parameters of ``petition``: how grave an open case is, how grave an urgent or old one, and when it is old."""

    enabled: bool
    overdue_months: int
    open: Severity
    overdue: Severity


class MarketSlump(msgspec.Struct, frozen=True):
    """Parameters of ``market-slump``: how long a slump counts, and drops in basis points."""

    enabled: bool
    months: int
    price_from: int
    orange_from: int
    sales_from: int
