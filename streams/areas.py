"""Area events: what they are about, whom they reach, and what reaches a household (docs/contract-more.md §5)."""

from typing import Any, Final

import msgspec

from schemas.areas import AreaEvent, AreaNotice, LinkClaim
from schemas.fields import NANOSECONDS, instant_of, parse_instant, parse_month
from schemas.household import Facts
from schemas.rejections import Rejected, RejectionCode
from streams.assess import area_code
from streams.horizon import counted
from streams.rules.signals import Signals
from streams.signals import DEPARTMENT, check_reporters

FUTURE_LIMIT_SECONDS: Final = 24 * 3600


def read_area_event(event: AreaEvent, timestamp: int) -> AreaNotice:
    """Return an event with its link; ``timestamp`` is the record's in milliseconds.

    Raises:
        Rejected: a time, an area or a fact that may not be so.
    """
    occurred_at = _instant(event.occurred_at, "$.occurred_at")
    _instant(event.reported_at, "$.reported_at")
    if timestamp >= 0 and occurred_at > instant_of(timestamp) + FUTURE_LIMIT_SECONDS * NANOSECONDS:
        raise Rejected(RejectionCode.FUTURE_EVENT, "$.occurred_at", "more than 24 h after the record's timestamp")
    if not event.facts and event.voids is None:
        raise Rejected(RejectionCode.INVALID_VALUE, "$.facts", "may be empty only with voids")
    kind, _, what = event.about.partition(":")
    if kind == "grows" and event.area_code[4:6] == "00":
        raise Rejected(RejectionCode.INVALID_VALUE, "$.area_code", "must be a county or a place in one")
    check_reporters(event.facts, DEPARTMENT, event.source)
    for position, fact in enumerate(event.facts):
        named: Any = fact
        if what != (named.product if hasattr(named, "product") else named.asset) or hasattr(named, "product") != (
            kind == "grows"
        ):
            raise Rejected(RejectionCode.INVALID_VALUE, f"$.facts[{position}]", "is not about what the event is about")
        parse_month(named.month if hasattr(named, "month") else named.since)
    return AreaNotice(f"grows:{event.area_code[:6]}:{what}" if kind == "grows" else event.about, event, occurred_at)


def _instant(text: str, path: str) -> int:
    try:
        return parse_instant(text)
    except ValueError as error:
        raise Rejected(RejectionCode.INVALID_VALUE, path, str(error)) from None


def reaches(event_area: str, household_area: str) -> bool:
    """Tell whether an area (trailing ``000`` of village and township widen it) holds a household's."""
    width = 12
    while width > 6 and event_area[width - 3 : width] == "000":
        width -= 3
    if event_area[4:6] == "00":
        width = 4 if event_area[2:4] != "00" else 2
    return household_area[:width] == event_area[:width]


def report_of(event: AreaEvent, household_id: str, area: str) -> bytes:
    """Return what reaches a household of an event: a department's record about it, where it lives."""
    record = msgspec.to_builtins(event) | {"schema": "department-record/1", "household_id": household_id, "person_id": None}
    del record["about"]
    return msgspec.json.encode(record | {"area_code": area})


def counts_no_more(occurred_at: int, newest: int) -> bool:
    """Tell whether an event cannot count any more for a household that hears of a newer one (contract §3.2)."""
    return not counted(occurred_at, newest)


def told_later(notice: AreaNotice) -> tuple[bool, int, str]:
    """Return the place of a kept event among those that a household hears of once it is linked.

    First what takes back, then the newest: of what was over by then nothing is said that would have to be cleared at once.
    """
    return notice.event.voids is None, -notice.occurred_at, notice.event.event_id


def links_of(facts: Facts) -> dict[str, str]:
    """Return the links of a household with the area it lives in."""
    area = area_code(facts)
    if not facts.signals or area is None:
        return {}
    signals = Signals(facts)
    grown = [signal.thing for signal, _ in signals.current("grows") if signal.value == "active"]
    linked = [signal.thing for signal, _ in signals.current("asset_link") if signal.value.startswith("linked:")]
    return {f"grows:{area[:6]}:{product}": area for product in grown} | {f"asset:{asset}": area for asset in linked}


def link_claims(household_id: str, before: Facts, after: Facts) -> list[LinkClaim]:
    """Return what changed of a household's links; nothing where it has no signals."""
    if not before.signals and not after.signals:
        return []
    if before.signals is after.signals and area_code(before) == area_code(after):
        return []
    old, new = links_of(before), links_of(after)
    gone = [LinkClaim(link, household_id, area, linked=False) for link, area in old.items() if link not in new]
    return gone + [LinkClaim(link, household_id, area, linked=True) for link, area in new.items() if old.get(link) != area]
