"""How a lane commits, on a real Kafka: fenced owners, large commits, what is left behind (decisions 3 and 30)."""

import asyncio
import logging

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, ProducerFenced

from agents import transaction_protocol
from agents.offsets import committed
from agents.settings import Settings
from agents.topics import create_topics
from agents.transactions import MAX_BATCH_BYTES, AtLeastOnce, Commits, Committed, ExactlyOnce, Sender
from agents.work import Outgoing
from fangfan.broker import EmbeddedBroker
from streams.topics import Topic
from tests.worker import read_all

CHANGELOG = Topic.HOUSEHOLDS_CHANGELOG
HERE = TopicPartition("cadre-reports", 0)


def records(count: int, value: bytes = b"x", topic: Topic = CHANGELOG) -> list[Outgoing]:
    return [Outgoing(topic, 0, b"%d" % number, value) for number in range(count)]


@pytest.fixture(params=["offered", "not offered"], autouse=True)
def protocol(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of this holds in both transaction protocols; brokers before Kafka 4 know the first alone."""
    if request.param == "not offered":
        monkeypatch.setattr(transaction_protocol, "LEVEL", 99)


@pytest.fixture
async def settings(broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    return settings


def at(settings: Settings, offset: int) -> dict[TopicPartition, int]:
    return {TopicPartition(settings.topic(HERE.topic), 0): offset}


async def test_who_was_fenced_commits_nothing(settings: Settings) -> None:
    old, new = ExactlyOnce(settings, 0), ExactlyOnce(settings, 0)
    await old.start()
    await old.commit(records(1, b"old"), at(settings, 1))
    await new.start()
    with pytest.raises(ProducerFenced):
        await old.commit(records(1, b"late"), at(settings, 2))
    await new.commit(records(1, b"new"), at(settings, 2))
    await old.stop()
    await new.stop()

    assert [b"old", b"new"] == [each.value for each in await read_all(settings, CHANGELOG)]


async def test_each_transaction_of_the_second_protocol_has_an_epoch_of_its_own(
    settings: Settings, request: pytest.FixtureRequest
) -> None:
    """So that what was sent for one can never join the next; in the first protocol the epoch is its owner's."""
    sender, epochs = ExactlyOnce(settings, 0), set()
    await sender.start()
    for offset in range(1, 5):
        epochs.add(sender._requests._who)
        await sender.commit(records(1), at(settings, offset))
    await sender.stop()

    assert (4 if "[offered]" in request.node.name else 1) == len(epochs)
    assert 4 == len(await read_all(settings, CHANGELOG))


async def test_offsets_and_records_go_without_each_other(settings: Settings) -> None:
    """A batch of duplicates has offsets alone, a slice of a re-assessment records alone."""
    sender = ExactlyOnce(settings, 0)
    await sender.start()
    await sender.commit([], at(settings, 3))
    await sender.commit(records(2), {})
    await sender.stop()

    assert at(settings, 3) == await committed(settings, [*at(settings, 3)])
    assert 2 == len(await read_all(settings, CHANGELOG))


async def test_what_an_owner_left_open_is_taken_back_by_the_next(settings: Settings) -> None:
    left, after = ExactlyOnce(settings, 0), ExactlyOnce(settings, 0)
    await left.start()
    await left.commit(records(1, b"whole"), at(settings, 1))
    left._requests.end = asyncio.Event().wait  # type: ignore[method-assign, assignment] # it dies before the last step
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(left.commit(records(3, b"half"), at(settings, 2)), 3)
    await left.stop()
    await after.start()
    await after.commit(records(1, b"next"), at(settings, 2))
    await after.stop()

    assert [b"whole", b"next"] == [each.value for each in await read_all(settings, CHANGELOG)]


@pytest.mark.parametrize("guarantee", ["exactly-once", "at-least-once"])
async def test_a_commit_of_many_record_batches_keeps_their_order_and_says_where_it_ends(
    settings: Settings, guarantee: str
) -> None:
    coordinator = Coordinator()
    commits = Commits(coordinator.commit)
    sender: Sender = ExactlyOnce(settings, 0) if guarantee == "exactly-once" else AtLeastOnce(settings, 0, commits)
    await sender.start()
    ends = await sender.commit([*records(2_000, b"y" * 1_000), *records(2, b"a", Topic.ALERTS)], at(settings, 7))
    await sender.settle()
    await sender.stop()
    found = await read_all(settings, CHANGELOG)
    noted = [{tp: (offset, "2") for tp, offset in at(settings, 7).items()}]

    assert ([] if guarantee == "exactly-once" else noted) == coordinator.taken, "and where the alerts end"
    assert 2_000 * 1_000 > 3 * MAX_BATCH_BYTES
    assert [b"%d" % number for number in range(2_000)] == [each.key for each in found]
    assert {settings.topic(CHANGELOG): found[-1].offset + 1} == ends


async def test_brokers_never_refuse_a_transaction_because_of_itself(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Records and offsets sent at the same time are, about every fifth time (as many as aiokafka's own producer does)."""
    sender = ExactlyOnce(settings, 0)
    await sender.start()
    await sender.commit([*records(1), *records(1, b"a", Topic.ALERTS)], at(settings, 0))
    caplog.clear()  # new topics may have wanted a leader yet
    with caplog.at_level(logging.WARNING):
        for offset in range(1, 60):
            await sender.commit([*records(3), *records(1, b"a", Topic.ALERTS)], at(settings, offset))
    await sender.stop()

    assert [] == [record.getMessage() for record in caplog.records]


class Coordinator:
    """Takes commits, as many as it is told to; the others it refuses, and each only when it may go on."""

    def __init__(self, refuses: int = 0) -> None:
        self.taken: list[dict[TopicPartition, tuple[int, str]]] = []
        self.asked, self._refuses = 0, refuses
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def commit(self, offsets: Committed) -> None:
        self.asked += 1
        await self.goes_on.wait()
        if self.asked <= self._refuses:
            raise CommitFailedError("the group has moved on")
        self.taken.append(dict(offsets))


PLACES = [TopicPartition("t", number) for number in range(4)]


async def test_one_commit_carries_what_all_lanes_have_noted() -> None:
    coordinator = Coordinator()
    commits = Commits(coordinator.commit)
    assert commits.due(PLACES) is None
    commits.note({PLACES[0]: (1, "")})
    due = commits.due(PLACES)
    commits.note({PLACES[0]: (2, ""), PLACES[1]: (7, "")})
    commits.note({PLACES[2]: (5, "")})
    commits.forget([PLACES[2]])

    assert due == commits.due(PLACES[1:2]), "what comes later does not put off what came before"
    assert commits.due(PLACES[2:]) is None

    await asyncio.gather(*(commits.settle([place]) for place in PLACES))

    assert [{PLACES[0]: (2, ""), PLACES[1]: (7, "")}] == coordinator.taken
    assert commits.due(PLACES) is None


async def test_who_settles_waits_for_the_commit_that_carries_its_own() -> None:
    coordinator = Coordinator()
    commits = Commits(coordinator.commit)
    coordinator.goes_on.clear()
    commits.note(dict.fromkeys(PLACES[:2], (1, "")))
    first, second = [asyncio.create_task(commits.settle([place])) for place in PLACES[:2]]
    await asyncio.sleep(0)
    commits.note({PLACES[1]: (2, "")})
    await asyncio.sleep(0)

    assert not second.done()

    coordinator.goes_on.set()
    await asyncio.gather(first, second)

    assert [dict.fromkeys(PLACES[:2], (1, "")), {PLACES[1]: (2, "")}] == coordinator.taken


async def test_what_was_not_committed_waits_for_the_next_who_asks() -> None:
    coordinator = Coordinator(refuses=2)
    commits = Commits(coordinator.commit)
    commits.note({PLACES[0]: (1, ""), PLACES[1]: (1, "")})
    told = await asyncio.gather(*(commits.settle([place]) for place in PLACES[:2]), return_exceptions=True)
    commits.note({PLACES[1]: (2, "")})
    await commits.settle(PLACES[1:2])

    assert [CommitFailedError] * 2 == [type(each) for each in told], "each lane hears of it, and starts over"
    assert [{PLACES[0]: (1, ""), PLACES[1]: (2, "")}] == coordinator.taken


async def test_a_lane_that_is_told_to_end_takes_nothing_with_it() -> None:
    coordinator = Coordinator()
    commits = Commits(coordinator.commit)
    coordinator.goes_on.clear()
    commits.note(dict.fromkeys(PLACES, (1, "")))
    ending = asyncio.create_task(commits.settle(PLACES[:1]))
    await asyncio.sleep(0)
    commits.note({PLACES[1]: (2, "")})
    ending.cancel()
    await asyncio.wait([ending])
    commits.forget(PLACES[:1])
    coordinator.goes_on.set()
    await commits.settle(PLACES[1:])

    assert ending.cancelled()
    assert [{PLACES[1]: (2, ""), PLACES[2]: (1, ""), PLACES[3]: (1, "")}] == coordinator.taken
