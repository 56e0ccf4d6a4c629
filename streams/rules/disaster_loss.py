"""Did disasters cost the household more than insurance paid?"""

from typing import Final

from schemas.fields import render_money
from schemas.findings import Finding, NotFiring, Undetermined
from schemas.reports import Claim
from schemas.vocabulary import Severity
from streams.ledger import WINDOW_MONTHS, Support
from streams.policy import BP
from streams.rules.context import Context
from streams.rules.losses import ended
from streams.rules.signals import UNREPORTED, Answers, distinct
from streams.rules.support import support_channels

RULE: Final = "disaster-loss@1"


def disaster_loss(context: Context) -> Answers:
    """Contract-more §3, ``disaster-loss``."""
    rule = context.parameters.disaster_loss
    reported = list(context.signals.current("loss"))
    if not reported:
        return [Undetermined(RULE, UNREPORTED)], []
    losses = [each for each in reported if ended(each[0]) and 0 <= context.age(each[0].month) < WINDOW_MONTHS]
    claims = claims_of(context, "disaster", context.month - WINDOW_MONTHS + 1)
    lost, received = sum(signal.amount for signal, _ in losses), sum(claim.amount for claim, _ in claims)
    net = lost - received
    value, threshold = render_money(net), render_money(rule.fires_from)
    if net < rule.fires_from:
        return [NotFiring(RULE, value, threshold, "yuan")], []
    severity: Severity = "yellow"
    if net * BP >= rule.fires_from * rule.red_multiple:
        severity = "red"
    elif net * BP >= rule.fires_from * rule.orange_multiple:
        severity = "orange"
    support = distinct([*(each for signal, each in losses if signal.amount), *(each for _, each in claims)])
    figures = {"losses": lost, "claims": received, "net_loss": net}
    channels = support_channels(support)
    beside = context.signals.standing((report for report, _ in support), ("loss",))
    finding = Finding(RULE, "disaster", severity, value, threshold, "yuan", channels, support, figures=figures, beside=beside)
    return [finding], []


def claims_of(context: Context, kind: str, first: int) -> list[tuple[Claim, Support]]:
    """Return the claims of a kind from a month on to that of ``as_of``, both inclusive."""
    return [
        (fact, (report, position))
        for report in context.facts.reports
        for position, fact in enumerate(report.facts)
        if isinstance(fact, Claim) and fact.kind == kind and first <= fact.month <= context.month
    ]
