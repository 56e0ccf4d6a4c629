"""The topic ``policy`` as commands see it: read to its end, and one version added in a transaction."""

import asyncio
import contextlib
import time
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerIdMapping, InvalidTxnState, ProducerFenced
from aiokafka.structs import ConsumerRecord

from agents.settings import Settings
from fangfan.reading import read_topic
from schemas.fields import render_instant
from streams.policies import Version
from streams.policy_documents import Admission, Outcome, admit, record_of
from streams.topics import Topic

TRANSACTION_MS: Final = 10_000
"""How long the broker holds what a killed command left open; readers of committed records wait for it."""
SECONDS: Final = 30
STOP_SECONDS: Final = 5
IN_FORCE_SECONDS: Final = 10
"""So long after publishing a version judges on all partitions (docs/contract-living-policy.md §3)."""


class TakenOver(RuntimeError):
    """Another publisher has begun; only one may write."""


async def read_versions(
    settings: Settings, policy_id: str, known: tuple[Version, ...] = ()
) -> tuple[tuple[Version, ...], list[Admission]]:
    """Return the versions of a policy that are published, after those that are known, and what was refused."""
    refused: list[Admission] = []
    async for record in read_topic(settings, Topic.POLICY, [0]):
        admission = _admit(policy_id, known, record)
        known = admission.versions
        if admission.error is not None:
            refused.append(admission)
    return known, refused


async def publish_version(settings: Settings, version: Version) -> Admission:
    """Add a version to the topic unless the topic says no; returns what it said.

    Raises:
        TakenOver: another publisher has begun meanwhile.
        KafkaError: the broker refused.
        TimeoutError: the broker does not answer.
    """
    producer = AIOKafkaProducer(
        **settings.client(), transactional_id=f"{settings.group}-policy", transaction_timeout_ms=TRANSACTION_MS,
        retry_backoff_ms=10,
    )  # fmt: skip
    try:
        async with asyncio.timeout(SECONDS):
            await producer.start()  # ends the transaction of whoever publishes now; only then is the topic's end final
            key, value = record_of(version, render_instant(time.time_ns()))
            versions, _ = await read_versions(settings, version.policy.id)
            admission = admit(version.policy.id, versions, key, value, time.time_ns() // 1_000_000, 0)
            if admission.outcome is Outcome.JOINED:
                async with producer.transaction():
                    await producer.send_and_wait(settings.topic(Topic.POLICY), value, key, partition=0)
            return admission
    except (ProducerFenced, InvalidProducerIdMapping, InvalidTxnState):
        raise TakenOver from None
    finally:
        with contextlib.suppress(Exception):  # nothing is under way, or the broker ends it after TRANSACTION_MS
            await asyncio.wait_for(producer.stop(), STOP_SECONDS)


def _admit(policy_id: str, known: tuple[Version, ...], record: ConsumerRecord) -> Admission:
    return admit(policy_id, known, record.key, record.value, record.timestamp, record.offset)
