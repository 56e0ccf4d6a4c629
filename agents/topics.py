"""Creates and verifies topics on the broker by the catalogue of :mod:`streams.topics`."""

import asyncio
from collections.abc import Iterable, Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from agents.settings import Settings
from streams.topics import DAY_MS, SCHEMA_OF, Topic, TopicSpec, catalogue

MAX_INPUT_BYTES = 4 << 20
"""What a producer may send at once, as it sends it (compressed): four times Kafka's usual limit."""
MAX_OWN_BYTES = 64 << 20
"""What the worker may have to send for it: the record again with more headers, less well compressed, or a household's state."""
NEVER_MS = (1 << 63) - 1
"""Compaction waits so long: the first record of a policy's version is never taken away by a second."""


LISTED_SECONDS = 30
MISSING = "missing topics are created with: fangfan topics create; a user who may not see a topic misses it too"
PARTITIONS = "the number of partitions stays what it was when topics were made: set FANGFAN_PARTITIONS to it"
REPLICAS = "set FANGFAN_REPLICATION to what the topics have, or reassign their replicas"
CLEANUP = (
    "change it back: kafka-configs.sh --alter --entity-type topics --entity-name TOPIC --add-config cleanup.policy=EXPECTED"
)


class TopicMismatch(RuntimeError):
    """Topics on the broker are not as the settings say; names each and the difference."""


def specs(settings: Settings) -> tuple[TopicSpec, ...]:
    """Return the catalogue for some settings."""
    return catalogue(settings.partitions, settings.retention_days, settings.dead_letter_days)


async def create_topics(settings: Settings) -> list[str]:
    """Create what is missing, wait until the broker lists it, and return its names; what exists is left alone.

    Raises:
        TopicMismatch: the broker refused one.
        TimeoutError: what it created it does not list.
    """
    async with _Admin(settings) as admin:
        present = set(await admin.list_topics())
        wanted = [_new(settings, spec) for spec in specs(settings) if settings.topic(spec.topic) not in present]
        if wanted:
            response = await admin.create_topics(wanted, timeout_ms=30_000)
            refused = _refused(response.topic_errors)
            if refused:
                raise TopicMismatch("; ".join(refused))
            await _listed(admin, {topic.name for topic in wanted})
        return [topic.name for topic in wanted]


def _refused(answers: Iterable[tuple[str, int, str | None]]) -> list[str]:
    """Return what the broker refused, one sentence for all topics that it refused for the same reason."""
    names: dict[str, list[str]] = {}
    for name, code, message in answers:
        if code not in (0, 36):  # 36: another command created it meanwhile
            names.setdefault(message or f"error {code}", []).append(name)
    return [f"{', '.join(sorted(refused))}: {reason}" for reason, refused in names.items()]


async def _listed(admin: AIOKafkaAdminClient, names: set[str]) -> None:
    """Wait until the broker lists topics: the controller that made them is ahead of the brokers that are asked about them."""
    async with asyncio.timeout(LISTED_SECONDS):
        while not names <= set(await admin.list_topics()):  # noqa: ASYNC110 # no event tells that a broker has caught up
            await asyncio.sleep(0.05)


async def check_topics(settings: Settings) -> list[str]:
    """Return what differs between the broker and the settings, a sentence each, and at last what helps."""
    async with _Admin(settings) as admin:
        wanted = {settings.topic(spec.topic): spec for spec in specs(settings)}
        present = set(await admin.list_topics())
        wrong = [f"{name}: is missing" for name in wanted if name not in present]
        helps = [MISSING] * bool(wrong)
        known = [name for name in wanted if name in present]
        entries = {entry["topic"]: entry["partitions"] for entry in await admin.describe_topics(known)} if known else {}
        for name in known:
            partitions, replicas = len(entries[name]), min(len(each["replicas"]) for each in entries[name])
            if partitions != wanted[name].partitions:
                wrong.append(f"{name}: has {partitions} partitions, the settings say {wanted[name].partitions}")
                helps.append(PARTITIONS)
            if replicas != settings.replication:
                wrong.append(f"{name}: has {replicas} replicas, the settings say {settings.replication}")
                helps.append(REPLICAS)
        cleanup = await _cleanup(admin, {name: wanted[name].cleanup for name in known})
        return wrong + cleanup + [*dict.fromkeys(helps + [CLEANUP] * bool(cleanup))]


async def partition_counts(settings: Settings, topics: Sequence[Topic]) -> dict[str, int | None]:
    """Return how many partitions some topics have by their names on the broker, None for one that is missing."""
    async with _Admin(settings) as admin:
        present = set(await admin.list_topics())
        counts: dict[str, int | None] = {settings.topic(topic): None for topic in topics}
        known = [name for name in counts if name in present]
        for entry in await admin.describe_topics(known) if known else []:
            counts[entry["topic"]] = len(entry["partitions"])
        return counts


async def _cleanup(admin: AIOKafkaAdminClient, wanted: dict[str, str]) -> list[str]:
    resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted]
    wrong = []
    for response in await admin.describe_configs(resources) if resources else []:
        for resource in response.resources:
            name, entries = resource[3], {entry[0]: entry[1] for entry in resource[4]}
            if entries.get("cleanup.policy") != wanted[name]:
                wrong.append(f"{name}: has cleanup.policy {entries.get('cleanup.policy')}, expected {wanted[name]}")
    return wrong


def _new(settings: Settings, spec: TopicSpec) -> NewTopic:
    configs: dict[str, str] = {"cleanup.policy": spec.cleanup}
    if spec.retention_days is not None:
        configs["retention.ms"] = str(spec.retention_days * DAY_MS)
    if spec.topic is Topic.POLICY:
        configs["min.compaction.lag.ms"] = str(NEVER_MS)
    else:
        configs["max.message.bytes"] = str(MAX_INPUT_BYTES if spec.topic in SCHEMA_OF else MAX_OWN_BYTES)
    if settings.replication >= 3:
        configs["min.insync.replicas"] = "2"
    return NewTopic(settings.topic(spec.topic), spec.partitions, settings.replication, topic_configs=configs)


class _Admin:
    """An admin client that is closed also where starting it fails."""

    def __init__(self, settings: Settings) -> None:
        self._client = AIOKafkaAdminClient(**settings.client())

    async def __aenter__(self) -> AIOKafkaAdminClient:
        try:
            await self._client.start()
        except BaseException:
            await self._client.close()
            raise
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
