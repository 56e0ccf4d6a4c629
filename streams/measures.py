"""Measures by need: what the policy suggests for reasons and pathway, and what of it is given (docs/contract-more.md §4)."""

from collections.abc import Iterable
from typing import Literal

from schemas.alerts import SuggestedMeasure
from schemas.findings import Assessment
from schemas.household import Facts
from schemas.reports import Signal
from streams.policy_measures import Measure, Measures
from streams.rules.signals import Signals


def suggest(measures: Measures, assessment: Assessment, facts: Facts) -> list[SuggestedMeasure]:
    """Return what is suggested for the reasons that fire, in the order of the catalogue, and whether it is given."""
    rules = list(dict.fromkeys(finding.rule for finding in assessment.findings))
    wanted = {rule: measures.for_rule(rule.partition("@")[0], assessment.pathway) for rule in rules}
    given = {signal.thing for signal in supports(facts) if signal.value == "granted"}
    suggested = []
    for measure in measures.catalogue:
        reasons = [rule for rule in rules if measure.code in wanted[rule]]
        if reasons:
            status: Literal["suggested", "given"] = "given" if measure.code in given else "suggested"
            suggested.append(SuggestedMeasure(measure.code, measure.zh, measure.en, reasons, status))
    return suggested


def supports(facts: Facts) -> list[Signal]:
    """Return the current word on every support of a household, of any person or none."""
    return [signal for signal, _ in Signals(facts).current("support")] if facts.signals else []


def track(measures: Measures, suggested: Iterable[SuggestedMeasure], facts: Facts) -> list[tuple[Measure, str, Signal | None]]:
    """Return every measure that is suggested or was given: the measure, how it stands, and the newest word on it.

    ``given``, ``not given`` (suggested both), ``given beside`` (not suggested), ``ended`` or ``withdrawn``.
    """
    named = {each.code for each in suggested}
    words: dict[str, Signal] = {}
    for signal in supports(facts):
        known = words.get(signal.thing)
        if known is None or (signal.value == "granted", signal.month) > (known.value == "granted", known.month):
            words[signal.thing] = signal
    tracked: list[tuple[Measure, str, Signal | None]] = []
    for measure in measures.catalogue:
        word = words.get(measure.code)
        if word is not None and word.value != "granted":
            tracked.append((measure, word.value, word))
        elif word is not None:
            tracked.append((measure, "given" if measure.code in named else "given beside", word))
        elif measure.code in named:
            tracked.append((measure, "not given", None))
    return tracked
