"""Signals: facts of which the newest of a key counts. Who may report them, and how they are kept (docs/contract-more.md §1)."""

from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

import msgspec

from schemas import wire_signals as wire
from schemas.fields import has_telephone_number, is_household_id, month_of_day, parse_day, parse_money, parse_month
from schemas.rejections import Rejected, RejectionCode
from schemas.reports import Signal
from schemas.vocabulary import CHANNELS
from streams.plain import SHAPES

DECLARATION, CADRE, DEPARTMENT = range(len(CHANNELS))


class Permit(NamedTuple):
    """Who may report a fact: the channels by their rank, the sources of declarations (None: any) and of departments."""

    channels: frozenset[int]
    departments: frozenset[str]
    declarations: frozenset[str] | None = None


def _permit(*departments: str, declared: bool = False, by_cadre: bool = True) -> Permit:
    channels = {DEPARTMENT} | ({CADRE} if by_cadre else set()) | ({DECLARATION} if declared else set())
    return Permit(frozenset(channels), frozenset(departments))


ANY_BUT_PETITIONS: Final = (
    "medical-insurance", "health", "education", "housing", "water", "human-resources", "civil-affairs", "disabled-federation",
    "emergency", "public-security", "agriculture", "market-regulation", "commerce", "rural-revitalization", "insurance",
)  # fmt: skip
PERMITS: Final[dict[type[msgspec.Struct], Permit]] = {
    wire.EmploymentFact: _permit("human-resources", "rural-revitalization", declared=True),
    wire.SkillsFact: _permit("human-resources", "education", "rural-revitalization"),
    wire.DisabilityFact: _permit("disabled-federation", "civil-affairs"),
    wire.SupportFact: _permit(*ANY_BUT_PETITIONS),
    wire.LossFact: _permit("emergency", "agriculture", "insurance", "water", "housing", declared=True),
    wire.CoverFact: _permit("insurance", "agriculture"),
    wire.AccidentFact: _permit("public-security", "emergency", "health", "human-resources", "insurance", declared=True),
    wire.MembershipFact: _permit("public-security", "civil-affairs", "health", declared=True),
    wire.PetitionFact: Permit(frozenset({DECLARATION, DEPARTMENT}), frozenset({"petitions"}), frozenset({"hotline", "window"})),
    wire.GrowsFact: _permit("agriculture", declared=True),
    wire.MarketFact: _permit("agriculture", "commerce", "market-regulation"),
    wire.AssetLinkFact: _permit("rural-revitalization", "agriculture"),
    wire.AssetStatusFact: _permit("rural-revitalization", "agriculture"),
    wire.DividendFact: _permit("rural-revitalization", "agriculture", declared=True),
    wire.SnoozeFact: _permit("rural-revitalization"),
}


_PERMIT_OF: Final[dict[type[msgspec.Struct], Permit]] = PERMITS | {SHAPES[shape]: permit for shape, permit in PERMITS.items()}
_Wire = Any
"""A fact of :mod:`schemas.wire_signals` or its lean shape (:mod:`streams.plain`), whose optional fields may be UNSET."""


def may_report(permit: Permit, channel: int, source: str) -> bool:
    """Tell whether a channel (by its rank) and the source that speaks on it may report a fact."""
    if channel not in permit.channels:
        return False
    if channel == DEPARTMENT:
        return source in permit.departments
    return channel == CADRE or permit.declarations is None or source in permit.declarations


def check_reporters(facts: Iterable[_Wire], channel: int, source: str) -> None:
    """Check that a report holds no signal that its channel and source may not report.

    Raises:
        Rejected: names the first such fact.
    """
    for position, fact in enumerate(facts):
        permit = _PERMIT_OF.get(type(fact))
        if permit is not None and not may_report(permit, channel, source):
            path = f"$.facts[{position}].type"
            raise Rejected(RejectionCode.FACT_NOT_ALLOWED, path, "this channel or department may not report it")


def _employment(fact: _Wire, _channel: int) -> Signal:
    works_at = fact.status == "working" and fact.place
    return Signal("employment", fact.person_id, "", f"working:{works_at}" if works_at else fact.status, parse_month(fact.since))


