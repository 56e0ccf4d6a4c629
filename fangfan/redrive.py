"""Sends dead letters back to their topics: each in one Kafka transaction with the marker that says so.

So a command that is killed has sent a record with its marker, or neither; the next one goes on where it stood. The
transactional id is one for a deployment: a second command fences the first, then reads what that had committed.
"""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerIdMapping, InvalidTxnState, KafkaError, ProducerFenced

from agents.settings import Settings
from fangfan.dead_letters import Markers, Wanted, read_letters, read_markers
from schemas.codec import encode_redriven
from schemas.dead_letters import REDRIVEN_FROM, DeadLetter, Handle, Redriven
from schemas.fields import render_instant
from streams.redrive import Going, Repair, Staying, Why, decide, marks
from streams.topics import Topic

CHUNK_RECORDS: Final = 200
CHUNK_BYTES: Final = 4 << 20
TRANSACTION_MS: Final = 10_000
"""How long the broker holds what a killed command left open; readers of committed records wait for it."""
STALLED_SECONDS: Final = 60
STOP_SECONDS: Final = 5
SHOWN: Final = 100
"""How many letters that go, and that stay, a plan remembers one by one; the others are counted."""


class TakenOver(RuntimeError):
    """The broker takes no more from this command: another has begun, and only one may send, or it stood still too long."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for: which letters, with what repairs, whether also those that were sent back before or unchecked ones."""

    wanted: Wanted
    repairs: Mapping[Handle, Repair]
    again: bool = False
    checked: bool = True
    limit: int | None = None


@dataclass(slots=True)
class Plan:
    """What would become of the letters that are meant. ``rows`` holds the first of each kind, one by one."""

    going: set[Handle] = field(default_factory=set)
    topics: Counter[Topic] = field(default_factory=Counter)
    staying: Counter[Why] = field(default_factory=Counter)
    rows: list[tuple[DeadLetter, Going | Staying]] = field(default_factory=list)
    missing: list[Handle] = field(default_factory=list)
    sent: int = 0

    @property
    def refused(self) -> int:
        """How many of the letters that are meant did not go and have not gone before."""
        return sum(self.staying.values()) - self.staying[Why.REDRIVEN] + len(self.missing)


def judge(order: Order, letter: DeadLetter, markers: Markers, prefix: str) -> Going | Staying:
    """Say what becomes of a letter as of now."""
    marker = markers.get(letter.handle)
    if marker is not None and marks(marker, letter) and not order.again:
        there = f"{marker.topic}, partition {marker.partition}, offset {marker.offset}"
        return Staying(Why.REDRIVEN, f"was sent back at {marker.redriven_at} to {there}; --again sends it again")
    return decide(letter, order.repairs.get(letter.handle), prefix, time.time_ns() // 1_000_000, checked=order.checked)


async def make_plan(settings: Settings, order: Order) -> Plan:
    """Read the letters that are meant and say what would become of each; send nothing."""
    markers = await read_markers(settings, order.wanted.handles)
    plan, found = Plan(), set[Handle]()
    async for letter in read_letters(settings, order.wanted, markers):
        found.add(letter.handle)
        verdict = judge(order, letter, markers, settings.topic_prefix)
        if isinstance(verdict, Going) and len(plan.going) == order.limit:
            continue
        if isinstance(verdict, Going):
            plan.going.add(letter.handle)
            plan.topics[verdict.topic] += 1
        else:
            plan.staying[verdict.why] += 1
        if (len(plan.going) if isinstance(verdict, Going) else plan.staying.total()) <= SHOWN:
            plan.rows.append((letter, verdict))
    plan.rows.sort(key=lambda row: row[0].handle)
    plan.missing = sorted(order.wanted.handles - found)
    return plan


async def carry_out(settings: Settings, order: Order, plan: Plan, progress: Callable[[int], None]) -> None:
    """Send what a plan says will go, unless it has gone meanwhile; counts in the plan what went.

    Raises:
        TakenOver: another redrive has begun, or this one stood still for TRANSACTION_MS.
        KafkaError: the broker refused.
        TimeoutError: the broker does not answer.
    """
    producer = AIOKafkaProducer(
        **settings.client(), transactional_id=f"{settings.group}-redrive", transaction_timeout_ms=TRANSACTION_MS,
        max_request_size=8 << 20, retry_backoff_ms=10,
    )  # fmt: skip
    asyncio.get_running_loop().set_exception_handler(_say_once)
    try:
        async with asyncio.timeout(STALLED_SECONDS):
            await producer.start()  # ends the transaction of whoever redrives now; only then are its markers final
        await _send_all(producer, settings, order, plan, progress)
    except (ProducerFenced, InvalidProducerIdMapping, InvalidTxnState):
        raise TakenOver from None
    finally:
        with contextlib.suppress(Exception):  # nothing is under way, or the broker ends it after TRANSACTION_MS
            await asyncio.wait_for(producer.abort_transaction(), STOP_SECONDS)
        with contextlib.suppress(Exception):
            await asyncio.wait_for(producer.stop(), STOP_SECONDS)


def _say_once(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Drop asyncio's complaints that nobody looked at a future of the client library: what befell it is raised once."""
    if not isinstance(context.get("exception"), KafkaError):
        loop.default_exception_handler(context)


async def _send_all(
    producer: AIOKafkaProducer, settings: Settings, order: Order, plan: Plan, progress: Callable[[int], None]
) -> None:
    markers = await read_markers(settings, order.wanted.handles)
    chunk: list[tuple[DeadLetter, Going]] = []
    size = 0

    async def send() -> None:
        async with asyncio.timeout(STALLED_SECONDS):
            await _transaction(producer, settings, chunk, markers)
        plan.sent += len(chunk)
        progress(len(chunk))
        chunk.clear()

    async for letter in read_letters(settings, order.wanted, markers):
        if letter.handle not in plan.going:
            continue
        verdict = judge(order, letter, markers, settings.topic_prefix)
        if isinstance(verdict, Staying):  # another command was there first
            plan.going.discard(letter.handle)
            plan.staying[verdict.why] += 1
            progress(1)
            continue
        chunk.append((letter, verdict))
        size += len(verdict.value or b"")
        if len(chunk) >= CHUNK_RECORDS or size >= CHUNK_BYTES:
            await send()
            size = 0
    if chunk:
        await send()


async def _transaction(
    producer: AIOKafkaProducer, settings: Settings, chunk: list[tuple[DeadLetter, Going]], markers: Markers
) -> None:
    """Send some records, then where each now lies as its marker, and commit both together."""
    await producer.begin_transaction()
    sent: list[asyncio.Future[Any]] = []
    for letter, going in chunk:
        note = [(REDRIVEN_FROM, str(letter.handle).encode())]
        sent.append(await producer.send(settings.topic(going.topic), going.value, going.key, headers=note))
    noted: list[asyncio.Future[Any]] = []
    name = settings.topic(Topic.DEAD_LETTERS_REDRIVEN)
    for (letter, going), future in zip(chunk, sent, strict=True):
        value = encode_redriven(_marker(letter, going, await future, markers.get(letter.handle)))
        at = letter.handle
        noted.append(await producer.send(name, value, str(at).encode(), partition=at.partition))
    await asyncio.gather(*noted)
    await producer.commit_transaction()


def _marker(letter: DeadLetter, going: Going, place: Any, before: Redriven | None) -> Redriven:
    times = before.times + 1 if before is not None and marks(before, letter) else 1
    now = render_instant(time.time_ns())
    return Redriven(
        "redriven/1", letter.failed_at, now, place.topic, place.partition, place.offset, going.repaired, times
    )  # fmt: skip
