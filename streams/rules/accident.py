"""Had somebody a grave accident?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.persons import of_member
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask

RULE: Final = "accident@1"
FATAL: Final = "fatal"
"""Who died of it is no longer in the entry, and in no other: this one household is bereaved."""


def accident(context: Context) -> Answers:
    """Contract-more §3, ``accident``."""
    return ask(context, Question(RULE, "accident", "accident", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.accident
    severity = {"serious": rule.serious, "disabling": rule.disabling, FATAL: rule.fatal}.get(signal.value)
    if severity is None or not 0 <= context.age(signal.month) < rule.months:
        return Fine(signal.value, "minor", "state")
    bad = Bad(severity, signal.value, "minor", "state")
    return bad if signal.value == FATAL else of_member(context, signal, bad)
