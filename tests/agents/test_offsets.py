"""A lane never goes on from an older offset than the last one committed, whatever the coordinator is doing."""

import asyncio

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import NotCoordinatorError

from agents.offsets import ask, committed
from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker

COMMITTED, AFTER = 3, 7


async def test_offsets_of_a_transaction_that_is_ending_are_waited_for(broker: EmbeddedBroker, topic_prefix: str) -> None:
    """What a former owner's transaction commits counts, even while its end is still being written down."""
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    tp, fresh = (TopicPartition(settings.topic(name), 0) for name in ("cadre-reports", "households"))
    async with AIOKafkaProducer(bootstrap_servers=settings.brokers, transactional_id=f"{topic_prefix}owner") as owner:
        async with owner.transaction():
            await owner.send_offsets_to_transaction({tp: COMMITTED}, settings.group)
        await owner.begin_transaction()
        await owner.send_offsets_to_transaction({tp: AFTER}, settings.group)
        asked = asyncio.create_task(committed(settings, [tp, fresh]))
        done, _ = await asyncio.wait([asked], timeout=1.0)
        assert not done, asked.result()
        await owner.commit_transaction()

        assert {tp: AFTER, fresh: 0} == await asked


async def test_a_node_that_is_not_the_coordinator_is_not_taken_to_know_nothing() -> None:
    """Else a lane would begin at the beginning when the coordinator moves, and dead-letter everything again."""
    with EmbeddedBroker(nodes=2) as broker:
        settings = Settings(brokers=broker.bootstrap, partitions=1)
        await create_topics(settings)
        tp = TopicPartition("cadre-reports", 0)
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers, transactional_id="owner") as owner, owner.transaction():
            await owner.send_offsets_to_transaction({tp: COMMITTED}, settings.group)
        assert {tp: COMMITTED} == await committed(settings, [tp])
        admin = AIOKafkaAdminClient(**settings.client())
        await admin.start()
        try:
            coordinator = await admin.find_coordinator(settings.group)
            with pytest.raises(NotCoordinatorError):
                await ask(admin, 3 - coordinator, settings.group, [tp])
        finally:
            await admin.close()
