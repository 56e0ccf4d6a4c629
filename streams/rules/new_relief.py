"""Was the household newly granted dibao, destitute support or temporary relief?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.persons import of_member
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask

RULE: Final = "new-relief@1"
RELIEF: Final = frozenset({"dibao", "destitute", "temporary_relief"})


def new_relief(context: Context) -> Answers:
    """Contract-more §3, ``new-relief``."""
    return ask(context, Question(RULE, "support", "support", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.new_relief
    granted = signal.thing in RELIEF and signal.value == "granted"
    if not granted or not 0 <= context.age(signal.month) < rule.months:
        return Fine(signal.value, "none", "state")
    return of_member(context, signal, Bad(rule.severity, signal.thing, "none", "state"))
