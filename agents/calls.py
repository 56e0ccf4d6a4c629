"""Requests to brokers in bytes that are put together at once, as aiokafka's connections take them.

Where a worker asks dozens of times a second, walking a schema for each field costs more than the records do. These requests
are of versions that Kafka calls flexible: text and arrays are preceded by their length plus one (0: null), and whatever has
fields may end in tags.
"""

import struct
from collections.abc import Callable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import Any, Final, NamedTuple

from aiokafka.errors import IncompatibleBrokerVersion

NO_TAGS: Final = b"\0"
NULL: Final = b"\0"
_HEAD: Final = struct.Struct(">hhih")
"""API key, version, correlation, length of the client's name."""
_CORRELATION: Final = struct.Struct(">i")


class Head(NamedTuple):
    """The head of a request, or of an answer."""

    correlation_id: int
    data: bytes = b""

    def encode(self) -> bytes:
        """Return its bytes."""
        return self.data


class Call:
    """A request as aiokafka's connections take it, with the function that reads its answer."""

    def __init__(self, api: tuple[int, int], body: bytes, read: Callable[["Cursor"], Any], *, tagged: bool = True) -> None:
        """Take API key and version, the bytes, and whether the head of an answer has tags."""
        self._api, self._body, self._read, self._tagged = api, body, read, tagged

    @property
    def API_KEY(self) -> int:  # the library's name
        """Which API it asks."""
        return self._api[0]

    @property
    def RESPONSE_TYPE(self) -> "Call":  # the library's name
        """What reads the answer. No attribute: a request that holds itself waits for the collector, with all its records."""
        return self

    def prepare(self, versions: Mapping[int, tuple[int, int]]) -> "Call":
        """Return the request for a broker that knows some versions of each API.

        Raises:
            IncompatibleBrokerVersion: it does not know this one.
        """
        key, version = self._api
        least, greatest = versions.get(key, (0, -1))
        if not least <= version <= greatest:
            raise IncompatibleBrokerVersion(f"the broker knows versions {least} to {greatest} of API {key}, not {version}")
        return self

    def build_request_header(self, correlation_id: int, client_id: str) -> Head:
        """Return the head that precedes the request."""
        name = client_id.encode()
        return Head(correlation_id, _HEAD.pack(*self._api, correlation_id, len(name)) + name + NO_TAGS)

    def encode(self) -> bytes:
        """Return the request's bytes."""
        return self._body

    def parse_response_header(self, data: BytesIO) -> Head:
        """Read the head of the answer."""
        (correlation_id,) = _CORRELATION.unpack(data.read(_CORRELATION.size))
        if self._tagged:
            cursor = Cursor(data.getbuffer(), data.tell())
            cursor.tags()
            data.seek(cursor.at)
        return Head(correlation_id)

    def decode(self, data: BytesIO) -> Any:
        """Read the answer behind its head.

        Raises:
            ValueError: it ends too early.
        """
        try:
            return self._read(Cursor(data.getbuffer(), data.tell()))
        except (struct.error, IndexError):
            raise ValueError("a broker's answer ends too early") from None


class Cursor:
    """Reads an answer from a position on."""

    def __init__(self, data: memoryview, at: int) -> None:
        """Take the bytes, and where to begin."""
        self._data, self.at = data, at

    def take(self, shape: struct.Struct) -> tuple[Any, ...]:
        """Read numbers."""
        self.at += shape.size
        return shape.unpack_from(self._data, self.at - shape.size)

    def skip(self, count: int) -> None:
        """Pass over bytes."""
        self.at += count

    def number(self) -> int:
        """Read a number of variable length."""
        value = shift = 0
        while True:
            byte = self._data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def items(self) -> range:
        """Read how many items follow; null has none."""
        return range(self.number() - 1)

    def text(self) -> str:
        """Read a text; null reads as empty."""
        size = max(0, self.number() - 1)
        self.at += size
        return str(self._data[self.at - size : self.at], "utf-8")

    def tags(self) -> dict[int, "Cursor"]:
        """Read tagged fields, and where the value of each begins."""
        found = {}
        for _ in range(self.number()):
            tag, size = self.number(), self.number()
            found[tag] = Cursor(self._data, self.at)
            self.at += size
        return found


@lru_cache(maxsize=4096)
def text(words: str) -> bytes:
    """Return a text as a request holds it."""
    data = words.encode()
    return length(len(data)) + data


def length(count: int) -> bytes:
    """Return a length plus one, seven bits a byte, the lowest first."""
    count += 1
    parts = bytearray()
    while count >= 0x80:
        parts.append(count & 0x7F | 0x80)
        count >>= 7
    parts.append(count)
    return bytes(parts)
