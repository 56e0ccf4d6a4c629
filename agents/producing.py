"""What a lane asks of brokers when it commits: record batches, and the steps of a transaction.

aiokafka's producer takes these through a queue, a sender that wakes for each step and futures for each batch. A lane knows
all it sends beforehand, so here each step is one request, and what may go together goes together. Of the library's producer
its connections, metadata, coordinators, producer id and fencing are used; nothing is ever put into its queue.
"""

import asyncio
import logging
import math
import time
from collections import defaultdict, deque
from collections.abc import Coroutine, Iterable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka import errors as kafka
from aiokafka.client import ConnectionGroup, CoordinationType
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.transaction_manager import PidAndEpoch, TransactionResult
from aiokafka.protocol.produce import ProduceRequest
from aiokafka.protocol.transaction import (
    AddOffsetsToTxnRequest,
    AddPartitionsToTxnRequest,
    EndTxnRequest,
    TxnOffsetCommitRequest,
)

from agents import telemetry, transaction_protocol
from agents.settings import Settings
from agents.transaction_protocol import Taken

_LOG: Final = logging.getLogger(__name__)

STOP_SECONDS: Final = 5.0
"""How long a producer may take to stop; a broker that is away would keep it for ever."""
AGAIN_SECONDS: Final = (0.005, 0.5)
"""The first and the longest pause before something is asked again."""
BETWEEN_SECONDS: Final = 0.005
"""The pause while the coordinator still ends the transaction before, which takes it milliseconds."""
ACK_MS: Final = 40_000
"""How long a broker may wait for its replicas."""
_MOVED: Final = (kafka.CoordinatorNotAvailableError, kafka.NotCoordinatorError)
_AGAIN: Final = (
    *_MOVED, kafka.ConcurrentTransactions, kafka.CoordinatorLoadInProgressError, kafka.UnknownTopicOrPartitionError,
    kafka.OperationNotAttempted, kafka.RequestTimedOutError,
)  # fmt: skip
"""What a coordinator answers that will soon answer otherwise; the first is that it still ends the transaction before."""
_LOST: Final = (kafka.NodeNotReadyError, kafka.RequestTimedOutError, kafka.KafkaConnectionError, kafka.StaleMetadata)


