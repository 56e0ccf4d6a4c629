"""`fangfan demo`: the whole system for about a minute, ending with planted against found."""

import asyncio
import contextlib
import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import orjson
import typer
from aiokafka.errors import KafkaError
from rich.console import Console

from agents.broker_words import words_of
from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.broker_process import BrokerError, BrokerStopped
from fangfan.confirming import Unconfirmed
from fangfan.demo_found import all_found, until_told
from fangfan.demo_interrupts import Interrupts
from fangfan.demo_screen import Screen
from fangfan.demo_summary import show
from fangfan.demo_workers import DemoError, Workers, workers
from fangfan.draining import drained
from fangfan.looks import console as make_console
from fangfan.options import fail, policy_version
from fangfan.pilot_policy import pilot_version, shadow_version
from fangfan.pilot_sending import PilotRefused, send_around
from fangfan.policy_topic import IN_FORCE_SECONDS, read_versions
from fangfan.reading import read_topic
from fangfan.report import SILENT_DAYS, SILENT_MONTHS, since_of
from fangfan.sending import send
from fangfan.simulation import Simulator
from fangfan.truth import Simulation
from schemas.fields import CHINA
from streams.policies import Version, policies_of
from streams.policy_parse import PolicyError
from streams.scope import Scope
from streams.topics import Topic

PARTITIONS = 4
WORKERS = 2
DRAIN_SECONDS = 120
TICK_SECONDS = 30
"""So long may it take until time has passed for those of whom nothing else will tell."""


def demo(
    households: Annotated[
        int,
        typer.Option(envvar="FANGFAN_HOUSEHOLDS", metavar="COUNT", min=100, max=100_000, help="Households of the county."),
    ] = 5_000,
    seconds: Annotated[
        float, typer.Option(envvar="FANGFAN_SECONDS", metavar="SECONDS", min=1, help="How long reports come in, about.")
    ] = 60,
    seed: Annotated[
        int, typer.Option(envvar="FANGFAN_SEED", metavar="NUMBER", help="The same seed plants the same shocks.")
    ] = 1,
) -> None:
    """Run a real Kafka, two workers and a simulated county; exit 0 only if all planted was found and nothing else."""
    interrupts = Interrupts()
    console = make_console()
    folder = Path(tempfile.mkdtemp(prefix="fangfan-demo-"))
    try:
        good = _demo(interrupts, folder, console, (households, seconds, seed))
    except (BrokerStopped, asyncio.CancelledError):
        console.print("interrupted, everything is stopped 已中断，全部停止")
        raise typer.Exit(128 + interrupts.number) from None
    except KafkaError as error:
        raise fail(f"demo: {words_of(error)}") from None
    except (BrokerError, DemoError, PilotRefused, PolicyError, Unconfirmed, OSError) as error:
        raise fail(f"demo: {error or type(error).__name__}") from None
    finally:
        interrupts.stop.set()  # a signal from here on has nothing left to end
        shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(0 if good else 1)


def _demo(interrupts: Interrupts, folder: Path, console: Console, plan: tuple[int, float, int]) -> bool:
    console.print("starting Apache Kafka …  启动消息系统 …")
    broker = EmbeddedBroker(data_dir=folder / "kafka", stop=interrupts.stop)
    try:
        broker.start()
        return asyncio.run(_run(interrupts, broker, folder, console, plan))
    finally:
        broker.stop()


async def _run(
    interrupts: Interrupts, broker: EmbeddedBroker, folder: Path, console: Console, plan: tuple[int, float, int]
) -> bool:
    households, seconds, seed = plan
    with interrupts.cancelling():
        now = moment(datetime.now(CHINA), seconds)
        base = policy_version(Settings().policy)
        pilot = pilot_version(base, now.year * 12 + now.month - 1)
        shadow = folder / "shadow.json"
        shadow.write_bytes(shadow_version(pilot).content)
        settings = Settings(brokers=broker.bootstrap, partitions=PARTITIONS, shadow_policy=shadow)
        await create_topics(settings)
        console.print("making up a county …  生成模拟县域 …")
        simulator = Simulator(households, households * 5, seed, now, max(1, households // 1_000), pilot=True)
        simulation = await asyncio.to_thread(simulator.run)
        async with workers(broker) as running:
            try:
                console.print("starting two workers …  启动两个处理进程 …")
                await running.start(settings, folder, WORKERS)
                console.print(f"{households:,} households 户, {len(simulation.records):,} records 条, about {seconds:.0f} s")
                if simulation.pilots:
                    console.print(f"midway a version of the policy is published 中途发布新版政策: {pilot.policy.label}")
                await running.while_alive(_feed(settings, simulation, pilot, console, running, seconds))
                console.print("counting what was found …  统计发现 …")
                versions, _ = await read_versions(settings, base.policy.id, (base,))
                day = now.toordinal()
                found = await all_found(settings, Scope(policies_of(versions), day, since_of(day), SILENT_MONTHS, SILENT_DAYS))
            except asyncio.CancelledError:
                console.print("stopping …  正在停止 …")
                raise
    return show(console, simulation, found)


def moment(now: datetime, seconds: float) -> datetime:
    """Return when the county's time ends: now, or early next month if that begins while the demo runs.

    What is planted stands alike on every day of a month, but workers tick, and would carry it into the next one.
    """
    end = now + timedelta(seconds=seconds + IN_FORCE_SECONDS + DRAIN_SECONDS)
    month = end.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return now if month <= now else month + timedelta(minutes=3)


async def _feed(
    settings: Settings, simulation: Simulation, pilot: Version, console: Console, running: Workers, seconds: float
) -> None:
    """Send everything at its pace while alerts are shown, until the workers have taken it in and its alerts are shown.

    Midway a version of the policy is published, if anything is planted for it.
    """
    with Screen(console, len(simulation.records)) as screen:
        beside = [asyncio.create_task(_watch(settings, screen)), asyncio.create_task(running.show(screen))]
        try:
            rate = len(simulation.records) / seconds
            if simulation.pilots:
                await send_around(settings, simulation.records, rate, screen.sent, pilot)
            else:
                await send(settings, simulation.records, rate, screen.sent)
            await drained(settings, DRAIN_SECONDS)
        except TimeoutError:
            raise DemoError(f"the workers have not taken in everything {DRAIN_SECONDS} s after the last report") from None
        else:
            with contextlib.suppress(TimeoutError):  # the summary says who was not told of
                async with asyncio.timeout(TICK_SECONDS):
                    await until_told(settings, simulation.told_late())
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


async def _watch(settings: Settings, screen: Screen) -> None:
    async for record in read_topic(settings, Topic.ALERTS, range(settings.partitions), follow=True):
        screen.show(orjson.loads(record.value))
