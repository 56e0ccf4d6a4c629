"""Every metric and log line of the worker, one function per event; label sets are closed, nothing is per household.

Names and units follow Prometheus: base units, ``_total`` for counters. Logs are one JSON object a line on standard error and
carry no key, value or identifier of a record.
"""

import contextlib
import itertools
import logging
import sys
import threading
import time
from collections.abc import Iterable
from functools import cache
from typing import Any, Final, get_args

import orjson
from prometheus_client import CollectorRegistry, Counter, Gauge, Info

from agents.histogram import BatchHistogram
from agents.work import Published, Tally
from schemas.fields import NANOSECONDS, render_day
from schemas.vocabulary import SEVERITIES, AreaLevel, AreaTransition, Department, WithheldBy
from streams.policies import Version
from streams.policy_documents import REFUSALS, Outcome
from streams.policy_parse import PolicyError
from streams.workdays import KNOWN_UNTIL

REGISTRY: Final = CollectorRegistry()
_LATENCY: Final = (0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12, 0.2, 0.5, 1, 2, 5, 15, 60, 300)
_LAG: Final = (60, 3600, 86_400, 7 * 86_400, 31 * 86_400, 92 * 86_400, 366 * 86_400)

reports = Counter("fangfan_reports", "Records read, by channel and what became of them.", ["channel", "outcome"],
                  registry=REGISTRY)  # fmt: skip
rejections = Counter("fangfan_rejections", "Records dead-lettered, by code.", ["code"], registry=REGISTRY)
event_lag = BatchHistogram("fangfan_event_time_lag_seconds", "From a report's occurred_at to its processing.", "channel",
                           NANOSECONDS, buckets=_LAG, registry=REGISTRY)  # fmt: skip
alert_latency = BatchHistogram("fangfan_alert_latency_seconds",
                               "From an occurrence or a record's append to its alert confirmed.", "since",
                               NANOSECONDS, buckets=_LATENCY, registry=REGISTRY)  # fmt: skip
alerts = Counter("fangfan_alerts", "Alert transitions published.", ["transition", "severity", "tier"], registry=REGISTRY)
reasons = Counter("fangfan_alert_reasons", "Reasons in published transitions.", ["transition", "rule", "severity", "tier"],
                  registry=REGISTRY)  # fmt: skip
cases = Counter("fangfan_cases", "What was said of cases, by what happened and the stage it led to.", ["transition", "stage"],
                registry=REGISTRY)  # fmt: skip
departments = Counter("fangfan_department_reports", "Reports of departments about known households, accepted.", ["department"],
                      registry=REGISTRY)  # fmt: skip
area_alerts = Counter("fangfan_area_alerts", "Transitions of areas' alerts published.", ["transition", "level"],
                      registry=REGISTRY)  # fmt: skip
withheld = Counter("fangfan_transitions_withheld", "Transitions that noise control held back.", ["by", "severity"],
                   registry=REGISTRY)  # fmt: skip
undetermined = Counter("fangfan_undetermined_incomes", "Assessments whose income could not be determined.",
                       registry=REGISTRY)  # fmt: skip
households = Gauge("fangfan_households_known", "Households in this worker's table.", ["partition"], registry=REGISTRY)
waiting = Gauge("fangfan_person_reports_waiting", "Reports of persons no registry entry names yet.", ["partition"],
                registry=REGISTRY)  # fmt: skip
rerouted = Counter("fangfan_rerouted_records", "Records moved to their household's partition.", ["channel"],
                   registry=REGISTRY)  # fmt: skip
consumer_lag = Gauge("fangfan_consumer_lag_records", "Records behind the end of an input partition.",
                     ["topic", "partition"], registry=REGISTRY)  # fmt: skip
committed_at = Gauge("fangfan_commit_timestamp_seconds", "When a lane last committed.", ["partition"], registry=REGISTRY)
lane_state = Gauge("fangfan_lane_state", "0 stopped, 1 fencing, 2 recovering, 3 running.", ["partition"],
                   registry=REGISTRY)  # fmt: skip
recovery_seconds = Gauge("fangfan_recovery_seconds", "How long a partition's last recovery took.", ["partition"],
                         registry=REGISTRY)  # fmt: skip
