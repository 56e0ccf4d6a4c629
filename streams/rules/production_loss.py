"""Did a disaster take a great part of a crop or of the livestock?"""

from typing import Final

from schemas.reports import Signal
from schemas.vocabulary import Severity
from streams.ledger import WINDOW_MONTHS
from streams.policy import BP
from streams.rules.context import Context
from streams.rules.losses import ended, object_of
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask
from streams.rules.support import percent

RULE: Final = "production-loss@1"
PRODUCTION: Final = frozenset({"crop", "livestock"})


def production_loss(context: Context) -> Answers:
    """Contract-more §3, ``production-loss``."""
    return ask(context, Question(RULE, "production", "loss", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.production_loss
    value, threshold, lost = percent(signal.share, 100), percent(rule.fires_from, BP), signal.share * BP
    counts = object_of(signal) in PRODUCTION and ended(signal) and 0 <= context.age(signal.month) < WINDOW_MONTHS
    if not counts or lost < rule.fires_from * 100:
        return Fine(value, threshold, "percent")
    severity: Severity = "yellow"
    if lost >= rule.red_from * 100:
        severity = "red"
    elif lost >= rule.orange_from * 100:
        severity = "orange"
    return Bad(severity, value, threshold, "percent")
