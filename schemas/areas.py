"""What happens to many households at once, and whom it reaches (docs/contract-more.md §5). Times and areas as text."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.vocabulary import Department
from schemas.wire_fields import About, HouseholdId, WideAreaCode
from schemas.wire_signals import AssetStatusFact, DividendFact, MarketFact

AreaFact = MarketFact | AssetStatusFact | DividendFact


class AreaEvent(msgspec.Struct, frozen=True, tag_field="schema", tag="area-event/1", gc=False):
    """A slump of a product in an area, or what a project asset does; ``about`` is ``grows:PRODUCT`` or ``asset:ID``."""

    event_id: Annotated[str, Meta(min_length=1, max_length=64)]
    area_code: WideAreaCode
    about: About
    occurred_at: Annotated[str, Meta(description="RFC 3339 date-time with offset")]
    reported_at: Annotated[str, Meta(description="RFC 3339 date-time with offset")]
    source: Department
    facts: Annotated[list[AreaFact], Meta(max_length=64, description="all about the same; may be empty only with voids")]
    voids: Annotated[str, Meta(min_length=1, max_length=64)] | None = None


class AreaNotice(msgspec.Struct, frozen=True, gc=False):
    """An area event that was found right, the key of the links it follows, and when it occurred (nanoseconds)."""

    link: str
    event: AreaEvent
    occurred_at: int


class LinkClaim(msgspec.Struct, frozen=True, tag_field="schema", tag="link/1", gc=False):
    """A household is reached by the events of a link, where it lives there, or is not any more (internal)."""

    link: str
    household_id: HouseholdId
    area_code: str
    linked: bool
