"""Did reference income fall far under that of the year before?"""

from typing import Final

from schemas.findings import Answer, Finding, NotFiring, Undetermined
from schemas.vocabulary import Severity
from streams.ledger import Missing, newest_first
from streams.policy import BP
from streams.rules.context import Context
from streams.rules.income_line import figures_of
from streams.rules.support import percent, support_channels

RULE: Final = "income-drop@1"


def income_drop(context: Context) -> Answer:
    """Contract §4, ``income-drop``."""
    now = context.income
    if isinstance(now, Missing):
        return Undetermined(RULE, now.what)
    earlier = context.earlier_income
    if isinstance(earlier, Missing):
        return Undetermined(RULE, earlier.what)
    if earlier.reference <= 0:
        return Undetermined(RULE, "an earlier income above 0")
    rule = context.parameters.income_drop
    drop = earlier.reference - now.reference
    if drop * BP < earlier.reference * rule.fires_from:
        return NotFiring(RULE, (drop, earlier.reference), (rule.fires_from, BP), "percent")
    severity: Severity = "orange" if drop * BP >= earlier.reference * rule.orange_from else "yellow"
    both = {(report.event_id, at): (report, at) for report, at in (*earlier.support, *now.support)}
    support = newest_first(both.values())
    value, threshold = percent(drop, earlier.reference), percent(rule.fires_from, BP)
    figures = figures_of(now) | {"earlier_reference_income": earlier.reference}
    channels = support_channels(support)
    return Finding(RULE, "income", severity, value, threshold, "percent", channels, support, figures=figures)
