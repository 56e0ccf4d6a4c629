"""Steps of a case as they stand on the wire (docs/contract-cases.md §1)."""

from msgspec import Struct

from schemas.cases import CaseCategory, Phase, Standing, Step


class CaseStepFact(Struct, frozen=True, tag_field="type", tag="case_step", gc=False):
    """A step from a lead to removal."""

    step: Step
    phase: Phase = "entry"
    passed: bool = True
    category: CaseCategory | None = None
    stage: Standing | None = None
