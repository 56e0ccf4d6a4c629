"""household: (facts, record) -> facts; idempotent, commutative, associative, so order and repetition change nothing.

Kept is every report that can still count, not only the newest of each kind: a later withdrawal may bring back the one
before it (contract §3.2). Dropped is what can never count again: withdrawn reports, and what lies before the horizon, but
for what a case rests on (:mod:`streams.horizon`). That alone depends on when something came: only what counted is remembered.
"""

from bisect import insort

import msgspec

from schemas.fields import month_of
from schemas.household import Facts, Newest, Past, Withdrawal
from schemas.registry import RegistryChange
from schemas.reports import KeptReport, Report, Tick
from streams.horizon import HORIZON_MONTHS, counted, rested

Reports = tuple[KeptReport, ...]
Withdrawals = tuple[Withdrawal, ...]


def merge(facts: Facts, message: Report | RegistryChange | Tick) -> Facts:
    """Take one record about a household. Returns the same object where the record changes nothing."""
    match message:
        case Report():
            return _merge_report(facts, message)
        case RegistryChange():
            return _merge_registry(facts, message)
        case Tick():
            return _merge_tick(facts, message.at)


def _merge_report(facts: Facts, report: Report) -> Facts:
    kept = report.kept
    as_of, reports, withdrawals, signals, past = _advanced(facts, kept.occurred_at)
    newest = facts.newest
    if newest is None or kept.occurred_at >= newest.occurred_at:
        seen = Newest(kept.occurred_at, kept.channel, kept.event_id, report.area_code)
        newest = seen if newest is None or seen > newest else newest
    if kept.occurred_at == as_of or counted(kept.occurred_at, as_of):
        if report.voids is not None:
            withdrawal = Withdrawal(report.voids, kept.channel, kept.occurred_at)
            withdrawals = _withdraw(withdrawals, withdrawal)
            if withdrawals is not facts.withdrawals:
                reports, signals = _without(reports, withdrawal), _without(signals, withdrawal)
                past = past and Past(_without(past.reports, withdrawal), _without(past.signals, withdrawal))
        if not withdrawals or not any(_withdraws(withdrawal, kept) for withdrawal in withdrawals):
            if kept.facts:
                reports = _with(reports, kept)
            if report.signals is not None:
                signals = _with(signals, report.signals)
    same = reports is facts.reports and signals is facts.signals and withdrawals is facts.withdrawals
    if same and newest is facts.newest and as_of == facts.as_of:
        return facts
    return Facts(as_of, newest, reports, withdrawals, facts.registry_at, facts.registry, signals, past)


def _merge_tick(facts: Facts, instant: int) -> Facts:
    as_of, reports, withdrawals, signals, past = _advanced(facts, instant)
    if as_of == facts.as_of:
        return facts
    return Facts(as_of, facts.newest, reports, withdrawals, facts.registry_at, facts.registry, signals, past)


def _advanced(facts: Facts, instant: int) -> tuple[int, Reports, Withdrawals, Reports, Past | None]:
    """Return ``as_of`` moved forward, what still counts, and what a case rests on beside it: a month that begins drops some."""
    before = facts.as_of
    if before is not None and instant <= before:
        return before, facts.reports, facts.withdrawals, facts.signals, facts.past
    if before is None or (month := month_of(instant)) == month_of(before):
        return instant, facts.reports, facts.withdrawals, facts.signals, facts.past
    first = month - HORIZON_MONTHS
    return (
        instant,
        tuple(report for report in facts.reports if month_of(report.occurred_at) >= first),
        tuple(each for each in facts.withdrawals if month_of(each.until) >= first),
        tuple(report for report in facts.signals if month_of(report.occurred_at) >= first),
        rested(facts, first) if facts.signals or facts.past else None,
    )


def _withdraws(withdrawal: Withdrawal, report: KeptReport) -> bool:
    return (
        withdrawal.event_id == report.event_id
        and withdrawal.channel == report.channel
        and report.occurred_at <= withdrawal.until
    )


def _without(reports: Reports, withdrawal: Withdrawal) -> Reports:
    return tuple(report for report in reports if not _withdraws(withdrawal, report))


def _withdraw(withdrawals: Withdrawals, withdrawal: Withdrawal) -> Withdrawals:
    """Return withdrawals with one more, ascending; the same object where it says nothing new."""
    for known in withdrawals:
        if known.event_id == withdrawal.event_id and known.channel == withdrawal.channel:
            if withdrawal.until <= known.until:
                return withdrawals
            rest = [each for each in withdrawals if each is not known]
            break
    else:
        rest = list(withdrawals)
    insort(rest, withdrawal)
    return tuple(rest)


def _with(reports: Reports, kept: KeptReport) -> Reports:
    """Return reports with one more, ascending by newness; the same object where it is among them."""
    for known in reports:
        if known.event_id == kept.event_id:
            # Two different reports under one id are the sender's error; the greater counts, whichever came first.
            if _content(kept) <= _content(known):
                return reports
            reports = tuple(report for report in reports if report is not known)
            break
    if not reports or reports[-1] < kept:  # most reports are the newest when they come
        return (*reports, kept)
    grown = list(reports)
    insort(grown, kept)
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
