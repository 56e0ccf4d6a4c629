"""A lane: everything that waits for one partition, taken together, computed once, sent in one transaction.

Started in this order, which is what makes exactly once hold: fence (a new producer under the lane's transactional id ends a
former owner's transaction), read committed offsets, recover the store, seek, process. After any error the lane does all of it
again; what was not committed is read again.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import ProducerFenced
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from faust.types.tuples import TP

from agents import telemetry
from agents.batches import Batch, Chains
from agents.portions import Portion, weight
from agents.quality import Quality
from agents.recovery import recover
from agents.settings import Settings
from agents.store import PARKED, Store
from agents.work import Batcher, Outgoing, Work
from schemas.codec import UnknownStateVersion
from schemas.fields import NANOSECONDS
from streams.policy import Policy
from streams.topics import INPUTS, Topic

MAX_RECORDS: Final = 4_000
"""How many records one transaction takes at most."""
HIGH_WATER: Final = 20_000
"""A partition with more records waiting is not fetched until its lane has caught up."""
HIGH_WATER_BYTES: Final = 32 << 20
"""The same for the bytes that wait: few records may be large ones."""
TURN_SECONDS: Final = 0.25
"""How long a lane computes before it commits and lets the others compute: a household with very many reports takes long."""
MAX_BATCH_BYTES: Final = 1 << 19
RETRY_SECONDS: Final = 1.0
STAGES: Final = ("stopped", "fencing", "recovering", "running")
STOP_SECONDS: Final = 5.0
"""How long a producer may take to stop; a broker that is away would keep it for ever."""


class Source(Protocol):
    """What a lane needs of the consumer."""

    chains: Chains

    async def open_at(self, positions: Mapping[TP, int]) -> None:
        """Hand over partitions from these positions on."""


class Group(Protocol):
    """What a lane asks of the consumer group."""

    async def committed(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where each input partition goes on."""

    async def owns(self, partition: int) -> bool:
        """Tell whether the group's coordinator says that the partition is this worker's."""


