"""Households by the million: a few simulated ones, taken again and again under other numbers.

What a worker finds when it has known them for a year lies on its changelogs; what comes next is reports about any of them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from confluent_kafka import Producer

from agents.policy_files import load_policy
from agents.settings import DEFAULT_POLICY, Settings
from bench.load import NOW
from fangfan.sent import Sent
from fangfan.simulation import Simulator
from schemas import codec
from schemas.household import EMPTY, HouseholdState
from schemas.registry import PersonState, RegistryChange
from schemas.reports import Report
from streams.normalise import normalise
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import Topic, murmur2

TEMPLATES, REPORTS_EACH = 400, 7
SPREAD, VILLAGES = 2_000, 12
"""So many households on end add a village to each county, of about 300; so many villages are a township."""
STAMP = int(NOW.timestamp()) * 1_000


@dataclass(slots=True)
class Template:
    """One simulated household: its number, state, persons with their index entries, and what is reported about it."""

    number: bytes
    area: bytes = b""
    state: bytes = b""
    persons: list[tuple[bytes, bytes]] = field(default_factory=list)
    reports: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    def renumber(self, data: bytes, number: int) -> bytes:
        """Return bytes of this household as another's, which lives in another village of its county."""
        other, village = b"%07d" % number, number // SPREAD
        place = self.area[:6] + b"%03d%03d" % (village // VILLAGES, village % VILLAGES)
        data = data.replace(self.area, place)
        return data.replace(b"H" + self.number, b"H" + other).replace(b"P" + self.number, b"P" + other)


def templates(seed: int = 1) -> list[Template]:
    """Simulate some households and take in everything about them, as workers would."""
    policy = load_policy(DEFAULT_POLICY)
    found = [Template(b"%07d" % number) for number in range(TEMPLATES)]
    states: list[HouseholdState] = [EMPTY] * TEMPLATES
    for sent in Simulator(TEMPLATES, TEMPLATES * REPORTS_EACH, seed, NOW).run().records:
        if sent.topic == Topic.AREA_EVENTS:  # it is about no household alone
            continue
        number = int((sent.value["household_id"] or sent.value["person_id"])[1:8])
        template = found[number]
        states[number] = _take(template, states[number], sent, policy)
        payload = sent.payload
        if sent.topic != Topic.HOUSEHOLDS and sent.value["voids"] is None and payload is not None:
            template.reports.append((sent.topic, sent.key.encode(), payload))
    for template, state in zip(found, states, strict=True):
        template.state = codec.encode_state(state)
    return [each for each in found if each.reports]  # of some, only their persons are spoken of


def _take(template: Template, state: HouseholdState, sent: Sent, policy: Policy) -> HouseholdState:
    household = "H" + template.number.decode()
    message = normalise(Topic(sent.topic), sent.key.encode(), sent.payload, STAMP)
    assert isinstance(message, Report | RegistryChange)
    if isinstance(message, RegistryChange) and message.entry is not None:
        index = codec.encode_person(PersonState({household: (message.updated_at, True)}))
        template.area = message.entry.area_code.encode()
        template.persons = [(b"p" + member.person_id.encode(), index) for member in message.entry.members]
    return advance(household, state, message, STAMP * 1_000_000, policy).state


class Crowd:
    """So many households, put on the changelogs and reported about."""

    def __init__(self, settings: Settings, made: list[Template], households: int) -> None:
        self._settings, self._made, self.households = settings, made, households

    def known(self) -> int:
        """Write every household and its persons on the changelogs; returns how many entries that were."""
        entries, persons = 0, self._settings.topic(Topic.PERSONS_CHANGELOG)
        households = self._settings.topic(Topic.HOUSEHOLDS_CHANGELOG)
        feed = Feed(self._settings)
        for number in range(self.households):
            template = self._made[number % len(self._made)]
            feed.send(households, b"H%07d" % number, template.renumber(template.state, number))
            for key, value in template.persons:
                name = template.renumber(key, number)
                place = murmur2(name[1:]) % self._settings.partitions  # the entry's key has a prefix, the person has not
                feed.send(persons, name, template.renumber(value, number), place)
            entries += 1 + len(template.persons)
        feed.end()
        return entries

    def reported(self, count: int, seed: int) -> None:
        """Send new reports about households chosen at random."""
        rng, feed = random.Random(seed), Feed(self._settings)
        for at, number in enumerate(self._numbers(rng, count)):
            template = self._made[number % len(self._made)]
            topic, key, payload = rng.choice(template.reports)
            name = b"e%08d" % (seed * 10_000_000 + at)
            start = payload.index(b'"event_id":"') + 12
            fresh = payload[:start] + name + payload[start + len(name) :]
            feed.send(self._settings.topic(topic), template.renumber(key, number), template.renumber(fresh, number))
        feed.end()

    def _numbers(self, rng: random.Random, count: int) -> Iterator[int]:
        for _ in range(count):
            yield rng.randrange(self.households)


class Feed:
    """Sends by Java's partitioner, as fast as the broker takes it."""

    def __init__(self, settings: Settings) -> None:
        self._producer = Producer({
            "bootstrap.servers": settings.brokers, "partitioner": "murmur2", "linger.ms": 20, "batch.size": 1 << 19,
            "queue.buffering.max.messages": 500_000,
        })  # fmt: skip

    def send(self, topic: str, key: bytes, value: bytes, partition: int = -1) -> None:
        """Queue a record, by its key where no partition is given; waits while too many are queued."""
        while True:
            try:
                self._producer.produce(topic, value, key, partition)
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def end(self) -> None:
        """Wait until all are confirmed."""
        if self._producer.flush(300):
            raise TimeoutError("the broker did not confirm what was sent")
