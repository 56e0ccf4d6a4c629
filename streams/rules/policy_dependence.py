"""Does the household live mostly on transfers, not far above the line?"""

from typing import Final

from schemas.findings import Answer, Finding, NotFiring, Undetermined
from streams.ledger import Missing
from streams.policy import BP
from streams.rules.context import Context
from streams.rules.income_line import figures_of
from streams.rules.support import percent, support_channels

RULE: Final = "policy-dependence@1"


def policy_dependence(context: Context) -> Answer:
    """Contract §4, ``policy-dependence``."""
    income, line = context.income, context.line
    if isinstance(income, Missing):
        return Undetermined(RULE, income.what)
    if line is None:
        return Undetermined(RULE, "an income line in force")
    rule = context.parameters.policy_dependence
    if income.gross <= 0:
        return NotFiring(RULE, "0.00", (rule.share_from, BP), "percent")
    dependent = income.transfers * BP >= income.gross * rule.share_from
    if not dependent or income.reference * BP >= line.amount * rule.line_multiple:
        return NotFiring(RULE, (income.transfers, income.gross), (rule.share_from, BP), "percent")
    value, threshold = percent(income.transfers, income.gross), percent(rule.share_from, BP)
    figures = figures_of(income) | {"line": line.amount, "line_from": line.start}
    channels = support_channels(income.support)
    return Finding(RULE, "income", "blue", value, threshold, "percent", channels, income.support, figures=figures)
