"""Did spending, less the claims received, surge in the last twelve months, whatever the income?"""

from typing import Final

from schemas.fields import render_money
from schemas.findings import Answer, Finding, NotFiring, Undetermined
from schemas.vocabulary import Severity
from streams.ledger import newest_first
from streams.policy import BP
from streams.rules.context import Context
from streams.rules.support import support_channels

RULE: Final = "expenditure-shock@1"


def expenditure_shock(context: Context) -> Answer:
    """Contract §4, ``expenditure-shock``."""
    registry = context.facts.registry
    if registry is None:
        return Undetermined(RULE, "registry entry")
    rule = context.parameters.expenditure_shock
    limit = rule.relieved if registry.status == "relieved" else rule.general
    spending, claims = context.ledger.spending(), context.ledger.claims()
    spent = sum(entry.amount for entry in spending)
    received = sum(entry.amount for entry in claims)
    net = spent - received
    if net < limit:
        return NotFiring(RULE, net, limit, "yuan")
    severity: Severity = "yellow"
    if net * BP >= limit * rule.red_multiple:
        severity = "red"
    elif net * BP >= limit * rule.orange_multiple:
        severity = "orange"
    support = newest_first(entry.support for entry in (*spending, *claims))
    figures = {
        "spending": spent,
        "claims": received,
        "net_spending": net,
        "relieved": int(registry.status == "relieved"),
    }
    channels = support_channels(support)
    return Finding(
        RULE, "expenditure", severity, render_money(net), render_money(limit), "yuan", channels, support, figures=figures
    )
