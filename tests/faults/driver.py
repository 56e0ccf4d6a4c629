"""`make faults`: workers and brokers fail in seeded ways under a stream of reports; afterwards everything must be right.

Ends with one line: faults=N kills=K zombies=Z broker=B reports=R lost=0 doubled=0 wrong=0 seed=S
"""

import argparse
import asyncio
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Producer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from tests.faults.world import Verdict, World, build, judge
from tests.worker import FANGFAN

ZOMBIE_SECONDS = 14
"""Longer than the session timeout of 10 s: the group has given the partitions to others when the frozen one wakes up."""
FAULT_SECONDS, TICK_SECONDS = 6.0, 0.25
"""About how long a fault takes; how often the stream of reports sends some."""
WORKER_FAULTS = ("kill", "zombie", "term", "folder")
BROKER_FAULTS = ("broker", "dark")


OLDER = """
import msgspec, sys
from schemas import codec
from schemas.household import STATE_VERSION
this = codec.LAYOUTS[STATE_VERSION]
def first_build(state):
    version, facts, thread = msgspec.msgpack.decode(this.encode(state))
    return msgspec.msgpack.encode([version, facts, thread[:3]])
codec.LAYOUTS[STATE_VERSION] = codec.Layout(first_build, this.decode)
sys.argv = ["fangfan", "worker"]
from fangfan.cli import main
main()
"""
"""A worker that stores states as the first build did: their threads end with what is open."""


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@dataclass(slots=True)
class Plan:
    """How much of what."""

    reports: int
    seed: int
    faults: list[str]
    nodes: int = 3
    partitions: int = 6
    workers: int = 3
    dark_seconds: float = 30.0
    guarantee: str = "exactly-once"
    older: frozenset[int] = frozenset()