recovery_left = Gauge("fangfan_recovery_remaining_records", "Changelog offsets still to read.", ["partition"],
                      registry=REGISTRY)  # fmt: skip
standby_partitions = Gauge("fangfan_standby_partitions", "Partitions of others whose stores this worker keeps.",
                           registry=REGISTRY)  # fmt: skip
standby_lag = Gauge("fangfan_standby_lag_records", "Changelog offsets these stores are behind, all together.",
                    registry=REGISTRY)  # fmt: skip
store_bytes = Gauge("fangfan_store_memory_bytes", "Memory of the caches and write buffers of all stores together.",
                    registry=REGISTRY)  # fmt: skip
bad_share = Gauge("fangfan_bad_record_ratio", "Share of the last 1,000 records of a topic that were bad.", ["topic"],
                  registry=REGISTRY)  # fmt: skip
restarts = Counter("fangfan_lane_restarts", "Lanes started again after an error.", ["kind"], registry=REGISTRY)
calendar_unknown = Counter("fangfan_calendar_unknown_deadlines", "Deadlines counted Monday to Friday: unknown calendar year.",
                           registry=REGISTRY)  # fmt: skip
ticks = Counter("fangfan_ticks_sent", "Ticks of time sent to households that were due.", registry=REGISTRY)
overdue = Gauge("fangfan_ticks_behind_seconds", "How long the household that waits longest for its tick has been due.",
                ["partition"], registry=REGISTRY)  # fmt: skip
policy_versions = Gauge("fangfan_policy_versions", "Versions of the policy that judge, the worker's file among them.",
                        registry=REGISTRY)  # fmt: skip
policy_refusals = Counter("fangfan_policy_refused", "Records of the topic policy that are no version, by reason.", ["reason"],
                          registry=REGISTRY)  # fmt: skip
reassess_left = Gauge("fangfan_reassessment_remaining_households", "Households to look at again after a change of policy.",
                      ["partition"], registry=REGISTRY)  # fmt: skip
reassessed = Counter("fangfan_reassessed_households", "Households judged again because other parameters judge them.",
                     registry=REGISTRY)  # fmt: skip
shadow_alerts = Counter("fangfan_shadow_alerts", "Alert transitions of the shadow policy.", ["transition", "severity", "tier"],
                        registry=REGISTRY)  # fmt: skip
build = Info("fangfan_build", "Version of the worker.", registry=REGISTRY)


# From 0, so that the first one after a start shows as a rise.
for _department in get_args(Department):
    departments.labels(_department)
for _of_area in itertools.product(get_args(AreaTransition), get_args(AreaLevel)):
    area_alerts.labels(*_of_area)
for _held in itertools.product(get_args(WithheldBy), (*SEVERITIES, "none")):
    withheld.labels(*_held)

_OF_PARTITION: Final = (households, waiting, lane_state, recovery_seconds, recovery_left, committed_at, overdue,
                        reassess_left)  # fmt: skip


def forget_partition(partition: str, topics: Iterable[str]) -> None:
    """Drop what is told of a partition: another worker tells it from now on, and old numbers beside its own would add up."""
    for gauge in _OF_PARTITION:
        with contextlib.suppress(KeyError):
            gauge.remove(partition)
    for topic in topics:
        with contextlib.suppress(KeyError):
            consumer_lag.remove(topic, partition)


def committed(partition: str, now: int) -> None:
    """Tell when a lane committed the offsets of all that it sent. ``now`` in nanoseconds."""
    committed_at.labels(partition).set(now / NANOSECONDS)


@cache
def _one(metric: Counter, *labels: str) -> Counter:
    """Return a metric under some labels, found once: the library looks for it under a lock, with code of its own."""
    return metric.labels(*labels)


