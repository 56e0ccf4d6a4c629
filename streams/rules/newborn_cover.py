"""Was a child born whom nobody has enrolled in basic medical insurance?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.indicators import index_of
from streams.rules.persons import of_member
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask

RULE: Final = "newborn-cover@1"


def newborn_cover(context: Context) -> Answers:
    """Contract-more §3, ``newborn-cover``."""
    return ask(context, Question(RULE, "medical", "membership", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule, age = context.parameters.newborn_cover, context.age(signal.month)
    born = signal.value.startswith("joined:birth") and rule.months <= age < rule.until_months
    if not born or signal.person_id in index_of(context.facts, ("medical_cover",)).get("medical_cover", {}):
        return Fine(str(age), str(rule.months), "months")
    return of_member(context, signal, Bad(rule.severity, str(age), str(rule.months), "months"))
