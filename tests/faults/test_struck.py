"""A worker is struck at each point of a commit where something could be lost or doubled: by an error, or by kill -9.

One record per transaction, so that many went well before and many come after.
"""

import json
import sys
from pathlib import Path

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.offsets import committed
from agents.settings import Settings
from agents.topics import MAX_OWN_BYTES, create_topics
from agents.transactions import CHANGELOGS
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from streams.topics import Topic
from tests.build import cadre, encode
from tests.dead_letters import send
from tests.faults.judge import judge
from tests.faults.switched import SHADOW_LINE, Switched, policy
from tests.faults.world import build
from tests.worker import alerts_of, read_all, start_worker, workers

SCRIPT = """
import os, signal, sys
import agents.lanes, agents.store, agents.transactions
import aiokafka.client
agents.lanes.TURN_SECONDS = 0
hits = 0
def strike():
    global hits
    hits += 1
    if hits == 25:
        sys.stderr.write("struck\\n")
        sys.stderr.flush()
        {deed}
{place}
sys.argv = ["fangfan", "worker"]
from fangfan.cli import main
main()
"""
AROUND = """
owner, name = {where}
before = getattr(owner, name)
{kind} around(*given, **named):
    {first}
    done = {wait} before(*given, **named)
    {second}
    return done
setattr(owner, name, around)
"""
SENDING = "aiokafka.client.AIOKafkaClient, 'send'"
END_TXN = 26
"""Its API key, in both transaction protocols."""
ENDING = f"if given[2].API_KEY == {END_TXN}: strike()"
PLACES = {
    "before anything is sent": ("agents.transactions.ExactlyOnce, 'commit'", "async def", "strike()", "pass"),
    "all is sent, nothing is committed": (SENDING, "async def", ENDING, "pass"),
    "committed, but nobody heard of it": (SENDING, "async def", "pass", ENDING),
    "committed, but not stored": ("agents.store.Store, 'write'", "def", "strike()", "pass"),
    "stored": ("agents.store.Store, 'write'", "def", "pass", "strike()"),
}
MARKER_BYTES = 78
"""What the end of a transaction takes on a topic: that must still go through."""
DEEDS = {"error": "raise RuntimeError('struck')", "kill": "os.kill(os.getpid(), signal.SIGKILL)"}


def script(place: str, deed: str) -> str:
    where, kind, first, second = PLACES[place]
    wait = "await" if kind.startswith("async") else ""
    return SCRIPT.format(deed=DEEDS[deed], place=AROUND.format(where=where, kind=kind, first=first, second=second, wait=wait))


@pytest.mark.parametrize("deed", DEEDS)
@pytest.mark.parametrize("place", PLACES)
async def test_nothing_is_lost_or_doubled_wherever_a_worker_is_struck(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, place: str, deed: str
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(settings)
    switched = Switched(signals=0.4, shadow=True)
    world, given = build(200, 20261125, switched), {"SHADOW_POLICY": str(policy(tmp_path, "shadow", SHADOW_LINE))}
    worker = await start_worker(settings, tmp_path / "struck", sys.executable, "-c", script(place, deed), **given)
    try:
        await send(settings, *world.records)
        if deed == "kill":
            assert -9 == await worker.process.wait()
            worker = await start_worker(settings, tmp_path / "struck", **given)
        await drained(settings, 60)
        assert 0 == await worker.stop()
    finally:
        if worker.process.returncode is None:
            worker.process.kill()
            await worker.process.wait()
    verdict = await judge(settings, world, switched=switched)

    assert ([], [], []) == (verdict.lost, verdict.doubled, verdict.wrong)
    assert 1 == worker.log.read_text().count("struck\n")
    assert ("lane.restarts" in worker.log.read_text()) is (deed == "error")


async def test_an_alert_that_left_alone_is_gone_on_from(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    """At least once, the worker dies when an alert is on its topic and nothing else is; its report comes again."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1, guarantee="at-least-once")
    await create_topics(settings)
    said = "if any(tp.topic.endswith('alerts') for tp, _ in given[1]): strike()"
    place = AROUND.format(
        where="agents.producing.Requests, 'produce'", kind="async def", first="pass", wait="await", second=said
    )
    code = SCRIPT.format(deed=DEEDS["kill"], place=place).replace("hits == 25", "hits == 1")
    worker = await start_worker(settings, tmp_path, sys.executable, "-c", code, GUARANTEE="at-least-once")
    await send(settings, ("cadre-reports", b"H000001", encode(cadre("c1", {"type": "food", "adequate": False}))))

    assert -9 == await worker.process.wait()
    assert [] == await read_all(settings, Topic.HOUSEHOLDS_CHANGELOG)

    better = cadre("c2", {"type": "food", "adequate": True}, occurred_at="2026-06-20T09:00:00+08:00")
    async with workers(settings, tmp_path, 1, GUARANTEE="at-least-once"):
        await drained(settings, 60)
        [first] = (await alerts_of(settings))["H000001"]
        assert first == json.loads((await read_all(settings, Topic.ALERTS_CURRENT))[-1].value)

        await send(settings, ("cadre-reports", b"H000001", encode(better)))
        await drained(settings, 60)
    transitions = [(each["sequence"], each["transition"]) for each in (await alerts_of(settings))["H000001"]]

    assert [(1, "opened"), (2, "cleared")] == transitions


@pytest.mark.parametrize("guarantee", ["exactly-once", "at-least-once"])
@pytest.mark.parametrize("refusing", [Topic.ALERTS, Topic.HOUSEHOLDS_CHANGELOG])
async def test_what_a_broker_refuses_is_not_committed(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path, guarantee: str, refusing: Topic
) -> None:
    """A send that fails stops the commit of its batch; when the broker takes it again, everything is there, once."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1, guarantee=guarantee)
    await create_topics(settings)
    tp = TopicPartition(settings.topic("cadre-reports"), 0)
    async with workers(settings, tmp_path, 1, GUARANTEE=guarantee) as [worker]:
        await limit(settings, refusing, MARKER_BYTES + 20)
        await send(settings, ("cadre-reports", b"H000001", encode(cadre("c1", {"type": "food", "adequate": False}))))
        await worker.until_logged("lane.restarts")

        assert {tp: 0} == await committed(settings, [tp])
        assert [] == await read_all(settings, Topic.HOUSEHOLDS_CHANGELOG)

        await limit(settings, refusing, MAX_OWN_BYTES)
        await drained(settings, 60)
        assert 0 == await worker.stop()
    sequences = [alert["sequence"] for alert in (await alerts_of(settings))["H000001"]]

    assert {1} == set(sequences)
    assert 1 == len(sequences) or guarantee == "at-least-once"
    adopted = guarantee == "at-least-once" and refusing is Topic.HOUSEHOLDS_CHANGELOG  # its alert had left
    assert 1 + adopted == len(await read_all(settings, Topic.HOUSEHOLDS_CHANGELOG))


async def limit(settings: Settings, topic: Topic, size: int) -> None:
    """Let the broker take record batches of a topic up to a size only."""
    admin = AIOKafkaAdminClient(**settings.client())
    await admin.start()
    try:
        configs = {"max.message.bytes": str(size), "cleanup.policy": "compact" if topic in CHANGELOGS else "delete"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, settings.topic(topic), configs)])
    finally:
        await admin.close()
