"""Has somebody who could work been without work for months?"""

from typing import Final

from schemas.reports import Signal
from schemas.vocabulary import Severity
from streams.rules.context import Context
from streams.rules.persons import member_of, unnamed, works_by_age
from streams.rules.signals import Answers, Bad, Fine, Open, Question, Verdict, ask, work_of

RULE: Final = "employment@1"
WITHOUT_WORK: Final = frozenset({"not_working", "seeking"})


def employment(context: Context) -> Answers:
    """Contract-more §3, ``employment``."""
    return ask(context, Question(RULE, "employment", "employment", _judge))


def _judge(context: Context, signal: Signal) -> Verdict:
    rule = context.parameters.employment
    status, _ = work_of(signal)
    if status not in WITHOUT_WORK:
        return Fine(status, "working", "state")
    if context.facts.registry is None:
        return Open("registry entry")
    member = member_of(context, signal.person_id)
    if member is None:
        return unnamed(signal)
    age = context.age(signal.month)
    if age < rule.months or not works_by_age(context, member):
        return Fine(str(age), str(rule.months), "months")
    severity: Severity = "orange" if age >= rule.orange_months else "yellow"
    return Bad(severity, str(age), str(rule.months), "months")
