"""What is said of a record that was refused, and where a record that moves first lay (contract §6)."""

from typing import Final

from agents.reading import Record
from agents.work import Headers, Outgoing
from schemas.dead_letters import ORIGIN, REDRIVEN_FROM, is_handle
from schemas.fields import render_instant
from schemas.rejections import Rejection, RejectionCode
from streams.free_text import is_known, without_free_text
from streams.identity import mask_identity_numbers
from streams.topics import Topic

MOVED: Final = frozenset({Topic.REROUTED, Topic.PERSONS})


def dead_letter(partition: int, prefix: str, record: Record, topic: Topic, rejection: Rejection, now: int) -> Outgoing:
    """Return a refused record as ``dead-letters`` holds it; ``now`` in nanoseconds."""
    masked = mask_identity_numbers(record.value) if record.value is not None else None
    value = without_free_text(masked) if masked is not None else None
    headers = [
        ("error.code", rejection.code.value.encode()),
        ("error.field", mask_identity_numbers(_field(rejection, spoken=value is not masked).encode())),
        ("error.message", rejection.message.encode()),
        *origin_of(prefix, partition, record, topic),
        ("failed.at", render_instant(now).encode()),
    ]
    key = mask_identity_numbers(record.key) if record.key is not None else None
    return Outgoing(Topic.DEAD_LETTERS, partition, key, value, None, headers)


def _field(rejection: Rejection, *, spoken: bool) -> str:
    """Return the field to name: a key that stood twice may be somebody's word, where a call or petition speaks."""
    hidden = spoken and rejection.code == RejectionCode.DUPLICATE_KEY and not is_known(rejection.field.rpartition(".")[2])
    return "$" if hidden else rejection.field


def origin_of(prefix: str, partition: int, record: Record, topic: Topic) -> Headers:
    """Return where a record first lay, so that a later rejection can name it, and which dead letter it was before.

    Only what this monitor moved itself is believed; on the topics of others such headers are just headers. Which dead
    letter it was is a note for people that nothing rests on.
    """
    headers = [(name, value) for name, value in record.headers if value is not None]
    handles = [each for each in headers if each[0] == REDRIVEN_FROM and is_handle(each[1].decode("utf-8", "replace"))]
    note = handles[:1]
    if topic in MOVED:
        known = [(name, value) for name, value in headers if name in ORIGIN]
        if len(known) == len(ORIGIN):
            return known + note
    here = ((prefix + topic).encode(), b"%d" % partition, b"%d" % record.offset)
    return [*zip(ORIGIN, here, strict=True), *note]
