"""A standby: stores of partitions that other workers work on, kept close to their changelogs, so that taking over is short.

A followed store lies where the partition's lane would have it and holds committed entries alone. It is handed to the lane open;
nothing else ever reads it, and this only ever writes what the changelog says.
"""

import asyncio
from collections import defaultdict
from typing import Any, Final

from aiokafka import TopicPartition

from agents import telemetry
from agents.memory import Memory
from agents.reading import Reader
from agents.recovery import TAKE_RECORDS, Chunk, Recovery, in_thread
from agents.settings import Settings
from agents.store import Store

RETRY_SECONDS: Final = 5.0
TAKE_SECONDS: Final = 1.0
GATHER_SECONDS: Final = 0.2
"""From one fetch to the next entries gather on the broker: to follow at once would cost as much as to work."""


class Followers:
    """The partitions one worker follows. Not used by two tasks at once: the worker's rebalances come one after the other."""

    def __init__(self, settings: Settings, memory: Memory) -> None:
        """Follow nothing yet; ``memory`` is shared by all stores of the worker."""
        self._recovery = Recovery(settings, memory, at_once=1)
        self._stores: dict[int, Store] = {}
        self._wanted: frozenset[int] = frozenset()
        self._task: asyncio.Task[None] | None = None

    async def halt(self) -> None:
        """Write nothing more until :meth:`follow`; stores stay open."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    def hand_over(self, partition: int) -> Store | None:
        """Return a followed partition's open store, None where it is not followed; it is the caller's from now on."""
        return self._stores.pop(partition, None)

    def follow(self, partitions: frozenset[int]) -> None:
        """Follow some partitions and no others. Call it halted."""
        for partition in self._stores.keys() - partitions:
            self._close(partition)
        self._wanted = partitions
        telemetry.standby_partitions.set(len(self._stores))
        telemetry.standby_lag.set(0)
        if partitions:
            self._task = asyncio.create_task(self._run(), name="standby")

    async def stop(self) -> None:
        """Close everything."""
        await self.halt()
        self.follow(frozenset())

    @property
    def following(self) -> frozenset[int]:
        """The partitions whose stores are open and close to their changelogs."""
        return frozenset(self._stores)

    def _close(self, partition: int) -> None:
        self._stores.pop(partition).close()

    async def _run(self) -> None:
        while True:
            try:
                for partition in sorted(self._wanted - self._stores.keys()):
                    self._stores[partition] = await self._recovery.bring_up(partition)
                    telemetry.standby_partitions.set(len(self._stores))
                telemetry.log("info", "standby.follows", partitions=sorted(self._stores))
                await self._tail()
            except Exception as error:
                telemetry.log("warning", "standby.restarts", error=repr(error)[:300])
                for partition in list(self._stores):
                    self._close(partition)
                telemetry.standby_partitions.set(0)
                await asyncio.sleep(RETRY_SECONDS)

    async def _tail(self) -> None:
        """Take in what comes, until cancelled."""
        tps = [tp for partition in self._stores for tp in self._recovery.changelogs(partition)]
        consumer, reader = self._recovery.consumer(), Reader(GATHER_SECONDS)
        try:
            await consumer.start()
            consumer.assign(tps)
            for tp, begin in (await consumer.beginning_offsets(tps)).items():
                consumer.seek(tp, max(self._stores[tp.partition].offset(tp.topic), begin))
            while True:
                chunks: defaultdict[int, Chunk] = defaultdict(Chunk)
                for tp, (records, end) in (await reader.take(consumer._fetcher, tps, TAKE_SECONDS, TAKE_RECORDS)).items():
                    chunks[tp.partition].add(tp.topic, self._recovery.prefix(tp.topic), records, end)
                for partition, chunk in chunks.items():
                    await in_thread(self._stores[partition].replay, chunk.entries, chunk.offsets)
                await self._tell(consumer, tps)
        finally:
            await consumer.stop()

    async def _tell(self, consumer: Any, tps: list[TopicPartition]) -> None:
        ends = [(consumer.last_stable_offset(tp) or 0, await consumer.position(tp)) for tp in tps]
        telemetry.standby_lag.set(sum([max(0, end - position) for end, position in ends]))
