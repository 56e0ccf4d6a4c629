"""Has nobody said anything of the household for months?"""

from typing import Final

from schemas.fields import month_of
from schemas.findings import Answer, Finding, NotFiring, Undetermined
from schemas.household import Facts, Newest
from schemas.reports import KeptReport
from schemas.vocabulary import CHANNELS
from streams.rules.context import Context

RULE: Final = "silence@1"
UNKNOWN: Final = "unknown"
"""The source of a last report that is kept no more: a household remembers its name, instant and channel alone."""


def silence(context: Context) -> Answer:
    """Contract-time, "Silence"."""
    facts, rule = context.facts, context.parameters.silence
    if facts.registry is None:
        return Undetermined(RULE, "registry entry")
    if facts.newest is None:
        return Undetermined(RULE, "a report")
    age = context.age(month_of(facts.newest.occurred_at))
    if age < rule.months:
        return NotFiring(RULE, str(age), str(rule.months), "months")
    channels = (CHANNELS[facts.newest.channel],)
    last = ((_last(facts, facts.newest), 0),)
    return Finding(RULE, "silence", rule.severity, str(age), str(rule.months), "months", channels, last)


def _last(facts: Facts, newest: Newest) -> KeptReport:
    """Return the last report, bare where it was withdrawn, is too old to count, or withdrew another."""
    for report in (*facts.signals, *facts.reports):
        if report.event_id == newest.event_id and report.channel == newest.channel:
            return report
    return KeptReport(newest.occurred_at, newest.channel, newest.event_id, UNKNOWN, ())
