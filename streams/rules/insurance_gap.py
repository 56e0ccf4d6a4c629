"""Is a household of a key county without price or disaster insurance?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask

RULE: Final = "insurance-gap@1"
DUE: Final = frozenset({"price", "disaster"})


def insurance_gap(context: Context) -> Answers:
    """Contract-more §3, ``insurance-gap``."""
    return ask(context, Question(RULE, "insurance", "cover", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.insurance_gap
    if signal.thing not in DUE:
        return Fine(signal.value, "covered", "state")
    gap = signal.value != "covered" or context.age(signal.month) > 0
    if not gap or context.tier not in rule.tiers:
        return Fine("expired" if gap and signal.value == "covered" else signal.value, "covered", "state")
    return Bad(rule.severity, signal.thing, "covered", "state")
