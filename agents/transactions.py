"""How a batch leaves: everything it sends and the input offsets, exactly once in one transaction or at least once in order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.producer.message_accumulator import BatchBuilder

from agents import telemetry
from agents.settings import Settings
from agents.work import Outgoing
from streams.topics import Topic

MAX_BATCH_BYTES: Final = 1 << 19
ZSTD: Final = 4
"""Its number in the attributes of a record batch."""
STOP_SECONDS: Final = 5.0
"""How long a producer may take to stop; a broker that is away would keep it for ever."""
CHANGELOGS: Final = frozenset({Topic.HOUSEHOLDS_CHANGELOG, Topic.PERSONS_CHANGELOG})

Offsets = Mapping[TopicPartition, int]
CommitOffsets = Callable[[Offsets], Awaitable[None]]


class Sender(Protocol):
    """One lane's way to the broker.

    ``linger_seconds``: how long a lane that had nothing to do waits for more after the first record; each commit costs round
    trips, whatever it carries.
    """

    linger_seconds: float

    async def start(self) -> None:
        """Connect; exactly once, this ends a former owner's transaction (fences it)."""

    async def commit(self, outgoing: list[Outgoing], offsets: Offsets) -> dict[str, int]:
        """Send records and commit input offsets; return the next offset of every changelog written to."""

    async def stop(self) -> None:
        """Let go of the broker."""


class ExactlyOnce:
    """One transaction per batch by the lane's own producer, whose id is the lane's."""

    linger_seconds = 0.004

    def __init__(self, settings: Settings, partition: int) -> None:
        """Prepare the producer of a partition."""
        self._settings = settings
        self._producer = AIOKafkaProducer(
            **settings.client(),
            transactional_id=f"{settings.group}-{partition}",
            max_batch_size=MAX_BATCH_BYTES,
            linger_ms=0,
            retry_backoff_ms=10,  # the broker answers "again" while it still ends the transaction before
        )

    async def start(self) -> None:
        """Connect and fence."""
        await self._producer.start()

    async def commit(self, outgoing: list[Outgoing], offsets: Offsets) -> dict[str, int]:
        """Send everything and the offsets in one transaction."""
        async with self._producer.transaction():
            sent = await _send(self._producer, self._settings, outgoing)
            await self._producer.send_offsets_to_transaction(offsets, self._settings.group)
            return await _ends(sent)

    async def stop(self) -> None:
        """Stop the producer."""
        await _stop(self._producer)


class AtLeastOnce:
    """Alerts first, then the states that say so, then the offsets: a crash in between repeats, never loses.

    Nothing fences a worker that was frozen past its session: until it notices, it may write an older state after its
    successor. Who needs that excluded takes exactly once, which is the default.
    """

    linger_seconds = 0.002

    def __init__(self, settings: Settings, commit_offsets: CommitOffsets) -> None:
        """Prepare a producer; ``commit_offsets`` commits as a member of the consumer group."""
        self._settings, self._commit_offsets = settings, commit_offsets
        self._producer = AIOKafkaProducer(
            **settings.client(), enable_idempotence=True, max_batch_size=MAX_BATCH_BYTES, linger_ms=0
        )  # fmt: skip

    async def start(self) -> None:
        """Connect."""
        await self._producer.start()

    async def commit(self, outgoing: list[Outgoing], offsets: Offsets) -> dict[str, int]:
        """Send, each step confirmed before the next."""
        await _ends(await _send(self._producer, self._settings, [each for each in outgoing if each.topic not in CHANGELOGS]))
        states = [each for each in outgoing if each.topic in CHANGELOGS]
        ends = await _ends(await _send(self._producer, self._settings, states))
        await self._commit_offsets(offsets)
        return ends

    async def stop(self) -> None:
        """Stop the producer."""
        await _stop(self._producer)


Sent = list[tuple[Topic, str, int, "asyncio.Future[Any]"]]
"""Topic, its name, how many records, and the confirmation."""


async def _send(producer: AIOKafkaProducer, settings: Settings, outgoing: list[Outgoing]) -> Sent:
    sent = []
    for topic, partition, batch in _batches(producer, outgoing):
        name, count = settings.topic(topic), batch.record_count()
        sent.append((topic, name, count, await producer.send_batch(batch, name, partition=partition)))
    return sent


async def _ends(sent: Sent) -> dict[str, int]:
    """Wait for every confirmation; return the changelogs' next offsets."""
    ends = {}
    for topic, name, count, confirmed in sent:
        metadata = await confirmed
        if topic in CHANGELOGS:
            ends[name] = metadata.offset + count
    return ends


def _batches(producer: AIOKafkaProducer, outgoing: list[Outgoing]) -> list[tuple[Topic, int, Any]]:
    """Pack records into producer batches, in order per topic and partition."""
    packed: list[tuple[Topic, int, Any]] = []
    by_place: dict[tuple[Topic, int], list[Outgoing]] = {}
    for each in outgoing:
        by_place.setdefault((each.topic, each.partition), []).append(each)
    for (topic, partition), records in by_place.items():
        batch = _new_batch(producer, records[0])
        packed.append((topic, partition, batch))
        for each in records:
            if _append(batch, each):
                continue
            batch = _new_batch(producer, each)
            packed.append((topic, partition, batch))
            if not _append(batch, each):
                raise ValueError("a record does not fit an empty batch")
    return packed


def _new_batch(producer: AIOKafkaProducer, first: Outgoing) -> BatchBuilder:
    """Return a batch for a record and what fits beside it. A large one is compressed, as it may have been when it came."""
    batch: BatchBuilder = producer.create_batch()
    if len(first.value or b"") >= MAX_BATCH_BYTES:
        transactional = producer._txn_manager is not None and producer._txn_manager.transactional_id is not None
        batch = BatchBuilder(MAX_BATCH_BYTES, ZSTD, is_transactional=transactional)
    return batch


def _append(batch: Any, each: Outgoing) -> bool:
    added = batch.append(key=each.key, value=each.value, timestamp=each.timestamp, headers=each.headers)
    return added is not None


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer; what it could not send in time is forgotten, and its lane's next producer fences it."""
    try:
        await asyncio.wait_for(producer.stop(), STOP_SECONDS)
    except Exception as error:
        telemetry.log("warning", "producer.stopped_late", error=type(error).__name__)
        if producer._sender.sender_task is not None:
            producer._sender.sender_task.cancel()
        await asyncio.wait_for(producer.client.close(), STOP_SECONDS)
