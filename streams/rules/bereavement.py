"""Did somebody of the household die lately?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.deceased_paid import is_death
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask

RULE: Final = "bereavement@1"


def bereavement(context: Context) -> Answers:
    """Contract-more §3, ``bereavement``."""
    return ask(context, Question(RULE, "household", "membership", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule, age = context.parameters.bereavement, context.age(signal.month)
    if not is_death(signal) or not 0 <= age < rule.months:
        return Fine(str(age), str(rule.months), "months")
    return Bad(rule.severity, str(age), str(rule.months), "months")
