"""A worker that is stuck turns unready, says where it stands and ends with an exit code of its own."""

import asyncio
import os
import sys
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from agents.watchdog import EXIT_STALLED
from fangfan.broker import EmbeddedBroker
from tests.build import department, encode

FREEZES = {
    "event loop": "import agents.households, threading; agents.households.Households.run = lambda *_: threading.Event().wait()",
    "lane": (
        "import agents.transactions, asyncio\n"
        "async def never(*_): await asyncio.Event().wait()\n"
        "agents.transactions.ExactlyOnce.commit = never"
    ),
}  # fmt: skip


@pytest.mark.parametrize("where", FREEZES)
async def test_a_worker_that_has_work_and_makes_no_progress_ends(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, where: str
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    environment = os.environ | {
        "FANGFAN_BROKERS": settings.brokers, "FANGFAN_TOPIC_PREFIX": topic_prefix, "FANGFAN_PARTITIONS": "1",
        "FANGFAN_DATA_DIR": str(tmp_path / "data"), "FANGFAN_WEB_PORT": "0", "FANGFAN_STALL_SECONDS": "5",
    }  # fmt: skip
    script = f"{FREEZES[where]}\nimport sys; sys.argv = ['fangfan', 'worker']\nfrom fangfan.cli import main\nmain()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            report = department("w1", "water", {"type": "water", "safe": False})
            await producer.send_and_wait(settings.topic("department-feeds"), encode(report), b"H000001")
        async with asyncio.timeout(60):
            _, log = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

    assert process.returncode == EXIT_STALLED, log.decode()
    assert f'"event":"worker.stalled","seconds":5,"where":"{where}"' in log.decode()
