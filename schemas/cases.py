"""Cases, from lead to removal: the step that is kept of a report, what a case is, and what is published of it.

``docs/contract-cases.md`` says what each means.
"""

from typing import Final, Literal

import msgspec

Step = Literal[
    "verification", "authorisation", "comparison", "appraisal", "notice", "objection", "settlement", "review", "decision",
    "rollback", "standing",
]  # fmt: skip
Phase = Literal["entry", "removal"]
CaseCategory = Literal["unstable", "marginal", "sudden"]
Standing = Literal["registered", "removed"]
Stage = Literal[
    "none", "ended", "verified", "authorised", "compared", "appraised", "noticed", "reviewed", "registered",
    "removal_appraised", "removal_noticed", "removal_reviewed", "removed",
]  # fmt: skip
STAGES: Final[tuple[Stage, ...]] = (
    "none", "ended", "verified", "authorised", "compared", "appraised", "noticed", "reviewed", "registered",
    "removal_appraised", "removal_noticed", "removal_reviewed", "removed",
)  # fmt: skip
"""In the order of the way from a lead to removal."""
ClockName = Literal["verify", "finish", "settle", "notice", "watch"]
ConditionCode = Literal[
    "stage", "objection-open", "no-objection", "notice-period", "income-undetermined", "income-below-line", "guarantee",
    "spending", "labour",
]  # fmt: skip
MeasureStatus = Literal["given", "not given", "given beside", "ended", "withdrawn"]
CaseTransition = Literal[
    "opened", "ended", "removed", "rolled_back", "advanced", "returned", "relapsed", "overdue", "refused", "updated",
]  # fmt: skip


class CaseStep(msgspec.Struct, frozen=True, array_like=True, tag=40, gc=False):
    """A step of a case, as a household's facts keep it."""

    step: Step
    phase: Phase
    passed: bool
    category: CaseCategory | None
    stage: Standing | None


class Condition(msgspec.Struct, frozen=True, gc=False):
    """What a refused step lacked: a code, which one exactly, and a sentence for who has to supply it."""

    code: ConditionCode
    detail: str
    zh: str
    en: str


class Refused(msgspec.Struct, frozen=True, gc=False):
    """A step that moved nothing, and every condition that was missing where it stands."""

    event_id: str
    position: int
    step: Step
    phase: Phase
    missing: tuple[Condition, ...]


class Done(msgspec.Struct, frozen=True, gc=False):
    """A step that was taken in an episode, and the stage it led to; ``occurred_at`` in nanoseconds."""

    episode: int
    event_id: str
    step: Step
    phase: Phase
    passed: bool
    stage: Stage
    occurred_at: int


class Case(msgspec.Struct, frozen=True, gc=False):
    """A household's case, folded from its steps. Days are ordinals in China, ``since`` is in nanoseconds.

    ``visited_on`` is the day of the verification, whatever it found. ``pauses`` are the days (first, last) on which an
    objection was open in the running phase; ``objections`` are the days on which those were raised that are still open, oldest
    first. ``history`` is that
    of all episodes, ``refused`` that of the running one, oldest first.
    """

    episode: int = 0
    stage: Stage = "none"
    category: CaseCategory | None = None
    since: int = 0
    visited_on: int | None = None
    notice_on: int | None = None
    objections: tuple[int, ...] = ()
    removed_on: int | None = None
    pauses: tuple[tuple[int, int], ...] = ()
    history: tuple[Done, ...] = ()
    refused: tuple[Refused, ...] = ()


class Clock(msgspec.Struct, frozen=True, gc=False):
    """A clock that runs: its due day (ordinal), and whether the household's clock has passed it."""

    clock: ClockName
    due: int
    overdue: bool


class MeasureNote(msgspec.Struct, frozen=True, gc=False):
    """A measure of assistance: what suggests it now, how what was given stands against that, since which month (YYYY-MM)."""

    code: str
    zh: str
    en: str
    rules: list[str]
    status: MeasureStatus
    since: str | None


class CaseNow(msgspec.Struct, frozen=True, gc=False):
    """A case at a household's clock (nanoseconds), with its clocks and the measures for the household.

    Relapsed: removed, watched, and there is a reason that was not there, or less grave, at the removal; ``new_since`` is the
    day (ordinal) from which on there has been one, relapse or not.
    """

    case: Case
    clocks: tuple[Clock, ...]
    relapsed: bool
    as_of: int
    measures: tuple[MeasureNote, ...] = ()
    new_since: int | None = None


class CaseThread(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was last said of a household's case, and how often something was said.

    ``lacking`` names, for each of ``refused``, the conditions that were said to be missing, as ``code:detail``; ``measures``
    are the measures by code with how they stood; ``notice_over`` says that a notice had ended, ``watch_over`` that
    the watch after a removal had, ``objected`` that an objection was open. ``new_since`` is no such word: the day (ordinal, of
    the record) from which on there have been reasons new since the removal.
    """

    sequence: int = 0
    episode: int = 0
    stage: Stage = "none"
    category: CaseCategory | None = None
    refused: tuple[tuple[str, int], ...] = ()
    overdue: tuple[ClockName, ...] = ()
    relapsed: bool = False
    lacking: tuple[tuple[str, ...], ...] = ()
    measures: tuple[tuple[str, MeasureStatus], ...] = ()
    notice_over: bool = False
    watch_over: bool = False
    objected: bool = False
    new_since: int | None = None


class ClockNote(msgspec.Struct, frozen=True, gc=False):
    """A clock as consumers read it; ``due`` is a date."""

    clock: ClockName
    due: str
    overdue: bool


class RefusedNote(msgspec.Struct, frozen=True, gc=False):
    """A refused step as consumers read it."""

    event_id: str
    step: Step
    phase: Phase
    missing: list[Condition]


class DoneNote(msgspec.Struct, frozen=True, gc=False):
    """A step that was taken, as consumers read it; ``occurred_at`` is RFC 3339."""

    episode: int
    event_id: str
    step: Step
    phase: Phase
    passed: bool
    stage: Stage
    occurred_at: str


class CaseShown(msgspec.Struct, frozen=True, gc=False):
    """A case as people read it; instants are RFC 3339."""

    episode: int
    stage: Stage
    category: CaseCategory | None
    since: str | None
    open_objection: bool
    refused: list[RefusedNote]
    clocks: list[ClockNote]
    relapsed: bool
    history: list[DoneNote]
    measures: list[MeasureNote]


class CaseRecord(msgspec.Struct, frozen=True, gc=False):
    """What ``cases`` carries: a case as it stands after something about it changed."""

    schema: Literal["case/1"]
    household_id: str
    sequence: int
    transition: CaseTransition
    episode: int
    stage: Stage
    previous_stage: Stage
    category: CaseCategory | None
    since: str | None
    open_objection: bool
    refused: list[RefusedNote]
    clocks: list[ClockNote]
    relapsed: bool
    history: list[DoneNote]
    measures: list[MeasureNote]
    area_code: str
    county_code: str
    tier: str
    as_of: str
    caused_by: str
    policy: str
    emitted_at: str
