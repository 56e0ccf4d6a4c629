"""How the consumer group shares out partitions: :func:`streams.shares.share_out`, spoken in Kafka's group protocol.

A partition number means that partition of every input. The group's leader decides for all; every worker sends its claim with
each join. It is the only protocol that is offered: aiokafka 0.14 sends a join request for each, every one with other metadata,
which the coordinator takes for a member that changed, so that the group never settles.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.assignors.abstract import AbstractPartitionAssignor
from aiokafka.coordinator.protocol import ConsumerProtocolMemberAssignment, ConsumerProtocolMemberMetadata
from faust.types.tuples import TP

from agents import telemetry
from schemas.codec import decode_claim_of_partitions, decode_share, encode_claim_of_partitions, encode_share
from schemas.shares import Claim, Share
from streams.shares import share_out


class ShareAssignor(AbstractPartitionAssignor):
    """One per consumer, unlike the library's own, because it says what its worker has."""

    name = "fangfan-shares"

    def __init__(self, claim: Callable[[], Claim], given: Callable[[Share], None]) -> None:
        """``claim`` says what the worker brings, ``given`` is told what it gets; both are called in the consumer's thread."""
        self._claim, self._given = claim, given

    def metadata(self, topics: Iterable[str]) -> ConsumerProtocolMemberMetadata:
        """Return what the worker sends when it joins."""
        return ConsumerProtocolMemberMetadata(0, list(topics), encode_claim_of_partitions(self._claim()))

    def assign(
        self, cluster: ClusterMetadata, members: Mapping[str, ConsumerProtocolMemberMetadata]
    ) -> dict[str, ConsumerProtocolMemberAssignment]:
        """Decide for the group."""
        topics = sorted({topic for metadata in members.values() for topic in metadata.subscription})
        partitions = min([len(cluster.partitions_for_topic(topic) or ()) for topic in topics], default=0)
        claims = {name: decode_claim_of_partitions(metadata.user_data) for name, metadata in members.items()}
        return {
            name: ConsumerProtocolMemberAssignment(0, [(each, list(owned)) for each in topics], encode_share(Share(follows)))
            for name, (owned, follows) in share_out(claims, partitions).items()
        }

    def on_assignment(self, assignment: ConsumerProtocolMemberAssignment) -> None:
        """Take what the leader decided."""
        self._given(decode_share(assignment.user_data))


def whole(assigned: set[TP], topics: set[str]) -> set[int]:
    """Return the partitions that are here of every topic."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for tp in assigned:
        found[tp.partition].add(tp.topic)
    for partition, have in found.items():
        if not topics <= have:
            telemetry.log("error", "lane.not_copartitioned", partition=partition, missing=sorted(topics - have))
    return {partition for partition, have in found.items() if topics <= have}
