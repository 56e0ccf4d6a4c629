"""Whatever lies on the topics: nothing crashes, nothing is lost, and the households around it do not notice (contract §6)."""

import random
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

from aiokafka.record.default_records import DefaultRecord, DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from agents.households import Households
from agents.store import HOUSEHOLD, Store
from agents.work import Outgoing, Work
from schemas import codec
from schemas.fields import instant_of
from schemas.household import EMPTY
from schemas.registry import RegistryChange
from schemas.rejections import Rejection, RejectionCode
from schemas.reports import Report
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import SCHEMA_OF, Topic
from tests.build import TIMESTAMP, encode
from tests.faults.poison import SEED, TIMESTAMPS, VALUES, Record, healthy, poison
from tests.oracle.histories import history

POISON, HEALTHY, BATCH = 100_000, 12_000, 4_000
NOW = TIMESTAMP * 1_000_000
SCHEMA_TOPIC = {schema: topic for topic, schema in SCHEMA_OF.items()}


def consumed(number: int, record: Record) -> tuple[str, DefaultRecord]:
    """Return topic and record as a lane hands them over."""
    return record.topic, DefaultRecord(number, record.timestamp, 0, record.key, record.value, list(record.headers))


def refused_of(some: list[tuple[int, Record]], work: Work) -> list[tuple[int, Record]]:
    """Return the records that a batch refused, by what it tallied."""
    seen: Counter[str] = Counter()
    found = []
    for number, record in some:
        if seen[record.topic] in work.tally.refused.get(record.topic, ()):
            found.append((number, record))
        seen[record.topic] += 1
    assert seen == work.tally.read
    return found


def sendable(outgoing: list[Outgoing]) -> None:
    """Pack what must be sent as the producer does; it raises where something cannot be written."""
    for each in outgoing:
        builder = DefaultRecordBatchBuilder(2, 0, True, 1, 0, 0, 1 << 26)
        assert builder.append(0, each.timestamp, each.key, each.value, each.headers) is not None


def of_healthy(work: Work) -> list[Outgoing]:
    return [each for each in work.outgoing if each.key is not None and each.key.startswith(b"H")]


def is_masked(original: bytes | None, kept: bytes | None) -> bool:
    """Tell whether bytes are the original ones but for stars of the same length."""
    if original is None or kept is None:
        return original is kept
    pairs = zip(original, kept, strict=True)
    return original == kept or all(one == other or other == ord("*") for one, other in pairs)


def test_a_hundred_thousand_broken_records_change_nothing_for_the_households_around_them(
    tmp_path: Path, policy: Policy
) -> None:
    print(f"POISON_SEED={SEED}")
    rng = random.Random(SEED)
    good = list(healthy(rng, HEALTHY))
    bad = list(poison(rng, POISON))
    good_left, bad_left = iter(good), iter(bad)
    places = set(rng.sample(range(len(good) + len(bad)), len(good)))
    mixed = [next(good_left if number in places else bad_left) for number in range(len(good) + len(bad))]
    stores = [Store(tmp_path / name) for name in ("mixed", "alone")]
    among, alone = (Households(0, 2, "", store, policy) for store in stores)
    codes: Counter[str] = Counter()
    numbered = ((number, record) for number, record in enumerate(mixed))
    while some := list(islice(numbered, BATCH)):
        work = among.run((consumed(number, record) for number, record in some), NOW)
        beside = alone.run((consumed(n, r) for n, r in some if n in places), NOW)
        letters = [each for each in work.outgoing if each.topic is Topic.DEAD_LETTERS]
        sendable(work.outgoing)

        assert of_healthy(beside) == of_healthy(work)
        refused = refused_of(some, work)
        assert len(refused) == len(letters)
        for (number, record), letter in zip(refused, letters, strict=True):
            headers = dict(letter.headers)
            if record.topic not in ("rerouted", "persons"):
                assert (record.topic.encode(), b"0", b"%d" % number) == (
                    headers["source.topic"], headers["source.partition"], headers["source.offset"],
                )  # fmt: skip
            code = headers["error.code"].decode()
            codes[code] += 1
            assert RejectionCode.INTERNAL_ERROR != code, (number, headers, record.key, record.value and record.value[:2_000])
            masked = code == RejectionCode.IDENTITY_NUMBER
            assert is_masked(record.key, letter.key) if masked else record.key == letter.key
            assert is_masked(record.value, letter.value) if masked else record.value == letter.value
        for done, store in ((work, stores[0]), (beside, stores[1])):
            store.write(done.changes.items(), {})
    states = [{key: value for key, value in store.scan(HOUSEHOLD) if key.startswith(b"hH")} for store in stores]

    assert states[1] == states[0]
    assert len(states[0]) > 100
    assert set(RejectionCode) - {RejectionCode.INTERNAL_ERROR} == {RejectionCode(code) for code in codes}
    assert POISON // 2 < codes.total() < POISON
    for store in stores:
        store.close()


@st.composite
def twisted(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    """A valid report or registry entry in which any node became any JSON value, and the schema it began with."""
    reports, entry = history(random.Random(draw(st.integers(0, 1 << 32))))
    document: dict[str, Any] = draw(st.sampled_from([*reports, *([entry] if entry else [])]))
    schema = document["schema"]
    for _ in range(draw(st.integers(0, 3))):
        node: Any = document
        while True:
            at = draw(st.sampled_from(list(node))) if isinstance(node, dict) else draw(st.integers(0, len(node) - 1))
            if not isinstance(node[at], dict | list) or not node[at] or draw(st.booleans()):
                break
            node = node[at]
        node[at] = draw(JSON | st.sampled_from(VALUES))
    return document, schema


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@hypothesis_settings(deadline=None, max_examples=600, derandomize=True)
@given(twisted(), st.sampled_from(TIMESTAMPS))
def test_a_report_is_refused_with_a_reason_or_taken_in_and_stored(
    policy: Policy, document: tuple[dict[str, Any], str], timestamp: int
) -> None:
    """Whatever becomes of a valid document: a rejection by name, or a state that reads back as it was written."""
    body, schema = document
    value = encode(body) if _speakable(body) else b"\xed\xa0\x80"
    message = normalise(SCHEMA_TOPIC[schema], b"H000001", value, timestamp)

    if isinstance(message, Rejection):
        assert RejectionCode.INTERNAL_ERROR != message.code
        return
    assert isinstance(message, Report | RegistryChange)
    state = advance("H000001", EMPTY, message, instant_of(timestamp), policy).state
    assert state == codec.decode_state(codec.encode_state(state))
    again = advance("H000001", state, message, instant_of(timestamp), policy)
    assert again.state is state


def _speakable(document: Any) -> bool:
    """Tell whether UTF-8 can say it: lone surrogates it cannot."""
    try:
        return encode(document) is not None
    except UnicodeEncodeError:
        return False
