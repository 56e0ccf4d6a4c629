"""A lane: everything that waits for one partition, taken together, computed once, sent in one transaction.

Started in this order, which is what makes exactly once hold: fence (a new producer under the lane's transactional id ends a
former owner's transaction), read committed offsets, recover the store, seek, process. After any error the lane does all of it
again; what was not committed is read again.

Longer than other modules: this order and what may interrupt it are one argument, and would have to be read together anyhow.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.errors import ProducerFenced
from faust.types.tuples import TP

from agents import telemetry
from agents.backlog import Backlog
from agents.batch import Batch
from agents.due_index import DueIndex
from agents.portions import Portion
from agents.ports import Group, Job, MakeJob, Source
from agents.producing import STOP_SECONDS
from agents.quality import Quality
from agents.reading import Record
from agents.recovery import Recovery, Telling, tell_counts
from agents.settings import Settings
from agents.starting import unless
from agents.store import Store
from agents.transactions import Offsets, Sender
from agents.work import Work
from schemas.codec import UnknownStateVersion
from streams.topics import INPUTS

TURN_SECONDS: Final = 0.25
"""How long a lane computes before it commits and lets the others compute: a household with very many reports takes long."""
RETRY_SECONDS: Final = 1.0
STAGES: Final = ("stopped", "fencing", "recovering", "running")


class Overtaken(Exception):
    """Somebody else worked on the partition while this worker thought it had it."""


class Lane:
    """Sole writer of one partition's households."""

    def __init__(
        self, partition: int, settings: Settings, recovery: Recovery, job: MakeJob, sender_of: Callable[[int], Sender],
        source: Source, group: Group, quality: Quality, give_up: Callable[[], None],
        index_of: Callable[[Store], DueIndex | None], knows_policies: Callable[[], Coroutine[Any, Any, None]],
        store: Store | None = None,
    ) -> None:  # fmt: skip
        """Prepare a lane; :meth:`start` runs it.

        ``give_up`` ends the worker: its release cannot read the partition's state. ``index_of`` binds the index of due
        households to the store, where ticks are on. ``knows_policies`` waits until the worker judges by every version that
        is published. ``store`` is the partition's where it is open already.
        """
        self.partition, self._settings, self._job, self._sender_of = partition, settings, job, sender_of
        self._source, self._group, self._quality = source, group, quality
        self._recovery, self._give_up, self._index_of = recovery, give_up, index_of
        self._knows_policies = knows_policies
        self._backlog = Backlog(partition)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._pauses = self._opened = 0
        self._settled = asyncio.Event()
        self._settled.set()
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.running = asyncio.Event()
        self.fatal: UnknownStateVersion | None = None
        self.progress = 0
        self.working = False
        self.store: Store | None = None
        self._handed = store
        self._counting: asyncio.Task[None] | None = None
        self.index: DueIndex | None = None
        self._label = str(partition)
        self._stage = STAGES[0]

    def start(self) -> None:
        """Run the lane in the background."""
        self._task = asyncio.create_task(self._run(), name=f"lane-{self.partition}")

    async def stop(self, seconds: float = 20.0) -> None:
        """Finish the transaction under way, then close everything the lane holds."""
        self._stopping.set()
        self._flowing.set()
        self._backlog.arrived.set()
        if self._task is not None:
            if self._stage == "recovering":
                self._task.cancel()  # what it has read is kept
            await asyncio.wait([self._task], timeout=seconds)
            if not self._task.done():
                self._task.cancel()
                done, _ = await asyncio.wait([self._task], timeout=STOP_SECONDS)
                if not done:
                    telemetry.log("error", "lane.does_not_stop", partition=self.partition)
        if self._handed is not None:
            self._handed.close()  # it never came to run
        telemetry.forget_partition(self._label, [self._settings.topic(topic) for topic in INPUTS])

    @property
    def stage(self) -> str:
        """What the lane is doing, in the words of ``fangfan_lane_state``."""
        return self._stage

    def position(self, topic: str) -> int | None:
        """Return the offset the lane goes on from on an input topic, None before it is open."""
        return self._backlog.positions.get(topic)

    @property
    def waiting_records(self) -> int:
        """How many records wait for the lane."""
        return self._backlog.records

    def wake(self) -> None:
        """Let an idle lane look whether there is work that no record brings."""
        self._backlog.arrived.set()

    def put(self, batch: Batch) -> None:
        """Let a batch wait for the lane."""
        self._backlog.put(batch, self._source.chains)

    async def pause(self, seconds: float = STOP_SECONDS) -> None:
        """Commit what is under way and take nothing more until :meth:`resume`: the group shares out its partitions."""
        self._flowing.clear()
        self._pauses += 1
        self._backlog.arrived.set()
        if not self._settled.is_set():
            with contextlib.suppress(TimeoutError):  # a broker that is away: the fence decides whose transaction counts
                await asyncio.wait_for(self._settled.wait(), seconds)

    def resume(self) -> None:
        """The partition is still this worker's: go on with what is open, unless somebody else went on meanwhile."""
        self._flowing.set()

    async def _run(self) -> None:
        while not self._stopping.is_set() and self.fatal is None:
            try:
                await self._session()
            except (ProducerFenced, Overtaken) as error:
                telemetry.log("warning", "lane.fenced", partition=self.partition, reason=type(error).__name__)
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
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), RETRY_SECONDS)
            try:
                if await self._group.owns(self.partition):
                    return
            except Exception as error:
                telemetry.log("warning", "group.unreachable", partition=self.partition, error=type(error).__name__)

    def _close(self) -> None:
        self.running.clear()
        self.working = False
        self._settled.set()
        self._enter("stopped")
        self.index = None
        if self._counting is not None:
            self._counting.cancel()
        for store in (self.store, self._handed):
            if store is not None:
                store.close()
        self.store = self._handed = None

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
            if not await unless(self._stopping, self._knows_policies()):
                return
            await self._open()
            await self._process(sender)
        finally:
            await sender.stop()

    async def _recover(self) -> None:
        self._enter("recovering")
        handed, self._handed = self._handed, None
        self.store = await self._recovery.bring_up(self.partition, Telling(self.partition, self._move), handed)

    def _move(self) -> None:
        self.progress += 1

    async def _open(self, resumed: bool = False) -> None:
        """Begin where the group's committed offsets say; a lane that is resumed only where it stopped itself.

        Raises:
            Overtaken: while it was paused somebody else committed offsets of its partition.
        """
        await self._flowing.wait()
        self._opened = self._pauses
        tps = [TopicPartition(self._settings.topic(topic), self.partition) for topic in INPUTS]
        committed = await self._group.committed(tps)
        positions = {tp.topic: offset for tp, offset in committed.items()}
        if resumed and positions != self._backlog.positions:
            raise Overtaken
        self._backlog.begin(positions, self._source.chains)
        await self._source.open_at({TP(name, self.partition): offset for name, offset in positions.items()})
        self._enter("running")
        self.running.set()

    async def _process(self, sender: Sender) -> None:
        assert self.store is not None, "a lane processes only on an open store"
        self._counting = asyncio.create_task(tell_counts(self.store, self._label))
        index = self.index = self._index_of(self.store)
        job = self._job(self.partition, self.store, index)
        await sender.ahead(lambda alerts: self._adopt(sender, job, alerts))
        while not self._stopping.is_set():
            if self._opened != self._pauses:
                await self._settle(sender)
                await self._open(resumed=True)
                continue
            if (due := sender.due) is not None and due <= time.monotonic():
                await self._settle(sender)
            taken = self._backlog.take(self._source.chains)
            if taken:
                portion = Portion(taken, TURN_SECONDS)
                work = job.run(portion, time.time_ns())
                self._backlog.put_back(portion.left)
                await self._commit(sender, self.store, work, portion.offsets)
                if self._opened != self._pauses:
                    continue
            piece = job.slice(time.time_ns())  # one beside each batch: reports wait for no more than that
            if piece is not None:
                await self._commit(sender, self.store, piece, {})
            elif not taken:
                await self._more(sender.due)
        await self._settle(sender)

    async def _adopt(self, sender: Sender, job: Job, alerts: list[Record]) -> None:
        assert self.store is not None, "a lane adopts only on an open store"
        await self._commit(sender, self.store, job.adopt(alerts), {})

    async def _commit(self, sender: Sender, store: Store, work: Work, offsets: Offsets) -> None:
        """Send what a batch or a slice did, store it once it is committed, and tell of it."""
        self.working = True
        self._settled.clear()
        if work.outgoing or offsets:
            changelog = await sender.commit(work.outgoing, offsets)
            beside = work.index | self.index.marked(changelog) if self.index is not None else {}
            changes = [*work.changes.items(), *beside.items()]
            store.write(changes, changelog, work.tally.new_households, work.tally.parked)
        else:
            await asyncio.sleep(0)  # nothing to wait for, but others wait
        self.progress += 1
        self.working = False
        if sender.due is None:
            self._committed()
        self._quality.note(work.tally.read, work.tally.refused)
        telemetry.confirmed(self._label, work.tally, time.time_ns())

    async def _settle(self, sender: Sender) -> None:
        """Commit the offsets of all that was sent."""
        self.working = True
        await sender.settle()
        self.working = False
        self._committed()

    def _committed(self) -> None:
        if not self._settled.is_set():
            self._settled.set()
            telemetry.committed(self._label, time.time_ns())

    async def _more(self, due: float | None) -> None:
        """Wait until something arrives, or until what was sent is to be settled (monotonic seconds)."""
        arrived = self._backlog.arrived
        arrived.clear()
        if self._backlog.records or self._stopping.is_set() or self._opened != self._pauses:
            return
        timer = asyncio.get_running_loop().call_later(due - time.monotonic(), arrived.set) if due is not None else None
        try:
            await arrived.wait()
        finally:
            if timer is not None:
                timer.cancel()
