"""What each key of a policy may hold, and how it is read."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from schemas.vocabulary import SEVERITIES
from streams.policy import (
    BP,
    ExpenditureShock,
    Housing,
    IncomeDrop,
    IncomeLine,
    IndicatorRule,
    PolicyDependence,
    Verification,
    Working,
)
from streams.policy_areas import ScaleRisk
from streams.policy_cases import CaseRules, NoiseRules
from streams.policy_readers import (
    Reader,
    between,
    read_flag,
    read_guarantees,
    read_lines,
    read_multiple,
    read_share,
    read_share_or_none,
    read_tiers,
    read_yuan,
    word,
)
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

_SEVERITY = word(*SEVERITIES)
_MONTHS = between(0, 36)
"""A report counts for 36 months; what is older cannot be asked."""
_COUNT: Final = between(1, 100_000)
_NEW: Final = between(1, 36)
_INDICATOR: Final[Mapping[str, Reader]] = {"enabled": read_flag, "severity": _SEVERITY}
_AGED: Final[Mapping[str, Reader]] = {"enabled": read_flag, "months": _MONTHS, "severity": _SEVERITY}
SHAPES: Final[Mapping[str, tuple[type, Mapping[str, Reader]]]] = {
    "income-line": (
        IncomeLine,
        {
            "enabled": read_flag, "operator": word("<", "<="), "lines": read_lines, "yellow-from": read_share,
            "orange-from": read_share,
        },
    ),
    "income-drop": (IncomeDrop, {"enabled": read_flag, "fires-from": read_share, "orange-from": read_share}),
    "policy-dependence": (PolicyDependence, {"enabled": read_flag, "share-from": read_share, "line-multiple": read_multiple}),
    "expenditure-shock": (
        ExpenditureShock,
        {
            "enabled": read_flag, "relieved": read_yuan, "general": read_yuan,
            "orange-multiple": read_multiple, "red-multiple": read_multiple,
        },
    ),
    "food": (IndicatorRule, _INDICATOR),
    "clothing": (IndicatorRule, _INDICATOR),
    "schooling": (IndicatorRule, _INDICATOR),
    "medical-cover": (IndicatorRule, _INDICATOR),
    "housing": (Housing, {"enabled": read_flag, "grade-c": _SEVERITY, "grade-d": _SEVERITY}),
    "water": (IndicatorRule, _INDICATOR),
    "employment": (Employment, {"enabled": read_flag, "months": _MONTHS, "orange-months": _MONTHS}),
    "skills-stall": (AgedRule, _AGED),
    "disability": (Disability, {"enabled": read_flag, "new-months": _NEW, "grade-1": _SEVERITY, "grade-2": _SEVERITY}),
    "new-relief": (AgedRule, {**_AGED, "months": _NEW}),
    "support-withdrawn": (
        SupportWithdrawn,
        {"enabled": read_flag, "transition-months": between(1, 240), "severity": _SEVERITY},
    ),
    "accident": (
        Accident,
        {"enabled": read_flag, "months": _NEW, "serious": _SEVERITY, "disabling": _SEVERITY, "fatal": _SEVERITY},
    ),
    "production-loss": (
        ProductionLoss,
        {"enabled": read_flag, "fires-from": read_share, "orange-from": read_share, "red-from": read_share},
    ),
    "disaster-loss": (
        DisasterLoss,
        {"enabled": read_flag, "fires-from": read_yuan, "orange-multiple": read_multiple, "red-multiple": read_multiple},
    ),
    "claim-reminder": (
        ClaimReminder,
        {"enabled": read_flag, "months": between(0, 11), "lost-from": read_share, "severity": _SEVERITY},
    ),
    "insurance-gap": (InsuranceGap, {"enabled": read_flag, "tiers": read_tiers, "severity": _SEVERITY}),
    "deceased-paid": (IndicatorRule, _INDICATOR),
    "bereavement": (AgedRule, {**_AGED, "months": _NEW}),
    "registration": (AgedRule, _AGED),
    "newborn-cover": (
        NewbornCover,
        {"enabled": read_flag, "months": _MONTHS, "until-months": _NEW, "severity": _SEVERITY},
    ),
    "petition": (
        Petition,
        {"enabled": read_flag, "overdue-months": _MONTHS, "open": _SEVERITY, "overdue": _SEVERITY},
    ),
    "market-slump": (
        MarketSlump,
        {"enabled": read_flag, "months": _NEW, "price-from": read_share, "orange-from": read_share, "sales-from": read_share},
    ),
    "project-asset": (AgedRule, _AGED),
    "dividend": (AgedRule, _AGED),
    "working": (Working, {"age-from": between(0, 120), "age-to": between(0, 120)}),
    "verification": (Verification, {"working-days": between(1, 250)}),
    "cases": (
        CaseRules,
        {
            "notice-days": between(1, 250), "finish-days": between(1, 250), "settle-days": between(1, 250),
            "watch-months": between(1, 36), "income-months": between(1, 12), "without-labour": read_flag,
            "known-good": read_guarantees,
        },
    ),
    "noise": (NoiseRules, {"window-days": between(0, 366), "snooze-days": between(0, 366)}),
    "silence": (Silence, {**_AGED, "months": _NEW}),
    "scale-risk": (
        ScaleRisk,
        {
            "enabled": read_flag, "window-days": between(1, 366), "village-households": _COUNT, "township-households": _COUNT,
            "event-households": _COUNT, "share": read_share_or_none, "share-households": _COUNT,
        },
    ),
}  # fmt: skip
"""Every table of ``[rules]``, its struct and its keys: what is not here is refused."""
OPTIONAL: Final = frozenset({"noise", "scale-risk", "silence"})
"""Tables that a policy may leave out, whole or in part: what is not said has the default of the struct."""
OPTIONAL_KEYS: Final = frozenset({("cases", "known-good")})
"""Keys of other tables that it may leave out: versions that were published before there were these keep what they mean."""

FIGURES: Final[Mapping[str, Reader]] = {"national-income": read_lines}
"""What ``[figures]`` may hold: yuan a head and year, from a day on."""


def default_of(rule: str, key: str) -> Any:
    """Return what a key is where a document leaves it out, as a document would write it.

    Raises:
        KeyError: no document may leave it out.
    """
    if rule not in OPTIONAL and (rule, key) not in OPTIONAL_KEYS:
        raise KeyError(rule, key)
    shape, keys = SHAPES[rule]
    value = next(each.default for each in msgspec.structs.fields(shape) if each.encode_name == key.replace("-", "_"))
    if keys[key] is read_share_or_none:
        return Decimal(value) / BP
    return list(value) if isinstance(value, tuple) else value
