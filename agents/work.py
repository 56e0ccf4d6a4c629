"""One lane's batch, computed: records in, everything that must leave in one transaction out. No Kafka calls here."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from aiokafka.structs import ConsumerRecord

from agents import telemetry
from agents.store import HOUSEHOLD, PARKED, PERSON, Store
from schemas import codec
from schemas.alerts import Alert
from schemas.dead_letters import ORIGIN, REDRIVEN_FROM, is_handle
from schemas.fields import NANOSECONDS, render_instant
from schemas.findings import Undetermined
from schemas.household import EMPTY, HouseholdState
from schemas.registry import PersonClaim, PersonState, RegistryChange
from schemas.rejections import Rejection, RejectionCode
from schemas.reports import Report
from schemas.vocabulary import CHANNELS, Transition
from streams.identity import mask_identity_numbers
from streams.normalise import household_of_key, normalise
from streams.persons import claims_of, household_of, merge_claim
from streams.pipeline import advance
from streams.policy import Policy
from streams.topics import Topic, partition_of

Headers = list[tuple[str, bytes]]
CHANNEL_OF: Final = {
    Topic.SELF_DECLARATIONS: "declaration",
    Topic.CADRE_REPORTS: "cadre",
    Topic.DEPARTMENT_FEEDS: "department",
    Topic.HOUSEHOLDS: "registry",
    Topic.REROUTED: "rerouted",
    Topic.PERSONS: "person",
}
MOVED: Final = frozenset({Topic.REROUTED.value, Topic.PERSONS.value})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record to be sent. ``timestamp`` in milliseconds, None for now."""

    topic: Topic
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp: int | None = None
    headers: Headers = field(default_factory=list)


@dataclass(slots=True)
class Published:
    """What telemetry must know of a transition once it is confirmed."""

    alert: Alert
    occurred_at: int
    appended_at: int


@dataclass(slots=True)
class Work:
    """Everything one batch did. ``states`` holds changed households, ``changes`` other store keys with their new values."""

    outgoing: list[Outgoing] = field(default_factory=list)
    states: dict[str, HouseholdState] = field(default_factory=dict)
    changes: dict[bytes, bytes | None] = field(default_factory=dict)
    published: list[Published] = field(default_factory=list)
    new_households: int = 0
    parked: int = 0
    outcomes: list[tuple[str, bool]] = field(default_factory=list)


