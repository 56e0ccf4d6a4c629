"""Time passes: sends a tick to every household and area that is due; never writes what is stored of them.

A tick's instant is their own due instant (``streams/due.py``), so that one sent twice, after a crash say, is a duplicate. What
is due is read from the lanes' indexes; an index that is not complete is rebuilt here, slice by slice.
"""

import asyncio
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from agents import telemetry
from agents.due_index import OF_AREA, DueIndex, due_key
from schemas import codec
from schemas.area_alerts import AreaTick, place_of
from schemas.reports import Tick
from streams.topics import Topic

if TYPE_CHECKING:
    from agents.app import Worker

SWEEP_SECONDS: Final = 1.0
MOST: Final = 2_000
"""Ticks a lane gets in one sweep at most: time waits for reports, not they for it."""
SLICE: Final = 200
"""Households indexed at once: some milliseconds, so that lanes are not kept waiting."""
REST_SECONDS: Final = 0.02
"""What an index that is being rebuilt leaves to the lanes after each slice."""
AGAIN_SECONDS: Final = 60.0
"""A household that is still due after so long gets its tick again; before, it is on its way."""


class _Sent(NamedTuple):
    """How far the sweeps of an index have come: the last index key, when they began, the first instant then, and whether they
    reached the end of what was due."""

    last: bytes
    since: float
    first: int
    whole: bool


class Sweep:
    """Sends the ticks of a worker's partitions."""

    def __init__(self, worker: "Worker") -> None:
        """Bind to a worker; :meth:`run` does the rest."""
        self._worker = worker
        self._sent: dict[DueIndex, _Sent] = {}

    async def run(self) -> None:
        """Sweep until cancelled. A broker that is away is waited for; ticks that were not confirmed are sent again."""
        builder = asyncio.create_task(self._build(), name="due-index")
        try:
            while not builder.done():
                try:
                    await self._send(builder)
                except KafkaError as error:
                    telemetry.log("warning", "ticks.not_sent", error=type(error).__name__)
                    await asyncio.wait([builder], timeout=SWEEP_SECONDS)
            await builder  # it ends only by an error
        finally:
            builder.cancel()

    async def _send(self, builder: "asyncio.Task[None]") -> None:
        producer = AIOKafkaProducer(**self._worker.settings.client(), enable_idempotence=True, linger_ms=5)
        try:
            await producer.start()
            while not builder.done():
                await self._sweep(producer, time.time_ns())
                await asyncio.wait([builder], timeout=SWEEP_SECONDS)
        finally:
            await producer.stop()

    async def _sweep(self, producer: AIOKafkaProducer, now: int) -> None:
        worker, topic = self._worker, self._worker.settings.topic(Topic.TICKS)
        open_indexes = {lane.index for lane in worker.lanes.values() if lane.index is not None}
        self._sent = {index: sent for index, sent in self._sent.items() if index in open_indexes}
        for partition, lane in list(worker.lanes.items()):
            index = lane.index
            if index is None or lane.waiting_records or lane.working or worker.lag.get(partition, 1):
                continue
            found = index.overdue(now, self._begin(index), MOST)
            confirmed: list[Any] = []
            for instant, name in found:
                key, value = _tick(instant, name)
                confirmed.append(await producer.send(topic, value, key, partition=partition))
            await asyncio.gather(*confirmed)
            telemetry.ticks.inc(len(found))
            first = index.first() if lane.index is index else None
            telemetry.due(str(partition), first, now)
            if found:
                before = self._sent.get(index)
                since, began = (before.since, before.first) if before is not None else (time.monotonic(), found[0][0])
                self._sent[index] = _Sent(due_key(*found[-1]), since, began, len(found) < MOST)

    def _begin(self, index: DueIndex) -> bytes:
        """Return the index key behind which a sweep goes on: the households before it have been sent theirs.

        Once all had theirs and the first of them have moved on, it is begun anew: who was further behind is due again.
        """
        sent = self._sent.get(index)
        if sent is None:
            return b""
        if time.monotonic() - sent.since > AGAIN_SECONDS or (sent.whole and index.first() != sent.first):
            del self._sent[index]
            return b""
        return sent.last

    async def _build(self) -> None:
        """Complete the indexes of all lanes, one after another, for as long as there are lanes."""
        while True:
            for partition, lane in list(self._worker.lanes.items()):
                index = lane.index
                if index is None or index.complete:
                    continue
                began, done = time.monotonic(), 0
                slices: Iterator[int] = index.rebuild(SLICE)
                while lane.index is index:
                    step = next(slices, None)
                    if step is None:
                        telemetry.log("info", "due_index.built", partition=partition, households=done,
                                      seconds=round(time.monotonic() - began, 2))  # fmt: skip
                        break
                    done = step
                    await asyncio.sleep(REST_SECONDS)
            await asyncio.sleep(SWEEP_SECONDS)


def _tick(instant: int, name: str) -> tuple[bytes, bytes]:
    """Return key and value of a tick for one that is due, as the index names it."""
    if not name.startswith(OF_AREA):
        return name.encode(), codec.encode_tick(Tick(name, instant))
    area = name.removeprefix(OF_AREA)
    return place_of(area).encode(), codec.encode_area_tick(AreaTick(area, instant))
