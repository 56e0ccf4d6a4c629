"""The measures of a policy document: ``[measures.catalogue.CODE]`` and ``[measures.for.RULE]``; every refusal names its key."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, get_args

import msgspec

from schemas.vocabulary import MeasureCode, Pathway

_CODES: Final[tuple[str, ...]] = get_args(MeasureCode)
"""In the order in which measures are listed, whatever order a document has them in."""
_PATHWAYS: Final[tuple[Pathway, ...]] = ("development", "security")


class Measure(msgspec.Struct, frozen=True):
    """An assistance measure by its code; ``needs_labour``: who has none gains nothing by it."""

    code: str
    zh: str
    en: str
    needs_labour: bool


class Measures(msgspec.Struct, frozen=True):
    """The catalogue in the order of the vocabulary, and the codes by rule (``income-line``) and pathway."""

    catalogue: tuple[Measure, ...] = ()
    by_rule: Mapping[str, Mapping[Pathway, frozenset[str]]] = {}

    def for_rule(self, rule: str, pathway: Pathway) -> frozenset[str]:
        """Return the codes for a rule. Where the pathway is unknown: what both have, as long as it needs no labour."""
        lists = self.by_rule.get(rule)
        if lists is None:
            return frozenset()
        if pathway != "unknown":
            return lists[pathway]
        idle = frozenset(each.code for each in self.catalogue if not each.needs_labour)
        return lists["development"] & lists["security"] & idle


JOBS: Final = frozenset({"employment", "public_post"})
"""What only helps who can work, whatever a policy says."""
NO_MEASURES: Final = Measures()


class MeasureError(ValueError):
    """Measures that must not be used: which key, and why."""

    def __init__(self, key: str, reason: str) -> None:
        """Keep both apart."""
        super().__init__(reason)
        self.key, self.reason = key, reason


def read_measures(table: Any, rules: Iterable[str], optional: Collection[str] = ()) -> Measures:
    """Return the measures of a document, none where it has none. ``rules`` are all there are; ``optional`` ones need no lists.

    Raises:
        MeasureError: unknown or missing keys and codes, or a list for households without labour that holds jobs alone.
    """
    if table is None:
        return NO_MEASURES
    if not isinstance(table, dict) or set(table) != {"catalogue", "for"}:
        raise MeasureError("measures", "takes catalogue and for, nothing else")
    read = [_measure(code, row) for code, row in _table(table["catalogue"], "measures.catalogue")]
    catalogue = tuple(sorted(read, key=lambda measure: _CODES.index(measure.code)))
    by_code = {measure.code: measure for measure in catalogue}
    lists = dict(_table(table["for"], "measures.for"))
    known = sorted(rules)
    for rule in [*lists, *known]:
        if rule not in known:
            raise MeasureError(f"measures.for.{rule}", "unknown rule")
        if rule not in lists and rule not in optional:
            raise MeasureError(f"measures.for.{rule}", "is missing")
    return Measures(catalogue, {rule: _of_rule(f"measures.for.{rule}", row, by_code) for rule, row in lists.items()})


def _table(table: Any, key: str) -> list[tuple[str, Any]]:
    if not isinstance(table, dict):
        raise MeasureError(key, "must be a table")
    return list(table.items())


def _measure(code: str, row: Any) -> Measure:
    key = f"measures.catalogue.{code}"
    if code not in _CODES:
        raise MeasureError(key, f"unknown measure; known are {', '.join(_CODES)}")
    if not isinstance(row, dict) or set(row) != {"zh", "en", "needs-labour"}:
        raise MeasureError(key, "takes zh, en and needs-labour, nothing else")
    if not isinstance(row["zh"], str) or not isinstance(row["en"], str) or not isinstance(row["needs-labour"], bool):
        raise MeasureError(key, "zh and en must be texts, needs-labour true or false")
    if code in JOBS and not row["needs-labour"]:
        raise MeasureError(key, "is a job: needs-labour must be true")
    return Measure(code, row["zh"], row["en"], row["needs-labour"])


def _of_rule(key: str, row: Any, catalogue: dict[str, Measure]) -> dict[Pathway, frozenset[str]]:
    if not isinstance(row, dict) or set(row) != set(_PATHWAYS):
        raise MeasureError(key, "takes development and security, nothing else")
    lists: dict[Pathway, frozenset[str]] = {}
    for pathway in _PATHWAYS:
        codes = row[pathway]
        if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes) or len(set(codes)) < len(codes):
            raise MeasureError(f"{key}.{pathway}", "must be a list of measures, each once")
        for code in codes:
            if code not in catalogue:
                raise MeasureError(f"{key}.{pathway}", f"{code} is not in the catalogue")
        lists[pathway] = frozenset(codes)
    if lists["security"] and all(catalogue[code].needs_labour for code in lists["security"]):
        raise MeasureError(f"{key}.security", "gives a household without labour jobs alone")
    return lists
