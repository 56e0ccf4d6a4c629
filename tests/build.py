"""Records as ingest systems would send them, short to write in tests."""

import json
from typing import Any

TIMESTAMP = 1_795_000_000_000
"""2026-11-18 in milliseconds: the record timestamp of tests."""
AREA = "140123100201"


def report(schema: str, event_id: str, source: str, *facts: dict[str, Any], **over: Any) -> dict[str, Any]:
    at = over.pop("at", "2026-06-10T09:00:00+08:00")
    return {
        "event_id": event_id, "schema": schema, "household_id": "H000001", "person_id": None, "area_code": AREA,
        "occurred_at": at, "reported_at": at, "source": source, "voids": None, "facts": list(facts),
    } | over  # fmt: skip


def declaration(event_id: str, *facts: dict[str, Any], **over: Any) -> dict[str, Any]:
    return report("self-declaration/1", event_id, over.pop("source", "app"), *facts, **over)


def cadre(event_id: str, *facts: dict[str, Any], **over: Any) -> dict[str, Any]:
    return report("cadre-report/1", event_id, over.pop("source", "cadre-7"), *facts, **over)


def department(event_id: str, source: str, *facts: dict[str, Any], **over: Any) -> dict[str, Any]:
    return report("department-record/1", event_id, source, *facts, **over)


def entry(household_id: str = "H000001", *members: dict[str, Any], **over: Any) -> dict[str, Any]:
    return {
        "schema": "household/1", "household_id": household_id, "area_code": AREA, "status": "relieved",
        "relieved_on": "2019-12-01", "members": list(members) or [member("P-0001"), member("P-0002", birth_year=2014)],
        "updated_at": "2026-01-01T00:00:00+08:00",
    } | over  # fmt: skip


def tick(at: str, household_id: str = "H000001") -> dict[str, Any]:
    return {"schema": "tick/1", "household_id": household_id, "at": at}


def member(person_id: str, **over: Any) -> dict[str, Any]:
    return {"person_id": person_id, "birth_year": 1980, "labour": "full", "student": False} | over


def statement(start: str, end: str, wage: Any, **over: Any) -> dict[str, Any]:
    return {
        "type": "income_statement", "from": start, "to": end, "wage": wage, "business": "0", "property": "0",
        "transfer": "0", "production_cost": "0",
    } | over  # fmt: skip


def encode(record: dict[str, Any] | None) -> bytes | None:
    return None if record is None else json.dumps(record, ensure_ascii=False).encode()


def identity_number() -> str:
    """Return one by date and checksum, of nobody."""
    digits, weights = "140107" + "19900307" + "001", (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11]
