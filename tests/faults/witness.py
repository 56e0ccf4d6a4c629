"""A subscriber of alerts that lives through all faults: another client library, read committed, reconnecting often."""

import json
import logging
import threading
import time
from collections import defaultdict
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from agents.settings import Settings

RECONNECT_SECONDS = 20.0
"""How long it keeps a connection before it goes on from where it stands with a new one, as a subscriber does that restarts."""


class Witness(threading.Thread):
    """Notes the sequence of every transition in the order in which it was handed over."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="witness", daemon=True)
        self._settings, self._ended, self._more = settings, threading.Event(), threading.Condition()
        self._positions = dict.fromkeys(range(settings.partitions), OFFSET_BEGINNING)
        self.sequences: defaultdict[str, list[int]] = defaultdict(list)
        self.count = self.connections = 0
        self.failed: list[str] = []

    def run(self) -> None:
        while not self._ended.is_set():
            consumer = self._connect()
            until = time.monotonic() + RECONNECT_SECONDS
            while not self._ended.is_set() and time.monotonic() < until:
                self._note(consumer.consume(1_000, 0.2))
            consumer.close()

    def _connect(self) -> Consumer:
        self.connections += 1
        consumer = Consumer({
            "bootstrap.servers": self._settings.brokers, "group.id": "witness", "isolation.level": "read_committed",
            "enable.auto.commit": False, "auto.offset.reset": "error", "logger": logging.getLogger("witness"),
        })  # fmt: skip
        name = self._settings.topic("alerts")
        consumer.assign([TopicPartition(name, partition, at) for partition, at in self._positions.items()])
        return consumer

    def _note(self, messages: list[Any]) -> None:
        with self._more:
            for message in messages:
                error = message.error()
                if error is None:
                    self.sequences[message.key().decode()].append(json.loads(message.value())["sequence"])
                    self._positions[message.partition()] = message.offset() + 1
                    self.count += 1
                elif error.code() == KafkaError._AUTO_OFFSET_RESET:  # else a broker is away: the library connects by itself
                    self.failed.append(str(error))
            self._more.notify_all()

    def until(self, count: int, seconds: float) -> None:
        """Wait until it has seen as many transitions, or some seconds are over."""
        with self._more:
            self._more.wait_for(lambda: self.count >= count, seconds)

    def end(self) -> None:
        self._ended.set()
        self.join()
