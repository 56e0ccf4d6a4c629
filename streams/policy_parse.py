"""Policy documents -> Policy. Every refusal names the source (a file), the key and the reason.

A document is TOML read with ``parse_float=Decimal``, so that 0.8 is exactly 8000 basis points and money exact fen.
"""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from streams.policies import BEGINNING
from streams.policy import TIERS, County, Line, Parameters, Policy
from streams.policy_measures import MeasureError, Measures, read_measures
from streams.policy_readers import NOTES, Reader, read_day
from streams.policy_values import FIGURES, OPTIONAL, OPTIONAL_KEYS, SHAPES
from streams.rules import EVERY_RULE, VERSIONS


class PolicyError(ValueError):
    """A policy that must not be used: which source, which key, and why."""

    def __init__(self, source: str, key: str, reason: str) -> None:
        """Keep the three parts for callers that show them apart."""
        super().__init__(f"{source}: {key}: {reason}")
        self.source, self.key, self.reason = source, key, reason


Document = Mapping[str, Any]


_ORDERED: Final = (
    ("income-line", "orange-from", "yellow-from"),
    ("income-drop", "fires-from", "orange-from"),
    ("expenditure-shock", "orange-multiple", "red-multiple"),
    ("employment", "months", "orange-months"),
    ("production-loss", "fires-from", "orange-from"),
    ("production-loss", "orange-from", "red-from"),
    ("disaster-loss", "orange-multiple", "red-multiple"),
    ("newborn-cover", "months", "until-months"),
    ("market-slump", "price-from", "orange-from"),
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
                if name not in OPTIONAL and (name, field) not in OPTIONAL_KEYS and field not in read.get(name, {}):
                    raise PolicyError(source, f"{key}.{name}.{field}", "is missing")
    return read


def _rule(source: str, key: str, rule: Mapping[str, Any], shape: Mapping[str, Reader]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, value in rule.items():
        if field not in shape and field not in NOTES:
            raise PolicyError(source, f"{key}.{field}", f"unknown key, must be one of {', '.join((*shape, *NOTES))}")
        try:
            if field in NOTES:
                NOTES[field](value)
            else:
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


_BASE_KEYS: Final = frozenset(
    {"id", "version", "effective-from", "title", "counties", "rules", "tier", "county", "figures", "measures"}
)


def effective_from(data: Document, source: str) -> int:
    """Return the ordinal day from which a base document is in effect; without one, from the beginning.

    Raises:
        PolicyError: not a day.
    """
    if "effective-from" not in data:
        return BEGINNING
    try:
        return read_day(data["effective-from"])
    except ValueError as error:
        raise PolicyError(source, "effective-from", str(error)) from None


def parse_policy(data: Document, source: str, overlays: Sequence[tuple[str, Document]] = ()) -> Policy:
    """Return the policy of a base document and its overlays (``[tier.NAME.rules.…]``, ``[county.CODE.rules.…]``).

    Raises:
        PolicyError: an unknown or missing key, a value out of bounds, a key set twice for one scope.
    """
    for key in data:
        if key not in _BASE_KEYS:
            raise PolicyError(source, key, "unknown key")
    for key in ("id", "version"):
        if key not in data:
            raise PolicyError(source, key, "is missing")
        if not isinstance(data[key], str) or not data[key] or "@" in data[key]:
            raise PolicyError(source, key, "must be a text that is not empty and has no @")
    if not isinstance(data.get("title", ""), str):
        raise PolicyError(source, "title", "must be a text")
    effective_from(data, source)
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
    marks = {code: _mark(parameters, _due(parameters, [counties[code]]) != []) for code, parameters in of_county.items()}
    mark, figures = _mark(base, _due(base, counties.values())), _national_income(source, data)
    return Policy(data["id"], data["version"], base, counties, of_county, mark, marks, figures, _measures(source, data))


def _national_income(source: str, data: Document) -> tuple[Line, ...]:
    """Read what ``[figures]`` says of the nation, which reports compare with and no rule asks."""
    figures = data.get("figures", {})
    if not isinstance(figures, dict):
        raise PolicyError(source, "figures", "must be a table")
    found: tuple[Line, ...] = _rule(source, "figures", figures, FIGURES).get("national-income", ())
    return found


def _measures(source: str, data: Document) -> Measures:
    try:
        return read_measures(data.get("measures"), (name.replace("_", "-") for name in EVERY_RULE), OPTIONAL)
    except MeasureError as error:
        raise PolicyError(source, error.key, error.reason) from None


def _mark(parameters: Parameters, due: object) -> int:
    """Return a checksum of what households are judged by: parameters, versions of the rules, and where insurance is due.

    Beside the parameters a tier decides nothing else.
    """
    return zlib.crc32(repr((parameters, VERSIONS, due)).encode())


def _due(parameters: Parameters, counties: Iterable[County]) -> list[str]:
    """Return the counties, by code, whose tier the rule ``insurance-gap`` asks about."""
    return sorted(county.code for county in counties if county.tier in parameters.insurance_gap.tiers)


def _collect(
    scopes: dict[tuple[str, str], dict[str, dict[str, Any]]],
    source: str,
    document: Document,
    counties: Mapping[str, County],
    *,
    base: bool,
) -> None:
    """Add a document's overlays to their scopes; a key set twice for one scope is refused."""
    for kind, known, choice in (
        ("tier", frozenset(TIERS), f"one of {', '.join(TIERS)}"),
        ("county", frozenset(counties), "a six-digit code that stands in [counties]"),
    ):
        tables = document.get(kind, {})
        if not isinstance(tables, dict):
            raise PolicyError(source, kind, "must be a table")
        for name, table in tables.items():
            key = f"{kind}.{name}"
            if name not in known:
                raise PolicyError(source, key, f"unknown {kind}, must be {choice}")
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
