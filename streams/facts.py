"""normalise, fact by fact: what stands on the wire -> what a household keeps of it."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from schemas import wire
from schemas.fields import parse_money, parse_month
from schemas.rejections import Rejected, RejectionCode
from schemas.reports import Claim, Fact, Income, IncomeStatement, Indicator, Spending
from schemas.vocabulary import CHANNELS, SIGNED_COMPONENTS
from schemas.wire_cases import CaseStepFact
from streams.case_steps import read_step
from streams.plain import SHAPES
from streams.signals import READERS as SIGNALS

MAX_STATEMENT_MONTHS: Final = 12
DEPARTMENT: Final = CHANNELS.index("department")


def read_facts(facts: list[wire.WireFact], channel: int) -> tuple[Fact, ...]:
    """Return the facts of one report. ``channel`` is its rank.

    Raises:
        Rejected: names the first fact that may not be so.
    """
    kept = []
    for position, fact in enumerate(facts):
        try:
            kept.append(_READERS[type(fact)](fact, channel))
        except Rejected as refused:
            code, field, message = msgspec.structs.astuple(refused.rejection)
            raise Rejected(code, f"$.facts[{position}].{field}", message) from None
    return tuple(kept)


def _allow(allowed: bool) -> None:
    if not allowed:
        raise Rejected(RejectionCode.FACT_NOT_ALLOWED, "type", "this channel may not report it")


def _money(value: str | int | float, field: str, *, signed: bool = False) -> int:
    try:
        fen = parse_money(value)
    except ValueError as error:
        raise Rejected(RejectionCode.INVALID_VALUE, field, str(error)) from None
    if fen < 0 and not signed:
        raise Rejected(RejectionCode.INVALID_VALUE, field, "may not be negative")
    return fen


def _statement(fact: wire.IncomeStatementFact, channel: int) -> IncomeStatement:
    _allow(channel != DEPARTMENT)
    start, end = parse_month(fact.start), parse_month(fact.end)
    if start > end:
        raise Rejected(RejectionCode.INVALID_VALUE, "from", "lies after to")
    if end - start + 1 > MAX_STATEMENT_MONTHS:
        raise Rejected(RejectionCode.INVALID_VALUE, "to", "the period is over 12 months")
    return IncomeStatement(
        start, end, _money(fact.wage, "wage"), _money(fact.business, "business", signed=True),
        _money(fact.property, "property", signed=True), _money(fact.transfer, "transfer"),
        _money(fact.production_cost, "production_cost"),
    )  # fmt: skip


def _income(fact: wire.IncomeFact, channel: int) -> Income:
    _allow(channel == DEPARTMENT)
    amount = _money(fact.amount, "amount", signed=fact.component in SIGNED_COMPONENTS)
    return Income(fact.component, parse_month(fact.month), amount, fact.person_id or None)


def _spending(fact: wire.SpendingFact, _channel: int) -> Spending:
    amount = _money(fact.self_paid, "self_paid")
    return Spending(fact.category, amount, parse_month(fact.month), fact.person_id or None, fact.cumulative or False)


def _claim(fact: wire.ClaimFact, _channel: int) -> Claim:
    return Claim(fact.kind, _money(fact.amount, "amount"), parse_month(fact.month))


def _food(fact: wire.FoodFact, _channel: int) -> Indicator:
    return Indicator("food", None, "adequate" if fact.adequate else "inadequate")


def _clothing(fact: wire.ClothingFact, _channel: int) -> Indicator:
    return Indicator("clothing", None, "adequate" if fact.adequate else "inadequate")


def _schooling(fact: wire.SchoolingFact, _channel: int) -> Indicator:
    return Indicator("schooling", fact.person_id, f"{fact.stage}:{fact.status}")


def _medical_cover(fact: wire.MedicalCoverFact, _channel: int) -> Indicator:
    return Indicator("medical_cover", fact.person_id, "enrolled" if fact.enrolled else "not_enrolled")


def _housing(fact: wire.HousingFact, _channel: int) -> Indicator:
    return Indicator("housing", None, fact.grade)


def _water(fact: wire.WaterFact, _channel: int) -> Indicator:
    return Indicator("water", None, "safe" if fact.safe else "unsafe")


_OF_SHAPE: Final[dict[type[msgspec.Struct], Callable[[Any, int], Fact]]] = {
    wire.IncomeStatementFact: _statement,
    wire.IncomeFact: _income,
    wire.SpendingFact: _spending,
    wire.ClaimFact: _claim,
    wire.FoodFact: _food,
    wire.ClothingFact: _clothing,
    wire.SchoolingFact: _schooling,
    wire.MedicalCoverFact: _medical_cover,
    wire.HousingFact: _housing,
    wire.WaterFact: _water,
    CaseStepFact: read_step,
    **SIGNALS,
}
"""Each reads one fact that a channel reports. Of a fact that :mod:`streams.plain` read, an optional field may be UNSET."""
_READERS: Final = _OF_SHAPE | {SHAPES[shape]: reader for shape, reader in _OF_SHAPE.items()}
