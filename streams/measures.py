"""Measures by need: what the policy suggests for reasons and pathway, and what of it is given (docs/contract-more.md §4)."""

from typing import Final, Literal

from schemas.alerts import SuggestedMeasure
from schemas.cases import MeasureNote, MeasureStatus
from schemas.fields import render_month
from schemas.findings import Assessment
from schemas.household import Facts
from schemas.reports import Signal
from schemas.vocabulary import Pathway
from streams.assess import context_of
from streams.labour import known_pathway
from streams.policy import Policy
from streams.rules.signals import Signals

_OVER: Final[dict[str, MeasureStatus]] = {"ended": "ended", "withdrawn": "withdrawn"}


def suggest(policy: Policy, assessment: Assessment, facts: Facts) -> list[SuggestedMeasure]:
    """Return what is suggested for the reasons that fire, in the order of the catalogue, and whether it is given."""
    rules, words = _rules_of(policy, assessment, facts), _newest(facts)
    suggested = []
    for measure in policy.measures.catalogue:
        if measure.code in rules:
            word = words.get(measure.code)
            given = word is not None and word.value == "granted"
            status: Literal["suggested", "given"] = "given" if given else "suggested"
            since = render_month(word.month) if word is not None and given else None
            suggested.append(SuggestedMeasure(measure.code, measure.zh, measure.en, rules[measure.code], status, since))
    return suggested


def _rules_of(policy: Policy, assessment: Assessment, facts: Facts) -> dict[str, list[str]]:
    """Return by measure the rules that fire and suggest it, in the order of the alert."""
    found: dict[str, list[str]] = {}
    way = _pathway(policy, assessment, facts)
    for rule in dict.fromkeys(finding.rule for finding in assessment.findings):
        for code in policy.measures.for_rule(rule.partition("@")[0], way):
            found.setdefault(code, []).append(rule)
    return found


def _pathway(policy: Policy, assessment: Assessment, facts: Facts) -> Pathway:
    """Return whose help it is: where those who work by the entry died, left or cannot any more, that of who has no labour."""
    if assessment.pathway != "development" or not facts.signals:
        return assessment.pathway
    context = context_of(facts, policy)
    return known_pathway(context) if context is not None else assessment.pathway


def supports(facts: Facts) -> list[Signal]:
    """Return the current word on every support of a household, of any person or none."""
    return [signal for signal, _ in Signals(facts).current("support")] if facts.signals else []


def tracked(policy: Policy, assessment: Assessment | None, facts: Facts) -> tuple[MeasureNote, ...]:
    """Return every measure that is suggested or was given, in the order of the catalogue: each against the other.

    ``given``, ``not given`` (suggested both), ``given beside`` (not suggested), ``ended`` or ``withdrawn``.
    """
    rules, words = _rules_of(policy, assessment, facts) if assessment is not None else {}, _newest(facts)
    notes = []
    for measure in policy.measures.catalogue:
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
