"""Worries and guarantees: per channel the newest value, the current one the newest over the channels (contract §3.2)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from schemas.findings import Conflict, Finding, NotFiring, Undetermined, channels_of
from schemas.household import Facts
from schemas.reports import Indicator, KeptReport
from schemas.vocabulary import IndicatorKind, Severity
from streams.ledger import Support

Answers = tuple[list[Finding | NotFiring | Undetermined], list[Conflict]]
"""Answers of a rule, and conflicts where the current value is good."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One indicator of one subject: its facts that are the newest of their channel, newest first."""

    subject: str | None
    newest: tuple[Support, ...]

    @property
    def current(self) -> str:
        """The newest value over the channels."""
        return value_of(self.newest[0])


def value_of(support: Support) -> str:
    """Return the value of an indicator fact."""
    report, position = support
    fact = report.facts[position]
    if not isinstance(fact, Indicator):
        raise TypeError(f"not an indicator: {type(fact).__name__}")
    return fact.value


Index = dict[IndicatorKind, dict[str | None, dict[int, Support]]]
"""By kind and subject, each channel's newest fact, newest first."""


def index_of(facts: Facts) -> Index:
    """Read all indicators of a household once, for all rules."""
    index: Index = {}
    for report in reversed(facts.reports):
        for position, fact in enumerate(report.facts):
            if isinstance(fact, Indicator):
                of_subject = index.setdefault(fact.kind, {}).setdefault(fact.subject, {})
                if report.channel not in of_subject:
                    of_subject[report.channel] = (report, position)
    return index


def standings(index: Index, kind: IndicatorKind) -> Iterator[Standing]:
    """Yield how an indicator stands, by subject in order of their ids."""
    newest = index.get(kind, {})
    for subject in sorted(newest, key=lambda each: each or ""):
        yield Standing(subject, tuple(newest[subject].values()))


@dataclass(frozen=True, slots=True)
class Question:
    """What one indicator rule asks: which value is bad, how bad, and how value and threshold read."""

    rule: str
    dimension: str
    kind: IndicatorKind
    severity_of: Callable[[str], Severity | None]
    threshold: str


def answer(index: Index, question: Question) -> Answers:
    """Answer an indicator rule for every subject; conflicts of subjects that stand good come beside."""
    answers: list[Finding | NotFiring | Undetermined] = []
    conflicts: list[Conflict] = []
    for standing in standings(index, question.kind):
        bad = tuple(each for each in standing.newest if question.severity_of(value_of(each)))
        good = tuple(each for each in standing.newest if each not in bad)
        conflict = Conflict(question.rule, standing.subject, _reports(good), _reports(bad)) if good and bad else None
        severity = question.severity_of(standing.current)
        if severity is None:
            answers.append(NotFiring(question.rule, standing.current, question.threshold, "state"))
            if conflict:
                conflicts.append(conflict)
        else:
            answers.append(_finding(question, standing, severity, bad, conflict))
    return answers or [Undetermined(question.rule, "a report of it")], conflicts


def _finding(
    question: Question, standing: Standing, severity: Severity, bad: tuple[Support, ...], conflict: Conflict | None
) -> Finding:
    return Finding(
        question.rule,
        question.dimension,
        severity,
        standing.current,
        question.threshold,
        "state",
        channels_of(_reports(bad)),
        standing.newest if conflict else bad,
        subject=standing.subject,
        conflict=conflict,
    )


def _reports(support: tuple[Support, ...]) -> tuple[KeptReport, ...]:
    return tuple(report for report, _ in support)
