"""What stands on the input topics, field by field (contract §3): checked by msgspec, then turned into kept values."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from schemas.vocabulary import (
    ClaimKind,
    Component,
    DeclarationSource,
    Department,
    Grade,
    HouseholdStatus,
    Labour,
    SpendingCategory,
    Stage,
    Status,
)
from schemas.wire_cases import CaseStepFact
from schemas.wire_fields import AreaCode, AreaDigits, HouseholdId, Money, Month, PersonId
from schemas.wire_signals import WireSignal

EventId = Annotated[str, Meta(min_length=1, max_length=64)]
Instant = Annotated[str, Meta(description="RFC 3339 date-time with offset")]


class IncomeStatementFact(Struct, frozen=True, tag_field="type", tag="income_statement", gc=False):
    """Totals over the months ``from`` to ``to`` inclusive."""

    start: Month = field(name="from")
    end: Month = field(name="to")
    wage: Money
    business: Money
    property: Money
    transfer: Money
    production_cost: Money


class IncomeFact(Struct, frozen=True, tag_field="type", tag="income", gc=False):
    """One component of one month."""

    component: Component
    month: Month
    amount: Money
    person_id: PersonId | None = None


class SpendingFact(Struct, frozen=True, tag_field="type", tag="spending", gc=False):
    """Self-paid spending of one month, or of the year up to it."""

    category: SpendingCategory
    self_paid: Money
    month: Month
    person_id: PersonId | None = None
    cumulative: bool = False


class ClaimFact(Struct, frozen=True, tag_field="type", tag="claim", gc=False):
    """An insurance claim received."""

    kind: ClaimKind
    amount: Money
    month: Month


class FoodFact(Struct, frozen=True, tag_field="type", tag="food", gc=False):
    """Whether food is adequate."""

    adequate: bool


class ClothingFact(Struct, frozen=True, tag_field="type", tag="clothing", gc=False):
    """Whether clothing is adequate."""

    adequate: bool


class SchoolingFact(Struct, frozen=True, tag_field="type", tag="schooling", gc=False):
    """Where a person stands in school."""

    person_id: PersonId
    stage: Stage
    status: Status


class MedicalCoverFact(Struct, frozen=True, tag_field="type", tag="medical_cover", gc=False):
    """Whether a person is enrolled in basic medical insurance."""

    person_id: PersonId
    enrolled: bool


class HousingFact(Struct, frozen=True, tag_field="type", tag="housing", gc=False):
    """The safety grade of the house."""

    grade: Grade


class WaterFact(Struct, frozen=True, tag_field="type", tag="water", gc=False):
    """Whether drinking water is safe."""

    safe: bool


WireIndicator = FoodFact | ClothingFact | SchoolingFact | MedicalCoverFact | HousingFact | WaterFact
WireFact = IncomeStatementFact | IncomeFact | SpendingFact | ClaimFact | WireIndicator | WireSignal | CaseStepFact
WireFacts = Annotated[list[WireFact], Meta(max_length=64)]


class SelfDeclaration(Struct, frozen=True, tag_field="schema", tag="self-declaration/1", gc=False):
    """A report on ``self-declarations``."""

    event_id: EventId
    household_id: HouseholdId
    area_code: AreaCode
    occurred_at: Instant
    reported_at: Instant
    source: DeclarationSource
    facts: WireFacts
    person_id: PersonId | None = None
    voids: EventId | None = None


class CadreReport(Struct, frozen=True, tag_field="schema", tag="cadre-report/1", gc=False):
    """A report on ``cadre-reports``; ``source`` is a cadre's pseudonym."""

    event_id: EventId
    household_id: HouseholdId
    area_code: AreaCode
    occurred_at: Instant
    reported_at: Instant
    source: str
    facts: WireFacts
    person_id: PersonId | None = None
    voids: EventId | None = None


class DepartmentRecord(Struct, frozen=True, tag_field="schema", tag="department-record/1", gc=False):
    """A record on ``department-feeds``; knows the household, or only the person."""

    event_id: EventId
    area_code: AreaCode
    occurred_at: Instant
    reported_at: Instant
    source: Department
    facts: WireFacts
    household_id: HouseholdId | None = None
    person_id: PersonId | None = None
    voids: EventId | None = None


WireReport = SelfDeclaration | CadreReport | DepartmentRecord


class WireMember(Struct, frozen=True, gc=False):
    """A member of a household."""

    person_id: PersonId
    birth_year: int
    labour: Labour
    student: bool


class HouseholdEntry(Struct, frozen=True, gc=False):
    """An entry on ``households``."""

    schema: Literal["household/1"]
    household_id: HouseholdId
    area_code: AreaCode
    status: HouseholdStatus
    members: list[WireMember]
    updated_at: Instant
    relieved_on: str | None = None


class HouseholdRemoval(Struct, frozen=True, gc=False):
    """A line of a file that removes an entry; on ``households`` a null value does, with ``updated_at`` as its timestamp."""

    schema: Literal["household-removal/1"]
    household_id: HouseholdId
    updated_at: Instant


class TickMessage(Struct, frozen=True, tag_field="schema", tag="tick/1", gc=False):
    """A record on ``ticks``: time has passed for a household."""

    household_id: HouseholdId
    at: Instant


class AreaTickMessage(Struct, frozen=True, tag_field="schema", tag="area-tick/1", gc=False):
    """A record on ``ticks``: time has passed for a village or township."""

    area: AreaDigits
    at: Instant


class Schema(msgspec.Struct, frozen=True, gc=False):
    """Only the schema of a message: what is looked at before the rest."""

    schema: str
