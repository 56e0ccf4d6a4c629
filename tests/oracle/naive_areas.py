"""Whom an area event reaches (docs/contract-more.md §5), and when a village or township is at risk
(docs/contract-area-alerts.md §3), recomputed naively from the households.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any, NamedTuple

from tests.oracle.naive import ORDER, live

DIGITS = (12, 9)
"""Of an area code those that name a village, and its township."""
DISASTER, MARKET = ("production-loss", "disaster-loss"), ("market-slump",)


class Member(NamedTuple):
    """A household whose alert is open, since a day on which its area heard of it, with the names and versions of its rules."""

    since: date
    severity: str
    rules: tuple[str, ...]


class Risk(NamedTuple):
    """Why an area is at risk (nothing: it is not), how gravely, and who counts."""

    because: list[str]
    severity: str | None
    households: set[str]


def risk(area: str, members: Mapping[str, Member], registered: int, day: date, rules: Mapping[str, Any]) -> Risk:
    """Whether an area is at risk on a day; ``rules`` as in the policy under ``scale-risk``."""
    first = day - timedelta(days=rules["window-days"] - 1)
    inside = {name: member for name, member in members.items() if member.since >= first}
    n, limit = len(inside), rules["village-households" if len(area) == 12 else "township-households"]
    hit, slumped = (
        sum(any(rule.partition("@")[0] in of for rule in member.rules) for member in inside.values())
        for of in (DISASTER, MARKET)
    )
    share, few = Fraction(str(rules["share"])), rules["share-households"]
    found = {
        "households": n >= limit,
        "share": bool(share and registered) and n >= few and Fraction(n, registered or 1) >= share,
        "disaster": hit >= rules["event-households"],
        "market": slumped >= rules["event-households"],
    }
    because = [cause for cause, holds in found.items() if holds]
    severity = max((member.severity for member in inside.values()), key=ORDER.index) if because else None
    return Risk(because, severity, {*inside} if because else set())


def reaching(events: list[dict[str, Any]], reports: list[dict[str, Any]], place: str) -> list[dict[str, Any]]:
    """What a household that lives in a place is told of events, as the department's records that it becomes of them."""
    linked: set[str] = set()
    for report in reversed(live(reports)[0]):
        for fact in report["facts"]:
            if fact["type"] in ("grows", "asset_link"):
                about = f"grows:{fact['product']}" if fact["type"] == "grows" else f"asset:{fact['asset']}"
                linked = linked | {about} if fact.get("active", fact.get("linked")) else linked - {about}
    told = [event for event in events if event["about"] in linked and lies_in(place, event["area_code"])]
    of_household = {
        "schema": "department-record/1", "household_id": reports[0]["household_id"], "person_id": None, "area_code": place,
    }  # fmt: skip
    return [{name: value for name, value in (event | of_household).items() if name != "about"} for event in told]


def lies_in(place: str, area: str) -> bool:
    """Whether a village lies in an area, whose code ends with zeros where it is wider than a village."""
    parts = [(0, 2), (2, 4), (4, 6), (6, 9), (9, 12)]
    while set(area[slice(*parts[-1])]) == {"0"}:
        parts.pop()
    return all(place[slice(*part)] == area[slice(*part)] for part in parts)
