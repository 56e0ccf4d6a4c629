"""How a rule asks signals: of a key the newest counts, beside it each channel's own (docs/contract-more.md §1, §3)."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from schemas.findings import Conflict, Finding, NotFiring, Undetermined, Unit, channels_of
from schemas.household import Facts
from schemas.reports import KeptReport, Signal
from schemas.vocabulary import SEVERITIES, Severity, SignalKind
from streams.ledger import Support, newest_first

if TYPE_CHECKING:  # the context holds the index
    from streams.rules.context import Context

Key = tuple[str | None, str]
"""Whose and what: a person or None, and the thing."""
UNREPORTED: Final = "a report of it"
"""What is missing where nobody reported the facts of a rule."""
Answers = tuple[list[Finding | NotFiring | Undetermined], list[Conflict]]
"""Answers of a rule, and conflicts of subjects for which it does not fire."""


def signal_of(support: Support) -> Signal:
    """Return the signal of a fact."""
    report, position = support
    fact = report.facts[position]
    if not isinstance(fact, Signal):
        raise TypeError(f"not a signal: {type(fact).__name__}")
    return fact


def work_of(signal: Signal) -> tuple[str, str]:
    """Return what an ``employment`` signal says: the status, and where somebody works, empty where nobody said."""
    status, _, place = signal.value.partition(":")
    return status, place


class Signals:
    """The signals of a household by kind and key: each channel's newest, newest first."""

    __slots__ = ("_index", "_reports")

    def __init__(self, facts: Facts) -> None:
        """Read all signals once, for all rules."""
        self._reports = {report.event_id: report for report in facts.signals}
        self._index: dict[SignalKind, dict[Key, dict[int, Support]]] = {}
        for report in reversed(facts.signals):
            for position, fact in enumerate(report.facts):
                if isinstance(fact, Signal):
                    of_key = self._index.setdefault(fact.kind, {}).setdefault((fact.person_id, fact.thing), {})
                    of_key.setdefault(report.channel, (report, position))

    def of(self, kind: SignalKind) -> dict[Key, tuple[Support, ...]]:
        """Return each key's newest signal of every channel, newest first; empty where nobody reported the kind."""
        keys = self._index.get(kind, {})
        return {key: tuple(keys[key].values()) for key in sorted(keys, key=_order)}

    def current(self, kind: SignalKind) -> Iterator[tuple[Signal, Support]]:
        """Yield the current signal of every key, in the order of the keys."""
        for newest in self.of(kind).values():
            yield signal_of(newest[0]), newest[0]

    def one(self, kind: SignalKind, thing: str) -> tuple[Signal, Support] | None:
        """Return the current signal of the household's thing, None where nobody reported it."""
        newest = self._index.get(kind, {}).get((None, thing))
        if newest is None:
            return None
        support = next(iter(newest.values()))
        return signal_of(support), support

    def standing(self, named: Iterable[KeptReport], kinds: tuple[SignalKind, ...]) -> tuple[KeptReport, ...]:
        """Return the reports that have the newest word of anything of some kinds that the reports named, or these, speak of.

        With them a reason is recomputed from the reports it names: an older word in one of them is not mistaken for the newest.
        """
        found: dict[str, KeptReport] = {}
        waiting = [report.event_id for report in named]
        while waiting:
            said = self._reports.get(waiting.pop())
            for fact in said.facts if said is not None else ():
                if isinstance(fact, Signal) and fact.kind in kinds:
                    for report, _ in self._index[fact.kind][fact.person_id, fact.thing].values():
                        if report.event_id not in found:
                            found[report.event_id] = report
                            waiting.append(report.event_id)
        return tuple(found.values())


def _order(key: Key) -> tuple[str, str]:
    return key[0] or "", key[1]


class Bad(NamedTuple):
    """A signal for which the rule fires; ``also`` are facts of others that it leans on."""

    severity: Severity
    value: str
    threshold: str
    unit: Unit
    also: tuple[Support, ...] = ()


class Fine(NamedTuple):
    """A signal for which it does not."""

    value: str
    threshold: str
    unit: Unit


class Open(NamedTuple):
    """A signal that cannot be judged, and what is missing for it."""

    missing: str


Verdict = Bad | Fine | Open


class Question(msgspec.Struct, frozen=True):
    """What a rule asks of every key of one kind; ``also`` are other kinds it reads."""

    rule: str
    dimension: str
    kind: SignalKind
    judge: "Callable[[Context, Signal], Verdict]"
    also: tuple[SignalKind, ...] = ()


