"""Composition root: settings -> a worker with its Faust app, lanes and web port. Nothing lives at module level."""

import asyncio
import contextlib
from importlib.metadata import version
from typing import Any, Final

import faust
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment
from faust.events import Event
from faust.types.tuples import TP

from agents import telemetry
from agents.batches import SCHEME, Batch, register
from agents.due_index import DueIndex
from agents.households import Households
from agents.lanes import Lane
from agents.offsets import committed
from agents.policy_files import load_policy
from agents.ports import Job
from agents.quality import Quality
from agents.settings import Settings
from agents.starting import prepare, unless
from agents.store import Store
from agents.sweep import Sweep
from agents.transactions import AtLeastOnce, Commits, ExactlyOnce, Sender
from agents.watchdog import Watchdog
from agents.web import start_web
from streams.topics import INPUTS, Topic

GATHER_SECONDS: Final = {"exactly-once": 0.03, "at-least-once": 0.011}
"""How long from one fetch to the next: what a fetch and a commit cost does not depend on how many records they carry."""
FETCH: Final = {"fetch_min_bytes": 1, "fetch_max_wait_ms": 100}
"""The first record after a pause is answered at once."""


class BatchSchema(faust.Schema):
    """Passes batches through: records are decoded by the lane."""

    def __init__(self) -> None:
        """Declare raw keys and values."""
        super().__init__(key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

    def compile(self, app: Any, *, on_key_decode_error: Any = None, on_value_decode_error: Any = None,
                default_propagate: bool = False) -> Any:  # fmt: skip
        """Return the decoder of a stream."""

        async def decode(message: Any, *, propagate: bool = False) -> Event:
            return Event(app, None, message.value, {}, message)

        return decode


class Worker:
    """One worker: reports in, transitions out, for the partitions it is assigned."""

    def __init__(self, settings: Settings) -> None:
        """Load the policy and compose the Faust app.

        Raises:
            PolicyError: the policy cannot be used.
        """
        self.settings = settings
        self.policy = load_policy(settings.policy)
        self.lanes: dict[int, Lane] = {}
        self.assigned = asyncio.Event()
        self.stalled = False
        self.lag: dict[int, int] = {}
        self._fatal = asyncio.Event()
        self.web_port = 0
        self._quality = Quality(settings.bad_share)
        self._commits: Commits | None = None
        self.prepare = prepare
        self.app = self._compose()

    def _compose(self) -> faust.App:
        register()
        settings = self.settings
        app = faust.App(
            settings.group,
            broker=f"{SCHEME}://" + settings.brokers.replace(",", f";{SCHEME}://"),
            datadir=str(settings.data_dir / "faust"),
            topic_partitions=settings.partitions,
            topic_disable_leader=True,
            topic_allow_declare=False,
            web_enabled=False,
            stream_wait_empty=False,
            broker_commit_interval=3600.0,
            broker_max_poll_records=4_000,
            broker_session_timeout=10.0,
            broker_heartbeat_interval=2.0,
            broker_request_timeout=40.0,
            table_standby_replicas=0,
            broker_client_id="fangfan@" + settings.web_address(self.web_port),
        )
        app.kafka_client = settings.client() | FETCH
        app.gather_seconds = GATHER_SECONDS[settings.guarantee]
        source = app.topic(*(settings.topic(topic) for topic in INPUTS), schema=BatchSchema())

        async def households(stream: Any) -> None:
            async for event in stream.events():
                batches: list[Batch] = event.value
                for batch in batches:
                    lane = self.lanes.get(batch.tp.partition)
                    if lane is not None:
                        lane.put(batch)

        app.agent(source, name="households")(households)
        app.on_partitions_assigned.connect(self._on_assigned, weak=False)
        app.on_partitions_revoked.connect(self._on_revoked, weak=False)
        return app

    async def _on_revoked(self, app: Any, revoked: set[TP], **_: Any) -> None:
        await self._stop_lanes()

    async def _on_assigned(self, app: Any, assigned: set[TP], **_: Any) -> None:
        """Start a lane for every partition whose inputs are all here."""
        await self._stop_lanes()
        self._commits = Commits(self.app.consumer.commit_offsets)
        names = {self.settings.topic(topic) for topic in INPUTS}
        for partition in sorted({tp.partition for tp in assigned}):
            have = {tp.topic for tp in assigned if tp.partition == partition}
            if names <= have:
                lane = Lane(
                    partition, self.settings, self._job, self._sender, self.app.consumer, self, self._quality, self._fatal.set,
                    self._index,
                )  # fmt: skip
                self.lanes[partition] = lane
                lane.start()
            else:
                telemetry.log("error", "lane.not_copartitioned", partition=partition, missing=sorted(names - have))
        telemetry.log("info", "partitions.assigned", partitions=sorted(self.lanes))
        self.assigned.set()

    def _job(self, partition: int, store: Store, index: DueIndex | None) -> Job:
        settings = self.settings
        return Households(
            partition, settings.partitions, settings.topic_prefix, store, self.policy, settings.state_version, index
        )

    def _index(self, store: Store) -> DueIndex | None:
        if not self.settings.ticks:
            return None
        return DueIndex(store, self.settings.topic(Topic.HOUSEHOLDS_CHANGELOG), self.policy)

    def _sender(self, partition: int) -> Sender:
        if self.settings.guarantee == "at-least-once":
            return AtLeastOnce(self.settings, self._commits or Commits(self.app.consumer.commit_offsets))
        return ExactlyOnce(self.settings, partition)

    async def _stop_lanes(self) -> None:
        self.assigned.clear()
        lanes, self.lanes = self.lanes, {}
        if lanes:
            self.app.consumer.chains.close(set(self.app.consumer.chains.next))
            await asyncio.gather(*(lane.stop() for lane in lanes.values()))

    async def committed(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where each input partition goes on: its committed offset, else its beginning."""
        return await committed(self.settings, tps)

    async def note_lag(self) -> None:
        """Set the consumer lag of every open input partition.

        Counted from where the lane stands; where nothing waits for it, from where the fetch stands, because the last
        offsets of a partition may hold only transaction markers.
        """
        lanes = {number: lane for number, lane in self.lanes.items() if lane.running.is_set()}
        names = [self.settings.topic(topic) for topic in INPUTS]
        fetched = await self.app.consumer.fetched([TP(name, number) for number in lanes for name in names]) if lanes else {}
        total = dict.fromkeys(lanes, 0)
        for tp, (position, end) in fetched.items():
            lane = lanes[tp.partition]
            at = position if not lane.waiting_records else lane.position(tp.topic)
            lag = max(0, end - (at or 0))
            telemetry.consumer_lag.labels(tp.topic, str(tp.partition)).set(lag)
            total[tp.partition] += lag
        self.lag = total

    async def owner(self, partition: int) -> str | None:
        """Return the web address of the worker that a partition is assigned to, by the consumer group."""
        member = await self._member(partition)
        return None if member is None else "http://" + member[1].partition("@")[2]

    async def owns(self, partition: int) -> bool:
        """Tell whether the group's coordinator says that a partition is this worker's; False while the group rebalances."""
        member = await self._member(partition)
        return member is not None and member[0] == self.app.consumer.member_id

    async def _member(self, partition: int) -> tuple[str, str] | None:
        """Return member id and client id of whom a partition is assigned to."""
        admin = AIOKafkaAdminClient(**self.settings.client())
        try:
            await admin.start()
            for response in await admin.describe_consumer_groups([self.settings.group]):
                for member in response.groups[0][5]:
                    assigned = ConsumerProtocolMemberAssignment.decode(member[4]).assignment if member[4] else []
                    if any(partition in partitions for _, partitions in assigned):
                        return str(member[0]), str(member[1])
        finally:
            await admin.close()
        return None

    @property
    def recovered(self) -> bool:
        """Assigned, and every lane recovered."""
        return self.assigned.is_set() and all(lane.running.is_set() for lane in self.lanes.values())

    @property
    def ready(self) -> bool:
        """Assigned, recovered and connected."""
        return not self.stalled and self.recovered and bool(self.app.consumer.connected)

    async def wait_ready(self) -> None:
        """Wait until the first assignment is recovered."""
        while True:
            await self.assigned.wait()
            await asyncio.gather(*(lane.running.wait() for lane in list(self.lanes.values())))
            if self.recovered:
                return

    async def run(self, stop: asyncio.Event) -> int:
        """Serve until ``stop`` is set; returns the exit code."""
        telemetry.build.info({"version": version("fangfan"), "policy": self.policy.label})
        runner, self.web_port = await start_web(self)
        try:
            if not await unless(stop, self.prepare(self.settings)):
                return 0
            self.app.conf.broker_client_id = "fangfan@" + self.settings.web_address(self.web_port)
            await self.app.start()
            watchdog = Watchdog(self, self.settings.stall_seconds)
            watchdog.start()
            announce = asyncio.create_task(self._announce())
            ends = [asyncio.create_task(each) for each in (self.app.wait_until_stopped(), stop.wait(), self._fatal.wait())]
            if self.settings.ticks:
                ends.append(asyncio.create_task(Sweep(self).run(), name="sweep"))
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            announce.cancel()
            for task in ends:
                if task.done() and (error := task.exception()) is not None:
                    telemetry.log("error", "worker.failed", task=task.get_name(), error=repr(error)[:300])
            failed = not stop.is_set()
            watchdog.stop()
            await self._stop_lanes()
            with contextlib.suppress(TimeoutError):  # a broker that is away is not waited for; nothing here is left to commit
                await asyncio.wait_for(self.app.stop(), 20)
            for task in ends:
                task.cancel()
            if self._fatal.is_set():
                telemetry.log("error", "worker.stands_aside", reason="states of a newer release; install it and start again")
                await stop.wait()  # ending would have a supervisor start this release again and again
            telemetry.log("error" if failed else "info", "worker.stopped", failed=failed)
            return 1 if failed else 0
        finally:
            await runner.cleanup()

    async def _announce(self) -> None:
        await self.wait_ready()
        print("ready", flush=True)
