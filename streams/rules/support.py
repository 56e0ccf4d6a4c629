"""Small readings that several rules share."""

from collections.abc import Iterable

from schemas.fields import render_money
from schemas.findings import Figure, channels_of
from streams.ledger import Support


def support_channels(support: Iterable[Support]) -> tuple[str, ...]:
    """Return the channels of the reports behind some facts."""
    return channels_of(tuple(report for report, _ in support))


def percent(part: int, whole: int) -> str:
    """Return ``part`` of ``whole`` (above 0) in percent with two decimals, rounded down; rules compare exactly."""
    sign = "-" if part < 0 else ""
    hundredths = abs(part) * 10_000 // whole
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}"


def render_figure(figure: Figure) -> str:
    """Return what a rule compared, as people read it: a word as it is, an amount in yuan, a share in percent."""
    match figure:
        case str():
            return figure
        case int():
            return render_money(figure)
        case part, whole:
            return percent(part, whole)
