"""How much of what waits a lane takes at once: until its time is over, so that the lanes beside it get theirs."""

import time
from collections.abc import Iterator
from dataclasses import replace

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from agents.batches import Batch


class Portion:
    """Records of some batches until some seconds are over, but one at least.

    Iterate it once; then ``offsets`` says where each input partition goes on and ``left`` holds what was not handed out.
    """

    def __init__(self, batches: list[Batch], seconds: float) -> None:
        """Take batches in their order; the time runs from the first record on."""
        self._batches, self._seconds = batches, seconds
        self.offsets: dict[TopicPartition, int] = {}
        self.left: list[Batch] = []

    def __iter__(self) -> Iterator[ConsumerRecord]:
        """Yield records; what was yielded counts as done when the next one is asked for."""
        until = time.monotonic() + self._seconds
        for number, batch in enumerate(self._batches):
            last = len(batch.records) - 1
            for at, record in enumerate(batch.records):
                yield record
                if at < last and time.monotonic() > until:
                    self._end(batch, record.offset + 1)
                    rest = replace(batch, start=record.offset + 1, records=batch.records[at + 1 :])
                    self.left = [rest, *self._batches[number + 1 :]]
                    return
            self._end(batch, batch.end)
            if time.monotonic() > until:
                self.left = self._batches[number + 1 :]
                return

    def _end(self, batch: Batch, offset: int) -> None:
        self.offsets[TopicPartition(batch.tp.topic, batch.tp.partition)] = offset


def weight(batch: Batch) -> int:
    """Return how many bytes of keys and values a batch holds."""
    return sum(max(0, record.serialized_key_size) + max(0, record.serialized_value_size) for record in batch.records)
