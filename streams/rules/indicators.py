"""Worries and guarantees: per channel the newest value, the current one the newest over the channels (contract §3.2)."""

from collections.abc import Collection, Mapping

import msgspec

from schemas.findings import Answer, Conflict, Finding, NotFiring, Undetermined, channels_of
from schemas.household import Facts
from schemas.reports import Indicator, KeptReport
from schemas.vocabulary import IndicatorKind, Severity
from streams.ledger import Support


def value_of(support: Support) -> str:
    """Return the value of an indicator fact."""
    report, position = support
    fact = report.facts[position]
    if not isinstance(fact, Indicator):
        raise TypeError(f"not an indicator: {type(fact).__name__}")
    return fact.value


Index = dict[IndicatorKind, dict[str | None, dict[int, Support]]]
"""By kind and subject, each channel's newest fact, newest first."""


def index_of(facts: Facts, kinds: Collection[str]) -> Index:
    """Read the indicators of some kinds once, for all rules that ask them."""
    index: Index = {}
    for report in reversed(facts.reports):
        for position, fact in enumerate(report.facts):
            if type(fact) is Indicator and fact.kind in kinds:
                subjects = index.get(fact.kind)
                if subjects is None:
                    index[fact.kind] = {fact.subject: {report.channel: (report, position)}}
                elif (channels := subjects.get(fact.subject)) is None:
                    subjects[fact.subject] = {report.channel: (report, position)}
                elif report.channel not in channels:
                    channels[report.channel] = (report, position)
    return index


class Question(msgspec.Struct, frozen=True, gc=False):
    """What one indicator rule asks: which values are bad and how bad, and how the threshold reads."""

    rule: str
    dimension: str
    kind: IndicatorKind
    bad: Mapping[str, Severity]
    threshold: str


def answer(index: Index, question: Question, answers: list[Answer], conflicts: list[Conflict]) -> None:
    """Answer an indicator rule for every subject, in order of their ids.

    What it says is added to ``answers``, and conflicts of subjects that stand good to ``conflicts``.
    """
    subjects = index.get(question.kind)
    if subjects is None:
        answers.append(Undetermined(question.rule, "a report of it"))
        return
    for subject in sorted(subjects, key=lambda each: each or "") if len(subjects) > 1 else subjects:
        newest = tuple(subjects[subject].values())
        current = value_of(newest[0])
        severity = question.bad.get(current)
        if severity is None and (len(newest) == 1 or not any(value_of(each) in question.bad for each in newest)):
            answers.append(NotFiring(question.rule, current, question.threshold, "state"))
            continue
        bad = tuple(each for each in newest if value_of(each) in question.bad)
        good = tuple(each for each in newest if each not in bad)
        conflict = Conflict(question.rule, subject, _reports(good), _reports(bad)) if good and bad else None
        if severity is not None:
            answers.append(_finding(question, subject, newest, severity, bad, conflict))
            continue
        answers.append(NotFiring(question.rule, current, question.threshold, "state"))
        if conflict is not None:
            conflicts.append(conflict)


def _finding(
    question: Question,
    subject: str | None,
    newest: tuple[Support, ...],
    severity: Severity,
    bad: tuple[Support, ...],
    conflict: Conflict | None,
) -> Finding:
    """``newest`` are the subject's facts that are the newest of their channel, newest first; ``bad`` those that are bad."""
    return Finding(
        question.rule,
        question.dimension,
        severity,
        value_of(newest[0]),
        question.threshold,
        "state",
        channels_of(_reports(bad)),
        newest if conflict else bad,
        subject=subject,
        conflict=conflict,
    )


def _reports(support: tuple[Support, ...]) -> tuple[KeptReport, ...]:
    return tuple(report for report, _ in support)
