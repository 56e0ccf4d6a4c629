"""What a policy document says layer by layer: what is in force in a county and where it comes from, and how two differ."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec

from streams.policy_parse import Document
from streams.policy_values import SHAPES, default_of

Layer = Literal["default", "province", "tier", "county"]
"""Who gives a parameter, the next one over the one before; ``default``: nobody, and a document need not."""
PROVINCE: Final = "province"
_APART: Final = frozenset({"id", "version", "effective-from", "title", "rules", "tier", "county", "counties"})
"""What is compared in ways of its own, or not at all."""


class InForce(msgspec.Struct, frozen=True):
    """A parameter as its document writes it, the layer it comes from, and that layer's note on it (empty where it has none).

    ``sample`` tells that the layer marks it as an example of one place or a default of ours.
    """

    rule: str
    key: str
    value: Any
    layer: Layer
    source: str
    sample: bool


class Difference(msgspec.Struct, frozen=True):
    """A parameter that two documents give otherwise in one scope: ``province``, a tier's name or a county's code.

    None stands where a document does not give it. For a county's own entry the rule is ``counties``.
    """

    scope: str
    rule: str
    key: str
    before: Any
    after: Any


def in_force(document: Document, county: str) -> list[InForce]:
    """Return every parameter that judges a county, by rule and key; for a county that is not listed, the province's."""
    known = document.get("counties", {}).get(county)
    layers: list[tuple[Layer, Mapping[str, Any]]] = []
    if known is not None:
        layers = [("county", _rules(document, "county", county)), ("tier", _rules(document, "tier", known["tier"]))]
    layers.append(("province", document["rules"]))
    found = []
    for rule, (_, shape) in SHAPES.items():
        for key in shape:
            giving = next(((layer, rules[rule]) for layer, rules in layers if key in rules.get(rule, {})), None)
            layer, table = giving or ("default", {key: default_of(rule, key)})
            sample = key in table.get("sample", [])
            found.append(InForce(rule, key, table[key], layer, "" if sample else table.get("source", ""), sample))
    return found


def differences(one: Document, other: Document) -> list[Difference]:
    """Return what two documents give otherwise, in the order of their rules; the notes on numbers are not compared."""
    before, after = (dict(_flat(document)) for document in (one, other))
    return [
        Difference(*place, before.get(place), after.get(place))
        for place in dict.fromkeys((*before, *after))
        if before.get(place) != after.get(place)
    ]


def _flat(document: Document) -> Iterator[tuple[tuple[str, str, str], Any]]:
    """Yield scope, rule and key with the value."""
    if "effective-from" in document:
        yield (PROVINCE, "policy", "effective-from"), str(document["effective-from"])
    for table in sorted(document.keys() - _APART):
        for key, value in _leaves("", document[table]):
            yield (PROVINCE, table, key), _bare(value)
    for scope, rules in _scopes(document):
        for rule, (_, shape) in SHAPES.items():
            for key in shape:
                if key in rules.get(rule, {}):
                    yield (scope, rule, key), _bare(rules[rule][key])
    for code, county in document.get("counties", {}).items():
        for key, value in county.items():
            yield (code, "counties", key), value


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a table holds, by its keys joined with dots."""
    if not isinstance(value, Mapping):
        yield key, value
        return
    for name, each in value.items():
        yield from _leaves(f"{key}.{name}" if key else name, each)


def _scopes(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield PROVINCE, document["rules"]
    for kind in ("tier", "county"):
        for name in document.get(kind, {}):
            yield name, _rules(document, kind, name)


def _rules(document: Document, kind: str, name: str) -> Mapping[str, Any]:
    rules: Mapping[str, Any] = document.get(kind, {}).get(name, {}).get("rules", {})
    return rules


def _bare(value: Any) -> Any:
    """Return a value without the notes in it."""
    if isinstance(value, list):
        return [{"from": str(each["from"]), "amount": each["amount"]} if isinstance(each, dict) else each for each in value]
    return value