def confirmed(partition: str, tally: Tally, now: int) -> None:
    """Tell what a batch did, once what it sent is confirmed. ``now`` in nanoseconds."""
    if tally.new_households:
        households.labels(partition).inc(tally.new_households)
    if tally.parked:
        waiting.labels(partition).inc(tally.parked)
    if tally.undetermined:
        undetermined.inc(tally.undetermined)
    if tally.reassessed:
        reassessed.inc(tally.reassessed)
    if tally.calendar_unknown:
        calendar_unknown.inc(tally.calendar_unknown)
        log("warning", "calendar.unknown", deadlines=tally.calendar_unknown, known_until=render_day(KNOWN_UNTIL))
    for shadow in tally.shadowed:
        _one(shadow_alerts, shadow.transition.value, shadow.severity or "none", shadow.tier).inc()
    for told, count in tally.reports.items():
        _one(reports, *told).inc(count)
    for code, count in tally.rejections.items():
        _one(rejections, code).inc(count)
    for spoken, count in tally.cases.items():
        _one(cases, *spoken).inc(count)
    for department, count in tally.departments.items():
        _one(departments, department).inc(count)
    for turned, count in tally.area_alerts.items():
        _one(area_alerts, *turned).inc(count)
    for held, count in tally.withheld.items():
        _one(withheld, *held).inc(count)
    for channel, count in tally.rerouted.items():
        _one(rerouted, channel).inc(count)
    for channel, lags in tally.lags.items():
        event_lag.observe(channel, lags)
    if tally.published:
        _published(tally.published, now)


def _published(published: list[Published], now: int) -> None:
    for each in published:
        alert, transition = each.alert, each.alert.transition.value
        _one(alerts, transition, alert.severity or "none", alert.tier).inc()
        for reason in alert.reasons:
            _one(reasons, transition, reason.rule, reason.severity, alert.tier).inc()
    alert_latency.observe("ingested", [now - each.appended_at for each in published if each.appended_at is not None])
    alert_latency.observe("occurred", [now - each.occurred_at for each in published if each.occurred_at is not None])


def known_policies(count: int) -> None:
    """Tell how many versions judge, and every way of refusing one, so that the first refusal shows as a rise."""
    policy_versions.set(count)
    for outcome in REFUSALS:
        policy_refusals.labels(outcome.value)


def policy_joined(joined: Version, count: int) -> None:
    """Tell that a published version judges from now on, as one of so many."""
    policy_versions.set(count)
    day = render_day(joined.effective_from) if joined.effective_from else None
    log("info", "policy.joined", policy=joined.policy.label, effective_from=day, versions=count)


def policy_refused(outcome: Outcome, error: PolicyError) -> None:
    """Tell of a record that is no version and changes nothing."""
    policy_refusals.labels(outcome.value).inc()
    log("error", "policy.refused", source=error.source, key=error.key, reason=error.reason)


def due(partition: str, first: int | None, now: int) -> None:
    """Tell how long the household that waits longest has been due (nanoseconds; None where nobody is)."""
    overdue.labels(partition).set(max(0.0, (now - first) / NANOSECONDS) if first is not None else 0.0)


def log(level: str, event: str, **fields: Any) -> None:
    """Write one line of the worker's log."""
    line = {"at": round(time.time(), 3), "level": level, "event": event, **fields}
    sys.stderr.write(orjson.dumps(line, default=str).decode() + "\n")
    sys.stderr.flush()


LIBRARY_SECONDS: Final = 30.0
"""A library that complains about the same thing again and again is heard once in so long."""


class LibraryLog(logging.Handler):
    """Writes what libraries log as lines of ours; repetitions are counted and said with the next line."""

    def __init__(self) -> None:
        """Hear warnings and worse."""
        super().__init__(logging.WARNING)
        self._heard: dict[tuple[str, str], float] = {}
        self._silenced = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line unless the same was said a short while ago."""
        about, now = (record.name, str(record.msg)), time.monotonic()
        if now - self._heard.get(about, -LIBRARY_SECONDS) < LIBRARY_SECONDS:
            self._silenced += 1
            return
        if len(self._heard) > 1_000:
            self._heard.clear()
        self._heard[about] = now
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        log(record.levelname.lower(), "library", logger=record.name, message=record.getMessage()[:300], error=error,
            silenced=self._silenced)  # fmt: skip
        self._silenced = 0


def hear_libraries() -> None:
    """Route the logging of libraries, and what ends a thread of theirs, into the worker's log."""
    logging.basicConfig(level=logging.WARNING, handlers=[LibraryLog()], force=True)
    threading.excepthook = _thread_ended


def _thread_ended(ended: threading.ExceptHookArgs) -> None:
    name = ended.thread.name if ended.thread is not None else None
    log("error", "thread.ended", thread=name, error=ended.exc_type.__name__)