def _skills(fact: _Wire, _channel: int) -> Signal:
    return Signal("skills", fact.person_id, fact.line, fact.step, parse_month(fact.since))


def _disability(fact: _Wire, _channel: int) -> Signal:
    return Signal("disability", fact.person_id, "", fact.grade, parse_month(fact.since))


def _support(fact: _Wire, _channel: int) -> Signal:
    return Signal("support", fact.person_id or None, fact.kind, fact.status, parse_month(fact.since))


def _loss(fact: _Wire, _channel: int) -> Signal:
    try:
        amount = parse_money("0" if fact.amount is msgspec.UNSET else fact.amount)
    except ValueError as error:
        raise Rejected(RejectionCode.INVALID_VALUE, "amount", str(error)) from None
    if amount < 0:
        raise Rejected(RejectionCode.INVALID_VALUE, "amount", "may not be negative")
    value = f"{fact.hazard}:{'under_way' if fact.ended is False else 'ended'}"
    return Signal("loss", None, f"{fact.event}/{fact.object}", value, parse_month(fact.month), amount, fact.lost_percent)


def _cover(fact: _Wire, _channel: int) -> Signal:
    return Signal("cover", None, fact.kind, "covered" if fact.covered else "not_covered", parse_month(fact.until))


def _accident(fact: _Wire, _channel: int) -> Signal:
    return Signal("accident", fact.person_id, f"{fact.kind}:{fact.month}", fact.outcome, parse_month(fact.month))


def _membership(fact: _Wire, _channel: int) -> Signal:
    value, other = f"{fact.status}:{fact.cause}", fact.other_household
    if other and not is_household_id(other):
        raise Rejected(RejectionCode.INVALID_VALUE, "other_household", "is not a household id")
    return Signal("membership", fact.person_id, "", f"{value}:{other}" if other else value, parse_month(fact.since))


def _petition(fact: _Wire, _channel: int) -> Signal:
    if has_telephone_number(fact.ref):
        raise Rejected(RejectionCode.INVALID_VALUE, "ref", "reads like a telephone number; send the number of the case")
    value = f"{fact.category}:{'urgent' if fact.urgent else 'normal'}:{fact.status}"
    return Signal("petition", None, fact.ref, value, parse_month(fact.since))


def _grows(fact: _Wire, _channel: int) -> Signal:
    return Signal("grows", None, fact.product, "active" if fact.active else "inactive", 0)


def _market(fact: _Wire, _channel: int) -> Signal:
    thing = f"{fact.product}:{fact.measure}"
    return Signal("market", None, thing, fact.measure, parse_month(fact.month), 0, fact.drop_percent)


def _asset_link(fact: _Wire, _channel: int) -> Signal:
    return Signal("asset_link", None, fact.asset, f"{'linked' if fact.linked else 'unlinked'}:{fact.kind}", 0)


def _asset_status(fact: _Wire, _channel: int) -> Signal:
    return Signal("asset_status", None, fact.asset, fact.status, parse_month(fact.since))


def _dividend(fact: _Wire, _channel: int) -> Signal:
    return Signal("dividend", None, fact.asset, fact.status, parse_month(fact.since))


def _snooze(fact: _Wire, _channel: int) -> Signal:
    until = parse_day(fact.until)
    return Signal("snooze", None, "", f"{fact.reason}:{fact.until}", month_of_day(until))


READERS: Final[dict[type[msgspec.Struct], Callable[[_Wire, int], Signal]]] = {
    wire.EmploymentFact: _employment,
    wire.SkillsFact: _skills,
    wire.DisabilityFact: _disability,
    wire.SupportFact: _support,
    wire.LossFact: _loss,
    wire.CoverFact: _cover,
    wire.AccidentFact: _accident,
    wire.MembershipFact: _membership,
    wire.PetitionFact: _petition,
    wire.GrowsFact: _grows,
    wire.MarketFact: _market,
    wire.AssetLinkFact: _asset_link,
    wire.AssetStatusFact: _asset_status,
    wire.DividendFact: _dividend,
    wire.SnoozeFact: _snooze,
}
"""Each reads one signal; whoever calls it puts the fact's place before the field that a rejection names."""
