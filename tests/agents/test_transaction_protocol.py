"""The bytes of Kafka's second transaction protocol are what the library's types make of its schemas."""

import weakref
from io import BytesIO
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import IncompatibleBrokerVersion
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)
from hypothesis import given
from hypothesis import strategies as st

from agents.calls import Call, length, text
from agents.transaction_protocol import FEATURE, Ended, commit, commit_offsets, features, produce

TEXT, TAGS = CompactString("utf-8"), ("tags", TaggedFields)


def array(*fields: tuple[str, Any]) -> CompactArray:
    return CompactArray(*fields, TAGS)


FEATURES = Schema(
    ("error", Int16), ("apis", array(("key", Int16), ("least", Int16), ("greatest", Int16))), ("throttled", Int32)
)  # fmt: skip
LEVELS = array(("name", TEXT), ("greatest", Int16), ("least", Int16))
PRODUCE = Schema(
    ("id", TEXT), ("acks", Int16), ("timeout", Int32),
    ("topics", array(("topic", TEXT), ("partitions", array(("partition", Int32), ("records", CompactBytes))))), TAGS,
)  # fmt: skip
TAKEN = Schema(
    ("topics", array(("topic", TEXT), ("partitions", array(
        ("partition", Int32), ("error", Int16), ("offset", Int64), ("timestamp", Int64), ("log_start", Int64),
        ("errors", array(("at", Int32), ("sentence", TEXT))), ("sentence", TEXT),
    )))), ("throttled", Int32), TAGS,
)  # fmt: skip
OFFSETS = Schema(
    ("id", TEXT), ("group", TEXT), ("producer", Int64), ("epoch", Int16), ("generation", Int32), ("member", TEXT),
    ("instance", TEXT),
    ("topics", array(("topic", TEXT), ("partitions", array(
        ("partition", Int32), ("offset", Int64), ("leader_epoch", Int32), ("metadata", TEXT)
    )))), TAGS,
)  # fmt: skip
CODES = Schema(
    ("throttled", Int32),
    ("topics", array(("topic", TEXT), ("partitions", array(("partition", Int32), ("error", Int16))))), TAGS,
)  # fmt: skip
COMMIT = Schema(("id", TEXT), ("producer", Int64), ("epoch", Int16), ("committed", Boolean), TAGS)
ENDED = Schema(("throttled", Int32), ("error", Int16), ("producer", Int64), ("epoch", Int16), TAGS)

NAMES = st.text("abc-._", min_size=1, max_size=200)  # beyond 127 a length takes two bytes
SHORT, INT, LONG = (st.integers(-(1 << bits), (1 << bits) - 1) for bits in (15, 31, 63))
PRODUCER = st.tuples(LONG, SHORT)
BATCHES = st.dictionaries(NAMES, st.lists(st.tuples(INT, st.binary(max_size=300)), max_size=4), max_size=4)
PLACES = st.dictionaries(st.builds(TopicPartition, NAMES, INT), LONG, max_size=6)
SENTENCE = st.none() | st.text(max_size=30)
ANSWERS = st.lists(st.tuples(NAMES, st.lists(
    st.tuples(INT, SHORT, LONG, LONG, LONG, st.none() | st.lists(st.tuples(INT, SENTENCE), max_size=2), SENTENCE), max_size=3
)), max_size=3)  # fmt: skip


def tagged(items: Any) -> list[tuple[Any, ...]]:
    return [(*item, {}) for item in items]


def answer(call: Call, data: bytes) -> Any:
    """Return what a call reads, from bytes that stand behind a head, as a connection hands them over."""
    stream = BytesIO(b"\0\0\0\7" + b"\0" + data)
    assert call.parse_response_header(stream).correlation_id == 7
    return call.decode(stream)


@given(st.none() | NAMES, INT, BATCHES)
def test_records_are_sent_as_the_schema_says(transactional_id: str | None, timeout: int, topics: Any) -> None:
    expected = PRODUCE.encode([
        transactional_id, -1, timeout, tagged((topic, tagged(batches)) for topic, batches in topics.items()), {}
    ])  # fmt: skip

    assert expected == produce(transactional_id, timeout, topics).encode()


@given(ANSWERS, INT)
def test_who_took_records_is_read_whatever_else_is_said(topics: Any, throttled: int) -> None:
    """Also the sentences of what was refused, and tags that nobody knows."""
    written = [
        (
            topic,
            [(*head, None if errors is None else tagged(errors), sentence, {}) for *head, errors, sentence in partitions],
            {},
        )
        for topic, partitions in topics
    ]
    data = TAKEN.encode([written, throttled, {}])
    expected = [(topic, *head[:3]) for topic, partitions in topics for *head, _, _ in partitions]

    assert expected == answer(produce(None, 0, {}), data)


