"""Sends records and waits for the broker to confirm each, but not without end for one that no longer does.

An idempotent producer repeats a batch for as long as it lives: without a limit a command whose broker dies never ends.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from agents.broker_words import words_of
from agents.settings import Settings
from agents.topics import MAX_INPUT_BYTES

T = TypeVar("T")
CONFIRM_SECONDS: Final = 60.0
"""How long a delivery may wait while none is confirmed."""
STOP_SECONDS: Final = 5.0
"""How much longer a producer may take to stop; it would flush first, for which its broker may be gone."""
TELL_SECONDS: Final = 0.1
"""How often progress is told; a slow sender confirms a record at a time."""
WINDOW: Final = 1_000
"""How many records may wait for their confirmation."""


class Unconfirmed(RuntimeError):
    """Sending broke off: why, and how many records were confirmed and how many were not."""

    def __init__(self, reason: str, confirmed: int, unconfirmed: int) -> None:
        """Put it into a sentence. Of a record that is not confirmed nobody knows whether the broker has it."""
        self.reason = reason
        rest = f", {unconfirmed:,} were not and may have arrived or not" if unconfirmed else ""
        rest_zh = f"，{unconfirmed:,}条未确认是否送达" if unconfirmed else ""
        super().__init__(f"{reason}: {confirmed:,} records were confirmed{rest} 已确认{confirmed:,}条{rest_zh}")


class Confirming:
    """A producer that says how many records were confirmed. An async context manager; leaving it waits for the rest.

    ``confirmed`` is by the name of the topic on the broker; ``progress`` is told how many more are.

    Raises:
        Unconfirmed: the broker refused, or confirmed nothing for CONFIRM_SECONDS; from any step inside.
    """

    def __init__(self, settings: Settings, progress: Callable[[int], None] = lambda _: None) -> None:
        """Choose the broker; nothing is sent yet."""
        self._producer = AIOKafkaProducer(
            **settings.client(), enable_idempotence=True, linger_ms=5, max_request_size=MAX_INPUT_BYTES
        )
        self._progress = progress
        self._waiting: set[asyncio.Future[Any]] = set()
        self._moved = 0.0
        self._untold, self._told = 0, 0.0
        self._refused: BaseException | None = None
        self.sent = 0
        self.confirmed: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        """Connect."""
        try:
            await self._producer.start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what is not confirmed yet, unless something broke off, and stop; only then are the counts final."""
        try:
            if kind is None:
                await self.settle()
        except (Unconfirmed, KafkaError) as broken:
            error = broken
        finally:
            await self._stop()
            self._tell()
        if isinstance(error, Unconfirmed | KafkaError):
            reason = error.reason if isinstance(error, Unconfirmed) else words_of(error)
            raise self._broken(reason) from None

    async def send(
        self, topic: str, value: bytes | None, key: bytes, partition: int | None = None, sent_at: int | None = None
    ) -> None:
        """Hand over a record; waits where WINDOW others are not confirmed. ``sent_at``: its timestamp in milliseconds."""
        if len(self._waiting) >= WINDOW:
            await self.settle()
        if not self._waiting:
            self._moved = asyncio.get_running_loop().time()
        future = await self._patiently(
            lambda: self._producer.send(topic, value, key=key, partition=partition, timestamp_ms=sent_at)
        )
        self.sent += 1
        self._waiting.add(future)
        future.add_done_callback(lambda done: self._done(topic, done))

    async def settle(self) -> None:
        """Wait until all records so far are confirmed."""
        if self._waiting:
            await self._patiently(lambda: asyncio.wait(self._waiting))
        self._tell()
        if self._refused is not None:
            raise self._refused

    async def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has."""
        return len(await self._producer.partitions_for(topic))

    async def _patiently(self, step: Callable[[], Awaitable[T]]) -> T:
        """Take a step again and again as long as confirmations come."""
        now = asyncio.get_running_loop().time
        while True:
            try:
                async with asyncio.timeout_at(self._moved + CONFIRM_SECONDS):
                    return await step()
            except (TimeoutError, KafkaTimeoutError):
                if now() >= self._moved + CONFIRM_SECONDS:
                    raise self._broken(f"no broker has confirmed anything for {CONFIRM_SECONDS:g} s") from None

    def _done(self, topic: str, future: "asyncio.Future[Any]") -> None:
        self._waiting.discard(future)
        refused = None if future.cancelled() else future.exception()
        if refused is not None or future.cancelled():
            self._refused = self._refused or refused
            return
        self.confirmed[topic] += 1
        self._moved = asyncio.get_running_loop().time()
        self._untold += 1
        if self._moved >= self._told + TELL_SECONDS:
            self._tell()

    def _tell(self) -> None:
        self._progress(self._untold)
        self._untold, self._told = 0, self._moved

    def _broken(self, reason: str) -> Unconfirmed:
        confirmed = self.confirmed.total()
        return Unconfirmed(reason, confirmed, self.sent - confirmed)

    async def _stop(self) -> None:
        with contextlib.suppress(Exception):  # what stopping could not deliver counts as not confirmed
            await asyncio.wait_for(self._producer.stop(), STOP_SECONDS)
