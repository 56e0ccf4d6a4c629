"""A Faust transport that hands agents whole fetches instead of messages.

One Faust event is what one fetch brought: a batch of records per partition. Each batch says where it starts and ends; the lane
takes a batch only where it stands, so that what was fetched before a seek can neither be processed twice nor leave a gap.
Offsets are committed by the lanes' transactions: Faust's own acknowledgements and commits are switched off here.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any

import aiokafka
from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as driver
from faust.types.tuples import TP, ConsumerMessage

from agents.batch import Batch, Chains
from agents.reading import Reader, Taken, read_batches

SCHEME = "fangfan"


class BatchThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread with a consumer that reads committed records and keeps partitions of one number together."""

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        conf = self.app.conf
        self._reader = Reader(self.app.gather_seconds)
        return aiokafka.AIOKafkaConsumer(
            client_id=conf.broker_client_id,
            group_id=conf.id,
            partition_assignment_strategy=[self.app.shares],  # one alone: aiokafka joins once more for each further one
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=conf.broker_max_poll_records,
            max_poll_interval_ms=int(conf.broker_max_poll_interval * 1000),
            session_timeout_ms=int(conf.broker_session_timeout * 1000),
            heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1000),
            rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1000),
            request_timeout_ms=int(conf.broker_request_timeout * 1000),
            **self.app.kafka_client,
        )

    async def on_start(self) -> None:
        """Start the consumer, and hear what its coordinator cannot mend: it waits for somebody to ask, and nobody here does."""
        await super().on_start()
        coordinator = self._ensure_consumer()._coordinator
        wait = coordinator._push_error_to_user

        def tell(error: Exception) -> Any:
            self.app.loop.call_soon_threadsafe(self.app.refuse, error)
            return wait(error)

        coordinator._push_error_to_user = tell

    def close(self) -> None:
        """Leave the consumer to its own thread, which closes it when it ends, and leaves the group.

        Where the group shares out partitions while a worker ends, Faust closes it at once, on the application's loop. A
        connection of uvloop that is closed by another thread than polls it takes the process down.
        """

    async def getmany(self, active_partitions: set[TP] | None, timeout: float) -> Taken:  # noqa: ASYNC109 # Faust's signature
        """Fetch once, in the consumer's own thread."""
        taken: Taken = await self._there(self._fetch_records(self._ensure_consumer(), active_partitions or set(), timeout))
        return taken

    async def _there(self, call: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the consumer's own thread; Faust's queue of calls makes six tasks of each."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, self.thread_loop))

    async def _fetch_records(
        self, consumer: aiokafka.AIOKafkaConsumer, active_partitions: set[TP], timeout: float | None = None,  # noqa: ASYNC109 # Faust's signature
        max_records: int | None = None,
    ) -> Taken:  # fmt: skip
        """Return what was fetched, as Faust's driver does; records stay as the library's C extension read them."""
        if not self.consumer.flow_active:
            return {}
        source = consumer._fetcher
        if consumer._closed or source._closed:
            raise ConsumerStoppedError
        with source._subscriptions.fetch_context():
            return await self._reader.take(source, active_partitions, timeout or 0.0, max_records or consumer._max_poll_records)

    async def place(self, positions: Mapping[TP, int]) -> None:
        """Seek, in the consumer's own thread."""
        await self._there(self._place(positions))

    async def commit_offsets(self, offsets: Mapping[aiokafka.TopicPartition, tuple[int, str]]) -> None:
        """Commit as a member of the group, in the consumer's own thread."""
        await self._there(self._ensure_consumer().commit(dict(offsets)))

    async def fetched(self, tps: list[TP]) -> dict[TP, tuple[int, int]]:
        """Return how far each partition was fetched and where it ends, for those that know both."""
        found: dict[TP, tuple[int, int]] = await self._there(self._fetched(tps))
        return found

    async def _fetched(self, tps: list[TP]) -> dict[TP, tuple[int, int]]:
        consumer = self._ensure_consumer()
        known: dict[TP, tuple[int, int]] = {}
        for tp in tps:
            partition = aiokafka.TopicPartition(tp.topic, tp.partition)
            if partition in consumer.assignment():
                end, state = (
                    consumer.highwater(partition),
                    consumer._subscription.subscription.assignment.state_value(partition),
                )
                if end is not None and state.has_valid_position:
                    known[tp] = (state.position, end)
        return known

    @property
    def connected(self) -> bool:
        """Tell whether a connection to any broker stands; aiokafka drops them as soon as they end."""
        consumer = self._consumer
        return consumer is not None and any(each.connected() for each in list(consumer._client._conns.values()))

    async def _place(self, positions: Mapping[TP, int]) -> None:
        consumer = self._ensure_consumer()
        assigned = consumer.assignment()
        for tp, offset in positions.items():
            if tp in assigned:
                consumer.seek(aiokafka.TopicPartition(tp.topic, tp.partition), offset)


class BatchConsumer(driver.Consumer):
    """Yields one message per fetch; never commits, never seeks by itself."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start with no partition open."""
        super().__init__(*args, **kwargs)
        self.chains = Chains()

    def _new_consumer_thread(self) -> BatchThread:
        return BatchThread(self, loop=self.loop, beacon=self.beacon)

    async def open_at(self, positions: Mapping[TP, int]) -> None:
        """Begin to hand over partitions from some positions on."""
        for tp in positions:
            self._read_offset[tp] = None
        self.chains.open(positions)
        await self._thread.place(positions)

    async def commit_offsets(self, offsets: Mapping[aiokafka.TopicPartition, tuple[int, str]]) -> None:
        """Commit input offsets, with notes, outside of any transaction; refused where the partition is no longer this worker's.

        Raises:
            CommitFailedError: the group has moved on without this worker.
        """
        await self._thread.commit_offsets(offsets)

    @property
    def connected(self) -> bool:
        """Tell whether a connection to any broker stands."""
        return bool(self._thread.connected)

    @property
    def member_id(self) -> str:
        """Who this worker is to the group's coordinator."""
        return str(self._thread._ensure_consumer()._coordinator.member_id)

    async def fetched(self, tps: list[TP]) -> dict[TP, tuple[int, int]]:
        """Return how far each partition was fetched and where it ends, for those that know both."""
        found: dict[TP, tuple[int, int]] = await self._thread.fetched(tps)
        return found

    async def _drain_messages(self, fetcher: Any) -> None:
        """Hand over fetches until told to stop: Faust's loop without what it does for each message.

        Faust watches whether the flow is suspended while it hands over; here nothing waits in between.
        """
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                async for _, message in self.getmany(timeout=1.0):
                    if self.flow_active:
                        await self.callback(message)
        except (asyncio.CancelledError, *self.consumer_stopped_errors):
            if not self.transport.app.should_stop:
                raise

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:  # noqa: ASYNC109 # Faust's signature
        """Fetch what is open; Faust's fetcher loop calls it again and again."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow)
        chains = self.chains
        before = {tp: chains.epoch[tp] for tp in chains.next if not chains.full(tp)}
        if not before or self.should_stop:
            await self.sleep(0.02)
            return
        fetched: Taken = await self._getmany(active_partitions=set(before), timeout=timeout)
        stale: dict[TP, int] = {}
        batches: list[Batch] = []
        for key, (records, end) in fetched.items():
            tp = TP(key.topic, key.partition)
            start = chains.next.get(tp)
            if start is None:
                continue
            if chains.epoch[tp] != before.get(tp):
                stale[tp] = start
                continue
            chains.next[tp] = end
            batches.append(Batch(tp, start, end, records))
        if batches:
            yield batches[0].tp, self._message(batches)
        if stale:
            await self._thread.place(stale)

    def _message(self, batches: list[Batch]) -> ConsumerMessage:
        """Return what Faust takes for a message of the first batch's partition."""
        tp, last = batches[0].tp, batches[0].records[-1]
        return ConsumerMessage(
            tp.topic, tp.partition, last.offset, last.timestamp / 1000.0, 0, [], None, batches, None, 0, 0, tp,
            generation_id=self.app.consumer_generation_id,
        )  # fmt: skip

    def ack(self, message: Any) -> bool:
        """Forget a message: its offset is committed by the lane's transaction."""
        message.acked = True
        self._unacked_messages.discard(message)
        return True

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        """Commit nothing: offsets go with the transactions."""
        return False

    async def perform_seek(self) -> None:
        """Seek nothing: lanes seek, after they have fenced and recovered."""

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Track no gaps: batches say themselves what they cover."""


class BatchTransport(driver.Transport):
    """The driver's transport with our consumer."""

    Consumer = BatchConsumer


def register() -> None:
    """Make ``fangfan://`` a broker URL for Faust."""
    read_batches()
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:BatchTransport"
