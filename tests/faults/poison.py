"""Broken records in volume: valid ones mutated in bytes, structure, key, headers and timestamp, from a seed that is printed."""

import copy
import json
import os
import random
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from schemas.fields import NANOSECONDS
from streams.topics import SCHEMA_OF
from tests.build import TIMESTAMP, entry, member
from tests.oracle.histories import history

SEED = int(os.environ.get("POISON_SEED", "20261124"))
"""Kept, so that a run can be repeated; another one from the environment."""
TOPIC_OF = {schema: topic.value for topic, schema in SCHEMA_OF.items()}
TOPICS = [*TOPIC_OF.values(), *TOPIC_OF.values(), "rerouted", "persons"]
IDENTITY_NUMBER = "110101" + "18000101" + "0015"
"""A checksum that fits and a date of birth of nobody alive."""
MILLISECONDS = NANOSECONDS // 1_000

Headers = tuple[tuple[str, bytes | None], ...]


class Record(NamedTuple):
    """What lies on a topic. ``timestamp`` in milliseconds."""

    topic: str
    key: bytes | None
    value: bytes | None
    timestamp: int = TIMESTAMP
    headers: Headers = ()


VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, -0.0, 1e308, -1e-320, 2**31, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63),
    -(2**63) - 1, 10**400,
    0.1 + 0.2, 12.345, [], {}, [[]], [None], {"": ""}, {"type": []}, {"type": "food"}, {"type": "income"}, "", " ",
    "\0", "a", "aaaa",
    "\n", "H000001\n", "140123100201\n", "2026-06\n", "2026-06", "2026-13", "0000-01", "9999-12",
    "٢٠٢٦-٠٦", "１４０１２３１００２０１",
    "\ud800", "\udfff\ud800", "\U0010ffff", "户" * 40, "x" * 65, "12.50", "-12.50", "1e5", "+1", "0" * 13, "NaN",
    "Infinity", "0.1.2", "１２",
    "1" * 5_000, "2026-06-10T09:00:00", "2026-06-10T09:00:00+08:00", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "1601-01-01T00:00:00Z", "1677-09-21T00:12:43Z", "9999-12-31T23:59:59-23:59", "2262-04-11T23:47:17Z", "2026-02-30T00:00:00Z",
    "2026-06-10T24:00:00Z", "2026-06-30T23:59:60Z", "2026-06-10T09:00:00." + "9" * 400 + "Z", "2026-W01-1",
    "2019-12-01", IDENTITY_NUMBER,
    f"户主{IDENTITY_NUMBER}，", "self-declaration/1", "cadre-report/1", "department-record/1", "household/1",
    "person-claim/1", "x/1",
)  # fmt: skip
TOKENS: tuple[bytes, ...] = (
    b"", b"null", b"[]", b"{}", b"{", b"}", b'"', b"\\", b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999",
    b"-", b"01", b"0x1", b"1" * 400,
    b"1" * 6_000, b"\0", b"\xff", b"\xc3\x28", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xef\xbb\xbf", b'"\\ud800"',
    b'"\\udc00\\ud800"', b'"\\u0000"',
    b"\\u0031", b"[" * 3_000, b"[" * 1_200 + b"]" * 1_200, b'{"a":' * 900 + b"1" + b"}" * 900, b'"a":1,"a":2', b'{"a":1,"a":2}',
    b'{"\\u0061":1,"a":2}', b'{"' + b"k" * 4_000 + b'":1}', b"//", b"/* */", b",", b":", b"true", b"\r\n",
    b"\x1b[31m", IDENTITY_NUMBER.encode(),
    b"".join(b"\\u%04x" % ord(each) for each in IDENTITY_NUMBER), IDENTITY_NUMBER.encode("utf-16-le"),
)  # fmt: skip
KEYS: tuple[bytes | None, ...] = (
    None, b"", b"\0", b"\xff\xfe", b"poison-0", b"poison-1\n", b" poison-2", "户".encode(), b"k" * 10_000,
    IDENTITY_NUMBER.encode(), b"x" * 33,
    b"a-b", b"null", b"Q-0001",
)  # fmt: skip
TIMESTAMPS = (-1, -2, -(1 << 61), 0, 1, TIMESTAMP, TIMESTAMP + 1, 1 << 40, 1 << 53, 1 << 61, -TIMESTAMP)
HEADERS: tuple[Headers, ...] = (
    (), (("", b""),), (("", None), ("", None)), (("x" * 3_000, b"y" * 3_000),), (("户", "户".encode()),), (("\0", b"\xff"),),
    (("source.topic", b"\xff"), ("source.partition", None), ("source.offset", b"x")),
    (("source.topic", b"t"), ("source.partition", b"-1"), ("source.offset", b"x" * 100), ("source.offset", b"again")),
    tuple((f"h{at}", b"v") for at in range(300)),
)  # fmt: skip


