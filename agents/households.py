"""The join: one partition's batches, computed on its store; sole writer of its households. No Kafka calls here."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

import msgspec

from agents import telemetry
from agents.adoption import adopted
from agents.areas import Areas
from agents.cloud_events import cloud_event
from agents.dead_letters import dead_letter, origin_of
from agents.due_index import DueIndex
from agents.persons import Persons
from agents.policies import Judge, judge_of
from agents.reading import Record
from agents.reassess import Walk
from agents.scale_risk import AreaWatch
from agents.store import HOUSEHOLD, Store, StoreUnreadable
from agents.work import CHANNEL_OF, Headers, Outgoing, Published, Work, occurred
from schemas import codec
from schemas.alerts import Alert
from schemas.area_alerts import AreaClaim, AreaTick
from schemas.areas import AreaNotice, LinkClaim
from schemas.fields import instant_of, render_instant
from schemas.household import EMPTY, STATE_VERSION, HouseholdState
from schemas.registry import PersonClaim, RegistryChange
from schemas.rejections import Rejected, Rejection, RejectionCode
from schemas.reports import Report, Tick
from schemas.vocabulary import CHANNELS, Transition
from streams.free_text import kept
from streams.normalise import household_of_key, normalise
from streams.persons import claims_of
from streams.pipeline import Message, Step, advance
from streams.policy import Policy
from streams.scale_risk import UNWATCHED
from streams.signals import DEPARTMENT
from streams.topics import INPUTS, Topic, partition_of

Beside = PersonClaim | LinkClaim | AreaClaim | AreaNotice | AreaTick
"""What tells of no household."""
_ABOUT_HOUSEHOLDS: Final = (Report, RegistryChange, Tick)


class Households:
    """Computes the batches of one partition."""

    def __init__(
        self, partition: int, partitions: int, prefix: str, store: Store, judge: Judge | Policy,
        state_version: int = STATE_VERSION, index: DueIndex | None = None,
    ) -> None:  # fmt: skip
        """Bind a partition's store to what judges it. ``state_version`` is the layout that households are stored in."""
        self._index = index
        self._state_version, self._without_signals = state_version, state_version == codec.WITHOUT_SIGNALS
        self._partition, self._partitions, self._prefix = partition, partitions, prefix
        self._topics = {prefix + topic: topic for topic in INPUTS}
        self._store, self._judge = store, judge_of(judge)
        self._persons = partial(Persons, partition, partitions, store)
        self._areas = partial(Areas, partition, partitions, store)
        self._policies = self._judge.policies
        self._walk = Walk(partition, store, self._judge)

    def run(self, records: Iterable[tuple[str, Record]], now: int) -> Work:
        """Take topics and records in order. ``now`` (nanoseconds) stamps what is sent.

        Raises:
            UnknownStateVersion: a household was stored by a newer release.
            StoreUnreadable: the store is damaged.
        """
        work = Work()
        self._watch = self._watching(work)
        tally, topics = work.tally, self._topics
        self._policies = self._judge.policies
        loaded: dict[str, HouseholdState] = {}
        for name, record in records:
            topic = topics[name]
            try:
                rejection = self._take(work, loaded, topic, record, now)
            except Rejected as refused:
                rejection = refused.rejection
            except (codec.UnknownStateVersion, StoreUnreadable):
                raise
            except Exception as error:  # one record must never stop the records around it
                telemetry.log("error", "record.failed", topic=topic.value, partition=self._partition,
                              offset=record.offset, error=type(error).__name__)  # fmt: skip
                rejection = Rejection(RejectionCode.INTERNAL_ERROR, "$", type(error).__name__)
            if rejection is not None:
                work.outgoing.append(dead_letter(self._partition, self._prefix, record, topic, rejection, now))
                tally.rejections[rejection.code.value] += 1
                tally.refused[name].append(tally.read[name])
            tally.read[name] += 1
        tally.count_channels(topics)
        self._watch.end(self._policies, now)
        self._encode(work)
        return work

    def adopt(self, alerts: list[Record]) -> Work:
        """Go on from alerts that left though the states that say so did not.

        Raises:
            UnknownStateVersion: a household was stored by a newer release.
        """
        work = adopted(self._partition, self._store, alerts)
        watch = self._watching(work)
        for household, state in work.states.items():
            watch.tell_again(household, state)
        self._encode(work)
        return work

    def slice(self, now: int) -> Work | None:
        """Judge some households, and look at areas, again that other versions judge by now; None where all have been seen.

        Raises:
            UnknownStateVersion: a household was stored by a newer release.
        """
        if (piece := self._walk.slice()) is None:
            return None
        work = Work()
        watch = self._watching(work)
        work.tally.reassessed = len(piece.households)
        watch.look(piece.areas)
        for household, before, step in piece.households:
            work.states[household] = step.state
            if self._index is not None:
                self._index.move(work.index, household, before, step.state)
            watch.tell_again(household, step.state)
            self._tell(work, step, now, Published)
        watch.end(self._judge.policies, now)
        self._encode(work)
        return work

    def _take(self, work: Work, loaded: dict[str, HouseholdState], topic: Topic, record: Record, now: int) -> Rejection | None:
        message = normalise(topic, record.key, record.value, record.timestamp)
        if not isinstance(message, _ABOUT_HOUSEHOLDS):  # nearly all are
            return message if isinstance(message, Rejection) else self._hear(work, topic, record, message)
        if self._without_signals and isinstance(message, Report) and message.signals is not None:
            return Rejection(RejectionCode.UNKNOWN_FACT, "$.facts", "is not a fact of the release that states are pinned to")
        household = message.household_id or self._household_of(work, topic, record, message)
        if household is None:
            return None
        key = household.encode()
        before = loaded.get(household) if record.key == key else None
        if before is None:
            data = self._store.get(HOUSEHOLD + key)
            # Only households of this partition are stored in it, so that the hash is reckoned for those alone that are not.
            if record.key != key or (data is None and partition_of(household, self._partitions) != self._partition):
                self._move(work, household, record, topic)
                return None
            before = codec.decode_state(data) if data is not None else EMPTY
            work.tally.new_households += data is None
        appended_at = instant_of(record.timestamp)
        step = advance(household, before, message, appended_at, self._policies, self._judge.shadow)
        loaded[household] = step.state
        if isinstance(message, Report):
            work.tally.lags[CHANNELS[message.kept.channel]].append(now - message.kept.occurred_at)
            if message.kept.channel == DEPARTMENT:
                work.tally.departments[message.kept.source] += 1
        if step.state is not before:
            self._changed(work, household, before, step, message, appended_at, now)
        return None

    def _hear(self, work: Work, topic: Topic, record: Record, message: Beside) -> Rejection | None:
        """Take in what tells of no household; nothing of that is refused here."""
        match message:
            case PersonClaim():
                self._persons(work).claim(message)
            case LinkClaim():
                self._areas(work).link(message)
            case AreaClaim():
                self._watch.hear(message)
            case AreaTick():
                self._watch.pass_time(message)
            case AreaNotice():
                self._areas(work).hear(message, record.value or b"", record.timestamp, self._origin(record, topic))
        return None

    def _household_of(self, work: Work, topic: Topic, record: Record, message: Message) -> str | None:
        """Return the household of a report that names only a person, None while none is known here or where it was sent on."""
        if topic is Topic.REROUTED:
            return household_of_key(record.key)
        person = message.person_id if isinstance(message, Report) else None
        to = self._persons(work).find(person or "", record, self._origin(record, topic))
        if to is not None:
            self._move(work, to, record, topic)
        return None

    def _changed(
        self, work: Work, household: str, before: HouseholdState, step: Step, message: Message, appended_at: int, now: int
    ) -> None:
        work.states[household] = step.state
        if self._index is not None:
            self._index.move(work.index, household, before, step.state)
        if isinstance(message, RegistryChange):
            for claim in claims_of(household, before.facts, step.state.facts):
                where = partition_of(claim.person_id, self._partitions)
                work.outgoing.append(Outgoing(Topic.PERSONS, where, claim.person_id.encode(), codec.encode_claim(claim)))
        if step.state.facts.signals or before.facts.signals:  # who has none is linked to nothing
            self._areas(work).tell(household, before.facts, step.state.facts)
        self._watch.tell(household, before, step.state)
        self._tell(work, step, now, lambda alert: Published(alert, occurred(message), appended_at))

    def _tell(self, work: Work, step: Step, now: int, published: Callable[[Alert], Published]) -> None:
        """Add to a batch what one step says."""
        if step.assessment is not None and step.assessment.undetermined:
            work.tally.undetermined += any(each.rule.startswith("income-line") for each in step.assessment.undetermined)
        work.tally.calendar_unknown += not step.calendar_known
        if step.alert is not None:
            sent = self._publish(work, Topic.ALERTS, step.alert, now)
            current = None if step.alert.transition is Transition.CLEARED else sent.value
            work.outgoing.append(msgspec.structs.replace(sent, topic=Topic.ALERTS_CURRENT, value=current))
            work.tally.published.append(published(step.alert))
        if step.withheld is not None:
            work.tally.withheld[step.withheld.by, step.withheld.severity or "none"] += 1
        if step.shadow_alert is not None:
            self._publish(work, Topic.ALERTS_SHADOW, step.shadow_alert, now)
            work.tally.shadowed.append(step.shadow_alert)
        if step.case is not None and not self._without_signals:  # which would forget that it was said
            value = codec.encode_case(step.case, render_instant(now))
            work.outgoing.append(Outgoing(Topic.CASES, self._partition, step.case.household_id.encode(), value))
            work.tally.cases[step.case.transition, step.case.stage] += 1

    def _publish(self, work: Work, topic: Topic, alert: Alert, now: int) -> Outgoing:
        stamp = render_instant(now)
        key, value = alert.household_id.encode(), codec.encode_alert(alert, stamp)
        work.outgoing.append(Outgoing(topic, self._partition, key, value, None, cloud_event(alert, stamp)))
        return work.outgoing[-1]

    def _watching(self, work: Work) -> AreaWatch:
        """Return what tells areas of this batch; nothing is told while a worker of the release before may read it."""
        scope = UNWATCHED if self._without_signals else self._judge.areas
        return AreaWatch(self._partition, self._partitions, self._store, work, scope, self._index)

    def _move(self, work: Work, household: str, record: Record, topic: Topic) -> None:
        where, headers = partition_of(household, self._partitions), self._origin(record, topic)
        work.outgoing.append(Outgoing(Topic.REROUTED, where, household.encode(), kept(record.value), record.timestamp, headers))
        work.tally.rerouted[CHANNEL_OF[topic]] += 1

    def _origin(self, record: Record, topic: Topic) -> Headers:
        return origin_of(self._prefix, self._partition, record, topic)

    def _encode(self, work: Work) -> None:
        """Add one changelog entry per changed household and per changed key of the person index."""
        work.outgoing += [Outgoing(Topic.PERSONS_CHANGELOG, self._partition, *change) for change in work.changes.items()]
        for household, state in work.states.items():
            key, value = household.encode(), codec.encode_state(state, self._state_version)
            work.changes[HOUSEHOLD + key] = value
            work.outgoing.append(Outgoing(Topic.HOUSEHOLDS_CHANGELOG, self._partition, key, value))
