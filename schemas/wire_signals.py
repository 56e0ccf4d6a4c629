"""Facts of which the newest of a key counts, as they stand on the wire (docs/contract-more.md §1)."""

from msgspec import Struct

from schemas.vocabulary import (
    AccidentKind,
    AssetKind,
    AssetStatus,
    CoverKind,
    DisabilityGrade,
    DividendStatus,
    EmploymentStatus,
    Hazard,
    LossObject,
    MarketMeasure,
    MeasureCode,
    MembershipCause,
    MembershipStatus,
    Outcome,
    PetitionCategory,
    PetitionStatus,
    Product,
    SkillsStep,
    SnoozeReason,
    SupportStatus,
    WorkPlace,
)
from schemas.wire_fields import Day, HouseholdId, Money, Month, Percent, PersonId, ThingId


class EmploymentFact(Struct, frozen=True, tag_field="type", tag="employment", gc=False):
    """Whether a person works, since which month, and where: in the home county, elsewhere in the province, or outside of it."""

    person_id: PersonId
    status: EmploymentStatus
    since: Month
    place: WorkPlace | None = None


class SkillsFact(Struct, frozen=True, tag_field="type", tag="skills", gc=False):
    """How far a person came in a line of training, and since which month."""

    person_id: PersonId
    line: ThingId
    step: SkillsStep
    since: Month


class DisabilityFact(Struct, frozen=True, tag_field="type", tag="disability", gc=False):
    """A person's grade of disability by certificate: 1 is the gravest."""

    person_id: PersonId
    grade: DisabilityGrade
    since: Month


class SupportFact(Struct, frozen=True, tag_field="type", tag="support", gc=False):
    """A measure or allowance granted, at its end, or withdrawn."""

    kind: MeasureCode
    status: SupportStatus
    since: Month
    person_id: PersonId | None = None


class LossFact(Struct, frozen=True, tag_field="type", tag="loss", gc=False):
    """What a disaster took; ``ended`` when the event is over."""

    event: ThingId
    hazard: Hazard
    object: LossObject
    lost_percent: Percent
    month: Month
    amount: Money = "0"
    ended: bool = True


class CoverFact(Struct, frozen=True, tag_field="type", tag="cover", gc=False):
    """Whether an insurance covers the household, and up to which month."""

    kind: CoverKind
    covered: bool
    until: Month


class AccidentFact(Struct, frozen=True, tag_field="type", tag="accident", gc=False):
    """An accident of a person and how it ended."""

    person_id: PersonId
    kind: AccidentKind
    outcome: Outcome
    month: Month


class MembershipFact(Struct, frozen=True, tag_field="type", tag="membership", gc=False):
    """A person joined or left the household, and why."""

    person_id: PersonId
    status: MembershipStatus
    cause: MembershipCause
    since: Month
    other_household: HouseholdId | None = None


class PetitionFact(Struct, frozen=True, tag_field="type", tag="petition", gc=False):
    """A call or petition by its category. Its text is never kept."""

    ref: ThingId
    category: PetitionCategory
    urgent: bool
    status: PetitionStatus
    since: Month


class GrowsFact(Struct, frozen=True, tag_field="type", tag="grows", gc=False):
    """Whether the household grows or breeds a product for sale."""

    product: Product
    active: bool


class MarketFact(Struct, frozen=True, tag_field="type", tag="market", gc=False):
    """A slump of a product: the price against the average of three years, or the share that finds no buyer."""

    product: Product
    measure: MarketMeasure
    drop_percent: Percent
    month: Month


class AssetLinkFact(Struct, frozen=True, tag_field="type", tag="asset_link", gc=False):
    """Whether a project asset pays or employs the household."""

    asset: ThingId
    kind: AssetKind
    linked: bool


class AssetStatusFact(Struct, frozen=True, tag_field="type", tag="asset_status", gc=False):
    """Whether a project asset runs."""

    asset: ThingId
    status: AssetStatus
    since: Month


class DividendFact(Struct, frozen=True, tag_field="type", tag="dividend", gc=False):
    """Whether a project asset pays what it owes the household."""

    asset: ThingId
    status: DividendStatus
    since: Month


class SnoozeFact(Struct, frozen=True, tag_field="type", tag="snooze", gc=False):
    """Somebody knows of the household and asks not to be told again through the day ``until``, unless it is grave."""

    until: Day
    reason: SnoozeReason


WireSignal = (
    EmploymentFact
    | SkillsFact
    | DisabilityFact
    | SupportFact
    | LossFact
    | CoverFact
    | AccidentFact
    | MembershipFact
    | PetitionFact
    | GrowsFact
    | MarketFact
    | AssetLinkFact
    | AssetStatusFact
    | DividendFact
    | SnoozeFact
)
