"""Was support taken away within the transition period?"""

from typing import Final

from schemas.fields import month_of_day
from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.persons import of_member
from streams.rules.signals import Answers, Bad, Fine, Open, Question, Verdict, ask

RULE: Final = "support-withdrawn@1"


def support_withdrawn(context: Context) -> Answers:
    """Contract-more §3, ``support-withdrawn``."""
    return ask(context, Question(RULE, "support", "support", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule, registry = context.parameters.support_withdrawn, context.facts.registry
    if signal.value != "withdrawn" or context.age(signal.month) < 0:
        return Fine(signal.value, "granted", "state")
    if registry is None:
        return Open("registry entry")
    if registry.status != "relieved":
        return Fine(signal.value, "granted", "state")
    if registry.relieved_on is None:
        return Open("the day of the household's relief")
    if not 0 <= signal.month - month_of_day(registry.relieved_on) < rule.transition_months:
        return Fine(signal.value, "granted", "state")
    return of_member(context, signal, Bad(rule.severity, signal.thing, "granted", "state"))
