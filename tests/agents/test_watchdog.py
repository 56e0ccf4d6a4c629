"""A worker that is stuck turns unready, says where it stands and ends with an exit code of its own."""

import asyncio
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from agents.watchdog import EXIT_STALLED
from fangfan.broker import EmbeddedBroker
from tests.build import department, encode
from tests.doors import get
from tests.worker import start_worker

FREEZES = {
    "event loop": "import agents.households, threading; agents.households.Households.run = lambda *_: threading.Event().wait()",
    "lane": (
        "import agents.transactions, asyncio\n"
        "async def never(*_): await asyncio.Event().wait()\n"
        "agents.transactions.ExactlyOnce.commit = never"
    ),
}  # fmt: skip


async def ready(web: str) -> int | None:
    """Return what `/readyz` says, None where it does not answer."""
    try:
        return (await asyncio.to_thread(get, f"{web}/readyz", None, 2.0))[0]
    except TimeoutError:
        return None


@pytest.mark.parametrize("where", FREEZES)
async def test_a_worker_that_has_work_and_makes_no_progress_turns_unready_and_ends(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, where: str
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    script = f"{FREEZES[where]}\nimport sys; sys.argv = ['fangfan', 'worker']\nfrom fangfan.cli import main\nmain()"
    worker = await start_worker(settings, tmp_path, sys.executable, "-c", script, STALL_SECONDS="5")
    try:
        before = await ready(worker.web)
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            report = department("w1", "water", {"type": "water", "safe": False})
            await producer.send_and_wait(settings.topic("department-feeds"), encode(report), b"H000001")
        await worker.until_logged("worker.stalled")
        stuck = await ready(worker.web)
        async with asyncio.timeout(30):
            code = await worker.process.wait()
    finally:
        if worker.process.returncode is None:
            worker.process.kill()
            await worker.process.wait()

    assert (200, {"event loop": None, "lane": 503}[where]) == (before, stuck)
    assert code == EXIT_STALLED, worker.log.read_text()
    assert f'"event":"worker.stalled","seconds":5,"where":"{where}"' in worker.log.read_text()
