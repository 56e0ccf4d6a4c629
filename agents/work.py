"""What one lane's batch did: records to send, states to store, and what telemetry may tell once it is committed."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec

from schemas.alerts import Alert
from schemas.household import HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report, Tick
from streams.topics import Topic

Headers = list[tuple[str, bytes]]
CHANNEL_OF: Final = {
    Topic.SELF_DECLARATIONS: "declaration",
    Topic.CADRE_REPORTS: "cadre",
    Topic.DEPARTMENT_FEEDS: "department",
    Topic.HOUSEHOLDS: "registry",
    Topic.REROUTED: "rerouted",
    Topic.PERSONS: "person",
    Topic.TICKS: "tick",
    Topic.AREA_EVENTS: "area",
}


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """A record to be sent. ``timestamp`` in milliseconds, None for now."""

    topic: Topic
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp: int | None = None
    headers: Headers = []


class Published(msgspec.Struct, frozen=True):
    """What telemetry must know of a transition once confirmed; instants in nanoseconds, None where no report led to it."""

    alert: Alert
    occurred_at: int | None = None
    appended_at: int | None = None


def occurred(message: Report | RegistryChange | Tick) -> int:
    """Return when what a record tells of happened, in nanoseconds."""
    match message:
        case Report():
            return message.kept.occurred_at
        case RegistryChange():
            return message.updated_at
        case Tick():
            return message.at


_counts: Final[partial[defaultdict[Any, int]]] = partial(defaultdict, int)
"""Made for every batch, of which a Counter would run Python code."""


class Tally(msgspec.Struct):
    """What a batch counted. Told only when its transaction is committed, so that a repeated batch counts once.

    ``read`` counts the records of each topic by its name, ``refused`` says which of these were bad (from 0 on, ascending);
    ``lags`` holds, by channel, the nanoseconds since each report's event time.
    """

    read: defaultdict[str, int] = msgspec.field(default_factory=_counts)
    refused: defaultdict[str, list[int]] = msgspec.field(default_factory=lambda: defaultdict(list))
    reports: defaultdict[tuple[str, str], int] = msgspec.field(default_factory=_counts)
    rejections: defaultdict[str, int] = msgspec.field(default_factory=_counts)
    rerouted: defaultdict[str, int] = msgspec.field(default_factory=_counts)
    cases: defaultdict[tuple[str, str], int] = msgspec.field(default_factory=_counts)
    lags: defaultdict[str, list[int]] = msgspec.field(default_factory=lambda: defaultdict(list))
    published: list[Published] = []
    shadowed: list[Alert] = []
    area_alerts: defaultdict[tuple[str, str], int] = msgspec.field(default_factory=_counts)
    departments: defaultdict[str, int] = msgspec.field(default_factory=_counts)
    withheld: defaultdict[tuple[str, str], int] = msgspec.field(default_factory=_counts)
    reassessed: int = 0
    new_households: int = 0
    parked: int = 0
    undetermined: int = 0
    calendar_unknown: int = 0

    def count_channels(self, topics: Mapping[str, Topic]) -> None:
        """Count what was read by channel, once all of it has been; ``topics`` are those read by their names."""
        for name, count in self.read.items():
            channel, bad = CHANNEL_OF[topics[name]], len(self.refused.get(name, ()))
            self.reports[channel, "accepted"] += count - bad
            self.reports[channel, "rejected"] += bad


class Work(msgspec.Struct):
    """Everything one batch did. ``states`` holds changed households, ``changes`` store keys with their new values.

    ``index`` holds what moves in the index of due households: it is stored like ``changes`` but stands in no changelog.
    """

    outgoing: list[Outgoing] = []
    states: dict[str, HouseholdState] = {}
    changes: dict[bytes, bytes | None] = {}
    index: dict[bytes, bytes | None] = {}
    tally: Tally = msgspec.field(default_factory=Tally)
