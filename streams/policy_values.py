"""What each key of a policy may hold, and how it is read: shares as basis points, yuan as fen, dates as ordinal days."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from schemas.fields import parse_day
from schemas.vocabulary import SEVERITIES
from streams.policy import (
    BP,
    TIERS,
    CaseRules,
    ExpenditureShock,
    Housing,
    IncomeDrop,
    IncomeLine,
    IndicatorRule,
    Line,
    NoiseRules,
    PolicyDependence,
    Verification,
    Working,
)
from streams.policy_areas import ScaleRisk
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
    SupportWithdrawn,
)

MAX_YUAN: Final = 1_000_000_000
Reader = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of texts")
    return tuple(_text(each) for each in value)


NOTES: Final[Mapping[str, Reader]] = {"source": _text, "sample": _texts}
"""Where a rule's numbers come from: kept for readers, not for the rules."""


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("must be a finite number")
    return number


def _share(value: Any) -> int:
    return _points(value, Decimal(0), Decimal(1), "above 0 and at most 1")


def _share_or_none(value: Any) -> int:
    return 0 if _number(value) == 0 else _share(value)


def _multiple(value: Any) -> int:
    return _points(value, Decimal(0), Decimal(100), "above 0 and at most 100")


def _points(value: Any, low: Decimal, high: Decimal, bounds: str) -> int:
    number = _number(value)
    if not low < number <= high:
        raise ValueError(f"must be {bounds}")
    points = number * BP
    if points != int(points):
        raise ValueError("has more than 4 decimals")
    return int(points)


def _yuan(value: Any) -> int:
    number = _number(value)
    if not 0 < number <= MAX_YUAN:
        raise ValueError(f"must be above 0 and at most {MAX_YUAN} yuan")
    if number * 100 != int(number * 100):
        raise ValueError("has more than 2 decimals")
    return int(number * 100)


def _between(low: int, high: int) -> Reader:
    def read(value: Any) -> int:
        number = _number(value)
        if number != int(number) or not low <= number <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return int(number)

    return read


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _word(*allowed: str) -> Reader:
    def read(value: Any) -> str:
        if value not in allowed or not isinstance(value, str):
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return value

    return read


def read_day(value: Any) -> int:
    """Return a day of a document, a TOML date or its text in JSON, as an ordinal.

    Raises:
        ValueError: neither.
    """
    try:
        return value.toordinal() if type(value) is date else parse_day(value)
    except (TypeError, ValueError):
        raise ValueError("must be a date such as 2021-01-01") from None


