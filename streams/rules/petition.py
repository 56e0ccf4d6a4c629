"""Has the household asked for help without an answer yet?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask

RULE: Final = "petition@1"


def petition(context: Context) -> Answers:
    """Contract-more §3, ``petition``."""
    return ask(context, Question(RULE, "petition", "petition", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule, age = context.parameters.petition, context.age(signal.month)
    category, urgency, status = signal.value.split(":")
    if status != "open" or age < 0:
        return Fine(status, "answered", "state")
    grave = urgency == "urgent" or age >= rule.overdue_months
    return Bad(rule.overdue if grave else rule.open, category, "answered", "state")
