"""Our engine on the peers' household join: their events, their rules, their state; lanes, transactions and store are ours.

Started by the peers' driver with its environment (``BENCH_*``); their folder is on the path as ``PEERS``.
"""

import asyncio
import importlib
import os
import signal
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from agents.app import Worker
from agents.collector import tune_collector
from agents.due_index import DueIndex
from agents.ports import Job
from agents.reading import Record
from agents.settings import Settings
from agents.store import HOUSEHOLD, Store
from agents.transactions import CHANGELOGS
from agents.work import Outgoing, Work
from streams.topics import INPUTS, Topic

sys.path.insert(0, os.environ["PEERS"])
job: Any = importlib.import_module("job")
TICK = job.Tick()
THEIRS = (Topic.SELF_DECLARATIONS, Topic.CADRE_REPORTS, Topic.DEPARTMENT_FEEDS)
"""Inputs that the peers' driver makes, under names of its own."""


@dataclass(frozen=True)
class PeerSettings(Settings):
    """Our topics under the names that the peers' driver gives theirs; those they have no use for stay empty."""

    @property
    def group(self) -> str:
        return f"b-{job.RUN}"

    def topic(self, name: str) -> str:
        theirs = dict(zip(THEIRS, job.TOPICS, strict=True))
        return str((theirs | {Topic.ALERTS: job.ALERTS}).get(Topic(name), f"{self.group}-{name}"))


class PeerJob:
    """The rules of the peers over one batch."""

    def __init__(self, partition: int, store: Store) -> None:
        self._partition, self._store = partition, store

    def run(self, records: Iterable[tuple[str, Record]], now: int) -> Work:
        work, count = Work(), 0
        states: dict[bytes, Any] = {}
        changed: dict[bytes, Any] = {}
        outgoing, partition, get = work.outgoing, self._partition, self._store.get
        for _, record in records:
            count += 1
            key = record.key or b""
            state = states.get(key)
            if state is None:
                data = get(HOUSEHOLD + key)
                state = states[key] = job.decode_state(data) if data is not None else job.new_struct()
            moved, alert = job.apply_struct(state, job.decode_event(record.value))
            if moved:
                changed[key] = state
            if alert is not None:
                outgoing.append(Outgoing(Topic.ALERTS, partition, key, job.encode_alert(alert)))
        for key, state in changed.items():
            value = job.encode_state(state)
            work.changes[HOUSEHOLD + key] = value
            outgoing.append(Outgoing(Topic.HOUSEHOLDS_CHANGELOG, partition, key, value))
        TICK.add(count)
        return work

    def adopt(self, alerts: list[Record]) -> Work:
        return Work()  # the peers' job knows no threads of alerts

    def slice(self, now: int) -> Work | None:
        return None


class PeerWorker(Worker):
    """A worker with another job."""

    def _job(self, partition: int, store: Store, index: DueIndex | None) -> Job:
        return PeerJob(partition, store)


async def make_topics(settings: Settings) -> None:
    """Make those that the peers' driver does not know."""
    admin = AIOKafkaAdminClient(**settings.client())
    await admin.start()
    own = [each for each in (*INPUTS, *CHANGELOGS, Topic.POLICY) if each not in THEIRS]
    try:
        compact = {"cleanup.policy": "compact"}
        await admin.create_topics([NewTopic(settings.topic(each), 4, 1, topic_configs=compact) for each in own])
    finally:
        await admin.close()


async def main() -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings = PeerSettings(
        brokers=job.BROKER, data_dir=Path(job.STATE_DIR), web_port=0, partitions=4,
        guarantee=os.environ.get("GUARANTEE", "exactly-once"),
    )  # fmt: skip
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    worker = PeerWorker(settings)
    worker.prepare = make_topics
    return await worker.run(stop)


if __name__ == "__main__":
    tune_collector()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # as fangfan worker does
    with asyncio.Runner() as runner:
        code = runner.run(main())
    os._exit(code)  # Faust's threads may outlive the loop
