"""Did the price or the sale of what the household grows collapse?"""

from typing import Final

from schemas.reports import Signal
from schemas.vocabulary import Severity
from streams.policy import BP
from streams.rules.context import Context
from streams.rules.signals import Answers, Bad, Fine, Open, Question, Verdict, ask
from streams.rules.support import percent

RULE: Final = "market-slump@1"


def market_slump(context: Context) -> Answers:
    """Contract-more §3, ``market-slump``."""
    return ask(context, Question(RULE, "market", "market", _judge, ("grows",)))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.market_slump
    product, _, measure = signal.thing.partition(":")
    limit = rule.price_from if measure == "price" else rule.sales_from
    value, threshold, drop = percent(signal.share, 100), percent(limit, BP), signal.share * BP
    if drop < limit * 100 or not 0 <= context.age(signal.month) < rule.months:
        return Fine(value, threshold, "percent")
    grown = context.signals.one("grows", product)
    if grown is None:
        return Open("whether the household grows it")
    if grown[0].value != "active":
        return Fine(value, threshold, "percent")
    severity: Severity = "orange" if measure == "price" and drop >= rule.orange_from * 100 else "yellow"
    return Bad(severity, value, threshold, "percent", (grown[1],))