class _Heard(NamedTuple):
    """One key: its current signal with the verdict, and the own ones of the channels that are bad or fine."""

    signal: Signal
    verdict: Verdict
    bad: tuple[Support, ...]
    fine: tuple[Support, ...]


def ask(context: "Context", question: Question) -> Answers:
    """Answer a question for every subject: the persons, or None for the household."""
    keys = context.signals.of(question.kind)
    if not keys:
        return [Undetermined(question.rule, UNREPORTED)], []
    subjects: dict[str | None, list[_Heard]] = {}
    for key, newest in keys.items():
        subject = None if question.kind in _OF_HOUSEHOLD else key[0]
        subjects.setdefault(subject, []).append(_hear(context, question, newest))
    answers: list[Finding | NotFiring | Undetermined] = []
    conflicts: list[Conflict] = []
    for subject, heard in subjects.items():
        firing = [each for each in heard if isinstance(each.verdict, Bad)]
        if firing:
            answers.append(_finding(context, question, subject, firing))
            continue
        answers.append(_answer(question.rule, heard))
        split = _conflict(question.rule, subject, [each for each in heard if each.bad and each.fine])
        if split is not None:
            conflicts.append(split)
    return answers, conflicts


_OF_HOUSEHOLD = frozenset({"support"})
"""Kinds whose keys may name a person though the household is asked."""


def _hear(context: "Context", question: Question, newest: tuple[Support, ...]) -> _Heard:
    signal = signal_of(newest[0])
    verdict = question.judge(context, signal)
    bad: list[Support] = []
    fine: list[Support] = []
    for each in newest:
        own = verdict if each is newest[0] else question.judge(context, signal_of(each))
        if isinstance(own, Bad):
            bad.append(each)
        elif isinstance(own, Fine):
            fine.append(each)
    return _Heard(signal, verdict, tuple(bad), tuple(fine))


def _answer(rule: str, heard: list[_Heard]) -> NotFiring | Undetermined:
    """Return the answer of a subject for which nothing fires: undetermined where something is missing."""
    for each in heard:
        if isinstance(each.verdict, Open):
            return Undetermined(rule, each.verdict.missing)
    verdict = heard[0].verdict
    if not isinstance(verdict, Fine):
        raise TypeError("what neither fires nor is undetermined is fine")
    return NotFiring(rule, verdict.value, verdict.threshold, verdict.unit)


def _finding(context: "Context", question: Question, subject: str | None, firing: list[_Heard]) -> Finding:
    verdicts = [(each, each.verdict) for each in firing if isinstance(each.verdict, Bad)]
    lead, verdict = min(verdicts, key=_gravest)
    conflict = _conflict(question.rule, subject, firing)
    bad = [support for each in firing for support in each.bad]
    support = [*bad, *(also for _, each in verdicts for also in each.also)]
    if conflict is not None:
        support += [fine for each in firing for fine in each.fine]
    facts = distinct(support)
    return Finding(
        question.rule,
        question.dimension,
        verdict.severity,
        verdict.value,
        verdict.threshold,
        verdict.unit,
        channels_of(tuple(report for report, _ in bad)),
        facts,
        subject=subject,
        conflict=conflict,
        figures={"count": len(firing)},
        lead=lead.signal,
        beside=context.signals.standing((report for report, _ in facts), (question.kind, *question.also)),
    )


def _gravest(each: tuple[_Heard, Bad]) -> tuple[int, int, tuple[str, str]]:
    heard, verdict = each
    signal = heard.signal
    return -SEVERITIES.index(verdict.severity), signal.month, _order((signal.person_id, signal.thing))


def _conflict(rule: str, subject: str | None, heard: list[_Heard]) -> Conflict | None:
    bad, fine = (_reports(side) for side in ([s for h in heard for s in h.bad], [s for h in heard for s in h.fine]))
    return Conflict(rule, subject, fine, bad) if bad and fine else None


def _reports(support: Iterable[Support]) -> tuple[KeptReport, ...]:
    return tuple(dict.fromkeys(report for report, _ in newest_first(support)))


def distinct(support: Iterable[Support]) -> tuple[Support, ...]:
    """Return facts each once, newest first."""
    return newest_first({(report.event_id, at, type(report.facts[at])): (report, at) for report, at in support}.values())