def _lines(value: Any) -> tuple[Line, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of lines")
    lines = []
    for at, each in enumerate(value):
        if not isinstance(each, dict) or set(each) - set(NOTES) != {"from", "amount"}:
            raise ValueError(f"[{at}] takes from and amount, nothing else")
        for field in set(each) & set(NOTES):
            NOTES[field](each[field])
        try:
            start = read_day(each["from"])
        except ValueError as error:
            raise ValueError(f"[{at}].from {error}") from None
        lines.append(Line(start, _yuan(each["amount"])))
    starts = [line.start for line in lines]
    if len(set(starts)) < len(starts):
        raise ValueError("overlap: two lines begin on the same day")
    return tuple(sorted(lines, key=lambda line: line.start))


def _tiers(value: Any) -> tuple[str, ...]:
    known: tuple[str, ...] = TIERS
    if not isinstance(value, list) or not value or any(each not in known for each in value) or len(set(value)) < len(value):
        raise ValueError(f"must be a list of some of {', '.join(known)}, each once")
    return tuple(tier for tier in known if tier in value)


_SEVERITY = _word(*SEVERITIES)
_MONTHS = _between(0, 36)
"""A report counts for 36 months; what is older cannot be asked."""
_COUNT: Final = _between(1, 100_000)
_NEW: Final = _between(1, 36)
_INDICATOR: Final[Mapping[str, Reader]] = {"enabled": _flag, "severity": _SEVERITY}
_AGED: Final[Mapping[str, Reader]] = {"enabled": _flag, "months": _MONTHS, "severity": _SEVERITY}
SHAPES: Final[Mapping[str, tuple[type, Mapping[str, Reader]]]] = {
    "income-line": (
        IncomeLine,
        {"enabled": _flag, "operator": _word("<", "<="), "lines": _lines, "yellow-from": _share, "orange-from": _share},
    ),
    "income-drop": (IncomeDrop, {"enabled": _flag, "fires-from": _share, "orange-from": _share}),
    "policy-dependence": (PolicyDependence, {"enabled": _flag, "share-from": _share, "line-multiple": _multiple}),
    "expenditure-shock": (
        ExpenditureShock,
        {
            "enabled": _flag, "relieved": _yuan, "general": _yuan,
            "orange-multiple": _multiple, "red-multiple": _multiple,
        },
    ),
    "food": (IndicatorRule, _INDICATOR),
    "clothing": (IndicatorRule, _INDICATOR),
    "schooling": (IndicatorRule, _INDICATOR),
    "medical-cover": (IndicatorRule, _INDICATOR),
    "housing": (Housing, {"enabled": _flag, "grade-c": _SEVERITY, "grade-d": _SEVERITY}),
    "water": (IndicatorRule, _INDICATOR),
    "employment": (Employment, {"enabled": _flag, "months": _MONTHS, "orange-months": _MONTHS}),
    "skills-stall": (AgedRule, _AGED),
    "disability": (Disability, {"enabled": _flag, "new-months": _NEW, "grade-1": _SEVERITY, "grade-2": _SEVERITY}),
    "new-relief": (AgedRule, {**_AGED, "months": _NEW}),
    "support-withdrawn": (
        SupportWithdrawn,
        {"enabled": _flag, "transition-months": _between(1, 240), "severity": _SEVERITY},
    ),
    "accident": (
        Accident,
        {"enabled": _flag, "months": _NEW, "serious": _SEVERITY, "disabling": _SEVERITY, "fatal": _SEVERITY},
    ),
    "production-loss": (
        ProductionLoss,
        {"enabled": _flag, "fires-from": _share, "orange-from": _share, "red-from": _share},
    ),
    "disaster-loss": (
        DisasterLoss,
        {"enabled": _flag, "fires-from": _yuan, "orange-multiple": _multiple, "red-multiple": _multiple},
    ),
    "claim-reminder": (
        ClaimReminder,
        {"enabled": _flag, "months": _between(0, 11), "lost-from": _share, "severity": _SEVERITY},
    ),
    "insurance-gap": (InsuranceGap, {"enabled": _flag, "tiers": _tiers, "severity": _SEVERITY}),
    "deceased-paid": (IndicatorRule, _INDICATOR),
    "bereavement": (AgedRule, {**_AGED, "months": _NEW}),
    "registration": (AgedRule, _AGED),
    "newborn-cover": (
        NewbornCover,
        {"enabled": _flag, "months": _MONTHS, "until-months": _NEW, "severity": _SEVERITY},
    ),
    "petition": (
        Petition,
        {"enabled": _flag, "overdue-months": _MONTHS, "open": _SEVERITY, "overdue": _SEVERITY},
    ),
    "market-slump": (
        MarketSlump,
        {"enabled": _flag, "months": _NEW, "price-from": _share, "orange-from": _share, "sales-from": _share},
    ),
    "project-asset": (AgedRule, _AGED),
    "dividend": (AgedRule, _AGED),
    "working": (Working, {"age-from": _between(0, 120), "age-to": _between(0, 120)}),
    "verification": (Verification, {"working-days": _between(1, 250)}),
    "cases": (
        CaseRules,
        {
            "notice-days": _between(1, 250), "finish-days": _between(1, 250), "settle-days": _between(1, 250),
            "watch-months": _between(1, 36), "income-months": _between(1, 12), "without-labour": _flag,
        },
    ),
    "noise": (NoiseRules, {"window-days": _between(0, 366), "snooze-days": _between(0, 366)}),
    "scale-risk": (
        ScaleRisk,
        {
            "enabled": _flag, "window-days": _between(1, 366), "village-households": _COUNT, "township-households": _COUNT,
            "event-households": _COUNT, "share": _share_or_none, "share-households": _COUNT,
        },
    ),
}  # fmt: skip
"""Every table of ``[rules]``, its struct and its keys: what is not here is refused."""
OPTIONAL: Final = frozenset({"noise", "scale-risk"})
"""Tables that a policy may leave out, whole or in part: what is not said has the default of the struct."""

FIGURES: Final[Mapping[str, Reader]] = {"national-income": _lines}
"""What ``[figures]`` may hold: yuan a head and year, from a day on."""
