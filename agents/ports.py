"""What a lane needs of the worker around it, and what it runs."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from aiokafka import TopicPartition
from faust.types.tuples import TP

from agents.batch import Chains
from agents.due_index import DueIndex
from agents.reading import Record
from agents.store import Store
from agents.work import Work


class Source(Protocol):
    """What a lane needs of the consumer."""

    chains: Chains

    async def open_at(self, positions: Mapping[TP, int]) -> None:
        """Hand over partitions from these positions on."""


class Job(Protocol):
    """What a lane does with records: this monitor's households, or another join that a benchmark compares."""

    def run(self, records: Iterable[tuple[str, Record]], now: int) -> Work:
        """Take topics and records in order. ``now`` in nanoseconds."""

    def adopt(self, alerts: list[Record]) -> Work:
        """Go on from alerts that left though the states that say so did not."""

    def slice(self, now: int) -> Work | None:
        """Do a bounded piece of work that no record brings; None where there is none."""


MakeJob = Callable[[int, Store, DueIndex | None], Job]
"""Binds a job to a partition, its store, and the index of due households where ticks are on."""


class Group(Protocol):
    """What a lane asks of the consumer group."""

    async def committed(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where each input partition goes on."""

    async def owns(self, partition: int) -> bool:
        """Tell whether the group's coordinator says that the partition is this worker's."""
