"""Random area events and links of households to them (docs/contract-more.md §5), about what no other history speaks of."""

import random
from typing import Any

from tests.oracle import histories

ABOUT = ("grows:pear", "grows:walnut", "asset:plant-1", "asset:works-2")
MONTHS = ("2026-04", "2026-05", "2026-06", "2026-08")
Reports = list[dict[str, Any]]


def events(rng: random.Random, villages: list[str], count: int = 60) -> Reports:
    """Events of villages, townships, counties and the province; some withdraw one before them about the same."""
    made: Reports = []
    for at in range(count):
        about, village = rng.choice(ABOUT), rng.choice(villages)
        wide = [village, village[:9] + "000", village[:6] + "000000"]
        if about.startswith("asset:"):
            wide.append(village[:2] + "0000000000")
        occurred = f"2026-{rng.randint(5, 10):02d}-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:30:00+08:00"
        facts, source = _fact(rng, about)
        event = {
            "schema": "area-event/1", "event_id": f"area-{at}", "area_code": rng.choice(wide), "about": about,
            "occurred_at": occurred, "reported_at": occurred, "source": source, "voids": None, "facts": [facts],
        }  # fmt: skip
        before = [each["event_id"] for each in made if each["about"] == about]
        if before and rng.random() < 0.2:
            event |= {"voids": rng.choice(before), "facts": rng.choice([[], event["facts"]])}
        made.append(event)
    return made


def _fact(rng: random.Random, about: str) -> tuple[dict[str, Any], str]:
    """A fact about a product or an asset, and a department that may report it."""
    kind, _, name = about.partition(":")
    if kind == "grows":
        measure, drop = rng.choice(["price", "sales"]), rng.choice([0, 29, 30, 49, 50, 80])
        slump = {"type": "market", "product": name, "measure": measure, "month": rng.choice(MONTHS), "drop_percent": drop}
        return slump, rng.choice(["agriculture", "commerce", "market-regulation"])
    word = rng.choice([("asset_status", ["running", "outage", "idle"]), ("dividend", ["paid", "unpaid"])])
    stands = {"type": word[0], "asset": name, "status": rng.choice(word[1]), "since": rng.choice(MONTHS)}
    return stands, rng.choice(["rural-revitalization", "agriculture"])


def links(rng: random.Random) -> Reports:
    """What a cadre says that a household grows or has a part in, or that it does not; nobody says otherwise later.

    Whom an event reaches would else depend on whether it or the other word came first.
    """
    made = []
    for about in rng.sample(ABOUT, rng.choice([1, 1, 2, 3])):
        kind, _, name = about.partition(":")
        word = rng.random() < 0.7
        fact = {"type": "grows", "product": name, "active": word}
        if kind == "asset":
            fact = {"type": "asset_link", "asset": name, "kind": "photovoltaic", "linked": word}
        at = f"2026-0{rng.randint(1, 5)}-{rng.randint(1, 28):02d}T10:00:00+08:00"
        made.append({
            "event_id": f"link-{name}", "schema": "cadre-report/1", "household_id": "H000001", "person_id": None,
            "area_code": histories.AREA, "occurred_at": at, "reported_at": at, "source": "cadre-1", "voids": None,
            "facts": [fact],
        })  # fmt: skip
    return made
