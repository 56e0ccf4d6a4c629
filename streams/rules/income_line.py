"""Is the household's reference income per head under the monitoring line?"""

from typing import Final

from schemas.fields import render_money
from schemas.findings import Answer, Finding, NotFiring, Undetermined
from schemas.vocabulary import Severity
from streams.ledger import Missing, Window
from streams.policy import BP, IncomeLine, Line, is_below
from streams.rules.context import Context
from streams.rules.support import support_channels

RULE: Final = "income-line@1"


def income_line(context: Context) -> Answer:
    """Contract §4, ``income-line``."""
    income, line = context.income, context.line
    if isinstance(income, Missing):
        return Undetermined(RULE, income.what)
    if line is None:
        return Undetermined(RULE, "an income line in force")
    rule = context.parameters.income_line
    if not is_below(rule, income.reference, line):
        return NotFiring(RULE, income.reference, line.amount, "yuan")
    return Finding(
        RULE,
        "income",
        _severity(income.reference, line, rule),
        render_money(income.reference),
        render_money(line.amount),
        "yuan",
        support_channels(income.support),
        income.support,
        figures=figures_of(income) | {"line": line.amount, "line_from": line.start},
    )


def _severity(reference: int, line: Line, rule: IncomeLine) -> Severity:
    if reference * BP >= line.amount * rule.yellow_from:
        return "yellow"
    return "orange" if reference * BP >= line.amount * rule.orange_from else "red"


def figures_of(income: Window) -> dict[str, int]:
    """Return the sums behind a reference income, by name (fen, but ``members``)."""
    return {
        "reference_income": income.reference,
        "gross": income.gross,
        "transfers": income.transfers,
        "production_cost": income.production_cost,
        "claims": income.claims,
        "medical": income.medical,
        "members": income.members,
    }
