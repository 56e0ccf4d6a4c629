"""Composition root: settings -> a worker with its Faust app, lanes and web port. Nothing lives at module level."""

import asyncio
import contextlib
from collections.abc import Collection
from importlib.metadata import version
from typing import Any, Final

import faust
from faust.types.tuples import TP

from agents import telemetry
from agents.assignor import ShareAssignor, whole
from agents.batch import Batch, BatchSchema
from agents.batches import SCHEME, register
from agents.credentials import credentials
from agents.due_index import DueIndex
from agents.group import ConsumerGroup
from agents.households import Households
from agents.lag import note_lag
from agents.lanes import Lane
from agents.memory import Memory
from agents.policies import Follower, make_judge
from agents.ports import Job
from agents.quality import Quality
from agents.recovery import Recovery
from agents.settings import Settings
from agents.standby import Followers
from agents.starting import prepare, unless, why_refused
from agents.store import Store
from agents.sweep import Sweep
from agents.transactions import CHANGELOGS, AtLeastOnce, Commits, ExactlyOnce, Sender
from agents.watchdog import Watchdog
from agents.web import start_web
from schemas.shares import Claim, Share
from streams.topics import INPUTS

GATHER_SECONDS: Final = {"exactly-once": 0.03, "at-least-once": 0.013}
"""How long from one fetch to the next: what a fetch and a commit cost does not depend on how many records they carry."""
FETCH: Final = {"fetch_min_bytes": 1, "fetch_max_wait_ms": 100}
"""The first record after a pause is answered at once."""


