"""`fangfan demo`: the whole system for about a minute, ending with planted against found."""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.alerts_command import line
from fangfan.broker import BrokerError, EmbeddedBroker
from fangfan.draining import drained
from fangfan.options import fail
from fangfan.plants import SHOCKS
from fangfan.reading import read_topic
from fangfan.sending import send
from fangfan.simulation import Simulation, Simulator

PARTITIONS = 4
READY_SECONDS = 60
DRAIN_SECONDS = 120


def demo(
    households: Annotated[int, typer.Option(min=100, help="Households of the county.")] = 5_000,
    seconds: Annotated[float, typer.Option(min=1, help="How long reports come in, about.")] = 60,
    seed: Annotated[int, typer.Option(help="The same seed plants the same shocks.")] = 1,
) -> None:
    """Run a real Kafka, two workers and a simulated county; exit 0 only if all planted was found and nothing else."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    folder = Path(tempfile.mkdtemp(prefix="fangfan-demo-"))
    console = Console()
    try:
        console.print("starting Apache Kafka …  启动消息系统 …")
        with EmbeddedBroker(data_dir=folder / "kafka") as broker:
            settings = Settings(brokers=broker.bootstrap, partitions=PARTITIONS)
            good = asyncio.run(_run(settings, folder, console, households, seconds, seed))
    except (KeyboardInterrupt, asyncio.CancelledError):
        console.print("interrupted; everything is stopped 已中断，全部停止")
        raise typer.Exit(130) from None
    except (BrokerError, RuntimeError, TimeoutError) as error:
        raise fail(f"demo: {error or type(error).__name__}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(0 if good else 1)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


async def _run(settings: Settings, folder: Path, console: Console, households: int, seconds: float, seed: int) -> bool:
    await create_topics(settings)
    console.print("making up a county …  生成模拟县域 …")
    simulation = Simulator(households, households * 4, seed, datetime.now(UTC), plants_each=max(1, households // 1_000)).run()
    console.print("starting two workers …  启动两个处理进程 …")
    async with _workers(settings, folder):
        console.print(f"{households} households 户, {len(simulation.records)} records 条, about {seconds:.0f} s")
        watch = asyncio.create_task(_watch(settings, console))
        try:
            await send(settings, simulation.records, len(simulation.records) / seconds, lambda _: None)
            await drained(settings, DRAIN_SECONDS)
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
    return await _summary(settings, simulation, console)


def _die_with_parent() -> None:
    """Ask the kernel to end this child with the demo, however the demo ends."""
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)


@contextlib.asynccontextmanager
async def _workers(settings: Settings, folder: Path) -> AsyncIterator[None]:
    """Run two workers until the block ends; wait until both are ready."""
    children = []
    try:
        for number in (1, 2):
            (folder / f"worker-{number}").mkdir()
            children += [await _worker(settings, folder / f"worker-{number}")]
        yield
    finally:
        for child in children:
            if child.returncode is None:
                child.send_signal(signal.SIGTERM)
        for child in children:
            try:
                await asyncio.wait_for(child.wait(), 30)
            except TimeoutError:
                child.kill()
                await child.wait()


async def _worker(settings: Settings, folder: Path) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGFAN_")} | {
        "FANGFAN_BROKERS": settings.brokers,
        "FANGFAN_PARTITIONS": str(settings.partitions),
        "FANGFAN_DATA_DIR": str(folder),
        "FANGFAN_WEB_PORT": "0",
    }
    with (folder / "log").open("wb") as log:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from fangfan.cli import main; main()", "worker",
            env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
            preexec_fn=_die_with_parent, start_new_session=True,
        )  # fmt: skip
    if child.stdout is None:
        raise RuntimeError("a worker has no output")
    async with asyncio.timeout(READY_SECONDS):
        async for text in child.stdout:
            if text.strip() == b"ready":
                return child
    raise RuntimeError(f"a worker ended with {await child.wait()}: {(folder / 'log').read_text()[-500:]}")


async def _watch(settings: Settings, console: Console) -> None:
    async for record in read_topic(settings, "alerts", range(settings.partitions), follow=True):
        console.print(line(orjson.loads(record.value)), highlight=False)


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
