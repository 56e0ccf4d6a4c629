"""`fangfan demo`: the whole system for about a minute, ending with planted against found."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import orjson
import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import BrokerError, EmbeddedBroker
from fangfan.demo_screen import Screen
from fangfan.draining import drained
from fangfan.options import fail
from fangfan.plants import SHOCKS
from fangfan.reading import read_topic
from fangfan.sending import send
from fangfan.simulation import Simulation, Simulator

PARTITIONS = 4
READY_SECONDS = 60
DRAIN_SECONDS = 120
STOP_SECONDS = 20


class _Interrupts:
    """Turns the first SIGINT or SIGTERM into KeyboardInterrupt; later ones are ignored, so that stopping is finished."""

    def __init__(self) -> None:
        self.number = 0
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._first)

    def _first(self, number: int, _: object) -> None:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)
        self.number = number
        raise KeyboardInterrupt


def demo(
    households: Annotated[int, typer.Option(min=100, help="Households of the county.")] = 5_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long reports come in, about.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed plants the same shocks.")] = 1,
) -> None:
    """Run a real Kafka, two workers and a simulated county; exit 0 only if all planted was found and nothing else."""
    interrupts = _Interrupts()
    console = Console()
    folder = Path(tempfile.mkdtemp(prefix="fangfan-demo-"))
    broker = EmbeddedBroker(data_dir=folder / "kafka")
    try:
        console.print("starting Apache Kafka …  启动消息系统 …")
        broker.start()
        good = asyncio.run(_run(broker, folder, console, households, seconds, seed))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("interrupted; stopping everything 已中断，正在停止")
        raise typer.Exit(128 + interrupts.number) from None
    except (BrokerError, KafkaError, RuntimeError, TimeoutError) as error:
        raise fail(f"demo: {error or type(error).__name__}") from None
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(0 if good else 1)


async def _run(broker: EmbeddedBroker, folder: Path, console: Console, households: int, seconds: float, seed: int) -> bool:
    settings = Settings(brokers=broker.bootstrap, partitions=PARTITIONS)
    await create_topics(settings)
    console.print("making up a county …  生成模拟县域 …")
    simulation = Simulator(households, households * 5, seed, datetime.now(UTC), plants_each=max(1, households // 1_000)).run()
    console.print("starting two workers …  启动两个处理进程 …")
    async with _workers(settings, folder, broker) as alive:
        console.print(f"{households} households 户, {len(simulation.records)} records 条, about {seconds:.0f} s")
        await alive(_feed(settings, simulation, console, seconds))
    return await _summary(settings, simulation, console)


async def _feed(settings: Settings, simulation: Simulation, console: Console, seconds: float) -> None:
    """Send everything at its pace while alerts are shown, until the workers have taken it in and its alerts are shown."""
    with Screen(console, len(simulation.records)) as screen:
        watch = asyncio.create_task(_watch(settings, screen))
        try:
            await send(settings, simulation.records, len(simulation.records) / seconds, screen.sent)
            await drained(settings, DRAIN_SECONDS)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)


def _die_with_parent() -> None:
    """Ask the kernel to end this child with the demo, however the demo ends."""
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)


Alive = Callable[[Coroutine[Any, Any, None]], Coroutine[Any, Any, None]]


@contextlib.asynccontextmanager
async def _workers(settings: Settings, folder: Path, broker: EmbeddedBroker) -> AsyncIterator[Alive]:
    """Run two workers until the block ends. Yields a way to do something for as long as all processes live."""
    children: list[asyncio.subprocess.Process] = []
    readers: list[asyncio.Task[None]] = []

    async def alive(job: Coroutine[Any, Any, None]) -> None:
        tasks = [asyncio.create_task(job), asyncio.create_task(_first_death(folder, children, broker))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def ready() -> None:
        waiting = [asyncio.Event() for _ in children]
        readers.extend(asyncio.create_task(_listen(child, event)) for child, event in zip(children, waiting, strict=True))
        async with asyncio.timeout(READY_SECONDS):
            await asyncio.gather(*(event.wait() for event in waiting))

    try:
        for number in (1, 2):
            children += [await _worker(settings, folder / f"worker-{number}")]
        await alive(ready())
        yield alive
    finally:
        await asyncio.gather(*(_stop(child) for child in children))
        await asyncio.gather(*readers, return_exceptions=True)


async def _first_death(folder: Path, children: list[asyncio.subprocess.Process], broker: EmbeddedBroker) -> None:
    """Wait for a process to end that should not.

    Raises:
        RuntimeError: says which, and the end of its log.
    """
    while (code := broker.poll()) is None:
        for number, child in enumerate(children, 1):
            if child.returncode is not None:
                log = (folder / f"worker-{number}" / "log").read_text(errors="replace")
                raise RuntimeError(f"worker {number} ended with {child.returncode}: {log[-500:]}")
        await asyncio.sleep(0.2)
    raise RuntimeError(f"the broker ended with {code}")


async def _stop(child: asyncio.subprocess.Process) -> None:
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(child.wait(), STOP_SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()


def _open_log(folder: Path) -> BinaryIO:
    folder.mkdir()
    return (folder / "log").open("wb")


async def _worker(settings: Settings, folder: Path) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGFAN_")} | {
        "FANGFAN_BROKERS": settings.brokers,
        "FANGFAN_PARTITIONS": str(settings.partitions),
        "FANGFAN_DATA_DIR": str(folder),
        "FANGFAN_WEB_PORT": "0",
    }
    with _open_log(folder) as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from fangfan.cli import main; main()", "worker",
            env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
            preexec_fn=_die_with_parent, start_new_session=True,
        )  # fmt: skip


async def _listen(child: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
    """Read a worker's output to its end, so that it never waits for a reader; set the event when it says ``ready``."""
    if child.stdout is None:
        raise RuntimeError("a worker has no output")
    async for text in child.stdout:
        if text.strip() == b"ready":
            ready.set()


async def _watch(settings: Settings, screen: Screen) -> None:
    async for record in read_topic(settings, "alerts", range(settings.partitions), follow=True):
        screen.show(orjson.loads(record.value))


async def _summary(settings: Settings, simulation: Simulation, console: Console) -> bool:
    """Compare the last alert of every household with what was planted."""
    last: dict[str, dict[str, Any]] = {}
    async for record in read_topic(settings, "alerts", range(settings.partitions)):
        alert = orjson.loads(record.value)
        last[alert["household_id"]] = alert
    opened = {
        household: frozenset(reason["rule"].partition("@")[0] for reason in alert["reasons"])
        for household, alert in last.items()
        if alert["severity"] is not None
    }
    table = Table("planted 预设", "rules 规则", "planted 数量", "found 发现", title="planted against found 预设与发现")
    for name, (rules, _) in SHOCKS.items():
        households = [household for household, shock in simulation.shocks.items() if shock == name]
        found = sum(opened.get(household) == rules for household in households)
        table.add_row(
            name, ", ".join(sorted(rules)), str(len(households)), str(found), style="" if found == len(households) else "red"
        )
    false = sorted(set(opened) - set(simulation.planted))
    quiet = sum(household not in opened for household in simulation.near_misses)
    table.add_row("near misses 临界未触发", "none 无", str(len(simulation.near_misses)), f"{quiet} quiet 未报")
    table.add_row("anything else 其他", "none 无", "0", str(len(false)), style="red" if false else "")
    console.print(table)
    good = opened == simulation.planted
    console.print("all planted found, nothing else 全部发现，无误报" if good else "NOT as planted 与预设不符")
    return good
