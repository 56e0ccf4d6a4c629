"""Kafka's second transaction protocol (KIP-890), which aiokafka 0.14 does not have, and its requests' bytes.

In it nobody says beforehand what a transaction will touch: its first records for a partition, and the offsets of a group, say
so themselves. Every transaction ends with a new producer epoch, so that a request of an earlier one that comes late is
refused. Brokers of Kafka 4 offer it as the cluster's feature ``transaction.version`` 2; others are asked as before.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion

from agents.calls import NO_TAGS, NULL, Call, Cursor, length, text

FEATURE: Final = "transaction.version"
LEVEL: Final = 2
FENCED: Final = 90
"""PRODUCER_FENCED: another producer has the transactional id. aiokafka has no name for it."""
_API_VERSIONS, _PRODUCE, _END, _OFFSETS = (18, 3), (0, 12), (26, 5), (28, 5)
"""API keys, each with the first version of the protocol."""
_FINALIZED: Final = 2
"""The tag of the features that all brokers of the cluster have agreed on."""
_PRODUCER: Final = struct.Struct(">qh")
"""Id and epoch."""
_ACKS: Final = struct.Struct(">hi")
"""Acknowledgements, timeout."""
_INT: Final = struct.Struct(">i")
_OFFSET: Final = struct.Struct(">iqi")
"""Partition, offset, leader epoch."""
_TAKEN: Final = struct.Struct(">ihqqq")
"""Partition, error, offset, timestamp, log start."""
_CODE: Final = struct.Struct(">ih")
"""Partition, error."""
_ENDED: Final = struct.Struct(">ihqh")
"""Throttle time, error, producer id and epoch."""
_API: Final = struct.Struct(">hhh")
"""Key, least and greatest version."""
_LEVELS: Final = struct.Struct(">hh")
"""Greatest and least level of a feature."""
_THROTTLED: Final = 4
_ERROR: Final = 2


async def offered(client: AIOKafkaClient) -> bool:
    """Tell whether the cluster speaks the protocol.

    Raises:
        KafkaError: no broker answers.
    """
    try:
        levels = await client.send(client.get_random_node(), features())
    except IncompatibleBrokerVersion:  # Kafka before 2.4
        return False
    return int(levels.get(FEATURE, 0)) >= LEVEL


def features() -> Call:
    """Ask which features the cluster has; answered by a mapping of their names to levels."""
    body = text("fangfan") + text("1") + NO_TAGS
    return Call(_API_VERSIONS, body, _read_features, tagged=False)


def _read_features(answer: Cursor) -> dict[str, int]:
    answer.skip(_ERROR)
    for _ in answer.items():
        answer.take(_API)
        answer.tags()
    answer.skip(_THROTTLED)
    levels: dict[str, int] = {}
    finalized = answer.tags().get(_FINALIZED)
    if finalized is None:
        return levels
    for _ in finalized.items():
        name = finalized.text()
        levels[name], _ = finalized.take(_LEVELS)
        finalized.tags()
    return levels


Taken = tuple[str, int, int, int]
"""Topic, partition, error code, offset of the first record."""


def produce(transactional_id: str | None, timeout_ms: int, topics: Mapping[str, Sequence[tuple[int, bytes]]]) -> Call:
    """Send record batches, at most one of each partition, in a transaction if there is an id; answered by :data:`Taken`."""
    parts = [NULL if transactional_id is None else text(transactional_id), _ACKS.pack(-1, timeout_ms), length(len(topics))]
    for topic, batches in topics.items():
        parts += (text(topic), length(len(batches)))
        for partition, records in batches:
            parts += (_INT.pack(partition), length(len(records)), records, NO_TAGS)
        parts.append(NO_TAGS)
    parts.append(NO_TAGS)
    return Call(_PRODUCE, b"".join(parts), _read_taken)


def _read_taken(answer: Cursor) -> list[Taken]:
    taken = []
    for _ in answer.items():
        topic = answer.text()
        for _ in answer.items():
            partition, code, offset, _, _ = answer.take(_TAKEN)
            taken.append((topic, partition, code, offset))
            for _ in answer.items():  # records that are refused, each with a sentence
                answer.take(_INT)
                answer.text()
                answer.tags()
            answer.text()
            answer.tags()
        answer.tags()
    return taken


def commit_offsets(transactional_id: str, producer: tuple[int, int], group: str, offsets: Mapping[TopicPartition, int]) -> Call:
    """Commit a group's offsets within the transaction; answered by error codes. The producer's id fences, not the member."""
    topics: dict[str, list[bytes]] = {}
    for tp, offset in offsets.items():
        topics.setdefault(tp.topic, []).append(_OFFSET.pack(tp.partition, offset, -1) + text("") + NO_TAGS)
    no_member = _INT.pack(-1) + text("") + NULL
    parts = [text(transactional_id), text(group), _PRODUCER.pack(*producer), no_member, length(len(topics))]
    for topic, partitions in topics.items():
        parts += (text(topic), length(len(partitions)), *partitions, NO_TAGS)
    parts.append(NO_TAGS)
    return Call(_OFFSETS, b"".join(parts), _read_codes)


def _read_codes(answer: Cursor) -> list[int]:
    answer.skip(_THROTTLED)
    codes = []
    for _ in answer.items():
        answer.text()
        for _ in answer.items():
            codes.append(answer.take(_CODE)[1])
            answer.tags()
        answer.tags()
    return codes


class Ended(NamedTuple):
    """How a transaction ended: an error code, and who the producer is from now on."""

    error_code: int
    producer_id: int
    producer_epoch: int


def commit(transactional_id: str, producer: tuple[int, int]) -> Call:
    """End the transaction; answered by :class:`Ended`."""
    body = text(transactional_id) + _PRODUCER.pack(*producer) + b"\1" + NO_TAGS
    return Call(_END, body, lambda answer: Ended(*answer.take(_ENDED)[1:]))
