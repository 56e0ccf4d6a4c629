"""The catalogue of topics, and where a record belongs on them (contract §2)."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, Literal

DAY_MS: Final = 86_400_000
APP_ID: Final = "fangfan"
"""Consumer group, prefix of transactional ids and changelogs. Renaming it is a migration."""


class Topic(StrEnum):
    """Every topic by its name without the prefix."""

    __hash__ = str.__hash__  # an enumeration's own is Python code, and every record looks its topic up several times

    SELF_DECLARATIONS = "self-declarations"
    CADRE_REPORTS = "cadre-reports"
    DEPARTMENT_FEEDS = "department-feeds"
    HOUSEHOLDS = "households"
    POLICY = "policy"
    REROUTED = "rerouted"
    PERSONS = "persons"
    TICKS = "ticks"
    AREA_EVENTS = "area-events"
    ALERTS = "alerts"
    ALERTS_CURRENT = "alerts-current"
    ALERTS_SHADOW = "alerts-shadow"
    CASES = "cases"
    AREA_ALERTS = "area-alerts"
    DEAD_LETTERS = "dead-letters"
    DEAD_LETTERS_REDRIVEN = "dead-letters-redriven"
    HOUSEHOLDS_CHANGELOG = "fangfan-households-changelog"
    PERSONS_CHANGELOG = "fangfan-persons-changelog"


INPUTS: Final = (
    Topic.SELF_DECLARATIONS,
    Topic.CADRE_REPORTS,
    Topic.DEPARTMENT_FEEDS,
    Topic.HOUSEHOLDS,
    Topic.REROUTED,
    Topic.PERSONS,
    Topic.TICKS,
    Topic.AREA_EVENTS,
)
"""What a lane reads: partition p of each, together."""

SCHEMA_OF: Final = {
    Topic.SELF_DECLARATIONS: "self-declaration/1",
    Topic.CADRE_REPORTS: "cadre-report/1",
    Topic.DEPARTMENT_FEEDS: "department-record/1",
    Topic.HOUSEHOLDS: "household/1",
}
TOPIC_OF: Final = {schema: topic for topic, schema in SCHEMA_OF.items()} | {"area-event/1": Topic.AREA_EVENTS}
"""Where ingest systems send what."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """What a topic must look like on the broker. ``retention_days`` is None for compacted topics."""

    topic: Topic
    cleanup: Literal["delete", "compact"]
    partitions: int
    retention_days: int | None


def catalogue(partitions: int, retention_days: int, dead_letter_days: int) -> tuple[TopicSpec, ...]:
    """Return every topic with its settings; all but ``policy`` have the same partition count."""

    def delete(topic: Topic, days: int) -> TopicSpec:
        return TopicSpec(topic, "delete", partitions, days)

    def compact(topic: Topic, count: int = partitions) -> TopicSpec:
        return TopicSpec(topic, "compact", count, None)

    return (
        delete(Topic.SELF_DECLARATIONS, retention_days),
        delete(Topic.CADRE_REPORTS, retention_days),
        delete(Topic.DEPARTMENT_FEEDS, retention_days),
        compact(Topic.HOUSEHOLDS),
        compact(Topic.POLICY, 1),
        delete(Topic.REROUTED, retention_days),
        delete(Topic.PERSONS, retention_days),
        delete(Topic.TICKS, retention_days),
        delete(Topic.AREA_EVENTS, retention_days),
        delete(Topic.ALERTS, retention_days),
        compact(Topic.ALERTS_CURRENT),
        delete(Topic.ALERTS_SHADOW, retention_days),
        delete(Topic.CASES, retention_days),
        delete(Topic.AREA_ALERTS, retention_days),
        delete(Topic.DEAD_LETTERS, dead_letter_days),
        compact(Topic.DEAD_LETTERS_REDRIVEN),
        compact(Topic.HOUSEHOLDS_CHANGELOG),
        compact(Topic.PERSONS_CHANGELOG),
    )


def murmur2(data: bytes) -> int:
    """Return Kafka's 32-bit murmur2 (Austin Appleby's MurmurHash2 with Kafka's seed) with the sign bit cleared."""
    multiplier, length = 0x5BD1E995, len(data)
    h = (0x9747B28C ^ length) & 0xFFFFFFFF
    whole = length & ~3
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * multiplier & 0xFFFFFFFF
        k = (k ^ k >> 24) * multiplier & 0xFFFFFFFF
        h = (h * multiplier & 0xFFFFFFFF) ^ k
    if whole < length:
        h = (h ^ int.from_bytes(data[whole:], "little")) * multiplier & 0xFFFFFFFF
    h = (h ^ h >> 13) * multiplier & 0xFFFFFFFF
    return (h ^ h >> 15) & 0x7FFFFFFF


@lru_cache(maxsize=1 << 17)
def partition_of(key: str, partitions: int) -> int:
    """Return the partition a key belongs on: Java's and aiokafka's default partitioner."""
    return murmur2(key.encode()) % partitions
