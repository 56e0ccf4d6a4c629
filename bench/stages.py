"""What each stage of the path costs: the worker's own functions over simulated records, a clock around each."""

import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import msgspec
from aiokafka.record.default_records import DefaultRecordBatchBuilder

from agents.collector import tune_collector
from agents.store import HOUSEHOLD, Store
from fangfan.sent import Sent
from schemas import codec
from schemas.fields import render_instant
from schemas.household import EMPTY, HouseholdState
from schemas.registry import RegistryChange
from schemas.reports import Report
from streams.alerts import Cause, Place, turn, unmoved
from streams.assess import answers_of, area_code, assessment_from
from streams.household import merge
from streams.normalise import normalise
from streams.policy import Policy
from streams.rules import EVERY_RULE
from streams.rules.context import Context
from streams.topics import Topic, partition_of
from streams.touched import touched

BATCH = 4_000
STAGES = ("normalise", "place", "load", "household", "assess", "alert", "publish", "encode", "changelog", "store")


class Meter:
    """Adds up nanoseconds by stage. What reading the clock costs is measured and taken off."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, int] = defaultdict(int)
        self.laps: defaultdict[str, int] = defaultdict(int)
        self._at = 0

    def start(self) -> None:
        self._at = time.perf_counter_ns()

    def lap(self, stage: str) -> None:
        now = time.perf_counter_ns()
        self.spent[stage] += now - self._at
        self.laps[stage] += 1
        self._at = time.perf_counter_ns()


def measure(records: list[Sent], policy: Policy, folder: Path, now: int) -> dict[str, float]:
    """Return microseconds per report by stage, with the registry taken in before. ``now`` in nanoseconds stamps the records."""
    store = Store(folder)
    packed = [(Topic(record.topic), record.key.encode(), record.payload) for record in records]
    registry = [each for each in packed if each[0] is Topic.HOUSEHOLDS]
    packed = [each for each in packed if each[0] is not Topic.HOUSEHOLDS]
    _batch(Meter(), store, registry, policy, now)
    tune_collector()
    meter = Meter()
    for start in range(0, len(packed), BATCH):
        _batch(meter, store, packed[start : start + BATCH], policy, now)
    store.close()
    idle = Meter()
    idle.start()
    for _ in range(100_000):
        idle.lap("clock")
    clock = idle.spent["clock"] / 100_000
    return {stage: (meter.spent[stage] - meter.laps[stage] * clock) / len(packed) / 1e3 for stage in STAGES}


def _batch(meter: Meter, store: Store, packed: Iterable[tuple[Topic, bytes, bytes | None]], policy: Policy, now: int) -> None:
    """The same calls, in the same order, as a lane makes for a batch; records that know only a person stop at place."""
    loaded: dict[str, HouseholdState] = {}
    changed: dict[str, HouseholdState] = {}
    sent: list[tuple[bytes, bytes]] = []
    for topic, key, value in packed:
        meter.start()
        message = normalise(topic, key, value, now // 1_000_000)
        meter.lap("normalise")
        if not isinstance(message, Report | RegistryChange) or message.household_id is None:
            continue
        household = message.household_id
        partition_of(household, 4)
        meter.lap("place")
        before = loaded.get(household)
        if before is None:
            data = store.get(HOUSEHOLD + household.encode())
            before = codec.decode_state(data) if data is not None else EMPTY
        meter.lap("load")
        after = _judge(meter, household, before, message, policy, now, sent)
        loaded[household] = after
        if after is not before:
            changed[household] = after
    meter.start()
    entries = [(household.encode(), codec.encode_state(state)) for household, state in changed.items()]
    meter.lap("encode")
    builder = DefaultRecordBatchBuilder(2, 0, True, 1, 0, 0, 1 << 26)
    for at, (key, value) in enumerate([*entries, *sent]):
        builder.append(at, now // 1_000_000, key, value, [])
    builder.build()
    meter.lap("changelog")
    store.write(((HOUSEHOLD + key, value) for key, value in entries), {"bench": 1})
    meter.lap("store")


def _judge(
    meter: Meter, household: str, before: HouseholdState, message: Report | RegistryChange, policy: Policy, now: int,
    sent: list[tuple[bytes, bytes]],
) -> HouseholdState:  # fmt: skip
    facts = merge(before.facts, message)
    meter.lap("household")
    if facts is before.facts:
        return before
    state, thread, area = msgspec.structs.replace(before, facts=facts), before.thread, area_code(facts) or ""
    if facts.as_of is None:
        meter.lap("assess")
        return state
    parameters, tier, mark = policy.court(area[:6])
    context = Context(facts, parameters, tier)
    if thread.judged_by == mark:
        rules = touched(before.facts, facts, message, parameters)
        some = answers_of(context, rules) if rules and rules is not EVERY_RULE else None
        if not rules or (some is not None and unmoved(thread.open, some, rules)):
            meter.lap("assess")
            return state
    answers, thread = answers_of(context, EVERY_RULE), msgspec.structs.replace(thread, judged_by=mark)
    if not answers.findings and thread.open is None:
        meter.lap("assess")
        return msgspec.structs.replace(state, thread=thread)
    assessment = assessment_from(context, answers)
    meter.lap("assess")
    name = message.kept.event_id if isinstance(message, Report) else f"registry:{render_instant(message.updated_at)}"
    place = Place(household, area, tier, policy.label, parameters.verification.working_days)
    turned = turn(thread, assessment, Cause(name, now), place)
    meter.lap("alert")
    if turned.alert is None:
        return msgspec.structs.replace(state, thread=turned.thread)
    sent.append((household.encode(), codec.encode_alert(turned.alert, render_instant(now))))
    meter.lap("publish")
    return msgspec.structs.replace(state, thread=turned.thread)
