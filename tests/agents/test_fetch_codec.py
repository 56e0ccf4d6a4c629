"""Fetch requests and answers are, byte for byte and field for field, those of the library."""

from io import BytesIO
from typing import Any

import pytest
from aiokafka.protocol.fetch import FetchRequest_v11, FetchResponse_v11
from aiokafka.protocol.struct import Struct
from hypothesis import given
from hypothesis import strategies as st

from agents.fetch_codec import decode, encode

NAMES = st.text("abc-._", min_size=1, max_size=20)
SHORT, INT, LONG = (st.integers(-(1 << bits), (1 << bits) - 1) for bits in (15, 31, 63))
ASKED = st.tuples(INT, INT, LONG, LONG, INT)
ABORTED = st.none() | st.lists(st.tuples(LONG, LONG), max_size=3)
ANSWERS = st.tuples(INT, SHORT, LONG, LONG, LONG, ABORTED, INT, st.none() | st.binary(max_size=50))


def of_topics(partition: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(st.tuples(NAMES, st.lists(partition, max_size=4)), max_size=4)


@given(st.tuples(INT, INT, INT, INT, st.integers(0, 1), INT, INT), of_topics(ASKED), NAMES)
def test_a_request_is_written_as_the_library_writes_it(head: tuple[int, ...], topics: Any, rack: str) -> None:
    request = FetchRequest_v11(*head, topics, [("gone", [1, 2])], rack)

    assert Struct.encode(request) == encode(request)


@given(INT, SHORT, INT, of_topics(ANSWERS))
def test_an_answer_is_read_as_the_library_reads_it(throttled: int, error: int, session: int, topics: Any) -> None:
    data = FetchResponse_v11.SCHEMA.encode([throttled, error, session, topics])
    expected = FetchResponse_v11(*[field.decode(BytesIO(part)) for field, part in _parts(data)])
    stream = BytesIO(b"head" + data)
    stream.seek(4)

    assert expected == decode(FetchResponse_v11, stream)
    for end in {0, len(data) // 3, len(data) // 2, len(data) - 1}:
        with pytest.raises(ValueError, match="ends too early"):
            decode(FetchResponse_v11, data[:end])


def _parts(data: bytes) -> list[tuple[Any, bytes]]:
    """Cut an answer into its fields, so that the library's types read them even where its class was replaced."""
    return list(zip(FetchResponse_v11.SCHEMA.fields, (data, data[4:], data[6:], data[10:]), strict=True))
