"""One household per partition whose water goes bad and good again: when its alert can be read, its partition works."""

import time
from datetime import UTC, datetime

import orjson
from confluent_kafka import Consumer, Producer, TopicPartition

from agents.settings import Settings
from streams.topics import Topic, partition_of

PATIENCE_SECONDS = 120


class Probe:
    """Sends reports that must each cause a transition, and waits for them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        numbers: dict[int, str] = {}
        number = 0
        while len(numbers) < settings.partitions:
            numbers.setdefault(partition_of(f"PROBE{number:04d}", settings.partitions), f"PROBE{number:04d}")
            number += 1
        self._households = numbers
        self._turn = 0
        self._expected: set[str] = set()
        self._producer = Producer({"bootstrap.servers": settings.brokers, "partitioner": "murmur2"})
        self._alerts = Consumer({
            "bootstrap.servers": settings.brokers, "group.id": settings.topic("probe"), "isolation.level": "read_committed",
            "auto.offset.reset": "earliest", "enable.auto.commit": False,
        })  # fmt: skip
        self._alerts.assign([TopicPartition(settings.topic(Topic.ALERTS), each, 0) for each in numbers])

    def send(self, partitions: set[int] | None = None) -> None:
        """Send one to each partition, or to some."""
        self._turn += 1
        for partition, household in self._households.items():
            if partitions is None or partition in partitions:
                name, now = f"probe-{self._turn}-{partition}", datetime.now(UTC).isoformat()
                report = {
                    "event_id": name, "schema": "cadre-report/1", "household_id": household, "person_id": None,
                    "area_code": "140123100200", "occurred_at": now, "reported_at": now, "source": "cadre-17", "voids": None,
                    "facts": [{"type": "water", "safe": self._turn % 2 == 0}],
                }  # fmt: skip
                self._expected.add(name)
                self._producer.produce(self._settings.topic(Topic.CADRE_REPORTS), orjson.dumps(report), household)
        self._producer.flush()

    def answered(self) -> None:
        """Wait until each that was sent has its alert.

        Raises:
            TimeoutError: some had none for two minutes.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while self._expected and time.monotonic() < until:
            message = self._alerts.poll(0.05)
            if message is not None and not message.error():
                self._expected.discard(orjson.loads(message.value() or b"{}").get("caused_by"))
        if self._expected:
            raise TimeoutError(f"no alert for {sorted(self._expected)}")
