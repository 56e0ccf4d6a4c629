"""What a worker judges by: its file, and the versions on the topic ``policy``, which it follows for as long as it runs."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents import telemetry
from agents.policy_files import load_version
from agents.settings import Settings
from streams.policies import Policies, alone, policies_of
from streams.policy import Policy
from streams.policy_documents import Outcome, admit
from streams.scale_risk import scope_of
from streams.topics import Topic

POLL_MS: Final = 200
RETRY_SECONDS: Final = 1.0


class Judge:
    """The versions in force and the shadow, replaced as a whole; who reads ``policies`` once has a consistent set."""

    def __init__(self, policies: Policies, shadow: Policy | None = None, shadow_since: int = 0) -> None:
        """Begin with some versions. ``shadow_since`` (nanoseconds) is when what the shadow opens without a report opens."""
        self.policies, self.shadow, self.shadow_since = policies, shadow, shadow_since
        self.changes = 0
        self.areas = scope_of(policies)

    def replace(self, policies: Policies) -> None:
        """Judge by other versions from now on."""
        self.policies, self.areas = policies, scope_of(policies)
        self.changes += 1

    @property
    def walks(self) -> bool:
        """Tell whether households may have to be judged again that send nothing: by a published version or a shadow."""
        return len(self.policies.versions) > 1 or self.shadow is not None


def judge_of(judge: Judge | Policy) -> Judge:
    """Return a judge, one of a single policy where that is given."""
    return judge if isinstance(judge, Judge) else Judge(alone(judge))


def make_judge(settings: Settings) -> Judge:
    """Return what a worker judges by before it has read the topic.

    Raises:
        PolicyError: the policy or the shadow cannot be used.
    """
    shadow = load_version(settings.shadow_policy).policy if settings.shadow_policy is not None else None
    return Judge(policies_of((load_version(settings.policy),)), shadow, time.time_ns())


class Follower:
    """Reads the topic ``policy`` to its end, and then goes on."""

    def __init__(self, settings: Settings, judge: Judge, changed: Callable[[], None]) -> None:
        """Prepare; ``changed`` is called whenever a version has joined."""
        self._settings, self._judge, self._changed = settings, judge, changed
        self._tp = TopicPartition(settings.topic(Topic.POLICY), 0)
        self._consumer: AIOKafkaConsumer | None = None
        self._next = 0
        self._moved = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Follow in the background."""
        telemetry.known_policies(len(self._judge.policies.versions))
        self._task = asyncio.create_task(self._run(), name="policies")

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def current(self) -> None:
        """Wait until every version that is on the topic now has been taken in.

        A partition that is started after this never goes back to fewer versions than its last owner judged by.
        """
        async with self._moved:
            await self._moved.wait_for(lambda: self._consumer is not None)
        consumer = self._consumer
        if consumer is None:
            raise ConnectionError("the topic of policies is not read at the moment")
        end = (await consumer.end_offsets([self._tp]))[self._tp]
        async with self._moved:
            await self._moved.wait_for(lambda: self._next >= end)

    async def _run(self) -> None:
        while True:
            try:
                await self._follow()
            except Exception as error:
                telemetry.log("warning", "policies.unreachable", error=type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            **self._settings.client(), isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest"
        )
        try:
            await consumer.start()
            consumer.assign([self._tp])
            begin = (await consumer.beginning_offsets([self._tp]))[self._tp]
            consumer.seek(self._tp, max(self._next, begin))
            self._consumer = consumer
            while True:
                for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
                    for record in records:
                        self._take(record.key, record.value, record.timestamp, record.offset)
                self._next = await consumer.position(self._tp)  # also past what holds only transaction markers
                async with self._moved:
                    self._moved.notify_all()
        finally:
            self._consumer = None
            with contextlib.suppress(Exception):  # the broker is away; what was read stays
                await consumer.stop()

    def _take(self, key: bytes | None, value: bytes | None, timestamp: int, offset: int) -> None:
        known = self._judge.policies.versions
        admission = admit(known[0].policy.id, known, key, value, timestamp, offset)
        if admission.outcome is Outcome.JOINED:
            self._judge.replace(policies_of(admission.versions))
            telemetry.policy_joined(admission.versions[-1], len(admission.versions))
            self._changed()
        elif admission.outcome is Outcome.OTHER_ID:
            telemetry.log("info", "policy.ignored", offset=offset, reason="another policy's id")
        elif admission.error is not None:
            telemetry.policy_refused(admission.outcome, admission.error)
