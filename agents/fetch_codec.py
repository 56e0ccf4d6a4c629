"""Fetch requests and answers, written and read partition by partition instead of field by field.

A worker asks for every topic of each of its partitions, dozens of times a second. The library walks a schema for each
field; at a low rate that costs more than the records that come.
"""

import struct
from io import BytesIO
from typing import Any, Final

from aiokafka.protocol.fetch import FetchRequest_v11, FetchResponse_v11

_COUNT: Final = struct.Struct(">i")
_LENGTH: Final = struct.Struct(">h")
_HEAD: Final = struct.Struct(">iiiibii")
"""Replica, wait, least bytes, most bytes, isolation, session, its epoch."""
_ASKED: Final = struct.Struct(">iiqqi")
"""Partition, leader epoch, offset, log start, most bytes."""
_FRONT: Final = struct.Struct(">ihii")
"""Throttle time, error, session, topics."""
_ANSWER: Final = struct.Struct(">ihqqqi")
"""Partition, error, high watermark, last stable offset, log start, aborted transactions (-1: none told)."""
_ABORTED: Final = struct.Struct(">qq")
_RECORDS: Final = struct.Struct(">ii")
"""Preferred replica, bytes of records (-1: none)."""


def encode(self: Any) -> bytes:
    """Return a request's bytes."""
    parts = [
        _HEAD.pack(self.replica_id, self.max_wait_time, self.min_bytes, self.max_bytes, self.isolation_level,
                   self.session_id, self.session_epoch),
        _COUNT.pack(len(self.topics)),
    ]  # fmt: skip
    for topic, partitions in self.topics:
        name = topic.encode()
        parts += (_LENGTH.pack(len(name)), name, _COUNT.pack(len(partitions)))
        parts += [_ASKED.pack(*each) for each in partitions]
    forgotten, rack = self.SCHEMA.fields[-2:]
    parts += (forgotten.encode(self.forgotten_topics_data), rack.encode(self.rack_id))
    return b"".join(parts)


def decode(cls: Any, data: BytesIO | bytes) -> Any:
    """Return the answer that bytes hold, from where they stand.

    Raises:
        ValueError: they end too early.
    """
    buffer = data if isinstance(data, bytes) else data.read()
    try:
        throttled, error, session, count = _FRONT.unpack_from(buffer)
        at, topics = _FRONT.size, []
        for _ in range(count):
            (length,) = _LENGTH.unpack_from(buffer, at)
            at += _LENGTH.size + length
            name = buffer[at - length : at].decode()
            (answers,) = _COUNT.unpack_from(buffer, at)
            at += _COUNT.size
            partitions = []
            for _ in range(answers):
                answer, at = _partition(buffer, at)
                partitions.append(answer)
            topics.append((name, partitions))
    except struct.error as short:
        raise ValueError("a fetch's answer ends too early") from short
    if at > len(buffer):
        raise ValueError("a fetch's answer ends too early")
    return cls(throttled, error, session, topics)


def _partition(buffer: bytes, at: int) -> tuple[tuple[Any, ...], int]:
    """Return what stands of a partition, and where it ends."""
    *front, count = _ANSWER.unpack_from(buffer, at)
    at += _ANSWER.size
    aborted = None if count < 0 else [_ABORTED.unpack_from(buffer, at + 16 * number) for number in range(count)]
    at += 16 * max(0, count)
    replica, length = _RECORDS.unpack_from(buffer, at)
    at += _RECORDS.size
    end = at + max(0, length)
    return (*front, aborted, replica, buffer[at:end] if length >= 0 else None), end


def write_by_partition() -> None:
    """Make every consumer of this process use these."""
    FetchRequest_v11.encode = encode
    FetchResponse_v11.decode = classmethod(decode)
