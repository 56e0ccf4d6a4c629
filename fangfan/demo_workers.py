"""The demo's worker processes: started, watched, always stopped."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any, BinaryIO, Final

import aiohttp

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from fangfan.demo_screen import Screen

READY_SECONDS: Final = 60
STOP_SECONDS: Final = 20
TAIL_LINES: Final = 12


class DemoError(RuntimeError):
    """Something of the demo ended that should not; says which, and shows the end of its log."""


class WorkerChild:
    """One `fangfan worker`: its process, its log, what its web port says."""

    def __init__(self, number: int, folder: Path, process: asyncio.subprocess.Process) -> None:
        """Take a process that was just started."""
        self.number, self.process, self.web = number, process, ""
        self._log = folder / "log"
        self.ready = asyncio.Event()
        self._reader = asyncio.create_task(self._listen(), name=f"worker-{number}-output")

    async def _listen(self) -> None:
        """Read its output to the end, so that it never waits for a reader; note its web address and when it is ready."""
        if self.process.stdout is None:
            raise DemoError("a worker has no output")
        async for text in self.process.stdout:
            said = text.decode().strip()
            if said.startswith("web "):
                self.web = said.removeprefix("web ")
            elif said == "ready":
                self.ready.set()

    async def state(self, client: aiohttp.ClientSession) -> str:
        """Return in words what it does."""
        if self.process.returncode is not None:
            return f"ended 已退出 {self.process.returncode}"
        if not self.web:
            return "starting 启动中"
        try:
            async with client.get(f"{self.web}/readyz") as answer:
                said = await answer.json()
        except (aiohttp.ClientError, TimeoutError):
            return "no answer 无应答"
        partitions = " ".join(sorted(said["lanes"], key=int)) or "none 无"
        return f"{'ready 就绪' if said['ready'] else 'recovering 恢复中'}, partitions 分区 {partitions}"

    def tail(self) -> str:
        """Return the end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-TAIL_LINES:])

    async def stop(self) -> None:
        """End it as a supervisor would, and see it gone."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await asyncio.gather(self._reader, return_exceptions=True)


class Workers:
    """The demo's workers while they run."""

    def __init__(self, broker: EmbeddedBroker) -> None:
        """No worker runs yet."""
        self._broker = broker
        self._children: list[WorkerChild] = []

    async def start(self, settings: Settings, folder: Path, count: int) -> None:
        """Start them and wait until all are ready.

        Raises:
            DemoError: one ended instead, or took too long.
        """
        for number in range(1, count + 1):
            home = folder / f"worker-{number}"
            self._children.append(WorkerChild(number, home, await _spawn(settings, home)))
        try:
            async with asyncio.timeout(READY_SECONDS):
                await self.while_alive(_all_ready(self._children))
        except TimeoutError:
            late = next(child for child in self._children if not child.ready.is_set())
            raise DemoError(f"worker {late.number} is not ready in {READY_SECONDS} s; its log ends:\n{late.tail()}") from None

    async def while_alive(self, job: Coroutine[Any, Any, None]) -> None:
        """Do something for as long as all processes live.

        Raises:
            DemoError: one ended.
        """
        tasks = [asyncio.create_task(job), asyncio.create_task(self._first_death())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def show(self, screen: Screen) -> None:
        """Keep the screen informed of every worker's state, until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client:
            while True:
                for child in self._children:
                    screen.worker(child.number, await child.state(client))
                await asyncio.sleep(1)

    async def _first_death(self) -> None:
        while (code := self._broker.poll()) is None:
            for child in self._children:
                if child.process.returncode is not None:
                    raise DemoError(
                        f"worker {child.number} ended with {child.process.returncode}; its log ends:\n{child.tail()}"
                    )
            await asyncio.sleep(0.2)
        raise DemoError(f"the broker ended with {code}; its log ends:\n{self._broker.tail()}")

    async def stop(self) -> None:
        """Stop all of them."""
        await asyncio.gather(*(child.stop() for child in self._children))


@contextlib.asynccontextmanager
async def workers(broker: EmbeddedBroker) -> AsyncIterator[Workers]:
    """Give workers that are stopped however the block ends."""
    running = Workers(broker)
    try:
        yield running
    finally:
        await running.stop()


async def _all_ready(children: list[WorkerChild]) -> None:
    await asyncio.gather(*(child.ready.wait() for child in children))


def _die_with_parent() -> None:
    """Ask the kernel to end this child with the demo, however the demo ends."""
    ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)


def _open_log(folder: Path) -> BinaryIO:
    folder.mkdir()
    return (folder / "log").open("wb")


async def _spawn(settings: Settings, folder: Path) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGFAN_")} | {
        "FANGFAN_BROKERS": settings.brokers,
        "FANGFAN_PARTITIONS": str(settings.partitions),
        "FANGFAN_DATA_DIR": str(folder),
        "FANGFAN_WEB_PORT": "0",
        "FANGFAN_TICKS": "on",
    }
    if settings.shadow_policy is not None:
        environment["FANGFAN_SHADOW_POLICY"] = str(settings.shadow_policy)
    with _open_log(folder) as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", "from fangfan.cli import main; main()", "worker",
            env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=log,
            preexec_fn=_die_with_parent, start_new_session=True,
        )  # fmt: skip
