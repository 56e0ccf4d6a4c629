"""Who may report which step of a case, and what it must say (docs/contract-cases.md §1)."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from schemas.cases import CaseStep, Phase, Step
from schemas.rejections import Rejected, RejectionCode
from schemas.wire_cases import CaseStepFact
from streams.plain import SHAPES
from streams.signals import ANY_BUT_PETITIONS, CADRE, DECLARATION, DEPARTMENT, Permit, may_report

_BOTH: Final[frozenset[Phase]] = frozenset({"entry", "removal"})
_ENTRY: Final[frozenset[Phase]] = frozenset({"entry"})
_REMOVAL: Final[frozenset[Phase]] = frozenset({"removal"})
_COUNTY: Final = frozenset({"rural-revitalization"})


_SHAPES: Final = frozenset({CaseStepFact, SHAPES[CaseStepFact]})


class Form(NamedTuple):
    """Who may report a step, in which phases, and whether it may be one that did not pass."""

    permit: Permit
    phases: frozenset[Phase]
    may_fail: bool = True


def _permit(*channels: int, departments: frozenset[str] = frozenset()) -> Permit:
    return Permit(frozenset(channels), departments)


FORMS: Final[Mapping[Step, Form]] = {
    "verification": Form(_permit(CADRE), _ENTRY),
    "authorisation": Form(_permit(DECLARATION, CADRE), _ENTRY),
    "comparison": Form(_permit(DEPARTMENT, departments=frozenset(ANY_BUT_PETITIONS)), _ENTRY),
    "appraisal": Form(_permit(CADRE), _BOTH),
    "notice": Form(_permit(CADRE), _BOTH, may_fail=False),
    "objection": Form(_permit(DECLARATION, CADRE, DEPARTMENT, departments=frozenset({"petitions"})), _BOTH, may_fail=False),
    "settlement": Form(_permit(CADRE, DEPARTMENT, departments=_COUNTY), _BOTH),
    "review": Form(_permit(CADRE, DEPARTMENT, departments=_COUNTY), _BOTH),
    "decision": Form(_permit(DEPARTMENT, departments=_COUNTY), _BOTH),
    "rollback": Form(_permit(DEPARTMENT, departments=_COUNTY), _REMOVAL, may_fail=False),
    "standing": Form(_permit(DEPARTMENT, departments=_COUNTY), _ENTRY, may_fail=False),
}


def check_steps(facts: Iterable[Any], channel: int, source: str) -> None:
    """Check that a report holds no step that its channel and source may not report.

    Raises:
        Rejected: names the first such fact.
    """
    for position, fact in enumerate(facts):
        if type(fact) in _SHAPES and not may_report(FORMS[fact.step].permit, channel, source):
            path = f"$.facts[{position}].type"
            raise Rejected(RejectionCode.FACT_NOT_ALLOWED, path, "this channel or department may not report the step")


def read_step(fact: Any, _channel: int) -> CaseStep:
    """Return a step as it is kept; of a fact that :mod:`streams.plain` read, an optional field may be UNSET.

    Raises:
        Rejected: it does not say what such a step must.
    """
    step, phase, passed = fact.step, fact.phase or "entry", fact.passed is not False
    category, stage, form = fact.category or None, fact.stage or None, FORMS[fact.step]
    if phase not in form.phases:
        raise _wrong("phase", "the step is not one of this phase")
    if not passed and not form.may_fail:
        raise _wrong("passed", "the step either stands or does not")
    standing = step == "standing"
    if standing != (stage is not None):
        raise _wrong("stage", "stands exactly in a standing")
    enters = step == "decision" and phase == "entry" and passed
    if (standing or enters) != (category is not None):
        raise _wrong("category", "stands exactly in a standing and in a decision of entry that passed")
    return CaseStep(step, phase, passed, category, stage)


def _wrong(field: str, sentence: str) -> Rejected:
    return Rejected(RejectionCode.INVALID_VALUE, field, sentence)
