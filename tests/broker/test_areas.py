"""An area event on a real Kafka: a county's growers on all partitions hear of it once, over a restart in between."""

from pathlib import Path

from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.draining import drained
from tests.agents.test_areas import grows, home, slump
from tests.build import encode
from tests.worker import alerts_of, start_worker

NAMES = [f"H{number:06d}" for number in range(24)]


async def test_a_slump_reaches_every_grower_of_the_county_once(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=4)
    await create_topics(settings)
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:

        async def send(*records: tuple[str, bytes | None, bytes | None]) -> None:
            for topic, key, value in records:
                await producer.send(settings.topic(topic), value, key)
            await producer.flush()
            await drained(settings, 60)

        first = await start_worker(settings, tmp_path / "first")
        await send(*[home(name) for name in NAMES])
        await send(*[grows(name) for name in NAMES[:12]])
        await send(("area-events", b"any", encode(slump())))
        assert 0 == await first.stop()

        second = await start_worker(settings, tmp_path / "second")  # its store comes from the changelogs
        await send(*[grows(name) for name in NAMES[12:20]])
        await send(("area-events", b"any", encode(slump())))
        assert 0 == await second.stop()
    alerts = await alerts_of(settings)

    assert NAMES[:20] == sorted(alerts)
    assert {("opened",)} == {tuple(each["transition"] for each in of) for of in alerts.values()}