def healthy(rng: random.Random, count: int) -> Iterator[Record]:
    """Yield ``count`` or a few more records of households that nothing else speaks of, in random order of arrival."""
    records: list[Record] = []
    while len(records) < count:
        name = f"H{rng.getrandbits(32):010d}"
        reports, registry = history(rng)
        for report in reports:
            report |= {"household_id": name, "event_id": f"{report['event_id']}-{name}"}
        if registry is not None:
            reports.append(registry | {"household_id": name})
        records += [Record(TOPIC_OF[each["schema"]], name.encode(), _bytes(each)) for each in reports]
    rng.shuffle(records)
    yield from records


def poison(rng: random.Random, count: int) -> Iterator[Record]:
    """Yield broken records. Some are still valid: of households that no healthy record speaks of."""
    pool = [document for _ in range(400) for document in _documents(rng)]
    for number in range(count):
        document = rng.choice(pool)
        mutation = _large if number % 2_000 == 1_999 else rng.choices(MUTATIONS, WEIGHTS)[0]
        value = mutation(rng, document)
        topic = TOPIC_OF.get(document.get("schema", ""), "persons") if rng.random() < 0.8 else rng.choice(TOPICS)
        key: bytes | None = (document.get("household_id") or "Q-0001").encode()
        if rng.random() < 0.2:
            key = rng.choice(KEYS)
        timestamp = rng.choice(TIMESTAMPS) if rng.random() < 0.1 else TIMESTAMP
        headers = rng.choice(HEADERS) if rng.random() < 0.1 else ()
        yield Record(topic, key, value, timestamp, headers)


def _documents(rng: random.Random) -> list[dict[str, Any]]:
    reports, _ = history(rng)
    name = f"poison-{rng.randrange(300)}"
    claim = {"schema": "person-claim/1", "person_id": "Q-0001", "household_id": name, "updated_at": 1, "named": True}
    for report in reports:
        report |= {"household_id": name, "voids": report["voids"] and f"{report['voids']}-{name}"}
        if report["schema"] == "department-record/1" and rng.random() < 0.3:
            report |= {"household_id": None, "person_id": f"Q-{rng.randrange(50):04d}"}
    return [*reports, entry(name, member(f"Q-{rng.randrange(50):04d}")), claim]


def _bytes(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _of_another_channel(rng: random.Random, document: dict[str, Any]) -> bytes:
    if rng.random() < 0.3:
        document = document | {"schema": rng.choice(list(TOPIC_OF))}
    return json.dumps(document, ensure_ascii=rng.random() < 0.5, indent=rng.choice([None, 1])).encode()


def _flipped(rng: random.Random, document: dict[str, Any]) -> bytes:
    data = bytearray(_bytes(document))
    for _ in range(rng.choice([1, 1, 2, 8])):
        at = rng.randrange(len(data))
        match rng.randrange(4):
            case 0:
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at] = rng.randrange(256)
            case 2:
                del data[at : at + rng.choice([1, 1, 5, 40])]
                data += b" " * (not data)
            case _:
                data[at:at] = data[rng.randrange(len(data)) :][: rng.choice([1, 5, 40])]
    return bytes(data)


