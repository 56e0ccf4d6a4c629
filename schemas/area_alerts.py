"""What alert consumers read on ``area-alerts``, and what its stage keeps of an area (docs/contract-area-alerts.md).

Areas are villages (12 digits) and townships (9 digits), called by their digits; days are ordinals, on the wire ``YYYY-MM-DD``.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from schemas.alerts import Explanation
from schemas.vocabulary import AreaLevel, AreaTransition, RiskCause, Severity
from schemas.wire_fields import AreaDigits, HouseholdId

DIGITS: Final[dict[AreaLevel, int]] = {"village": 12, "township": 9}
"""Of an area code (county 6, township 3, village 3 digits) those that name an area of a level."""


def place_of(area: str) -> str:
    """Return the township of a village or township: it and its villages are kept on its partition."""
    return area[: DIGITS["township"]]


class AreaClaim(msgspec.Struct, frozen=True, tag_field="schema", tag="area-claim/1", gc=False):
    """What a village and its township, or one of them, are told of a household that lives there: its open alert, on which day
    of its clock (internal topic).

    ``registered`` says whether it counts among the area's households, ``severity`` is None where no alert is open.
    """

    areas: Annotated[tuple[AreaDigits, ...], Meta(min_length=1, max_length=2)]
    household_id: HouseholdId
    registered: bool
    day: int
    severity: Severity | None = None
    rules: tuple[str, ...] = ()


class AreaTick(msgspec.Struct, frozen=True, gc=False):
    """Time passing for an area whose households are silent (instant in nanoseconds)."""

    area: str
    at: int


class AreaMember(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an area knows of one household: a member where ``severity`` is not None, since a day of its clock."""

    registered: bool
    since: int
    severity: Severity | None
    rules: tuple[str, ...]


class AreaDay(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The members of one ``since``, summed up: ``by_severity`` from blue to red, ``digest`` changes with who they are."""

    disaster: int = 0
    market: int = 0
    by_severity: tuple[int, int, int, int] = (0, 0, 0, 0)
    digest: int = 0

    @property
    def households(self) -> int:
        """How many there are."""
        return sum(self.by_severity)


class OpenAreaAlert(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was last published of the area's open alert. ``opened_on`` is a day of the area's clock."""

    opened_on: int
    severity: Severity
    because: tuple[RiskCause, ...]
    households: int
    digest: int


class AreaState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An area as its partition keeps it, beside its members: its clock, how many are registered, and its members' days."""

    day: int = 0
    registered: int = 0
    days: dict[int, AreaDay] = {}
    episode: int = 0
    sequence: int = 0
    open: OpenAreaAlert | None = None


class AreaRule(msgspec.Struct, frozen=True, gc=False):
    """A rule and for how many of the members it fires."""

    rule: str
    households: int


class AreaMemberNote(msgspec.Struct, frozen=True, gc=False):
    """A member as an area alert names it."""

    household_id: str
    severity: Severity
    since: str
    rules: list[str]


class AreaAlert(msgspec.Struct, frozen=True, gc=False):
    """One transition of an area's alert. Only ``emitted_at`` reads a clock."""

    schema: Literal["area-alert/1"]
    area_alert_id: str
    area_code: str
    level: AreaLevel
    county_code: str
    tier: str
    sequence: int
    transition: AreaTransition
    severity: Severity | None
    because: list[RiskCause]
    households: int
    registered: int | None
    share: str | None
    window_days: int
    rules: list[AreaRule]
    members: list[AreaMemberNote]
    opened_on: str
    as_of: str
    policy: str
    explanation: Explanation
    emitted_at: str
