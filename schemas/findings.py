"""What rules say: a Finding with the reports it rests on, or Undetermined with what is missing."""

from typing import Literal

import msgspec

from schemas.household import ConflictKey, ReasonKey
from schemas.reports import KeptReport, Signal
from schemas.vocabulary import CHANNELS, Category, Pathway, Severity

Figure = str | int | tuple[int, int]
"""A word, an amount in fen, or a share as part and whole (above 0): rendered where somebody reads it."""
Unit = Literal["yuan", "percent", "state", "grade", "status", "months"]


class Conflict(msgspec.Struct, frozen=True, gc=False):
    """Channels whose newest values stand good against bad on one indicator."""

    rule: str
    subject: str | None
    good: tuple[KeptReport, ...]
    bad: tuple[KeptReport, ...]

    @property
    def key(self) -> ConflictKey:
        """What makes it another conflict."""
        return ConflictKey(self.rule, self.subject or "", channels_of(self.good), channels_of(self.bad))


class Finding(msgspec.Struct, frozen=True, gc=False):
    """A rule that fires.

    ``support`` holds (report, position of the fact in it), newest report first. ``figures`` are the amounts (fen) and
    other numbers behind the value, by name, enough to argue about it. ``lead`` is the signal the value was read from, if any.
    ``beside`` are reports whose newer word stands in the place of an older one in a report of ``support``.
    """

    rule: str
    dimension: str
    severity: Severity
    value: str
    threshold: str
    unit: Unit
    channels: tuple[str, ...]
    support: tuple[tuple[KeptReport, int], ...]
    subject: str | None = None
    conflict: Conflict | None = None
    figures: dict[str, int] = {}  # msgspec copies it for every struct
    lead: Signal | None = None
    beside: tuple[KeptReport, ...] = ()

    @property
    def key(self) -> ReasonKey:
        """What makes it another reason (contract §5)."""
        return ReasonKey(self.rule, self.subject or "", self.severity, self.channels)

    @property
    def reports(self) -> tuple[KeptReport, ...]:
        """The reports it rests on, each once, newest first."""
        named = {report.event_id: report for report, _ in self.support}
        if not self.beside:
            return tuple(named.values())
        named |= {report.event_id: report for report in self.beside}
        return tuple(sorted(named.values(), key=_newness, reverse=True))


def _newness(report: KeptReport) -> tuple[int, int, str]:
    return report.newness


class Undetermined(msgspec.Struct, frozen=True, gc=False):
    """A rule that cannot be answered, and what is missing for it. Never zero, never an alert."""

    rule: str
    missing: str


class NotFiring(msgspec.Struct, frozen=True, gc=False):
    """A rule that was answered with no, with what it compared."""

    rule: str
    value: Figure
    threshold: Figure
    unit: Unit


Answer = Finding | NotFiring | Undetermined
"""What one rule says, of one subject where it asks several."""


class Answers(msgspec.Struct, frozen=True, gc=False):
    """What the rules that were asked say of one household."""

    findings: tuple[Finding, ...]
    conflicts: tuple[Conflict, ...]
    undetermined: tuple[Undetermined, ...]
    quiet: tuple[NotFiring, ...]


class Assessment(Answers, frozen=True, gc=False):
    """All rules over one household at ``as_of``."""

    as_of: int
    category: Category
    pathway: Pathway
    severity: Severity | None


def channels_of(reports: tuple[KeptReport, ...]) -> tuple[str, ...]:
    """Return the channels of some reports, each once, in the order of their rank."""
    return tuple(CHANNELS[rank] for rank in sorted({report.channel for report in reports}))
