"""Random but likely-to-be-interesting histories of one household: corrections, ties, withdrawals, edges of every window."""

import random
from typing import Any

from tests.build import AREA

SCHEMAS = ("self-declaration/1", "cadre-report/1", "department-record/1")
SOURCES = {
    "self-declaration/1": ("app", "hotline", "window", "proxy"),
    "cadre-report/1": ("cadre-1", "cadre-2"),
    "department-record/1": ("medical-insurance", "human-resources", "civil-affairs", "education"),
}
MOMENTS = (
    "2026-06-10T09:00:00+08:00", "2026-06-10T09:00:00+08:00", "2026-06-10T01:00:00Z", "2026-06-10T09:00:00.5+08:00",
    "2026-05-31T23:59:59+08:00", "2026-05-31T16:00:00Z", "2026-06-01T00:00:00+08:00", "2026-02-28T23:30:00+08:00",
    "2024-02-29T12:00:00+08:00", "2025-12-31T20:00:00-05:00", "2023-06-01T00:00:00+08:00", "2023-05-31T23:59:59+08:00",
    "2025-06-15T08:00:00+08:00", "2026-03-15T08:00:00+08:00",
)  # fmt: skip


def month(rng: random.Random, low: int = 2024 * 12 + 3, high: int = 2026 * 12 + 6) -> str:
    at = rng.randint(low, high)
    return f"{at // 12:04d}-{at % 12 + 1:02d}"


def money(rng: random.Random, *, signed: bool = False) -> Any:
    fen = rng.choice([0, 1, 1200000, 1199998, 1200002, 499999, 500000, 999999, 1000000, 2000000, rng.randint(0, 6_000_000)])
    if signed and rng.random() < 0.3:
        fen = -fen
    sign, fen = ("-" if fen < 0 else ""), abs(fen)
    text = f"{sign}{fen // 100}.{fen % 100:02d}"
    return float(text) if rng.random() < 0.2 else text


def fact(rng: random.Random, schema: str) -> dict[str, Any]:
    kinds = ["spending", "spending", "claim", "food", "clothing", "schooling", "medical_cover", "housing", "water"]
    kinds += ["income"] * 4 if schema == "department-record/1" else ["income_statement"] * 4
    kind, person = rng.choice(kinds), rng.choice(["P-0001", "P-0002"])
    if kind == "income_statement":
        start = rng.randint(2024 * 12, 2026 * 12 + 5)
        end = start + rng.choice([0, 2, 6, 10, 11, 11, 11])
        names = {name: money(rng, signed=name in ("business", "property")) if rng.random() < 0.6 else "0"
                 for name in ("wage", "business", "property", "transfer", "production_cost")}  # fmt: skip
        span = {"from": f"{start // 12:04d}-{start % 12 + 1:02d}", "to": f"{end // 12:04d}-{end % 12 + 1:02d}"}
        return {"type": kind} | span | names
    if kind == "income":
        component = rng.choice(["wage", "business", "property", "transfer"])
        made = {"type": kind, "component": component, "month": month(rng),
                "amount": money(rng, signed=component in ("business", "property"))}  # fmt: skip
        return made | ({"person_id": person} if rng.random() < 0.5 else {})
    if kind == "spending":
        made = {"type": kind, "category": rng.choice(["medical", "medical", "education", "disaster"]),
                "self_paid": money(rng), "month": month(rng, 2025 * 12, 2026 * 12 + 6)}  # fmt: skip
        if rng.random() < 0.5:
            made |= {"cumulative": rng.random() < 0.8}
        return made | ({"person_id": person} if rng.random() < 0.5 else {})
    if kind == "claim":
        return {"type": kind, "kind": rng.choice(["medical", "price"]), "amount": money(rng), "month": month(rng)}
    return indicator(rng, kind, person)


def indicator(rng: random.Random, kind: str, person: str) -> dict[str, Any]:
    good = rng.random() < 0.6
    match kind:
        case "food" | "clothing":
            return {"type": kind, "adequate": good}
        case "schooling":
            stage = rng.choice(["compulsory", "compulsory", "senior"])
            return {"type": kind, "person_id": person, "stage": stage, "status": "attending" if good else "dropout"}
        case "medical_cover":
            return {"type": kind, "person_id": person, "enrolled": good}
        case "housing":
            return {"type": kind, "grade": rng.choice("ABCD")}
        case _:
            return {"type": "water", "safe": good}


def history(rng: random.Random) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return one household's reports and its registry entry or None."""
    reports: list[dict[str, Any]] = []
    for at in range(rng.choice([1, 2, 4, 8, 16, 40])):
        schema = rng.choice(SCHEMAS)
        report = {
            "event_id": f"e{at}", "schema": schema, "household_id": "H000001", "person_id": None,
            "area_code": rng.choice([AREA, "140105001001"]), "occurred_at": rng.choice(MOMENTS),
            "reported_at": "2026-06-11T00:00:00Z", "source": rng.choice(SOURCES[schema]), "voids": None,
            "facts": [fact(rng, schema) for _ in range(rng.choice([1, 1, 2, 3]))],
        }  # fmt: skip
        if rng.random() < 0.15:
            report["voids"] = rng.choice([f"e{rng.randint(0, 10)}", f"e{at}"])
            if rng.random() < 0.5:
                report["facts"] = []
        reports.append(report)
    if rng.random() < 0.7:
        reports.append(base_income(rng))
    return reports, registry(rng)


def base_income(rng: random.Random) -> dict[str, Any]:
    """Return a year's statement that makes most incomes determined, near the line or well above it."""
    wage = rng.choice(["11999.98", "12000.00", "12000.02", "6000", "5999.98", "9600", "9599.98", "60000", "17999.98", "18000"])
    zero = {"business": "0", "property": "0", "production_cost": "0"}
    shared = {"wage": wage, "transfer": rng.choice(["0", "0", "18000", "500.01"])}
    now = {"type": "income_statement", "from": "2025-06", "to": "2026-05"} | zero | shared
    before = now | {"from": "2024-06", "to": "2025-05", "wage": rng.choice([wage, "17142.86", "17142.85", "40000"])}
    return {
        "event_id": "base", "schema": rng.choice(SCHEMAS[:2]), "household_id": "H000001", "person_id": None, "area_code": AREA,
        "occurred_at": "2026-06-02T09:00:00+08:00", "reported_at": "2026-06-11T00:00:00Z", "source": "proxy", "voids": None,
        "facts": [now, before] if rng.random() < 0.6 else [now],
    }  # fmt: skip


def registry(rng: random.Random) -> dict[str, Any] | None:
    if rng.random() < 0.1:
        return None
    members = [
        {"person_id": f"P-{at:04d}", "birth_year": rng.choice([1950, 1966, 1967, 1980, 2010, 2011, 2018]),
         "labour": rng.choice(["full", "partial", "none"]), "student": rng.random() < 0.3}
        for at in range(rng.choice([0, 1, 2, 2, 2, 3, 5]))
    ]  # fmt: skip
    status = rng.choice(["general", "relieved"])
    return {
        "schema": "household/1", "household_id": "H000001", "area_code": AREA, "status": status, "relieved_on": None,
        "members": members, "updated_at": "2026-01-01T00:00:00+08:00",
    }  # fmt: skip
