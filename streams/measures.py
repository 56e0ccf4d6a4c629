"""Measures by need: what the policy suggests for reasons and pathway, and what of it is given (docs/contract-more.md §4)."""

from typing import Final, Literal

from schemas.alerts import SuggestedMeasure
from schemas.cases import MeasureNote, MeasureStatus
from schemas.fields import render_month
from schemas.findings import Assessment
from schemas.household import Facts
from schemas.reports import Signal
from streams.policy_measures import Measures
from streams.rules.signals import Signals

_OVER: Final[dict[str, MeasureStatus]] = {"ended": "ended", "withdrawn": "withdrawn"}


def suggest(measures: Measures, assessment: Assessment, facts: Facts) -> list[SuggestedMeasure]:
    """Return what is suggested for the reasons that fire, in the order of the catalogue, and whether it is given."""
    rules = list(dict.fromkeys(finding.rule for finding in assessment.findings))
    wanted = {rule: measures.for_rule(rule.partition("@")[0], assessment.pathway) for rule in rules}
    given = {code: word for code, word in _newest(facts).items() if word.value == "granted"}
    suggested = []
    for measure in measures.catalogue:
        reasons = [rule for rule in rules if measure.code in wanted[rule]]
        if reasons:
            status: Literal["suggested", "given"] = "given" if measure.code in given else "suggested"
            since = render_month(given[measure.code].month) if measure.code in given else None
            suggested.append(SuggestedMeasure(measure.code, measure.zh, measure.en, reasons, status, since))
    return suggested


def supports(facts: Facts) -> list[Signal]:
    """Return the current word on every support of a household, of any person or none."""
    return [signal for signal, _ in Signals(facts).current("support")] if facts.signals else []


def tracked(measures: Measures, assessment: Assessment | None, facts: Facts) -> tuple[MeasureNote, ...]:
    """Return every measure that is suggested or was given, in the order of the catalogue: each against the other.

    ``given``, ``not given`` (suggested both), ``given beside`` (not suggested), ``ended`` or ``withdrawn``.
    """
    suggested = suggest(measures, assessment, facts) if assessment is not None else []
    rules = {each.code: each.rules for each in suggested}
    words = _newest(facts)
    notes = []
    for measure in measures.catalogue:
        word, named = words.get(measure.code), measure.code in rules
        if word is None and not named:
            continue
        status: MeasureStatus = "not given"
        if word is not None and word.value in _OVER:
            status = _OVER[word.value]
        elif word is not None:
            status = "given" if named else "given beside"
        since = render_month(word.month) if word is not None else None
        notes.append(MeasureNote(measure.code, measure.zh, measure.en, rules.get(measure.code, []), status, since))
    return tuple(notes)


def _newest(facts: Facts) -> dict[str, Signal]:
    """Return the word on each support that counts where several persons have it: a grant before others, then the newest."""
    words: dict[str, Signal] = {}
    for signal in supports(facts):
        known = words.get(signal.thing)
        if known is None or (signal.value == "granted", signal.month) > (known.value == "granted", known.month):
            words[signal.thing] = signal
    return words
