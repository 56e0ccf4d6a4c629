"""What must stand in the table about a household, recomputed naively from its reports: standard library only."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracle.naive import CHINA, NAMES, RANK, fen, live, month, newness, number, when

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def nanoseconds(text: str) -> int:
    return (when(text) - EPOCH) // timedelta(microseconds=1) * 1_000


def expected(reports: list[dict[str, Any]], registry: dict[str, Any] | None) -> dict[str, Any]:
    """Return every live report with its facts, every withdrawal in force, the newest report, and the registry entry."""
    inside, as_of = live(reports)
    newest = max(reports, key=newness)
    return {
        "as_of": nanoseconds(max(reports, key=newness)["occurred_at"]),
        "newest": (newest["event_id"], newest["area_code"]),
        "reports": {
            each["event_id"]: (
                nanoseconds(each["occurred_at"]), NAMES[RANK[each["schema"]]], each["source"], [fact(f) for f in each["facts"]]
            )
            for each in inside if each["facts"]
        },
        "withdrawals": withdrawals(reports, as_of),
        "registry": registry and {
            "updated_at": nanoseconds(registry["updated_at"]), "area_code": registry["area_code"],
            "status": registry["status"], "relieved_on": day(registry["relieved_on"]),
            "members": [(m["person_id"], m["birth_year"], m["labour"], m["student"]) for m in registry["members"]],
        },
    }  # fmt: skip


def withdrawals(reports: list[dict[str, Any]], as_of: datetime) -> dict[tuple[str, str], int]:
    """Return (withdrawn report, channel) -> up to which instant it counts as withdrawn."""
    until: dict[tuple[str, str], int] = {}
    for report in reports:
        if report["voids"] is not None and month(when(report["occurred_at"])) >= month(as_of) - 36:
            key = report["voids"], NAMES[RANK[report["schema"]]]
            until[key] = max(until.get(key, 0), nanoseconds(report["occurred_at"]))
    return until


def day(text: str | None) -> int | None:
    return None if text is None else (date.fromisoformat(text) - EPOCH.astimezone(CHINA).date()).days


def fact(sent: dict[str, Any]) -> tuple[Any, ...]:
    person = sent.get("person_id")
    match sent["type"]:
        case "income_statement":
            totals = [fen(sent[name]) for name in ("wage", "business", "property", "transfer", "production_cost")]
            return "statement", number(sent["from"]), number(sent["to"]), *totals
        case "income":
            return "income", sent["component"], number(sent["month"]), fen(sent["amount"]), person
        case "spending":
            month_, cumulative = number(sent["month"]), sent.get("cumulative", False)
            return "spending", sent["category"], fen(sent["self_paid"]), month_, person, cumulative
        case "claim":
            return "claim", sent["kind"], fen(sent["amount"]), number(sent["month"])
        case "food" | "clothing":
            value = "adequate" if sent["adequate"] else "inadequate"
        case "schooling":
            value = f"{sent['stage']}:{sent['status']}"
        case "medical_cover":
            value = "enrolled" if sent["enrolled"] else "not_enrolled"
        case "housing":
            value = sent["grade"]
        case _:
            value = "safe" if sent["safe"] else "unsafe"
    return "indicator", sent["type"], person, value
