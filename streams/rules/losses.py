"""What several rules read from a loss."""

from schemas.reports import Signal


def ended(signal: Signal) -> bool:
    """Tell whether the event behind a loss is over: before, a disaster is not pushed."""
    return signal.value.endswith(":ended")


def object_of(signal: Signal) -> str:
    """Return what was lost: a crop, livestock, a facility, a house or other."""
    return signal.thing.rpartition("/")[2]