@dataclass(slots=True)
class Slot:
    """A supervised worker: started again whenever it ends, until the driver is done."""

    number: int
    settings: Settings
    folder: Path
    process: asyncio.subprocess.Process | None = None
    exits: Counter[int] = field(default_factory=Counter)
    older: bool = False
    done: bool = False
    began: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def supervise(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGFAN_")} | {
            "FANGFAN_BROKERS": self.settings.brokers, "FANGFAN_TOPIC_PREFIX": self.settings.topic_prefix,
            "FANGFAN_PARTITIONS": str(self.settings.partitions), "FANGFAN_REPLICATION": str(self.settings.replication),
            "FANGFAN_DATA_DIR": str(self.folder / "data"), "FANGFAN_WEB_PORT": "0", "FANGFAN_STALL_SECONDS": "45",
            "FANGFAN_GUARANTEE": self.settings.guarantee,
        }  # fmt: skip
        command = [sys.executable, "-c", OLDER] if self.older else [FANGFAN, "worker"]
        self.folder.mkdir(parents=True, exist_ok=True)
        while not self.done:
            with (self.folder / "log").open("ab") as log:
                self.began = log.tell()
                self.process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
            self.started.set()
            code = await self.process.wait()
            self.started.clear()
            self.exits[code] += 1

    async def ready(self) -> None:
        """Wait until the worker that was started last has its partitions and says so."""
        async with asyncio.timeout(60):
            while b"\nready\n" not in (self.folder / "log").read_bytes()[self.began :]:  # noqa: ASYNC110 # a file has no event
                await asyncio.sleep(0.05)

    def send(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    async def end(self) -> None:
        """Stop for good, as a supervisor does: asked first, killed when it does not listen."""
        self.done = True
        self.send(signal.SIGTERM)
        if self.process is not None:
            try:
                await asyncio.wait_for(self.process.wait(), 40)
            except TimeoutError:
                say(f"worker {self.number} did not end within 40 s")
                self.send(signal.SIGKILL)


class Driver:
    """One run of a plan."""

    def __init__(self, plan: Plan, base: Path, broker: EmbeddedBroker, prefix: str) -> None:
        self._plan, self._rng, self._broker = plan, random.Random(plan.seed), broker
        self.settings = Settings(
            brokers=broker.bootstrap,
            topic_prefix=prefix,
            partitions=plan.partitions,
            replication=min(3, plan.nodes),
            guarantee=plan.guarantee,
        )
        self.slots = [
            Slot(number, self.settings, base / f"worker-{number}", older=number in plan.older) for number in range(plan.workers)
        ]
        self.counts: Counter[str] = Counter()

    async def run(self, world: World) -> None:
        """Feed and hurt at once; then let all be well and wait until everything is taken in."""
        await create_topics(self.settings)
        supervisors = [asyncio.create_task(slot.supervise()) for slot in self.slots]
        try:
            fed = asyncio.create_task(self._feed(world))
            await self._hurt()
            await fed
            say("all sent, all faults done; waiting for the workers")
            await drained(self.settings, 600)
        finally:
            await asyncio.gather(*(slot.end() for slot in self.slots))
            await asyncio.gather(*supervisors)

    async def _feed(self, world: World) -> None:
        """Send everything as a steady stream over about the time that the faults take, so that they hit workers at work."""
        size = max(1, int(len(world.records) / (len(self._plan.faults) * FAULT_SECONDS) * TICK_SECONDS))
        producer = Producer({
            "bootstrap.servers": self.settings.brokers, "enable.idempotence": True, "partitioner": "murmur2",
            "delivery.timeout.ms": 900_000, "message.timeout.ms": 900_000, "logger": logging.getLogger("feed"),
        })  # fmt: skip
        for start in range(0, len(world.records), size):
            next_tick = asyncio.get_running_loop().time() + TICK_SECONDS
            await asyncio.to_thread(self._send, producer, world.records[start : start + size])
            await asyncio.sleep(next_tick - asyncio.get_running_loop().time())

    def _send(self, producer: Producer, records: list[tuple[str, bytes, bytes]]) -> None:
        failed: list[object] = []

        def told(error: object, _: object) -> None:
            if error is not None:
                failed.append(error)

        for topic, key, value in records:
            producer.produce(self.settings.topic(topic), value, key, on_delivery=told)
            producer.poll(0)
        if producer.flush(900) or failed:
            raise RuntimeError(f"the feed could not send: {failed[:3]}")

    async def _hurt(self) -> None:
        for fault in self._plan.faults:
            self.counts[fault] += 1
            slot = self._rng.choice(self.slots)
            pause = self._rng.uniform(1.0, 6.0)
            say(f"{sum(self.counts.values())}/{len(self._plan.faults)} {fault} {'' if fault in BROKER_FAULTS else slot.number}")
            await slot.started.wait()
            if self._plan.older:
                await slot.ready()  # both layouts must have stored something
            await asyncio.sleep(pause)
            await self._do(fault, slot)

    async def _do(self, fault: str, slot: Slot) -> None:
        match fault:
            case "kill":
                slot.send(signal.SIGKILL)
            case "term":
                slot.send(signal.SIGTERM)
            case "zombie":
                slot.send(signal.SIGSTOP)
                await asyncio.sleep(ZOMBIE_SECONDS)
                slot.send(signal.SIGCONT)
            case "folder":
                slot.send(signal.SIGKILL)
                await asyncio.to_thread(shutil.rmtree, slot.folder / "data", True)
            case "broker":
                node = self._rng.randint(1, self._plan.nodes)
                await asyncio.to_thread(self._broker.kill, node)
                await asyncio.sleep(self._rng.uniform(2, 6))
                await asyncio.to_thread(self._broker.restart, node)
            case "dark":
                for node in range(1, self._plan.nodes + 1):
                    await asyncio.to_thread(self._broker.kill, node)
                await asyncio.sleep(self._plan.dark_seconds)
                for node in range(1, self._plan.nodes + 1):
                    await asyncio.to_thread(self._broker.restart, node)


def plan_of(faults: int, reports: int, seed: int) -> Plan:
    """Return a seeded mix: every eighth fault is the broker's, one of them without any broker for 30 s."""
    rng = random.Random(seed)
    kinds = [rng.choice(WORKER_FAULTS) for _ in range(faults - faults // 8)] + ["broker"] * (faults // 8 - 1) + ["dark"]
    rng.shuffle(kinds)
    return Plan(reports, seed, kinds[:faults])


async def carry_out(plan: Plan, base: Path, broker: EmbeddedBroker, prefix: str) -> tuple[str, Verdict]:
    """Run a plan; returns its line and what was wrong. Says each thing that was."""
    world = build(plan.reports, plan.seed)
    driver = Driver(plan, base, broker, prefix)
    await driver.run(world)
    verdict = await judge(driver.settings, world)
    for kind in ("lost", "doubled", "wrong"):
        for each in getattr(verdict, kind)[:10]:
            say(f"{kind}: {each}")
    for slot in driver.slots:
        say(f"worker {slot.number} exits {dict(slot.exits)}")
    counts = driver.counts
    line = (
        f"faults={sum(counts.values())} kills={counts['kill'] + counts['folder']} zombies={counts['zombie']} "
        f"broker={counts['broker'] + counts['dark']} reports={len(world.records)} lost={len(verdict.lost)} "
        f"doubled={len(verdict.doubled)} wrong={len(verdict.wrong)} seed={plan.seed}"
    )
    return line, verdict


def main() -> None:
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--reports", type=int, default=200_000)
    parser.add_argument("--faults", type=int, default=40)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--keep", type=Path, help="Keep logs of workers here.")
    options = parser.parse_args()
    plan = plan_of(options.faults, options.reports, options.seed)
    base = options.keep or Path(tempfile.mkdtemp(prefix="fangfan-faults-"))
    with EmbeddedBroker(nodes=plan.nodes) as broker:
        line, verdict = asyncio.run(carry_out(plan, base, broker, "faults-"))
    if not options.keep:
        shutil.rmtree(base)
    print(line)
    sys.exit(not verdict.right)


if __name__ == "__main__":
    main()
