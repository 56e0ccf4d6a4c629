"""A worker is asked to end while its group shares out the partitions."""

import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from tests.worker import start_worker

WATCHED = """
import asyncio, sys
import faust
from aiokafka.client import AIOKafkaClient
loops = {}
bootstrap, close, shared_out = AIOKafkaClient.bootstrap, AIOKafkaClient.close, faust.App._on_rebalance_when_stopped

def say(words):
    sys.stderr.write(words + "\\n")
    sys.stderr.flush()

async def connected(client):
    loops[id(client)] = asyncio.get_running_loop()
    await bootstrap(client)

async def closed(client):
    if loops.get(id(client)) not in (None, asyncio.get_running_loop()):
        say("closed by another thread")
    await close(client)

def told(app):
    say("shared out while it ends")
    return shared_out(app)

AIOKafkaClient.bootstrap, AIOKafkaClient.close, faust.App._on_rebalance_when_stopped = connected, closed, told
sys.argv = ["fangfan", "worker"]
from fangfan.cli import main
main()
"""


async def test_a_worker_ends_in_peace_while_its_group_shares_out_partitions(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """The group waits for a worker that is frozen; so the one that ends has asked to join and hears of its share as it ends.

    Closed by another thread than polls them, its connections took the process down: rarely, and only in uvloop.
    """
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=3)
    await create_topics(settings)
    frozen = await start_worker(settings, tmp_path / "frozen", SESSION_SECONDS="6")
    ending = await start_worker(settings, tmp_path / "ending", sys.executable, "-c", WATCHED, SESSION_SECONDS="6")
    frozen.process.send_signal(signal.SIGSTOP)
    joining = asyncio.create_task(start_worker(settings, tmp_path / "joining", SESSION_SECONDS="6"))
    try:
        await ending.until_logged("is rebalancing")
        code = await ending.stop()
    finally:
        for each in (frozen, ending):
            if each.process.returncode is None:
                each.process.kill()
                await each.process.wait()
        with contextlib.suppress(AssertionError, TimeoutError):
            await (await joining).stop()
    said = ending.log.read_text()

    assert 0 == code, said
    assert "shared out while it ends" in said
    assert "closed by another thread" not in said
