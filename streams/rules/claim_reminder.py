"""Is there an insured incident for which nobody has claimed yet?"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from schemas.findings import Finding, NotFiring, Undetermined
from schemas.reports import KeptReport, Signal
from schemas.vocabulary import SignalKind
from streams.ledger import WINDOW_MONTHS, Support
from streams.policy import BP
from streams.rules.accident import FATAL
from streams.rules.context import Context
from streams.rules.disaster_loss import claims_of
from streams.rules.losses import ended
from streams.rules.persons import elsewhere
from streams.rules.signals import Answers, distinct
from streams.rules.support import support_channels

RULE: Final = "claim-reminder@1"
READ: Final[tuple[SignalKind, ...]] = ("loss", "accident", "market", "grows", "cover")


class Incident(NamedTuple):
    """Something that an insurance of ``kind`` may pay for, and the facts it rests on."""

    kind: str
    signal: Signal
    support: tuple[Support, ...]


def claim_reminder(context: Context) -> Answers:
    """Contract-more §3, ``claim-reminder``."""
    rule = context.parameters.claim_reminder
    waiting = [each for each in _incidents(context) if rule.months <= context.age(each.signal.month) < WINDOW_MONTHS]
    insured: list[Incident] = []
    settled: list[tuple[KeptReport, list[KeptReport]]] = []
    unknown = False
    for each in waiting:
        claims = claims_of(context, each.kind, each.signal.month)
        if claims:
            settled.append((each.support[0][0], [report for _, (report, _) in claims]))
            continue
        cover = context.signals.one("cover", each.kind)
        if cover is None:
            unknown = True
        elif cover[0].value == "covered" and cover[0].month >= each.signal.month:
            insured.append(each._replace(support=(*each.support, cover[1])))
    if insured:
        return [_finding(context, insured, settled)], []
    return [Undetermined(RULE, "a report of cover") if unknown else NotFiring(RULE, "0", str(rule.months), "months")], []


def _finding(context: Context, insured: list[Incident], settled: list[tuple[KeptReport, list[KeptReport]]]) -> Finding:
    """Name the oldest incident; ``settled`` are the reports of others with the claims for them."""
    rule = context.parameters.claim_reminder
    lead = min(insured, key=lambda each: (each.signal.month, each.kind, each.signal.person_id or "", each.signal.thing)).signal
    support = distinct(fact for each in insured for fact in each.support)
    return Finding(
        RULE,
        "insurance",
        rule.severity,
        str(context.age(lead.month)),
        str(rule.months),
        "months",
        support_channels(support),
        support,
        figures={"count": len(insured)},
        lead=lead,
        beside=_beside(context, [report for report, _ in support], settled),
    )


def _beside(
    context: Context, named: list[KeptReport], settled: list[tuple[KeptReport, list[KeptReport]]]
) -> tuple[KeptReport, ...]:
    """Return what else the reports named speak of: the newest word of it, and the claims for incidents that are settled."""
    while True:
        beside = context.signals.standing(named, READ)
        known = {report.event_id for report in (*named, *beside)}
        claims = [claim for incident, claims in settled if incident.event_id in known for claim in claims]
        if all(claim.event_id in known for claim in claims):
            return (*named, *beside)
        named = [*named, *claims]


def _incidents(context: Context) -> Iterator[Incident]:
    """Yield what happened, of every kind of cover."""
    limit = context.parameters.claim_reminder.lost_from * 100
    for signal, support in context.signals.current("loss"):
        if ended(signal) and (signal.amount or signal.share * BP >= limit):
            yield Incident("disaster", signal, (support,))
    for signal, support in context.signals.current("accident"):
        if signal.value == FATAL or (signal.value != "minor" and not elsewhere(context, signal)):
            yield Incident("accident", signal, (support,))
    for signal, support in context.signals.current("market"):
        grown = context.signals.one("grows", signal.thing.partition(":")[0])
        if signal.value == "price" and signal.share * BP >= limit and grown is not None and grown[0].value == "active":
            yield Incident("price", signal, (support, grown[1]))
