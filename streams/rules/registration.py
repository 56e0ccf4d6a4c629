"""Does the registry still name who left, or not yet name who joined?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.persons import member_of
from streams.rules.signals import Answers, Bad, Fine, Open, Question, Verdict, ask

RULE: Final = "registration@1"
THRESHOLD: Final = "registered as reported"


def registration(context: Context) -> Answers:
    """Contract-more §3, ``registration``."""
    return ask(context, Question(RULE, "registry", "membership", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.registration
    if context.facts.registry is None:
        return Open("registry entry")
    left, named = signal.value.startswith("left"), member_of(context, signal.person_id) is not None
    value = "left" if left else "joined"
    if left != named or context.age(signal.month) < rule.months:
        return Fine(value, THRESHOLD, "state")
    return Bad(rule.severity, value, THRESHOLD, "state")
