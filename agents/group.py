"""What the consumer group's coordinator knows: committed offsets, and whose a partition is."""

from collections.abc import Callable

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment

from agents.offsets import committed
from agents.settings import Settings


class ConsumerGroup:
    """Asks the coordinator, each time anew."""

    def __init__(self, settings: Settings, member_id: Callable[[], str]) -> None:
        """``member_id`` says who this worker is to the coordinator."""
        self._settings, self._member_id = settings, member_id

    async def committed(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Return where each input partition goes on: its committed offset, else its beginning."""
        return await committed(self._settings, tps)

    async def owner(self, partition: int) -> str | None:
        """Return the web address of the worker that a partition is assigned to, by the consumer group."""
        member = await self._member(partition)
        return None if member is None else "http://" + member[1].partition("@")[2]

    async def owns(self, partition: int) -> bool:
        """Tell whether the group's coordinator says that a partition is this worker's; False while the group rebalances."""
        member = await self._member(partition)
        return member is not None and member[0] == self._member_id()

    async def _member(self, partition: int) -> tuple[str, str] | None:
        """Return member id and client id of whom a partition is assigned to."""
        admin = AIOKafkaAdminClient(**self._settings.client())
        try:
            await admin.start()
            for response in await admin.describe_consumer_groups([self._settings.group]):
                for member in response.groups[0][5]:
                    assigned = ConsumerProtocolMemberAssignment.decode(member[4]).assignment if member[4] else []
                    if any(partition in partitions for _, partitions in assigned):
                        return str(member[0]), str(member[1])
        finally:
            await admin.close()
        return None
