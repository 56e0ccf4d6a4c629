"""Random histories with what further departments report: months around every clock, corrections, channels that disagree."""

import random
from typing import Any

from tests.oracle import histories

M = 2026 * 12 + 5
"""June 2026: the month of most histories' clock."""
WHO = ("P-0000", "P-0001", "P-0002", "P-0009")
SOURCES = {
    "employment": ["human-resources", "rural-revitalization"], "skills": ["human-resources", "education"],
    "disability": ["disabled-federation", "civil-affairs"], "support": ["civil-affairs", "rural-revitalization", "education"],
    "loss": ["emergency", "agriculture", "insurance"], "cover": ["insurance", "agriculture"],
    "accident": ["public-security", "emergency", "insurance"], "membership": ["public-security", "civil-affairs"],
    "petition": ["petitions"], "grows": ["agriculture"], "market": ["agriculture", "commerce"],
    "asset_link": ["rural-revitalization"], "asset_status": ["rural-revitalization", "agriculture"],
    "dividend": ["rural-revitalization"],
}  # fmt: skip
BY_CADRE = tuple(kind for kind in SOURCES if kind != "petition")
DECLARED = ("employment", "loss", "accident", "membership", "petition", "grows", "dividend")


def month(rng: random.Random, low: int, high: int) -> str:
    """A month ``low`` to ``high`` months before June 2026 (negative: after it)."""
    at = M - rng.randint(low, high)
    return f"{at // 12:04d}-{at % 12 + 1:02d}"


def signal(rng: random.Random, kind: str) -> dict[str, Any]:
    """One fact of a kind; few words and months, so that keys meet."""
    person = rng.choice(WHO)
    match kind:
        case "employment":
            status = rng.choice(["working", "not_working", "not_working", "seeking", "unable", "retired"])
            return {"type": kind, "person_id": person, "status": status, "since": month(rng, -1, 8)}
        case "skills":
            step = rng.choice(["filed", "trained", "assessed", "certified", "placed", "left"])
            return {"type": kind, "person_id": person, "line": rng.choice("ab"), "step": step, "since": month(rng, -1, 5)}
        case "disability":
            grade = rng.choice(["none", "1", "2", "2", "3", "4"])
            return {"type": kind, "person_id": person, "grade": grade, "since": month(rng, -1, 8)}
        case "support":
            what = rng.choice(["dibao", "destitute", "temporary_relief", "industry", "public_post"])
            made = {"type": kind, "kind": what, "status": rng.choice(["granted", "withdrawn", "withdrawn", "ended"]),
                    "since": month(rng, -1, 84)}  # fmt: skip
            if rng.random() < 0.5:
                made["since"] = month(rng, -1, 8)
            return made | ({"person_id": person} if rng.random() < 0.3 else {})
        case "loss":
            made = {"type": kind, "event": rng.choice(["hail-1", "flood-2"]), "hazard": rng.choice(["hail", "flood"]),
                    "object": rng.choice(["crop", "livestock", "house"]), "month": month(rng, -1, 13),
                    "lost_percent": rng.choice([0, 29, 30, 49, 50, 79, 80, 100])}  # fmt: skip
            if rng.random() < 0.6:
                made["amount"] = rng.choice(["4999.99", "5000", "10000.00", "2500.01", 20000, 0, "12.5"])
            return made | ({"ended": rng.random() < 0.7} if rng.random() < 0.5 else {})
        case "cover":
            return {"type": kind, "kind": rng.choice(["price", "disaster", "accident"]), "covered": rng.random() < 0.7,
                    "until": month(rng, -6, 6)}  # fmt: skip
        case "accident":
            return {"type": kind, "person_id": person, "kind": rng.choice(["traffic", "work"]), "month": month(rng, -1, 13),
                    "outcome": rng.choice(["minor", "serious", "disabling", "fatal"])}  # fmt: skip
        case "membership":
            joined = rng.random() < 0.5
            cause = rng.choice(["birth", "birth", "marriage"] if joined else ["death", "death", "split"])
            made = {"type": kind, "person_id": person, "status": "joined" if joined else "left", "cause": cause,
                    "since": month(rng, -1, 26)}  # fmt: skip
            if rng.random() < 0.6:
                made["since"] = month(rng, -1, 7)
            return made | ({"other_household": "H000002"} if cause == "split" and rng.random() < 0.5 else {})
        case _:
            return _of_things(rng, kind)


