"""household: (facts, record) -> facts; idempotent, commutative, associative, so order and repetition change nothing.

Kept is every report that can still count, not only the newest of each kind: a later withdrawal may bring back the one
before it (contract §3.2). Dropped is what can never count again: withdrawn reports, and what lies before the horizon.
"""

from bisect import insort
from typing import Final

import msgspec

from schemas.fields import month_of
from schemas.household import Facts, Newest, Withdrawal
from schemas.registry import RegistryChange
from schemas.reports import KeptReport, Report, Tick

HORIZON_MONTHS: Final = 36
"""A report counts in the month of ``as_of`` and this many months before it (contract §3.2)."""


def merge(facts: Facts, message: Report | RegistryChange | Tick) -> Facts:
    """Take one record about a household. Returns the same object where the record changes nothing."""
    match message:
        case Report():
            return _merge_report(facts, message)
        case RegistryChange():
            return _merge_registry(facts, message)
        case Tick():
            return _advance_to(facts, message.at)


def _merge_report(facts: Facts, report: Report) -> Facts:
    kept = report.kept
    facts = _advance_to(facts, kept.occurred_at)
    seen = Newest(kept.occurred_at, kept.channel, kept.event_id, report.area_code)
    if facts.newest is None or seen > facts.newest:
        facts = msgspec.structs.replace(facts, newest=seen)
    if not _in_horizon(facts, kept.occurred_at):
        return facts
    if report.voids is not None:
        facts = _withdraw(facts, Withdrawal(report.voids, kept.channel, kept.occurred_at))
    if any(_withdraws(withdrawal, kept) for withdrawal in facts.withdrawals):
        return facts
    if kept.facts:
        facts = _keep(facts, kept)
    return facts if report.signals is None else _keep_signals(facts, report.signals)


def _advance_to(facts: Facts, instant: int) -> Facts:
    """Move ``as_of`` forward; where that begins a month, drop what no longer counts."""
    before = facts.as_of
    if before is not None and instant <= before:
        return facts
    facts = msgspec.structs.replace(facts, as_of=instant)
    if before is None or month_of(instant) == month_of(before):
        return facts
    first = month_of(instant) - HORIZON_MONTHS
    return msgspec.structs.replace(
        facts,
        reports=tuple(report for report in facts.reports if month_of(report.occurred_at) >= first),
        withdrawals=tuple(each for each in facts.withdrawals if month_of(each.until) >= first),
        signals=tuple(report for report in facts.signals if month_of(report.occurred_at) >= first),
    )


def _in_horizon(facts: Facts, instant: int) -> bool:
    return facts.as_of is None or month_of(instant) >= month_of(facts.as_of) - HORIZON_MONTHS


def _withdraws(withdrawal: Withdrawal, report: KeptReport) -> bool:
    return (
        withdrawal.event_id == report.event_id
        and withdrawal.channel == report.channel
        and report.occurred_at <= withdrawal.until
    )


def _withdraw(facts: Facts, withdrawal: Withdrawal) -> Facts:
    for known in facts.withdrawals:
        if known.event_id == withdrawal.event_id and known.channel == withdrawal.channel:
            if withdrawal.until <= known.until:
                return facts
            rest = [each for each in facts.withdrawals if each is not known]
            break
    else:
        rest = list(facts.withdrawals)
    insort(rest, withdrawal)
    reports = tuple(report for report in facts.reports if not _withdraws(withdrawal, report))
    signals = tuple(report for report in facts.signals if not _withdraws(withdrawal, report))
    return msgspec.structs.replace(facts, withdrawals=tuple(rest), reports=reports, signals=signals)


def _keep(facts: Facts, kept: KeptReport) -> Facts:
    reports = _with(facts.reports, kept)
    return facts if reports is facts.reports else msgspec.structs.replace(facts, reports=reports)


def _keep_signals(facts: Facts, kept: KeptReport) -> Facts:
    signals = _with(facts.signals, kept)
    return facts if signals is facts.signals else msgspec.structs.replace(facts, signals=signals)


def _with(reports: tuple[KeptReport, ...], kept: KeptReport) -> tuple[KeptReport, ...]:
    """Return reports with one more, ascending by newness; the same object where it is among them."""
    for known in reports:
        if known.event_id == kept.event_id:
            # Two different reports under one id are the sender's error; the greater counts, whichever came first.
            if _content(kept) <= _content(known):
                return reports
            reports = tuple(report for report in reports if report is not known)
            break
    grown = list(reports)
    insort(grown, kept, key=lambda report: report.newness)
    return tuple(grown)


def _content(report: KeptReport) -> tuple[tuple[int, int, str], bytes]:
    return report.newness, msgspec.msgpack.encode(report)


def _merge_registry(facts: Facts, change: RegistryChange) -> Facts:
    """Newest ``updated_at`` wins; of two records of one instant a removal wins, else the greater content."""
    if facts.registry_at is not None and _registry_rank(facts.registry_at, facts.registry) >= _registry_rank(
        change.updated_at, change.entry
    ):
        return facts
    return msgspec.structs.replace(facts, registry_at=change.updated_at, registry=change.entry)


def _registry_rank(updated_at: int, entry: msgspec.Struct | None) -> tuple[int, bool, bytes]:
    return updated_at, entry is None, msgspec.msgpack.encode(entry)