class Batcher:
    """Computes the batches of one partition on its store."""

    def __init__(self, partition: int, partitions: int, prefix: str, store: Store, policy: Policy) -> None:
        """Bind a partition's store to a policy."""
        self._partition, self._partitions, self._prefix = partition, partitions, prefix
        self._store, self._policy = store, policy

    def run(self, records: Iterable[ConsumerRecord], now: int) -> Work:
        """Take records in order. ``now`` (nanoseconds) stamps what is sent."""
        work = Work()
        loaded: dict[str, HouseholdState] = {}
        for record in records:
            topic = Topic(record.topic.removeprefix(self._prefix))
            try:
                rejection = self._take(work, loaded, topic, record, now)
            except codec.UnknownStateVersion:
                raise
            except Exception as error:  # one record must never stop the records around it
                telemetry.log("error", "record.failed", topic=topic.value, partition=record.partition,
                              offset=record.offset, error=type(error).__name__)  # fmt: skip
                rejection = Rejection(RejectionCode.INTERNAL_ERROR, "$", type(error).__name__)
            if rejection is not None:
                work.outgoing.append(self._dead_letter(record, rejection, now))
                telemetry.rejections.labels(rejection.code.value).inc()
            work.outcomes.append((record.topic, rejection is not None))
            telemetry.reports.labels(CHANNEL_OF[topic], "rejected" if rejection else "accepted").inc()
        self._encode(work)
        return work

    def _take(
        self, work: Work, loaded: dict[str, HouseholdState], topic: Topic, record: ConsumerRecord, now: int
    ) -> Rejection | None:
        message = normalise(topic, record.key, record.value, record.timestamp)
        if isinstance(message, Rejection):
            return message
        if isinstance(message, PersonClaim):
            self._claim(work, message)
            return None
        household = message.household_id
        if household is None and topic is Topic.REROUTED:
            household = household_of_key(record.key)
        if household is None:
            if isinstance(message, Report):
                self._find_person(work, message, record, topic)
            return None
        key = household.encode()
        if partition_of(household, self._partitions) != self._partition or record.key != key:
            self._move(work, household, record, topic)
            return None
        self._advance(work, loaded, household, message, record, now)
        return None

    def _advance(
        self,
        work: Work,
        loaded: dict[str, HouseholdState],
        household: str,
        message: Report | RegistryChange,
        record: ConsumerRecord,
        now: int,
    ) -> None:
        before = loaded.get(household)
        if before is None:
            data = self._store.get(HOUSEHOLD + household.encode())
            before = codec.decode_state(data) if data is not None else EMPTY
            work.new_households += data is None
        step = advance(household, before, message, record.timestamp * 1_000_000, self._policy)
        loaded[household] = step.state
        if isinstance(message, Report):
            lag = now - message.kept.occurred_at
            telemetry.event_lag.labels(CHANNELS[message.kept.channel]).observe(lag / NANOSECONDS)
        if step.state is before:
            return
        work.states[household] = step.state
        if isinstance(message, RegistryChange):
            for claim in claims_of(household, before.facts, step.state.facts):
                person = claim.person_id
                where = partition_of(person, self._partitions)
                work.outgoing.append(Outgoing(Topic.PERSONS, where, person.encode(), codec.encode_claim(claim)))
        if step.assessment is not None and any(
            isinstance(each, Undetermined) and each.rule.startswith("income-line") for each in step.assessment.undetermined
        ):
            telemetry.undetermined.inc()
        if not step.calendar_known:
            telemetry.calendar_unknown.inc()
            telemetry.log("warning", "calendar.unknown", opened_year=render_instant(record.timestamp * 1_000_000)[:4])
        if step.alert is not None:
            self._publish(work, step.alert, message, record, now)

    def _publish(self, work: Work, alert: Alert, message: Report | RegistryChange, record: ConsumerRecord, now: int) -> None:
        stamp = render_instant(now)
        key, value = alert.household_id.encode(), codec.encode_alert(alert, stamp)
        headers = cloud_event(alert, stamp)
        work.outgoing.append(Outgoing(Topic.ALERTS, self._partition, key, value, None, headers))
        current = None if alert.transition is Transition.CLEARED else value
        work.outgoing.append(Outgoing(Topic.ALERTS_CURRENT, self._partition, key, current, None, headers))
        occurred = message.kept.occurred_at if isinstance(message, Report) else message.updated_at
        work.published.append(Published(alert, occurred, record.timestamp * 1_000_000))

    def _move(self, work: Work, household: str, record: ConsumerRecord, topic: Topic) -> None:
        where = partition_of(household, self._partitions)
        work.outgoing.append(
            Outgoing(Topic.REROUTED, where, household.encode(), record.value, record.timestamp, self._origin(record))
        )
        telemetry.rerouted.labels(CHANNEL_OF[topic]).inc()

    def _read(self, work: Work, key: bytes) -> bytes | None:
        return work.changes[key] if key in work.changes else self._store.get(key)

    def _person(self, work: Work, person: str) -> PersonState:
        data = self._read(work, PERSON + person.encode())
        return codec.decode_person(data) if data is not None else PersonState({})

    def _find_person(self, work: Work, report: Report, record: ConsumerRecord, topic: Topic) -> None:
        """Send a person's report to its household, or to the person's partition, or let it wait here."""
        person = report.person_id or ""
        where = partition_of(person, self._partitions)
        if where != self._partition:
            work.outgoing.append(
                Outgoing(Topic.PERSONS, where, person.encode(), record.value, record.timestamp, self._origin(record))
            )
            return
        state = self._person(work, person)
        household = household_of(state)
        if household is not None:
            self._move(work, household, record, topic)
            return
        key = _parked_key(person, state.parked)
        work.changes[key] = codec.encode_parked(record.timestamp, record.value, self._origin(record))
        state.parked += 1
        work.changes[PERSON + person.encode()] = codec.encode_person(state)
        work.parked += 1

    def _claim(self, work: Work, claim: PersonClaim) -> None:
        before = self._person(work, claim.person_id)
        state = merge_claim(before, claim)
        household = household_of(state)
        if household is not None:
            where = partition_of(household, self._partitions)
            for number in range(state.released, state.parked):
                key = _parked_key(claim.person_id, number)
                data = self._read(work, key)
                if data is not None:
                    timestamp, value, headers = codec.decode_parked(data)
                    work.outgoing.append(Outgoing(Topic.REROUTED, where, household.encode(), value, timestamp, headers))
                    telemetry.rerouted.labels("person").inc()
                    work.changes[key] = None
                    work.parked -= 1
            state.released = state.parked
        work.changes[PERSON + claim.person_id.encode()] = codec.encode_person(state)

    def _dead_letter(self, record: ConsumerRecord, rejection: Rejection, now: int) -> Outgoing:
        source = dict(self._origin(record))
        headers = [
            ("error.code", rejection.code.value.encode()),
            ("error.field", mask_identity_numbers(rejection.field.encode())),
            ("error.message", rejection.message.encode()),
            *source.items(),
            ("failed.at", render_instant(now).encode()),
        ]
        key = mask_identity_numbers(record.key) if record.key is not None else None
        value = mask_identity_numbers(record.value) if record.value is not None else None
        return Outgoing(Topic.DEAD_LETTERS, self._partition, key, value, None, headers)

    def _origin(self, record: ConsumerRecord) -> Headers:
        """Return where a record first lay, so that a later rejection can name it, and which dead letter it was before.

        Only what this monitor moved itself is believed; on the topics of others such headers are just headers. Which dead
        letter it was is a note for people that nothing rests on.
        """
        note = [(name, value) for name, value in record.headers if name == REDRIVEN_FROM and _is_handle(value)][:1]
        if record.topic.removeprefix(self._prefix) in MOVED:
            known = [(name, value) for name, value in record.headers if name in ORIGIN and value is not None]
            if len(known) == len(ORIGIN):
                return known + note
        here = (record.topic.encode(), b"%d" % record.partition, b"%d" % record.offset)
        return [*zip(ORIGIN, here, strict=True), *note]

    def _encode(self, work: Work) -> None:
        """Add one changelog entry per changed household and per changed key of the person index."""
        for household, state in work.states.items():
            value = codec.encode_state(state)
            key = household.encode()
            work.changes[HOUSEHOLD + key] = value
            work.outgoing.append(Outgoing(Topic.HOUSEHOLDS_CHANGELOG, self._partition, key, value))
        for key, changed in work.changes.items():
            if not key.startswith(HOUSEHOLD):
                work.outgoing.append(Outgoing(Topic.PERSONS_CHANGELOG, self._partition, key, changed))


def _is_handle(value: bytes | None) -> bool:
    return value is not None and is_handle(value.decode("utf-8", "replace"))


def _parked_key(person: str, number: int) -> bytes:
    return PARKED + person.encode() + b"\0" + number.to_bytes(6, "big")


def cloud_event(alert: Alert, stamp: str) -> Headers:
    """Return the CloudEvents headers of an alert: Kafka binding, binary mode."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", f"{alert.household_id}:{alert.sequence}".encode()),
        ("ce_type", f"fangfan.alert.{alert.transition.value}".encode()),
        ("ce_source", b"/fangfan/alerts"),
        ("ce_time", stamp.encode()),
        ("content-type", b"application/json"),
    ]
