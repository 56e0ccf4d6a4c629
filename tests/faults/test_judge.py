"""The judge of the fault runs is right: it finds nothing where all is well, and whatever was lost, doubled or changed."""

import random

import msgspec
import pytest

from schemas.household import EMPTY, Facts
from schemas.rejections import Rejection
from streams.household import merge
from streams.normalise import normalise
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, encode
from tests.faults.judge import _judge_live, plain
from tests.faults.verdict import Verdict, judge_sequences
from tests.oracle import histories, signal_histories, stored


def test_what_is_stored_of_two_thousand_households_is_what_the_naive_list_of_their_reports_says() -> None:
    for seed in range(2_000):
        rng = random.Random(seed)
        reports, registry = (signal_histories if seed % 2 else histories).history(rng)
        records = [*reports, *rng.sample(reports, len(reports) // 3), *([registry] if registry else [])]
        rng.shuffle(records)
        facts: Facts = EMPTY.facts
        for record in records:
            message = normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)
            assert not isinstance(message, Rejection)
            facts = merge(facts, message)

        assert stored.expected(reports, registry) == plain(facts)
        if facts.reports:
            assert stored.expected(reports, registry) != plain(msgspec.structs.replace(facts, reports=facts.reports[1:]))
        if facts.signals:
            assert stored.expected(reports, registry) != plain(msgspec.structs.replace(facts, signals=facts.signals[1:]))


@pytest.mark.parametrize(
    ("seen", "kinds"),
    [
        ([1, 2, 3], set()),
        ([], {"lost"}),
        ([1, 3], {"lost"}),
        ([1, 2, 2, 3], {"doubled"}),
        ([1, 3, 2], {"wrong"}),
        ([1, 2, 3, 4], {"wrong"}),
        ([1, 2, 1, 2, 3], {"doubled", "wrong"}),
    ],
)
def test_a_live_subscriber_that_saw_anything_else_is_heard(seen: list[int], kinds: set[str]) -> None:
    verdict = Verdict()
    _judge_live(verdict, "H", seen, 3)

    assert kinds == {kind for kind in ("lost", "doubled", "wrong") if getattr(verdict, kind)}


@pytest.mark.parametrize(
    ("found", "kinds"), [([1, 2], set()), ([2], {"lost"}), ([1, 1], {"doubled"}), ([2, 1], {"wrong"}), ([], set())]
)
def test_sequences_on_the_topic_have_no_gap_no_repetition_and_their_order(found: list[int], kinds: set[str]) -> None:
    verdict = Verdict()
    judge_sequences(verdict, "H", found)

    assert kinds == {kind for kind in ("lost", "doubled", "wrong") if getattr(verdict, kind)}