def _of_things(rng: random.Random, kind: str) -> dict[str, Any]:
    product, asset = rng.choice(["apple", "millet"]), rng.choice(["pv-1", "shop-2"])
    match kind:
        case "petition":
            return {"type": kind, "ref": rng.choice(["c1", "c2"]), "category": rng.choice(["water", "support"]),
                    "urgent": rng.random() < 0.3, "status": rng.choice(["open", "open", "answered", "closed"]),
                    "since": month(rng, -1, 4)}  # fmt: skip
        case "grows":
            return {"type": kind, "product": product, "active": rng.random() < 0.7}
        case "market":
            return {"type": kind, "product": product, "measure": rng.choice(["price", "sales"]), "month": month(rng, -1, 8),
                    "drop_percent": rng.choice([0, 29, 30, 49, 50, 51, 100])}  # fmt: skip
        case "asset_link":
            return {"type": kind, "asset": asset, "kind": "photovoltaic", "linked": rng.random() < 0.7}
        case "asset_status":
            status = rng.choice(["running", "outage", "idle"])
            return {"type": kind, "asset": asset, "status": status, "since": month(rng, -1, 4)}
        case _:
            return {"type": kind, "asset": asset, "status": rng.choice(["paid", "unpaid"]), "since": month(rng, -1, 4)}


def report(rng: random.Random, at: int) -> dict[str, Any]:
    """A report with signals, some with other facts beside them."""
    schema = rng.choice(histories.SCHEMAS)
    kinds = {"self-declaration/1": DECLARED, "cadre-report/1": BY_CADRE}.get(schema, tuple(SOURCES))
    first = rng.choice(kinds)
    facts = [signal(rng, first)]
    if schema == "department-record/1":
        source = rng.choice(SOURCES[first])
    else:
        source = rng.choice(("hotline", "window") if schema == "self-declaration/1" else ("cadre-1", "cadre-2"))
        facts += [signal(rng, rng.choice(kinds)) for _ in range(rng.choice([0, 0, 1, 2]))]
    if rng.random() < 0.3:
        facts.insert(rng.randint(0, len(facts)), histories.fact(rng, schema))
    if rng.random() < 0.2:
        facts.append(facts[0] | {"type": facts[0]["type"]})
    made = {
        "event_id": f"s{at}", "schema": schema, "household_id": "H000001", "person_id": None, "area_code": histories.AREA,
        "occurred_at": rng.choice(histories.MOMENTS), "reported_at": "2026-06-11T00:00:00Z", "source": source, "voids": None,
        "facts": facts,
    }  # fmt: skip
    if rng.random() < 0.1:
        made["voids"] = rng.choice([f"s{rng.randint(0, 10)}", f"e{rng.randint(0, 10)}"])
    return made


def history(rng: random.Random) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """A history of the first release with signals among it; some transfers go to persons by name."""
    reports, registry = histories.history(rng)
    reports = reports[: rng.choice([0, 1, 4, 40])] or reports[:1]
    reports += [report(rng, at) for at in range(rng.choice([1, 2, 4, 8, 24]))]
    for at in range(rng.choice([0, 1, 2])):
        paid = {"type": "income", "component": "transfer", "month": month(rng, -1, 6), "person_id": rng.choice(WHO),
                "amount": rng.choice(["0", "120.50", "9"])}  # fmt: skip
        reports.append(reports[0] | {"event_id": f"paid{at}", "schema": "department-record/1", "source": "civil-affairs",
                                     "voids": None, "facts": [paid]})  # fmt: skip
    if registry is not None:
        registry["relieved_on"] = rng.choice([None, "2019-12-31", "2021-06-30", "2021-07-01", "2026-04-01"])
    return reports, registry
