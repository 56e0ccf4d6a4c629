"""A worker is asked to end while its group shares out the partitions."""

import asyncio
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
from aiokafka.consumer.group_coordinator import GroupCoordinator
loops = {}
leave = GroupCoordinator.close
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

async def left(coordinator):
    say("about to leave")
    await leave(coordinator)

def told(app):
    say("shared out while it ends")
    return shared_out(app)

AIOKafkaClient.bootstrap, AIOKafkaClient.close, faust.App._on_rebalance_when_stopped = connected, closed, told
GroupCoordinator.close = left
sys.argv = ["fangfan", "worker"]
from fangfan.cli import main
main()
"""


async def test_a_worker_ends_in_peace_while_its_group_shares_out_partitions(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """The group waits for a worker that stands still; so the one that ends has asked to join and hears of its share as it ends.

    Closed by another thread than polls them, its connections took the process down: rarely, and only in uvloop.
    """
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=3)
    await create_topics(settings)
    still = await start_worker(settings, tmp_path / "still", SESSION_SECONDS="60")  # it is waited for as long
    ending = await start_worker(settings, tmp_path / "ending", sys.executable, "-c", WATCHED, SESSION_SECONDS="6")
    still.process.send_signal(signal.SIGSTOP)
    running, joining = [still, ending], asyncio.create_task(start_worker(settings, tmp_path / "joining"))
    try:
        await ending.until_logged("is rebalancing")
        ending.process.send_signal(signal.SIGTERM)
        await ending.until_logged("about to leave")
        still.process.send_signal(signal.SIGCONT)
        code = await ending.process.wait()
        running.append(await joining)
        assert [0, 0] == [await worker.stop() for worker in (still, running[-1])]
    finally:
        joining.cancel()
        for worker in running:
            if worker.process.returncode is None:
                worker.process.kill()
    said = ending.log.read_text()

    assert 0 == code, said
    assert "shared out while it ends" in said
    assert "closed by another thread" not in said