def _cut(rng: random.Random, document: dict[str, Any]) -> bytes:
    data = _bytes(document)
    return data[: rng.randrange(len(data))]


def _spliced(rng: random.Random, document: dict[str, Any]) -> bytes:
    data = _bytes(document)
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.choice(TOKENS) + data[at + rng.choice([0, 0, 1, 3, 12]) :]


def _token_for_value(rng: random.Random, document: dict[str, Any]) -> bytes:
    """Put a token where a whole value stood, so that the rest stays well formed."""
    name = rng.choice(list(document))
    marked = _bytes(document | {name: "@@"})
    return marked.replace(b'"@@"', rng.choice(TOKENS), 1)


def _doubled_key(rng: random.Random, document: dict[str, Any]) -> bytes:
    name = rng.choice(list(document))
    again = "".join(f"\\u{ord(each):04x}" for each in name) if rng.random() < 0.5 else name
    return b'{"' + again.encode() + b'":' + _bytes(document[name]) + b"," + _bytes(document)[1:]


def _rebuilt(rng: random.Random, document: dict[str, Any]) -> bytes:
    """Replace, drop or add nodes anywhere in the document."""
    tree = json.loads(_bytes(document))
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        node: Any = tree
        while isinstance(node, dict | list) and node:
            at = rng.choice(list(node)) if isinstance(node, dict) else rng.randrange(len(node))
            child = node[at]
            if not isinstance(child, dict | list) or not child or rng.random() < 0.3:
                _change(rng, node, at)
                break
            node = child
    return _bytes(tree)


def _change(rng: random.Random, node: Any, at: Any) -> None:
    match rng.randrange(6):
        case 0:
            del node[at]
        case 1 if isinstance(node, list):
            node *= rng.choice([2, 65])
        case 2 if isinstance(node, dict):
            node[rng.choice(["extra", "", "type", "schema", "voids", at + " ", "户"])] = copy.deepcopy(rng.choice(VALUES))
        case _:
            node[at] = copy.deepcopy(rng.choice(VALUES))


def _noise(rng: random.Random, document: dict[str, Any]) -> bytes:
    match rng.randrange(4):
        case 0:
            return rng.choice(TOKENS)
        case 1:
            return rng.randbytes(rng.choice([1, 7, 100, 2_000]))
        case 2:
            return _bytes(rng.choice(VALUES))
        case _:
            return json.dumps(document).encode(rng.choice(["utf-16", "utf-16-be", "utf-32", "utf-7", "cp037"]))


def _nothing(rng: random.Random, document: dict[str, Any]) -> None:
    return None


def _large(rng: random.Random, document: dict[str, Any]) -> bytes:
    """Up to 1 MB: of one text, many keys, many facts, deep nesting, numbers, escapes, or mere bytes."""
    size = rng.choice([300_000, 1_000_000])
    filling = rng.choice([
        b'"' + b"x" * size + b'"', b'"' + b"\\u6237" * (size // 6) + b'"', b"[" + b"1," * (size // 2) + b"1]",
        b"1" * size, b"[" * size,
        b"{" + b",".join(b'"k%d":1' % at for at in range(size // 12)) + b"}", b'"' + b"14010719900307" * (size // 14) + b'"',
        b'"\\n' + b"x" * size + b'"', rng.randbytes(size), b" " * size + b"1",
        b"[" + b'{"type":"food","adequate":true},' * (size // 32) + b"1]",
    ])  # fmt: skip
    name = rng.choice(["extra", "facts", "event_id", "members"])
    return _bytes(document | {name: "@@"}).replace(b'"@@"', filling, 1)


Mutation = Callable[[random.Random, dict[str, Any]], bytes | None]
MUTATIONS: tuple[Mutation, ...] = (
    _rebuilt, _flipped, _spliced, _token_for_value, _cut, _doubled_key, _noise, _of_another_channel, _nothing,
)  # fmt: skip
WEIGHTS = (40, 15, 10, 10, 5, 5, 5, 7, 3)
