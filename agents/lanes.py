"""A lane: everything that waits for one partition, taken together, computed once, sent in one transaction.

Started in this order, which is what makes exactly once hold: fence (a new producer under the lane's transactional id ends a
former owner's transaction), read committed offsets, recover the store, seek, process. After any error the lane does all of it
again; what was not committed is read again.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced
from faust.types.tuples import TP

from agents import telemetry
from agents.batches import Batch
from agents.due_index import DueIndex
from agents.portions import Portion, weight
from agents.ports import Group, MakeJob, Source
from agents.producing import STOP_SECONDS
from agents.quality import Quality
from agents.recovery import recover
from agents.settings import Settings
from agents.store import PARKED, Store
from agents.transactions import Sender
from schemas.codec import UnknownStateVersion
from streams.topics import INPUTS

MAX_RECORDS: Final = 4_000
"""How many records one transaction takes at most."""
HIGH_WATER: Final = 20_000
"""A partition with more records waiting is not fetched until its lane has caught up."""
HIGH_WATER_BYTES: Final = 32 << 20
"""The same for the bytes that wait: few records may be large ones."""
TURN_SECONDS: Final = 0.25
"""How long a lane computes before it commits and lets the others compute: a household with very many reports takes long."""
RETRY_SECONDS: Final = 1.0
SAY_SECONDS: Final = 5.0  # between two lines about a long recovery
STAGES: Final = ("stopped", "fencing", "recovering", "running")


class Lane:
    """Sole writer of one partition's households."""

    def __init__(
        self, partition: int, settings: Settings, job: MakeJob, sender_of: Callable[[int], Sender], source: Source,
        group: Group, quality: Quality, give_up: Callable[[], None], index_of: Callable[[Store], DueIndex | None],
    ) -> None:  # fmt: skip
        """Prepare a lane; :meth:`start` runs it.

        ``give_up`` ends the worker: its release cannot read the partition's state. ``index_of`` binds the index of due
        households to the store, where ticks are on.
        """
        self._give_up, self._index_of = give_up, index_of
        self.partition, self._settings, self._job, self._sender_of = partition, settings, job, sender_of
        self._source, self._group, self._quality = source, group, quality
        self._waiting: deque[tuple[Batch, int]] = deque()
        self._arrived = asyncio.Event()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._positions: dict[str, int] = {}
        self.waiting_records = self._waiting_bytes = 0
        self.running = asyncio.Event()
        self.fatal: UnknownStateVersion | None = None
        self.progress = 0
        self.working = False
        self.store: Store | None = None
        self.index: DueIndex | None = None
        self._label = str(partition)
        self._stage = STAGES[0]

    def start(self) -> None:
        """Run the lane in the background."""
        self._task = asyncio.create_task(self._run(), name=f"lane-{self.partition}")

    async def stop(self, seconds: float = 20.0) -> None:
        """Finish the transaction under way, then close everything the lane holds."""
        self._stopping.set()
        self._arrived.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=seconds)
            if not self._task.done():
                self._task.cancel()
                done, _ = await asyncio.wait([self._task], timeout=STOP_SECONDS)
                if not done:
                    telemetry.log("error", "lane.does_not_stop", partition=self.partition)
        telemetry.forget_partition(self._label, [self._settings.topic(topic) for topic in INPUTS])

    @property
    def stage(self) -> str:
        """What the lane is doing, in the words of ``fangfan_lane_state``."""
        return self._stage

    def position(self, topic: str) -> int | None:
        """Return the offset the lane goes on from on an input topic, None before it is open."""
        return self._positions.get(topic)

    def put(self, batch: Batch) -> None:
        """Let a batch wait for the lane."""
        size = weight(batch)
        self._waiting.append((batch, size))
        self._count(len(batch.records), size)
        if self.waiting_records > HIGH_WATER or self._waiting_bytes > HIGH_WATER_BYTES:
            self._source.chains.held.add(self.partition)
        self._arrived.set()

    def _count(self, records: int, size: int) -> None:
        self.waiting_records += records
        self._waiting_bytes += size

    async def _run(self) -> None:
        while not self._stopping.is_set() and self.fatal is None:
            try:
                await self._session()
            except ProducerFenced:
                telemetry.log("warning", "lane.fenced", partition=self.partition)
                telemetry.restarts.labels("fenced").inc()
            except UnknownStateVersion as error:
                self.fatal = error
                self._give_up()
                telemetry.log("error", "lane.state_too_new", partition=self.partition, reason=str(error))
            except Exception as error:
                telemetry.log("warning", "lane.restarts", partition=self.partition, error=repr(error)[:300])
                telemetry.restarts.labels("error").inc()
            finally:
                self._close()
            await self._until_owned()

    async def _until_owned(self) -> None:
        """Wait before starting again until the group says that the partition is still ours.

        A worker that was frozen and thinks it still owns the partition would else fence its new owner, and that one it again.
        """
        while not self._stopping.is_set() and self.fatal is None:
            await self._pause(RETRY_SECONDS)
            try:
                if await self._group.owns(self.partition):
                    return
            except Exception as error:
                telemetry.log("warning", "group.unreachable", partition=self.partition, error=type(error).__name__)

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return

    def _close(self) -> None:
        self.running.clear()
        self.working = False
        self._enter("stopped")
        self.index = None
        if self.store is not None:
            self.store.close()
            self.store = None

    def _enter(self, stage: str) -> None:
        self._stage = stage
        self.progress += 1
        telemetry.lane_state.labels(self._label).set(STAGES.index(stage))

    async def _session(self) -> None:
        self._enter("fencing")
        sender = self._sender_of(self.partition)
        try:
            await sender.start()
            await self._recover()
            await self._open()
            await self._process(sender)
        finally:
            await sender.stop()

    async def _recover(self) -> None:
        began = time.monotonic()
        self._enter("recovering")
        folder = Path(self._settings.data_dir) / self._settings.group / self._label

        said = began

        def progress(read: int, left: int) -> None:
            nonlocal said
            telemetry.recovery_left.labels(self._label).set(left)
            self.progress += read > 0
            if time.monotonic() - said > SAY_SECONDS:
                said = time.monotonic()
                telemetry.log("info", "recovery.progress", partition=self.partition, read=read, left=left)

        self.store = await recover(self._settings, self.partition, lambda: Store(folder), progress)
        took = time.monotonic() - began
        telemetry.recovery_seconds.labels(self._label).set(took)
        telemetry.log("info", "recovery.done", partition=self.partition, seconds=round(took, 2))
        telemetry.households.labels(self._label).set(sum(1 for _ in self.store.scan(b"h")))
        telemetry.waiting.labels(self._label).set(sum(1 for _ in self.store.scan(PARKED)))

    async def _open(self) -> None:
        names = [self._settings.topic(topic) for topic in INPUTS]
        committed = await self._group.committed([TopicPartition(name, self.partition) for name in names])
        self._positions = {tp.topic: offset for tp, offset in committed.items()}
        self._waiting.clear()
        self.waiting_records = self._waiting_bytes = 0
        self._source.chains.held.discard(self.partition)
        await self._source.open_at({TP(name, self.partition): offset for name, offset in self._positions.items()})
        self._enter("running")
        self.running.set()

    def _take(self) -> list[Batch]:
        """Return the batches that continue where the lane stands; those fetched before a seek are dropped."""
        taken: list[Batch] = []
        count = 0
        while self._waiting and count < MAX_RECORDS:
            batch, size = self._waiting.popleft()
            self._count(-len(batch.records), -size)
            if batch.start == self._positions[batch.tp.topic]:
                self._positions[batch.tp.topic] = batch.end
                taken.append(batch)
                count += len(batch.records)
        if self.waiting_records < HIGH_WATER // 2 and self._waiting_bytes < HIGH_WATER_BYTES // 2:
            self._source.chains.held.discard(self.partition)
        return taken

    def _put_back(self, batches: list[Batch]) -> None:
        """Let what there was no time for wait again, before all that came after it."""
        for batch in reversed(batches):
            size = weight(batch)
            self._waiting.appendleft((batch, size))
            self._count(len(batch.records), size)
            self._positions[batch.tp.topic] = batch.start

    async def _process(self, sender: Sender) -> None:
        if self.store is None:
            raise RuntimeError("a lane processes only on an open store")
        index = self.index = self._index_of(self.store)
        job = self._job(self.partition, self.store, index)
        while not self._stopping.is_set():
            taken = self._take()
            if not taken:
                await self._more()
                continue
            self.working = True
            portion = Portion(taken, TURN_SECONDS)
            work = job.run(portion, time.time_ns())
            self._put_back(portion.left)
            changelog = await sender.commit(work.outgoing, portion.offsets)
            beside = work.index | index.marked(changelog) if index is not None else {}
            self.store.write([*work.changes.items(), *beside.items()], changelog)
            self.progress += 1
            self.working = False
            self._quality.note(work.tally.read, work.tally.refused)
            telemetry.confirmed(self._label, work.tally, time.time_ns())

    async def _more(self) -> None:
        """Wait until something arrives."""
        self._arrived.clear()
        if not self._waiting and not self._stopping.is_set():
            await self._arrived.wait()
