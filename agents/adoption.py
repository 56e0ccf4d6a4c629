"""Alerts that left though the states that say so did not: the households go on from what was published (decision 21)."""

import msgspec

from agents.reading import Record
from agents.store import HOUSEHOLD, Store
from agents.work import Outgoing, Work
from schemas import codec
from schemas.household import EMPTY
from streams.alerts import thread_of
from streams.topics import Topic


def adopted(partition: int, store: Store, alerts: list[Record]) -> Work:
    """Return the households whose last alert is newer than their state, with that alert's thread, and nothing else changed.

    The reports that led to the alert are still to come; what they make of the household is then compared with what was
    published. ``alerts`` are in their order on the partition.

    Raises:
        UnknownStateVersion: a household was stored by a newer release.
    """
    work = Work()
    for key, record in {record.key or b"": record for record in alerts}.items():
        thread, data = thread_of(codec.decode_alert(record.value or b"")), store.get(HOUSEHOLD + key)
        before = codec.decode_state(data) if data is not None else EMPTY
        if thread.sequence > before.thread.sequence:
            work.states[key.decode()] = msgspec.structs.replace(before, thread=thread)
            current = record.value if thread.open is not None else None
            work.outgoing.append(Outgoing(Topic.ALERTS_CURRENT, partition, key, current))
            work.tally.new_households += data is None
    return work
