"""What Faust carries from a fetch to the lanes, and where the fetch of each partition stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import faust
from faust.events import Event
from faust.types.tuples import TP

from agents.reading import Record


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one partition, in order: all there are from ``start`` up to before ``end``."""

    tp: TP
    start: int
    end: int
    records: list[Record]


@dataclass(slots=True)
class Chains:
    """Where the fetch of each open partition stands. A partition that is not here is not fetched."""

    next: dict[TP, int] = field(default_factory=dict)
    epoch: dict[TP, int] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)

    def open(self, positions: Mapping[TP, int]) -> None:
        """Begin (again) at some positions; what is being fetched meanwhile belongs to the epoch before."""
        for tp, offset in positions.items():
            self.next[tp] = offset
            self.epoch[tp] = self.epoch.get(tp, 0) + 1

    def full(self, tp: TP) -> bool:
        """Tell whether so much waits for a partition that fetching more can wait too."""
        return tp.partition in self.held

    def close(self, tps: set[TP]) -> None:
        """Fetch these no more."""
        for tp in tps:
            self.next.pop(tp, None)


class BatchSchema(faust.Schema):
    """Passes batches through: records are decoded by the lane."""

    def __init__(self) -> None:
        """Declare raw keys and values."""
        super().__init__(key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    def compile(self, app: Any, *, on_key_decode_error: Any = None, on_value_decode_error: Any = None,
                default_propagate: bool = False) -> Any:  # fmt: skip
        """Return the decoder of a stream."""

        async def decode(message: Any, *, propagate: bool = False) -> Event:
            return Event(app, None, message.value, {}, message)

        return decode