class Worker:
    """One worker: reports in, transitions out, for the partitions it is assigned."""

    def __init__(self, settings: Settings) -> None:
        """Load the policy and compose the Faust app.

        Raises:
            PolicyError: the policy cannot be used.
        """
        self.settings = settings
        self.judge = make_judge(settings)
        self._versions = Follower(settings, self.judge, self._judge_again)
        self.lanes: dict[int, Lane] = {}
        self.assigned, self._taken_away = asyncio.Event(), asyncio.Event()
        self.stalled = False
        self.lag: dict[int, int] = {}
        self._fatal, self._refused = asyncio.Event(), asyncio.Event()
        self.web_port = 0
        self._quality = Quality(settings.bad_share)
        self._commits: Commits | None = None
        self._memory = Memory(settings.store_mib)
        self._recovery, self._followers = Recovery(settings, self._memory), Followers(settings, self._memory)
        self._share, self.generation = Share(), 0
        self.prepare = prepare
        self.app = self._compose()
        self.group = ConsumerGroup(settings, lambda: str(self.app.consumer.member_id))

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
            broker_session_timeout=float(settings.session_seconds),
            broker_heartbeat_interval=settings.session_seconds / 5,
            broker_request_timeout=40.0,
            table_standby_replicas=0,
            broker_client_id="fangfan@" + settings.web_address(self.web_port),
            broker_credentials=credentials(settings.security),
        )
        app.kafka_client = settings.client() | FETCH
        app.gather_seconds = GATHER_SECONDS[settings.guarantee]
        app.refuse = self._refuse
        app.shares = ShareAssignor(self._claim, self._take_share)
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

    def _refuse(self, error: BaseException) -> None:
        """End: the group does not take this worker, and will not when it asks again."""
        telemetry.log("error", "group.refused", group=self.settings.group, reason=why_refused(error, self.settings))
        self._refused.set()

    async def _on_revoked(self, app: Any, revoked: set[TP], **_: Any) -> None:
        """Let every lane rest until it is known which stay: Kafka's group protocol takes all away and gives most back."""
        self.assigned.clear()
        self._taken_away.set()
        self.app.consumer.chains.close(set(self.app.consumer.chains.next))
        await asyncio.gather(*(lane.pause() for lane in self.lanes.values()))

    async def _on_assigned(self, app: Any, assigned: set[TP], **_: Any) -> None:
        """Stop the lanes of partitions that are gone, start those of new ones, let the others go on."""
        self.generation = app.consumer_generation_id
        self._commits = self._commits or Commits(self.app.consumer.commit_offsets)
        mine = whole(assigned, {self.settings.topic(topic) for topic in INPUTS})
        await self._stop_lanes(self.lanes.keys() - mine)
        await self._followers.halt()
        for partition in sorted(mine):
            if partition in self.lanes:
                self.lanes[partition].resume()
            else:
                self.lanes[partition] = lane = self._lane(partition)
                lane.start()
        self._followers.follow(frozenset(self._share.follows) - mine)
        telemetry.log("info", "partitions.assigned", partitions=sorted(self.lanes), follows=self._share.follows)
        self._taken_away = asyncio.Event()
        self.assigned.set()

    def _lane(self, partition: int) -> Lane:
        return Lane(
            partition, self.settings, self._recovery, self._job, self._sender, self.app.consumer, self.group, self._quality,
            self._fatal.set, self._index, self._versions.current, self._followers.hand_over(partition),
        )  # fmt: skip

    def _claim(self) -> Claim:
        """Return what this worker brings to its group. Called in the consumer's thread."""
        owned, follows = tuple(sorted(self.lanes.copy())), tuple(sorted(self._followers.following))
        return Claim(owned, follows, tuple(self._recovery.held()), self.settings.standby, self.generation)

    def _take_share(self, share: Share) -> None:
        self._share = share

    def _job(self, partition: int, store: Store, index: DueIndex | None) -> Job:
        settings = self.settings
        return Households(
            partition, settings.partitions, settings.topic_prefix, store, self.judge, settings.state_version, index
        )

    def _index(self, store: Store) -> DueIndex | None:
        if not self.settings.ticks:
            return None
        return DueIndex(store, tuple(map(self.settings.topic, CHANGELOGS)), self.judge)

    def _sender(self, partition: int) -> Sender:
        if self.settings.guarantee == "at-least-once":
            return AtLeastOnce(self.settings, partition, self._commits or Commits(self.app.consumer.commit_offsets))
        return ExactlyOnce(self.settings, partition)

    async def _stop_lanes(self, partitions: Collection[int]) -> None:
        stopped = [self.lanes.pop(partition) for partition in list(partitions)]
        await asyncio.gather(*(lane.stop() for lane in stopped))

    def _judge_again(self) -> None:
        """Let lanes that wait for reports look at the households that a new version affects."""
        for lane in self.lanes.values():
            lane.wake()

    async def note_lag(self) -> None:
        """Set what metrics tell of the moment: how far the inputs are behind, and what the stores hold in memory."""
        self.lag = await note_lag(self.settings, self.app.consumer, self.lanes)
        telemetry.store_bytes.set(self._memory.usage())

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
        while not self.recovered:
            await self.assigned.wait()
            await unless(self._taken_away, self._all_run())  # a lane that is given away never comes to run here

    async def _all_run(self) -> None:
        await asyncio.gather(*(lane.running.wait() for lane in list(self.lanes.values())))

    async def run(self, stop: asyncio.Event) -> int:
        """Serve until ``stop`` is set; returns the exit code."""
        telemetry.build.info({"version": version("fangfan"), "policy": self.judge.policies.versions[0].policy.label})
        runner, self.web_port = await start_web(self)
        try:
            if not await unless(stop, self.prepare(self.settings)):
                return 0
            self.app.conf.broker_client_id = "fangfan@" + self.settings.web_address(self.web_port)
            self._versions.start()
            await unless(self._refused, self.app.start())
            watchdog = Watchdog(self, self.settings.stall_seconds)
            watchdog.start()
            announce = asyncio.create_task(self._announce())
            told = (self.app.wait_until_stopped(), stop.wait(), self._fatal.wait(), self._refused.wait())
            ends = [asyncio.create_task(each) for each in told]
            if self.settings.ticks:
                ends.append(asyncio.create_task(Sweep(self).run(), name="sweep"))
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            announce.cancel()
            for task in ends:
                if task.done() and (error := task.exception()) is not None:
                    telemetry.log("error", "worker.failed", task=task.get_name(), error=repr(error)[:300])
            failed = not stop.is_set()
            watchdog.stop()
            self.assigned.clear()
            self.app.consumer.chains.close(set(self.app.consumer.chains.next))
            await self._stop_lanes(self.lanes)
            await self._followers.stop()
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
            await self._versions.stop()
            await runner.cleanup()

    async def _announce(self) -> None:
        await self.wait_ready()
        print("ready", flush=True)
