"""Does somebody wait in the one-stop line from filing to placement?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.context import Context
from streams.rules.persons import of_member
from streams.rules.signals import Answers, Bad, Fine, Question, Verdict, ask, signal_of, work_of

RULE: Final = "skills-stall@1"
AT_ITS_END: Final = frozenset({"placed", "left"})


def skills_stall(context: Context) -> Answers:
    """Contract-more §3, ``skills-stall``."""
    return ask(context, Question(RULE, "employment", "skills", _judge, ("employment",)))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.skills_stall
    if signal.value in AT_ITS_END:
        return Fine(signal.value, "placed", "state")
    if _works(context, signal):
        return Fine("working", "placed", "state")
    age = context.age(signal.month)
    if age < rule.months:
        return Fine(str(age), str(rule.months), "months")
    return of_member(context, signal, Bad(rule.severity, str(age), str(rule.months), "months"))


def _works(context: Context, signal: Signal) -> bool:
    """Tell whether the person has found work since the step, which is what the line is for, whoever reports it."""
    newest = context.signals.of("employment").get((signal.person_id, ""))
    work = signal_of(newest[0]) if newest else None
    return work is not None and work_of(work)[0] == "working" and work.month >= signal.month and context.age(work.month) >= 0
