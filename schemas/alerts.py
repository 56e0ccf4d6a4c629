"""What alert consumers read on ``alerts`` (contract §5). Amounts are yuan as text, instants RFC 3339 in China time."""

from typing import Literal

import msgspec

from schemas.vocabulary import Category, Pathway, Severity, Transition


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """A report that a reason rests on."""

    event_id: str
    channel: str
    source: str
    occurred_at: str


class Explanation(msgspec.Struct, frozen=True, gc=False):
    """One sentence or two for the person who acts on it."""

    zh: str
    en: str


class ConflictNote(msgspec.Struct, frozen=True, gc=False):
    """Channels whose newest values stand good against bad."""

    rule: str
    subject: str | None
    good: list[Evidence]
    bad: list[Evidence]


class Reason(msgspec.Struct, frozen=True, gc=False):
    """Why the alert is open: one rule that fires. ``evidence`` holds the newest 64 of ``evidence_count`` reports."""

    rule: str
    dimension: str
    severity: Severity
    subject: str | None
    value: str
    threshold: str
    unit: str
    channels: list[str]
    evidence: list[Evidence]
    evidence_count: int
    figures: dict[str, str]
    conflict: ConflictNote | None
    explanation: Explanation


class SuggestedMeasure(msgspec.Struct, frozen=True, gc=False):
    """An assistance measure that the policy suggests for some reasons, and whether it was given already: since which month."""

    code: str
    zh: str
    en: str
    rules: list[str]
    status: Literal["suggested", "given"]
    since: str | None = None


class NoiseNote(msgspec.Struct, frozen=True, gc=False):
    """What noise control had to do with a transition: ``withheld`` different ones were held back since the one before.

    ``window_days`` is how long this one keeps milder ones back, 0 for not at all; ``snoozed_until`` the last day of a snooze.
    """

    window_days: int
    withheld: int
    snoozed_until: str | None


class Alert(msgspec.Struct, frozen=True, gc=False):
    """One transition of a household's alert. Only ``emitted_at`` reads a clock; it is set when the alert is sent."""

    schema: Literal["alert/1"]
    alert_id: str
    household_id: str
    sequence: int
    transition: Transition
    severity: Severity | None
    previous_severity: Severity | None
    category: Category
    pathway: Pathway
    area_code: str
    county_code: str
    tier: str
    reasons: list[Reason]
    conflicts: list[ConflictNote]
    opened_at: str
    as_of: str
    caused_by: str
    policy: str
    verify_by: str
    emitted_at: str
    measures: list[SuggestedMeasure] = []
    noise: NoiseNote | None = None
