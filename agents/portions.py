"""How much of what waits a lane takes at once: until its time is over, so that the lanes beside it get theirs."""

import time
from collections.abc import Iterator
from dataclasses import replace

from aiokafka import TopicPartition

from agents.batch import Batch
from agents.reading import Record


class Portion:
    """Records of some batches until some seconds are over, but one at least.

    Iterate it once; then ``offsets`` says where each input partition goes on and ``left`` holds what was not handed out.
    """

    def __init__(self, batches: list[Batch], seconds: float) -> None:
        """Take batches in their order; the time runs from the first record on."""
        self._batches, self._seconds = batches, seconds
        self.offsets: dict[TopicPartition, int] = {}
        self.left: list[Batch] = []

    def __iter__(self) -> Iterator[tuple[str, Record]]:
        """Yield topic and record; what was yielded counts as done when the next one is asked for."""
        clock = time.monotonic
        until = clock() + self._seconds
        for number, batch in enumerate(self._batches):
            topic, last = batch.tp.topic, len(batch.records) - 1
            for at, record in enumerate(batch.records):
                yield topic, record
                if at < last and clock() > until:
                    self._end(batch, record.offset + 1)
                    rest = replace(batch, start=record.offset + 1, records=batch.records[at + 1 :])
                    self.left = [rest, *self._batches[number + 1 :]]
                    return
            self._end(batch, batch.end)
            if clock() > until:
                self.left = self._batches[number + 1 :]
                return

    def _end(self, batch: Batch, offset: int) -> None:
        self.offsets[TopicPartition(batch.tp.topic, batch.tp.partition)] = offset


def weight(batch: Batch) -> int:
    """Return how many bytes of keys and values a batch holds."""
    return sum([len(record.key or b"") + len(record.value or b"") for record in batch.records])
