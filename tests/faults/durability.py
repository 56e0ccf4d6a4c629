"""Whether everything that exactly once rests on is kept by three brokers and confirmed by two."""

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.settings import Settings

INTERNAL = {"__consumer_offsets", "__transaction_state"}


async def weaknesses(settings: Settings) -> list[str]:
    """Return what falls short of replication 3 and min.insync.replicas 2, Kafka's own topics and changelogs included."""
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.brokers.split(","))
    await admin.start()
    try:
        names = [name for name in await admin.list_topics() if name in INTERNAL or name.startswith(settings.topic_prefix)]
        found = [f"{name} is missing" for name in INTERNAL - {*names}]
        found += [
            f"{entry['topic']}: fewer than 3 replicas" for entry in await admin.describe_topics(names)
            if min(len(each["replicas"]) for each in entry["partitions"]) < 3
        ]  # fmt: skip
        for response in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names]):
            for resource in response.resources:
                values = {entry[0]: entry[1] for entry in resource[4]}
                if values["min.insync.replicas"] != "2" or values["unclean.leader.election.enable"] != "false":
                    found.append(f"{resource[3]}: min.insync.replicas {values['min.insync.replicas']}")
        return found
    finally:
        await admin.close()
