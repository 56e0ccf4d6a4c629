"""Policy documents -> Policy. Every refusal names the source (a file), the key and the reason.

A document is TOML read with ``parse_float=Decimal``, so that 0.8 is exactly 8000 basis points and money exact fen.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final

from schemas.vocabulary import SEVERITIES
from streams.policy import (
    BP,
    TIERS,
    County,
    ExpenditureShock,
    Housing,
    IncomeDrop,
    IncomeLine,
    IndicatorRule,
    Line,
    Parameters,
    Policy,
    PolicyDependence,
    Verification,
    Working,
)

MAX_YUAN: Final = 1_000_000_000
NOTES: Final = frozenset({"source", "sample"})
"""Where a rule's numbers come from: kept for readers, not for the rules."""


class PolicyError(ValueError):
    """A policy that must not be used: which source, which key, and why."""

    def __init__(self, source: str, key: str, reason: str) -> None:
        """Keep the three parts for callers that show them apart."""
        super().__init__(f"{source}: {key}: {reason}")
        self.source, self.key, self.reason = source, key, reason


Document = Mapping[str, Any]
Reader = Callable[[Any], Any]


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("must be a number")
    number = Decimal(value)
    if not number.is_finite():
        raise ValueError("must be a finite number")
    return number


def _share(value: Any) -> int:
    return _points(value, Decimal(0), Decimal(1), "above 0 and at most 1")


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


def _lines(value: Any) -> tuple[Line, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError("must be a list of lines")
    lines = []
    for at, each in enumerate(value):
        if not isinstance(each, dict) or set(each) - NOTES != {"from", "amount"}:
            raise ValueError(f"[{at}] takes from and amount, nothing else")
        if type(each["from"]) is not date:
            raise ValueError(f"[{at}].from must be a date such as 2021-01-01")
        lines.append(Line(each["from"].toordinal(), _yuan(each["amount"])))
    starts = [line.start for line in lines]
    if len(set(starts)) < len(starts):
        raise ValueError("overlap: two lines begin on the same day")
    return tuple(sorted(lines, key=lambda line: line.start))


_SEVERITY = _word(*SEVERITIES)
_INDICATOR: Final[Mapping[str, Reader]] = {"enabled": _flag, "severity": _SEVERITY}
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
    "working": (Working, {"age-from": _between(0, 120), "age-to": _between(0, 120)}),
    "verification": (Verification, {"working-days": _between(1, 250)}),
}  # fmt: skip
"""Every table of ``[rules]``, its struct and its keys: what is not here is refused."""

_ORDERED: Final = (
    ("income-line", "orange-from", "yellow-from"),
    ("income-drop", "fires-from", "orange-from"),
    ("expenditure-shock", "orange-multiple", "red-multiple"),
    ("working", "age-from", "age-to"),
)
"""(rule, lower, higher): bounds that only make sense in this order."""


def _rules(source: str, key: str, table: Any, *, complete: bool) -> dict[str, dict[str, Any]]:
    """Read a ``rules`` table, whole or as an overlay, into values by rule and key."""
    if not isinstance(table, dict):
        raise PolicyError(source, key, "must be a table")
    read: dict[str, dict[str, Any]] = {}
    for name, rule in table.items():
        if name not in SHAPES:
            raise PolicyError(source, f"{key}.{name}", "unknown rule")
        if not isinstance(rule, dict):
            raise PolicyError(source, f"{key}.{name}", "must be a table")
        read[name] = _rule(source, f"{key}.{name}", rule, SHAPES[name][1])
    if complete:
        for name, (_, shape) in SHAPES.items():
            for field in shape:
                if field not in read.get(name, {}):
                    raise PolicyError(source, f"{key}.{name}.{field}", "is missing")
    return read


