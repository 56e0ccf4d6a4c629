"""What the benchmarks send: simulated records, put on topics as fast as the broker takes them."""

from datetime import UTC, datetime
from typing import NamedTuple

from confluent_kafka import Producer

from agents.settings import Settings
from fangfan.sent import Sent
from fangfan.simulation import Simulator

NOW = datetime(2026, 6, 20, 12, tzinfo=UTC)
HOUSEHOLDS, REPORTS, PARTITIONS = 30_000, 150_000, 4
"""The county of :mod:`bench` and its gate."""


class Record(NamedTuple):
    """A record as a lane gets it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def simulated(households: int, events: int, seed: int = 1) -> list[Sent]:
    """Return the simulated mix of a county: registry first, then reports of all channels, duplicates and late ones too."""
    return Simulator(households, events, seed, NOW).run().records


def preload(settings: Settings, records: list[Sent]) -> None:
    """Put records on their topics; CRC32 for those whose client library partitions so. Returns when all are confirmed."""
    murmur2 = Producer({"bootstrap.servers": settings.brokers, "partitioner": "murmur2", "linger.ms": 20})
    crc32 = Producer({"bootstrap.servers": settings.brokers, "partitioner": "consistent", "linger.ms": 20})
    for record in records:
        producer = crc32 if record.crc32 else murmur2
        while True:
            try:
                producer.produce(settings.topic(record.topic), record.payload, record.key.encode())
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)
    for producer in (murmur2, crc32):
        if producer.flush(120):
            raise TimeoutError("the broker did not confirm the preloaded records")
