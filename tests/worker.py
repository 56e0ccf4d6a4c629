"""Real workers and real records for tests on a broker: what a person types, as child processes."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.settings import Settings

FANGFAN = str(Path(sys.executable).parent / "fangfan")


class WorkerProcess:
    """`fangfan worker` as a child: its web address, its log, its exit code."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process, self.log, self.web = process, log, ""

    async def until_ready(self) -> None:
        """Read its output until a line says ready."""
        assert self.process.stdout is not None
        async with asyncio.timeout(60):
            async for line in self.process.stdout:
                text = line.decode().strip()
                if text.startswith("web "):
                    self.web = text.removeprefix("web ")
                if text == "ready":
                    return
        raise AssertionError(f"worker ended without ready: {self.log.read_text()}")

    async def until_logged(self, words: str) -> None:
        """Wait until its log has some words."""
        async with asyncio.timeout(60):
            while words not in self.log.read_text():  # noqa: ASYNC110 # a file has no event to wait for
                await asyncio.sleep(0.05)

    async def stop(self) -> int:
        """End it as a supervisor would; returns its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(30):
            return await self.process.wait()


async def start_worker(settings: Settings, folder: Path, *command: str, **given: str) -> WorkerProcess:
    """Start a worker on a folder of its own and wait until it is ready; another ``command``, or more settings, where given."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGFAN_")} | {
        "FANGFAN_BROKERS": settings.brokers,
        "FANGFAN_TOPIC_PREFIX": settings.topic_prefix,
        "FANGFAN_PARTITIONS": str(settings.partitions),
        "FANGFAN_DATA_DIR": str(folder),
        "FANGFAN_WEB_PORT": "0",
    }
    environment |= {f"FANGFAN_{name}": value for name, value in given.items()}
    log = folder / "worker.log"
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *(command or (FANGFAN, "worker")), env=environment, stdout=asyncio.subprocess.PIPE, stderr=output
        )
    worker = WorkerProcess(process, log)
    try:
        await worker.until_ready()
    except BaseException:  # nobody else knows of it yet
        if process.returncode is None:
            process.kill()
            await process.wait()
        raise
    return worker


@contextlib.asynccontextmanager
async def workers(settings: Settings, folder: Path, count: int, **given: str) -> AsyncIterator[list[WorkerProcess]]:
    """Run some workers; they are ended however the test ends."""
    running: list[WorkerProcess] = []
    try:
        for number in range(count):
            running += [await start_worker(settings, folder / f"worker-{number}", **given)]
        yield running
    finally:
        for worker in running:
            if worker.process.returncode is None:
                worker.process.kill()
                await worker.process.wait()


async def read_all(settings: Settings, topic: str) -> list[Any]:
    """Return every committed record of a topic, in order per partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.brokers.split(","), isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        tps = [TopicPartition(settings.topic(topic), partition) for partition in range(settings.partitions)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        records: list[Any] = []
        while any([await consumer.position(tp) < ends[tp] for tp in tps]):
            for found in (await consumer.getmany(timeout_ms=200)).values():
                records += found
        return records
    finally:
        await consumer.stop()


async def alerts_of(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Return each household's transitions in order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for record in await read_all(settings, "alerts"):
        found.setdefault(record.key.decode(), []).append(json.loads(record.value))
    return found