class Lane:
    """Sole writer of one partition's households."""

    def __init__(
        self, partition: int, settings: Settings, policy: Policy, source: Source, group: Group, quality: Quality,
        give_up: Callable[[], None],
    ) -> None:  # fmt: skip
        """Prepare a lane; :meth:`start` runs it. ``give_up`` ends the worker: its release cannot read the partition's state."""
        self._give_up = give_up
        self.partition, self._settings, self._policy = partition, settings, policy
        self._source, self._group, self._quality = source, group, quality
        self._waiting: deque[Batch] = deque()
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
        self._waiting.append(batch)
        self._count(batch, 1)
        if self.waiting_records > HIGH_WATER or self._waiting_bytes > HIGH_WATER_BYTES:
            self._source.chains.held.add(self.partition)
        self._arrived.set()

    def _count(self, batch: Batch, sign: int) -> None:
        self.waiting_records += sign * len(batch.records)
        self._waiting_bytes += sign * weight(batch)

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
        if self.store is not None:
            self.store.close()
            self.store = None

    def _enter(self, stage: str) -> None:
        self._stage = stage
        self.progress += 1
        telemetry.lane_state.labels(self._label).set(STAGES.index(stage))

    async def _session(self) -> None:
        self._enter("fencing")
        producer = AIOKafkaProducer(
            **self._settings.client(),
            transactional_id=f"{self._settings.group}-{self.partition}",
            max_batch_size=MAX_BATCH_BYTES,
            max_request_size=8 << 20,
            linger_ms=0,
            retry_backoff_ms=10,  # the broker answers "again" while it still ends the transaction before
        )
        try:
            await producer.start()
            await self._recover()
            await self._open()
            await self._process(producer)
        finally:
            await _stop(producer)

    async def _recover(self) -> None:
        began = time.monotonic()
        self._enter("recovering")
        folder = Path(self._settings.data_dir) / self._settings.group / self._label

        def progress(read: int, left: int) -> None:
            telemetry.recovery_left.labels(self._label).set(left)
            self.progress += read > 0

        self.store = await recover(self._settings, self.partition, lambda: Store(folder), progress)
        telemetry.recovery_seconds.labels(self._label).set(time.monotonic() - began)
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
            batch = self._waiting.popleft()
            self._count(batch, -1)
            if batch.start == self._positions[batch.tp.topic]:
                self._positions[batch.tp.topic] = batch.end
                taken.append(batch)
                count += len(batch.records)
        return taken

    def _put_back(self, batches: list[Batch]) -> None:
        """Let what there was no time for wait again, before all that came after it."""
        for batch in reversed(batches):
            self._waiting.appendleft(batch)
            self._count(batch, 1)
            self._positions[batch.tp.topic] = batch.start
        if self.waiting_records < HIGH_WATER // 2 and self._waiting_bytes < HIGH_WATER_BYTES // 2:
            self._source.chains.held.discard(self.partition)

    async def _process(self, producer: AIOKafkaProducer) -> None:
        if self.store is None:
            raise RuntimeError("a lane processes only on an open store")
        settings = self._settings
        batcher = Batcher(self.partition, settings.partitions, settings.topic_prefix, self.store, self._policy)
        while not self._stopping.is_set():
            taken = self._take()
            if not taken:
                self._arrived.clear()
                if not self._waiting and not self._stopping.is_set():
                    await self._arrived.wait()
                continue
            self.working = True
            portion = Portion(taken, TURN_SECONDS)
            work = batcher.run(portion, time.time_ns())
            self._put_back(portion.left)
            changelog = await self._commit(producer, work, portion.offsets)
            self.store.write(work.changes.items(), changelog)
            self.progress += 1
            self.working = False
            self._confirm(work)

    async def _commit(self, producer: AIOKafkaProducer, work: Work, offsets: dict[TopicPartition, int]) -> dict[str, int]:
        """Send everything and the offsets in one transaction; return the changelogs' next offsets."""
        changelog: dict[str, int] = {}
        async with producer.transaction():
            sent = [(topic, count, await _send(producer, self._settings, topic, partition, batch))
                    for topic, partition, count, batch in _batches(producer, work.outgoing)]  # fmt: skip
            await producer.send_offsets_to_transaction(offsets, self._settings.group)
            for topic, count, future in sent:
                metadata = await future
                if topic in (Topic.HOUSEHOLDS_CHANGELOG, Topic.PERSONS_CHANGELOG):
                    changelog[self._settings.topic(topic)] = metadata.offset + count
        return changelog

    def _confirm(self, work: Work) -> None:
        now = time.time_ns()
        self._quality.note(work.outcomes)
        telemetry.committed_at.labels(self._label).set(now / NANOSECONDS)
        telemetry.households.labels(self._label).inc(work.new_households)
        telemetry.waiting.labels(self._label).inc(work.parked)
        for each in work.published:
            alert = each.alert
            telemetry.alerts.labels(alert.transition.value, alert.severity or "none", alert.tier).inc()
            for reason in alert.reasons:
                telemetry.reasons.labels(alert.transition.value, reason.rule, reason.severity, alert.tier).inc()
            telemetry.alert_latency.labels("ingested").observe((now - each.appended_at) / NANOSECONDS)
            telemetry.alert_latency.labels("occurred").observe((now - each.occurred_at) / NANOSECONDS)


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer; what it could not send in time is forgotten, and its lane's next producer fences it."""
    try:
        await asyncio.wait_for(producer.stop(), STOP_SECONDS)
    except Exception as error:
        telemetry.log("warning", "producer.stopped_late", error=type(error).__name__)
        if producer._sender.sender_task is not None:
            producer._sender.sender_task.cancel()
        await asyncio.wait_for(producer.client.close(), STOP_SECONDS)


def _batches(producer: AIOKafkaProducer, outgoing: list[Outgoing]) -> list[tuple[Topic, int, int, object]]:
    """Pack records into producer batches, in order per topic and partition: (topic, partition, count, batch)."""
    packed: list[tuple[Topic, int, int, object]] = []
    by_place: dict[tuple[Topic, int], list[Outgoing]] = {}
    for each in outgoing:
        by_place.setdefault((each.topic, each.partition), []).append(each)
    for (topic, partition), records in by_place.items():
        batch = _new_batch(producer, records[0])
        for each in records:
            fields = {"key": each.key, "value": each.value, "timestamp": each.timestamp, "headers": each.headers}
            if batch.append(**fields) is None:
                packed.append((topic, partition, batch.record_count(), batch))
                batch = _new_batch(producer, each)
                if batch.append(**fields) is None:
                    raise ValueError("a record does not fit an empty batch")
        packed.append((topic, partition, batch.record_count(), batch))
    return packed


def _new_batch(producer: AIOKafkaProducer, first: Outgoing) -> Any:
    """Return a batch for a record and what fits beside it. A large one is compressed, as it may have been when it came."""
    if len(first.value or b"") < MAX_BATCH_BYTES:
        return producer.create_batch()
    return BatchBuilder(MAX_BATCH_BYTES, DefaultRecordBatchBuilder.CODEC_ZSTD, is_transactional=True)


async def _send(
    producer: AIOKafkaProducer, settings: Settings, topic: Topic, partition: int, batch: object
) -> "asyncio.Future[Any]":
    sent: asyncio.Future[Any] = await producer.send_batch(batch, settings.topic(topic), partition=partition)
    return sent
