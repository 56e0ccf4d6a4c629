"""Has somebody newly become severely disabled?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.persons import of_member
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask

RULE: Final = "disability@1"
NOT_SEVERE: Final = "3"


def disability(context: Context) -> Answers:
    """Contract-more §3, ``disability``."""
    return ask(context, Question(RULE, "disability", "disability", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.disability
    severity = {"1": rule.grade_1, "2": rule.grade_2}.get(signal.value)
    if severity is None or not 0 <= context.age(signal.month) < rule.new_months:
        return Fine(signal.value, NOT_SEVERE, "grade")
    return of_member(context, signal, Bad(severity, signal.value, NOT_SEVERE, "grade"))
