"""What waits for a lane: batches in the order they were fetched, and so many at most."""

import asyncio
from collections import deque
from typing import Final

from agents.batch import Batch, Chains
from agents.portions import weight

MAX_RECORDS: Final = 4_000
"""How many records one transaction takes at most."""
HIGH_WATER: Final = 20_000
"""A partition with more records waiting is not fetched until its lane has caught up."""
HIGH_WATER_BYTES: Final = 32 << 20
"""The same for the bytes that wait: few records may be large ones."""


class Backlog:
    """Batches of one partition of every input, and the offsets from which their lane goes on.

    ``arrived`` is set when a batch comes.
    """

    def __init__(self, partition: int) -> None:
        """Nothing waits, and no position is known."""
        self._partition = partition
        self._batches: deque[tuple[Batch, int]] = deque()
        self._bytes = 0
        self.records = 0
        self.positions: dict[str, int] = {}
        self.arrived = asyncio.Event()

    def put(self, batch: Batch, chains: Chains) -> None:
        """Let a batch wait; where too much does, its partition is not fetched for a while."""
        size = weight(batch)
        self._batches.append((batch, size))
        self._count(len(batch.records), size)
        if self.records > HIGH_WATER or self._bytes > HIGH_WATER_BYTES:
            chains.held.add(self._partition)
        self.arrived.set()

    def begin(self, positions: dict[str, int], chains: Chains) -> None:
        """Forget what waits and go on from some positions by topic."""
        self.positions = positions
        self._batches.clear()
        self.records = self._bytes = 0
        chains.held.discard(self._partition)

    def take(self, chains: Chains) -> list[Batch]:
        """Return the batches that continue where the lane stands; those fetched before a seek are dropped."""
        taken: list[Batch] = []
        count = 0
        while self._batches and count < MAX_RECORDS:
            batch, size = self._batches.popleft()
            self._count(-len(batch.records), -size)
            if batch.start == self.positions[batch.tp.topic]:
                self.positions[batch.tp.topic] = batch.end
                taken.append(batch)
                count += len(batch.records)
        if self.records < HIGH_WATER // 2 and self._bytes < HIGH_WATER_BYTES // 2:
            chains.held.discard(self._partition)
        return taken

    def put_back(self, batches: list[Batch]) -> None:
        """Let what there was no time for wait again, before all that came after it."""
        for batch in reversed(batches):
            size = weight(batch)
            self._batches.appendleft((batch, size))
            self._count(len(batch.records), size)
            self.positions[batch.tp.topic] = batch.start

    def _count(self, records: int, size: int) -> None:
        self.records += records
        self._bytes += size