class Requests:
    """The requests of one producer. After an error that is raised it is of no more use: stop it and take a new one."""

    def __init__(self, settings: Settings, transactional_id: str | None = None) -> None:
        """Prepare the library's producer, idempotent and, with an id, transactional."""
        self._id, self._joins = transactional_id, False
        self._ended = -math.inf
        self._producer = AIOKafkaProducer(
            **settings.client(), transactional_id=transactional_id, enable_idempotence=True, linger_ms=0, retry_backoff_ms=10
        )

    async def start(self) -> None:
        """Connect; with a transactional id, end a former owner's transaction (fence it)."""
        await self._producer.start()
        self._joins = await transaction_protocol.offered(self._producer.client)

    async def stop(self) -> None:
        """Let go of the broker; a transaction under way is left to whoever fences this producer, or to its timeout."""
        try:
            await asyncio.wait_for(self._producer.stop(), STOP_SECONDS)
        except Exception as error:
            telemetry.log("warning", "producer.stopped_late", error=type(error).__name__)
            if self._producer._sender.sender_task is not None:
                self._producer._sender.sender_task.cancel()
            await asyncio.wait_for(self._producer.client.close(), STOP_SECONDS)

    async def begin(self, tps: Iterable[TopicPartition], group: str) -> None:
        """Tell the transaction's coordinator what the transaction will touch: partitions, and a group's offsets.

        One after the other: while it notes the one it refuses the other as concurrent, and to ask again costs more. Where both
        join by themselves there is nothing to tell.
        """
        if self._joins:  # a broker that meets the transaction before waits 20 ms, if nobody has set it otherwise
            if (pause := self._ended + BETWEEN_SECONDS - time.monotonic()) > 0:
                await asyncio.sleep(pause)
            return
        topics: defaultdict[str, list[int]] = defaultdict(list)
        for tp in tps:
            topics[tp.topic].append(tp.partition)
        if topics:
            added = AddPartitionsToTxnRequest(self._id, *self._who, list(topics.items()))
            await self._coordinate(CoordinationType.TRANSACTION, self._id, added)
        await self._coordinate(CoordinationType.TRANSACTION, self._id, AddOffsetsToTxnRequest(self._id, *self._who, group))

    async def commit_offsets(self, offsets: Mapping[TopicPartition, int], group: str) -> None:
        """Commit offsets within the transaction."""
        if self._id is not None and self._joins:
            join = transaction_protocol.commit_offsets(self._id, self._who, group, offsets)
            await self._coordinate(CoordinationType.GROUP, group, join)
            return
        topics: defaultdict[str, list[tuple[int, int, str]]] = defaultdict(list)
        for tp, offset in offsets.items():
            topics[tp.topic].append((tp.partition, offset, ""))
        request = TxnOffsetCommitRequest(self._id, group, *self._who, list(topics.items()))
        await self._coordinate(CoordinationType.GROUP, group, request)

    async def end(self) -> None:
        """Commit the transaction."""
        if self._id is not None and self._joins:
            call = transaction_protocol.commit(self._id, self._who)
            ended = await self._coordinate(CoordinationType.TRANSACTION, self._id, call)
            manager = self._producer._txn_manager
            manager._pid_and_epoch = PidAndEpoch(ended.producer_id, ended.producer_epoch)
            manager._sequence_numbers.clear()
            self._ended = time.monotonic()
            return
        request = EndTxnRequest(self._id, *self._who, TransactionResult.COMMIT)
        await self._coordinate(CoordinationType.TRANSACTION, self._id, request)

    async def produce(self, batches: Iterable[tuple[TopicPartition, BatchBuilder]]) -> dict[TopicPartition, int]:
        """Send record batches, those of a partition one after the other; return the offset behind the last record of each.

        A broker that is away, or a leader that moved, is asked again with the same sequence numbers, so that it takes a
        batch once.

        Raises:
            ProducerFenced: another producer has the transactional id.
            KafkaError: a broker refuses a batch for good.
        """
        waiting = await self._numbered(batches)
        ends: dict[TopicPartition, int] = {}
        pause, longest = AGAIN_SECONDS
        while waiting:
            nodes: defaultdict[int | None, dict[TopicPartition, BatchBuilder]] = defaultdict(dict)
            for tp, some in waiting.items():
                nodes[self._producer.client.cluster.leader_for_partition(tp)][tp] = some[0]
            confirmed = await together(*(self._produce_to(node, some) for node, some in nodes.items()))
            refused = len(waiting)
            for tp, base in (each for answer in confirmed for each in answer.items()):
                ends[tp] = base + waiting[tp].popleft().record_count()
                refused -= 1
                if not waiting[tp]:
                    del waiting[tp]
            if refused:
                await self._producer.client.force_metadata_update()
                await asyncio.sleep(pause)
                pause = min(2 * pause, longest)
        return ends

    @property
    def _who(self) -> tuple[int, int]:
        manager = self._producer._txn_manager
        return manager.producer_id, manager.producer_epoch

    async def _numbered(
        self, batches: Iterable[tuple[TopicPartition, BatchBuilder]]
    ) -> dict[TopicPartition, deque[BatchBuilder]]:
        """Give batches their sequence numbers, and return them by partition."""
        manager = self._producer._txn_manager
        waiting: defaultdict[TopicPartition, deque[BatchBuilder]] = defaultdict(deque)
        for tp, batch in batches:
            batch._set_producer_state(manager.producer_id, manager.producer_epoch, manager.sequence_number(tp))
            manager.increment_sequence_number(tp, batch.record_count())
            waiting[tp].append(batch)
        for topic in {tp.topic for tp in waiting}:
            await self._producer.client._wait_on_metadata(topic)
        return waiting

    async def _produce_to(self, node: int | None, batches: Mapping[TopicPartition, BatchBuilder]) -> dict[TopicPartition, int]:
        """Send one batch per partition to a broker; return the base offsets of those that it took."""
        if node is None or node == -1:
            return {}  # no leader known
        topics: defaultdict[str, list[tuple[int, bytes]]] = defaultdict(list)
        for tp, batch in batches.items():
            topics[tp.topic].append((tp.partition, batch._build()))
        try:
            taken = await self._ask_to_take(node, topics)
        except _LOST as lost:
            _LOG.warning("A broker was asked in vain to take records: %s", type(lost).__name__)
            return {}
        confirmed = {}
        for topic, partition, code, base in taken:
            error = _error(code)
            if error is None:
                confirmed[TopicPartition(topic, partition)] = base
            elif not error.retriable and not isinstance(error, kafka.ConcurrentTransactions):
                raise error
            else:
                _LOG.warning("A broker does not take records yet: %s", type(error).__name__)
        return confirmed

    async def _ask_to_take(self, node: int, topics: Mapping[str, list[tuple[int, bytes]]]) -> list[Taken]:
        if self._joins:
            taken: list[Taken] = await self._producer.client.send(node, transaction_protocol.produce(self._id, ACK_MS, topics))
            return taken
        answer = await self._producer.client.send(node, ProduceRequest(self._id, -1, ACK_MS, list(topics.items())))
        return [(topic, partition, code, base) for topic, some in answer.topics for partition, code, base, *_ in some]

    async def _coordinate(self, kind: int, key: str | None, request: Any) -> Any:
        """Ask a coordinator until it has done what the request wants; return its answer."""
        sender = self._producer._sender
        pause, longest = AGAIN_SECONDS
        while True:
            try:
                node = await sender._find_coordinator(kind, key)
                response = await self._producer.client.send(node, request, group=ConnectionGroup.COORDINATION)
                errors = [error for error in map(_error, _codes(response)) if error is not None]
            except _LOST as lost:
                errors = [kafka.NotCoordinatorError(type(lost).__name__)]
            if not errors:
                return response
            for error in errors:
                if not isinstance(error, _AGAIN):
                    raise error
                if isinstance(error, _MOVED):
                    sender._coordinator_dead(kind)
            between = all(isinstance(error, kafka.ConcurrentTransactions) for error in errors)
            await asyncio.sleep(BETWEEN_SECONDS if between else pause)
            pause = min(2 * pause, longest)


def _error(code: int) -> kafka.KafkaError | None:
    """Return the error of a code, None where it is none; a producer with an old epoch is fenced."""
    kind = kafka.for_code(code)
    if kind is kafka.NoError:
        return None
    return kafka.ProducerFenced() if kind is kafka.InvalidProducerEpoch or code == transaction_protocol.FENCED else kind()


def _codes(response: Any) -> list[int]:
    """Return the error codes of an answer, those of single partitions where it has such."""
    if isinstance(response, list):
        return response
    if hasattr(response, "error_code"):
        return [response.error_code]
    return [code for _, partitions in response.errors for _, code in partitions]


async def together(*asked: Coroutine[Any, Any, Any]) -> list[Any]:
    """Ask at the same time, in this order; where one fails the others end too."""
    if len(asked) == 1:
        return [await asked[0]]
    tasks = [asyncio.create_task(each) for each in asked]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