def test_tags_that_nobody_knows_are_passed_over() -> None:
    """A broker says beside a partition it does not lead who does."""
    leader = b"\1\0\2ab"  # one tag, number 0, two bytes
    partition = Int32.encode(3) + Int16.encode(6) + Int64.encode(-1) * 3 + b"\1" + b"\0" + leader
    data = b"\2" + text("alerts") + b"\2" + partition + b"\0" + Int32.encode(0) + b"\0"

    assert [("alerts", 3, 6, -1)] == answer(produce(None, 0, {}), data)
    for end in range(len(data) - 5):  # behind the topics nothing is read
        with pytest.raises(ValueError, match="ends too early"):
            produce(None, 0, {}).decode(BytesIO(data[:end]))


@given(NAMES, PRODUCER, NAMES, PLACES)
def test_offsets_join_as_the_schema_says(transactional_id: str, producer: tuple[int, int], group: str, places: Any) -> None:
    topics: dict[str, list[Any]] = {}
    for tp, offset in places.items():
        topics.setdefault(tp.topic, []).append((tp.partition, offset, -1, ""))
    expected = OFFSETS.encode([
        transactional_id, group, *producer, -1, "", None, tagged((topic, tagged(some)) for topic, some in topics.items()), {}
    ])  # fmt: skip

    assert expected == commit_offsets(transactional_id, producer, group, places).encode()


@given(INT, st.lists(st.tuples(NAMES, st.lists(st.tuples(INT, SHORT), max_size=3)), max_size=3))
def test_how_offsets_were_received_is_read(throttled: int, topics: Any) -> None:
    data = CODES.encode([throttled, tagged((topic, tagged(partitions)) for topic, partitions in topics), {}])
    expected = [code for _, partitions in topics for _, code in partitions]

    assert expected == answer(commit_offsets("id", (1, 1), "g", {}), data)


@given(NAMES, PRODUCER, INT, SHORT, PRODUCER)
def test_a_commit_is_answered_by_who_the_producer_is_next(
    transactional_id: str, producer: tuple[int, int], throttled: int, code: int, then: tuple[int, int]
) -> None:
    call = commit(transactional_id, producer)

    assert COMMIT.encode([transactional_id, *producer, True, {}]) == call.encode()
    assert Ended(code, *then) == answer(call, ENDED.encode([throttled, code, *then, {}]))


@given(
    st.lists(st.tuples(INT.filter(lambda key: 0 <= key < 100), SHORT, SHORT), max_size=3),
    st.dictionaries(NAMES, SHORT, max_size=3),
)
def test_features_are_found_behind_tags(apis: Any, levels: dict[str, int]) -> None:
    """The head of this one answer has no tags: whoever asks does not know yet what the broker can."""
    finalized = LEVELS.encode([(name, level, 0, {}) for name, level in levels.items()])
    epoch = b"\1" + b"\x08" + Int64.encode(5)
    data = FEATURES.encode([0, tagged(apis), 0]) + b"\2" + epoch + b"\2" + length(len(finalized) - 1) + finalized
    stream = BytesIO(b"\0\0\0\7" + data)
    call = features()

    assert 7 == call.parse_response_header(stream).correlation_id
    assert levels == call.decode(stream)
    assert {} == call.decode(BytesIO(FEATURES.encode([0, tagged(apis), 0]) + b"\0"))


def test_a_request_holds_nothing_that_holds_it() -> None:
    """It carries megabytes; the collector, which would find a circle, rarely runs in a worker."""
    call = produce(None, 0, {"alerts": [(0, b"records")]})
    there = weakref.ref(call)
    assert call.RESPONSE_TYPE is call
    del call

    assert there() is None


def test_a_request_is_made_for_brokers_that_know_its_version() -> None:
    call = commit("id", (1, 1))

    assert call is call.prepare({26: (0, 5)})
    for versions in ({}, {26: (0, 4)}, {26: (6, 7)}):
        with pytest.raises(IncompatibleBrokerVersion, match="API 26"):
            call.prepare(versions)
    assert b"\0\x1a\0\5\0\0\0\7\0\2me\0" == call.build_request_header(7, "me").encode()
    assert "transaction.version" == FEATURE
