"""Where a lane goes on: the committed offsets of its inputs, asked so that none is older than what was committed.

aiokafka 0.14 cannot ask that, in two ways. Its newest request (version 3) lets a coordinator answer with what was committed
before a transaction that is just ending; version 7 can ask it to wait (KIP-447, ``require_stable``), and a coordinator of
Kafka 4 that has just taken over also waits until its replicas confirm all it holds. And its admin client does not look at
an error of the whole answer, such as "not the coordinator (any more)": that reads as if nothing had ever been committed.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Boolean, CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

from agents.settings import Settings

ASK_SECONDS: Final = 5.0
"""How long a coordinator is asked again, before the lane starts over."""
AGAIN_SECONDS: Final = 0.02
UNSTABLE: Final = 88
"""Kafka's UNSTABLE_OFFSET_COMMIT: a transaction that commits this offset is not over. aiokafka has no name for it."""


class OffsetsUnstable(KafkaError):
    """A transaction that commits these offsets has not ended."""


class _Response(Response):
    API_KEY = 9
    API_VERSION = 7
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("topics", CompactArray(
            ("name", CompactString("utf-8")),
            ("partitions", CompactArray(
                ("partition", Int32), ("offset", Int64), ("leader_epoch", Int32), ("metadata", CompactString("utf-8")),
                ("error_code", Int16), ("tags", TaggedFields),
            )),
            ("tags", TaggedFields),
        )),
        ("error_code", Int16),
        ("tags", TaggedFields),
    )  # fmt: skip


class _Request(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 9
    API_VERSION = 7
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(
        ("group", CompactString("utf-8")),
        ("topics", CompactArray(
            ("name", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)
        )),
        ("require_stable", Boolean),
        ("tags", TaggedFields),
    )  # fmt: skip


class _StableOffsets(Request[_Request]):
    """OffsetFetch, version 7."""

    API_KEY = 9

    def __init__(self, group: str, tps: Iterable[TopicPartition]) -> None:
        by_topic: dict[str, list[int]] = {}
        for tp in tps:
            by_topic.setdefault(tp.topic, []).append(tp.partition)
        self._group = group
        self._topics: list[object] = [(topic, partitions, {}) for topic, partitions in by_topic.items()]

    def build(self, request_struct_class: type[_Request]) -> _Request:
        return request_struct_class(self._group, self._topics, True, {})


async def ask(
    admin: AIOKafkaAdminClient, node: int, group: str, tps: list[TopicPartition]
) -> dict[TopicPartition, tuple[int, str]]:
    """Return what a node says that a group has committed, offsets and the notes beside them, where it has.

    Raises:
        OffsetsUnstable: a transaction that commits these offsets has not ended.
        KafkaError: the node is not the group's coordinator, or not ready.
    """
    answer = await admin._client.send(node, _StableOffsets(group, tps))
    parts = [(topic, *part) for topic, some, _ in answer.topics for part in some]
    for code in (answer.error_code, *(error for *_, error, _ in parts)):
        if code:
            raise OffsetsUnstable if code == UNSTABLE else for_code(code)
    return {
        TopicPartition(topic, partition): (offset, note or "") for topic, partition, offset, _, note, *_ in parts if offset >= 0
    }


async def committed(settings: Settings, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
    """Return where each input partition goes on: its committed offset, else its beginning.

    Raises:
        KafkaError: no coordinator answers, or a transaction does not end.
    """
    offsets = {tp: offset for tp, (offset, _) in (await _patiently(settings, tps)).items()}
    missing = [tp for tp in tps if tp not in offsets]
    return offsets | await _beginnings(settings, missing) if missing else offsets


async def notes(settings: Settings, tps: list[TopicPartition]) -> list[str]:
    """Return what was noted beside the committed offsets of input partitions.

    Raises:
        KafkaError: no coordinator answers, or a transaction does not end.
    """
    return [note for _, note in (await _patiently(settings, tps)).values()]


async def _patiently(settings: Settings, tps: list[TopicPartition]) -> dict[TopicPartition, tuple[int, str]]:
    admin, group = AIOKafkaAdminClient(**settings.client()), settings.group
    try:
        await admin.start()
        until = time.monotonic() + ASK_SECONDS
        while True:
            try:
                return await ask(admin, await admin.find_coordinator(group), group, tps)
            except KafkaError:
                if time.monotonic() > until:
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
    finally:
        await admin.close()


async def _beginnings(settings: Settings, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
    consumer = AIOKafkaConsumer(**settings.client())
    await consumer.start()
    try:
        begins: dict[TopicPartition, int] = await consumer.beginning_offsets(tps)
        return begins
    finally:
        await consumer.stop()