def _rule(source: str, key: str, rule: Mapping[str, Any], shape: Mapping[str, Reader]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, value in rule.items():
        if field in NOTES:
            continue
        if field not in shape:
            raise PolicyError(source, f"{key}.{field}", "unknown key")
        try:
            values[field] = shape[field](value)
        except ValueError as error:
            raise PolicyError(source, f"{key}.{field}", str(error)) from None
    return values


def _build(source: str, key: str, layers: Sequence[Mapping[str, Mapping[str, Any]]]) -> Parameters:
    """Lay overlays over the province's rules, the later over the earlier."""
    merged = {name: {k: v for layer in layers for k, v in layer.get(name, {}).items()} for name in SHAPES}
    for name, lower, higher in _ORDERED:
        if merged[name][lower] > merged[name][higher]:
            raise PolicyError(source, f"{key}.{name}.{lower}", f"must not be above {higher}")
    built = {
        name.replace("-", "_"): shape(**{k.replace("-", "_"): v for k, v in merged[name].items()})
        for name, (shape, _) in SHAPES.items()
    }
    return Parameters(**built)


def _counties(source: str, table: Any) -> dict[str, County]:
    if not isinstance(table, dict):
        raise PolicyError(source, "counties", "must be a table")
    counties = {}
    for code, row in table.items():
        key = f"counties.{code}"
        if not (len(code) == 6 and code.isascii() and code.isdigit()):
            raise PolicyError(source, key, "is not a six-digit county code")
        if not isinstance(row, dict) or set(row) != {"zh", "en", "prefecture", "tier"}:
            raise PolicyError(source, key, "takes zh, en, prefecture and tier, nothing else")
        if not all(isinstance(value, str) for value in row.values()) or row["tier"] not in TIERS:
            raise PolicyError(source, f"{key}.tier", f"must be one of {', '.join(TIERS)}")
        counties[code] = County(code, row["zh"], row["en"], row["prefecture"], row["tier"])
    return counties


_BASE_KEYS: Final = frozenset({"id", "version", "title", "counties", "rules", "tier", "county"})


def parse_policy(data: Document, source: str, overlays: Sequence[tuple[str, Document]] = ()) -> Policy:
    """Return the policy of a base document and its overlays (``[tier.NAME.rules.…]``, ``[county.CODE.rules.…]``).

    Raises:
        PolicyError: an unknown or missing key, a value out of bounds, a key set twice for one scope.
    """
    for key in data:
        if key not in _BASE_KEYS:
            raise PolicyError(source, key, "unknown key")
    for key in ("id", "version"):
        if not isinstance(data.get(key), str) or not data[key] or "@" in data[key]:
            raise PolicyError(source, key, "must be a text without @")
    counties = _counties(source, data.get("counties", {}))
    province = _rules(source, "rules", data.get("rules", {}), complete=True)
    scopes: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for where, document in ((source, data), *overlays):
        _collect(scopes, where, document, counties, base=document is data)
    of_county = {}
    for code, county in counties.items():
        layers = [scopes[scope] for scope in (("tier", county.tier), ("county", code)) if scope in scopes]
        if layers:
            of_county[code] = _build(source, f"county.{code}.rules", [province, *layers])
    base = _build(source, "rules", [province])
    return Policy(data["id"], data["version"], base, counties, of_county)


def _collect(
    scopes: dict[tuple[str, str], dict[str, dict[str, Any]]],
    source: str,
    document: Document,
    counties: Mapping[str, County],
    *,
    base: bool,
) -> None:
    """Add a document's overlays to their scopes; a key set twice for one scope is refused."""
    for kind, known in (("tier", frozenset(TIERS)), ("county", frozenset(counties))):
        for name, table in document.get(kind, {}).items():
            key = f"{kind}.{name}"
            if name not in known:
                raise PolicyError(source, key, f"unknown {kind}")
            if not isinstance(table, dict) or set(table) != {"rules"}:
                raise PolicyError(source, key, "takes rules, nothing else")
            scope = scopes.setdefault((kind, name), {})
            for rule, values in _rules(source, f"{key}.rules", table["rules"], complete=False).items():
                for field in values:
                    if field in scope.get(rule, {}):
                        raise PolicyError(source, f"{key}.rules.{rule}.{field}", "is set twice")
                scope.setdefault(rule, {}).update(values)
    if not base:
        for key in document:
            if key not in ("tier", "county"):
                raise PolicyError(source, key, "unknown key in an overlay")
