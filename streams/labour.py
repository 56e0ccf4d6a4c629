"""Who of a household can work, by its registry entry and by what was said of its members (docs/contract-cases.md §3)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from schemas.vocabulary import Pathway, SignalKind
from streams.assess import pathway
from streams.rules.context import Context

_OUT: Final[Mapping[SignalKind, str]] = {"membership": "left", "employment": "unable"}
"""The words that say of a member whom the registry still names that there is nobody who works."""


def known_pathway(context: Context) -> Pathway:
    """Return the pathway of those members who can work as far as anybody said; unknown without a registry entry.

    The assessment's own (contract §4) is the entry's word alone.
    """
    registry = context.facts.registry
    if registry is None:
        return "unknown"
    out = _cannot_work(context)
    able = tuple(member for member in registry.members if member.person_id not in out)
    there = msgspec.structs.replace(context.facts, registry=msgspec.structs.replace(registry, members=able))
    return pathway(there, context.parameters)


def _cannot_work(context: Context) -> frozenset[str | None]:
    """Return who died, left or became unable to work by the newest word of each, not later than the month of ``as_of``."""
    said = ((kind, signal) for kind in _OUT for signal, _ in context.signals.current(kind) if context.age(signal.month) >= 0)
    return frozenset(signal.person_id for kind, signal in said if signal.value.partition(":")[0] == _OUT[kind])
