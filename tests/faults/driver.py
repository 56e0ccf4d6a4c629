"""`make faults`: workers and brokers fail in seeded ways under a stream of reports; afterwards everything must be right.

Switched on are signals, cases, area events and alerts, snoozes and a noise window, ticks, a shadow policy, and a version of
the policy that is published midway.

Ends with one line: faults=N kills=K zombies=Z broker=B reports=R lost=0 doubled=0 wrong=0 seed=S
"""

import argparse
import asyncio
import logging
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from confluent_kafka import Producer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from tests.faults.durability import weaknesses
from tests.faults.judge import judge
from tests.faults.plan import BROKER_FAULTS, PAUSE_SECONDS, ZOMBIE_SECONDS, Plan, plan_of
from tests.faults.settling import settled
from tests.faults.slots import Slot, say
from tests.faults.switched import publish
from tests.faults.verdict import Verdict
from tests.faults.witness import Witness
from tests.faults.world import World, build
from tests.oracle.stored import moment
from tests.worker import read_all

TICK_SECONDS = 0.25
"""How often the stream of reports sends some."""
SETTLE_SECONDS = 600.0


class Driver:
    """One run of a plan."""

    def __init__(self, plan: Plan, base: Path, broker: EmbeddedBroker, prefix: str) -> None:
        self._plan, self._rng, self._broker, self._base = plan, random.Random(plan.seed), broker, base
        self.settings = Settings(
            brokers=broker.bootstrap,
            topic_prefix=prefix,
            partitions=plan.partitions,
            replication=min(3, plan.nodes),
            guarantee=plan.guarantee,
        )
        self.slots: list[Slot] = []
        self._running: list[Slot] = []
        self._supervisors: list[asyncio.Task[None]] = []
        self.counts: Counter[str] = Counter()
        self.today: datetime | None = None
        self.left: list[str] = []
        self._given = plan.switched.given(base / "policies")
        self._over = False

    async def run(self, world: World) -> Witness:
        """Feed and hurt at once; then let all be well and wait until everything is taken in. Returns who saw it happen."""
        await create_topics(self.settings)
        witness = Witness(self.settings)
        witness.start()
        try:
            for _ in range(self._plan.workers):
                self._add()
            fed = asyncio.create_task(self._feed(world))
            await self._hurt(lambda: witness.until(len(world.lives), SETTLE_SECONDS))
            say("all faults done")
            await fed
            say("all sent; waiting for the workers")
            await drained(self.settings, SETTLE_SECONDS)
            await self._settled()
            await self._end()
            count = len(await read_all(self.settings, "alerts"))
            await asyncio.to_thread(witness.until, count, 60)
        finally:
            await self._end()
            await asyncio.to_thread(witness.end)
        return witness

    async def _end(self) -> None:
        """End all workers: time would go on while everything is read."""
        self._over = True
        await asyncio.gather(*(slot.end() for slot in self.slots if not slot.done))
        await asyncio.gather(*self._supervisors)

    async def _settled(self) -> None:
        """Wait for what no report asks for; notes up to when every tick is there."""
        switched, began = self._plan.switched, moment(time.time_ns())
        ticks = switched.ticks and self._plan.to_the_end
        if switched.version or switched.shadow or ticks:
            say("waiting until all are judged by what is in force" + (" and none is due" if ticks else ""))
            self.left = await settled(self._webs, self._plan.partitions, SETTLE_SECONDS, ticks=ticks)
            if switched.areas and ticks and not self.left:  # what ticks had households say, areas hear behind them
                await drained(self.settings, SETTLE_SECONDS)
                self.left = await settled(self._webs, self._plan.partitions, SETTLE_SECONDS, ticks=ticks)
        self.today = began if ticks else None

    def _webs(self) -> list[str]:
        return [slot.web for slot in self._running if slot.web is not None]

    def _add(self) -> Slot:
        number = len(self.slots)
        folder, older = self._base / f"worker-{number}", number in self._plan.older
        slot = Slot(number, self.settings, folder, older, self._given)
        self.slots.append(slot)
        self._running.append(slot)
        self._supervisors.append(asyncio.create_task(slot.supervise()))
        return slot

    async def _feed(self, world: World) -> None:
        """Send everything as a steady stream over about the time that the faults take, so that they hit workers at work."""
        size = max(1, int(len(world.records) / self._plan.seconds * TICK_SECONDS))
        producer = Producer({
            "bootstrap.servers": self.settings.brokers, "enable.idempotence": True, "partitioner": "murmur2",
            "delivery.timeout.ms": 900_000, "message.timeout.ms": 900_000, "logger": logging.getLogger("feed"),
        })  # fmt: skip
        for start in range(0, len(world.records), size):
            next_tick = asyncio.get_running_loop().time() + TICK_SECONDS
            await asyncio.to_thread(self._send, producer, world.records[start : start + size])
            await asyncio.sleep(next_tick - asyncio.get_running_loop().time())
        say("the stream has ended")

    def _send(self, producer: Producer, records: list[tuple[str, bytes, bytes]]) -> None:
        failed: list[object] = []

        def told(error: object, _: object) -> None:
            if error is not None:
                failed.append(error)

        for topic, key, value in records:
            producer.produce(self.settings.topic(topic), value, key, on_delivery=told)
            producer.poll(0)
        while producer.flush(1) and not self._over:
            pass  # without any broker it waits
        if failed:
            raise RuntimeError(f"the feed could not send: {failed[:3]}")

    async def _hurt(self, some: Callable[[], None]) -> None:
        """Do one fault after another; the version is published midway, when ``some`` transitions have been seen."""
        for at, fault in enumerate(self._plan.faults):
            if self._plan.switched.version and at == len(self._plan.faults) // 2:
                await asyncio.to_thread(some)  # so that there are some who are to be judged again without a report
                await publish(self.settings, self._base / "policies", self._plan.switched)
            self.counts[fault] += 1
            slot = self._rng.choice(self._running)
            pause = self._rng.uniform(*PAUSE_SECONDS)
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
            case "join":
                await self._replace(slot)
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

    async def _replace(self, slot: Slot) -> None:
        """End a worker for good and let a new one with an empty folder join, in either order."""
        if self._rng.random() < 0.5:
            await slot.end()
            await self._add().ready()
        else:
            await self._add().ready()
            await slot.end()
        self._running.remove(slot)


async def carry_out(plan: Plan, base: Path, broker: EmbeddedBroker, prefix: str) -> tuple[str, Verdict]:
    """Run a plan; returns its line and what was wrong. Says each thing that was."""
    world = build(plan.reports, plan.seed, plan.switched)
    driver = Driver(plan, base, broker, prefix)
    witness = await driver.run(world)
    verdict = await judge(driver.settings, world, witness.sequences, plan.switched, driver.today)
    verdict.lost += witness.failed
    verdict.wrong += driver.left
    if plan.nodes >= 3:
        verdict.wrong += await weaknesses(driver.settings)
    for kind in ("lost", "doubled", "wrong"):
        for each in getattr(verdict, kind)[:10]:
            say(f"{kind}: {each}")
    for slot in driver.slots:
        say(f"worker {slot.number} exits {dict(slot.exits)}")
    say(f"{witness.count} transitions seen live over {witness.connections} connections; faults {dict(driver.counts)}")
    counts = driver.counts
    line = (
        f"faults={sum(counts.values())} kills={counts['kill'] + counts['folder']} zombies={counts['zombie']} "
        f"broker={counts['broker'] + counts['dark']} reports={world.reports} lost={len(verdict.lost)} "
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
