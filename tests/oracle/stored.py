"""What must stand in the table about a household, recomputed naively from its reports: standard library only."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracle.naive import NAMES, RANK, fen, live, month, newness, number, when
from tests.oracle.naive_signals import KEY

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BESIDE = {*KEY, "snooze", "case_step"}
"""Facts that are kept apart from those of the first release."""


def nanoseconds(at: str | datetime) -> int:
    return ((when(at) if isinstance(at, str) else at) - EPOCH) // timedelta(microseconds=1) * 1_000


def moment(instant: int) -> datetime:
    """Return an instant (nanoseconds) to the microsecond."""
    return EPOCH + timedelta(microseconds=instant // 1_000)


def expected(reports: list[dict[str, Any]], registry: dict[str, Any] | None, clock: datetime | None = None) -> dict[str, Any]:
    """Return every live report with its facts, every withdrawal in force, the newest report, and the registry entry."""
    inside, as_of = live(reports, clock)
    newest = max(reports, key=newness)
    return {
        "as_of": nanoseconds(as_of),
        "newest": (newest["event_id"], newest["area_code"]),
        "reports": kept(inside, signals=False),
        "signals": kept(inside, signals=True),
        "past": past(reports, as_of),
        "withdrawals": withdrawals(reports, as_of),
        "registry": registry and {
            "updated_at": nanoseconds(registry["updated_at"]), "area_code": registry["area_code"],
            "status": registry["status"], "relieved_on": day(registry["relieved_on"]),
            "members": [(m["person_id"], m["birth_year"], m["labour"], m["student"]) for m in registry["members"]],
        },
    }  # fmt: skip


def kept(inside: list[dict[str, Any]], *, signals: bool) -> dict[str, tuple[Any, ...]]:
    """Return the reports that have facts of the first release, or signals, with these alone."""
    found = {}
    for each in inside:
        some = [fact(f) for f in each["facts"] if (f["type"] in BESIDE) is signals]
        if some:
            found[each["event_id"]] = nanoseconds(each["occurred_at"]), NAMES[RANK[each["schema"]]], each["source"], some
    return found


def past(reports: list[dict[str, Any]], as_of: datetime) -> set[str]:
    """Return the reports that a tick made too old and that a case rests on, where no report was too old when it came."""
    before, _ = live(reports)
    steps = [
        (each["event_id"], when(each["occurred_at"]), f) for each in before for f in each["facts"] if f["type"] == "case_step"
    ]
    asked = {at for _, at, step in steps if guarded(step)}
    found = {name for name, _, _ in steps}
    for each in before:
        at = when(each["occurred_at"])
        found |= {each["event_id"] for then in asked if at <= then and month(at) >= month(then) - 36}
    return {each["event_id"] for each in before if month(when(each["occurred_at"])) < month(as_of) - 36} & found


def guarded(step: dict[str, Any]) -> bool:
    if step["step"] == "standing":
        return bool(step["stage"] == "removed")
    removal = step.get("phase") == "removal" and step.get("passed", True)
    return bool(removal and step["step"] in ("appraisal", "decision"))


def withdrawals(reports: list[dict[str, Any]], as_of: datetime) -> dict[tuple[str, str], int]:
    """Return (withdrawn report, channel) -> up to which instant it counts as withdrawn."""
    until: dict[tuple[str, str], int] = {}
    for report in reports:
        if report["voids"] is not None and month(when(report["occurred_at"])) >= month(as_of) - 36:
            key = report["voids"], NAMES[RANK[report["schema"]]]
            until[key] = max(until.get(key, 0), nanoseconds(report["occurred_at"]))
    return until


def day(text: str | None) -> int | None:
    return None if text is None else date.fromisoformat(text).toordinal()


def fact(sent: dict[str, Any]) -> tuple[Any, ...]:
    person = sent.get("person_id")
    if sent["type"] in KEY:
        return signal(sent)
    match sent["type"]:
        case "case_step":
            step = {"phase": "entry", "passed": True, "category": None, "stage": None} | sent
            return tuple(step[name] for name in ("type", "step", "phase", "passed", "category", "stage"))
        case "snooze":
            return "signal", "snooze", None, "", f"{sent['reason']}:{sent['until']}", number(sent["until"][:7]), 0, 0
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


def signal(sent: dict[str, Any]) -> tuple[Any, ...]:
    """Return kind, person, thing, value, month, amount and share of what a department reports."""
    amount, share, began = fen(sent.get("amount", 0)), sent.get("lost_percent", sent.get("drop_percent", 0)), "since"
    value, thing = sent.get("status", ""), sent.get("line", sent.get("ref", sent.get("asset", sent.get("product", ""))))
    match sent["type"]:
        case "skills":
            value = sent["step"]
        case "disability":
            value = sent["grade"]
        case "support":
            thing = sent["kind"]
        case "loss":
            thing, began = f"{sent['event']}/{sent['object']}", "month"
            value = f"{sent['hazard']}:{'ended' if sent.get('ended', True) else 'under_way'}"
        case "cover":
            thing, value, began = sent["kind"], "covered" if sent["covered"] else "not_covered", "until"
        case "accident":
            thing, value, began = f"{sent['kind']}:{sent['month']}", sent["outcome"], "month"
        case "membership":
            value = ":".join([sent["status"], sent["cause"], *([sent["other_household"]] if "other_household" in sent else [])])
        case "petition":
            value = f"{sent['category']}:{'urgent' if sent['urgent'] else 'normal'}:{sent['status']}"
        case "grows":
            value = "active" if sent["active"] else "inactive"
        case "market":
            thing, value, began = f"{sent['product']}:{sent['measure']}", sent["measure"], "month"
        case "asset_link":
            value = f"{'linked' if sent['linked'] else 'unlinked'}:{sent['kind']}"
    month_ = number(sent[began]) if began in sent else 0
    return "signal", sent["type"], sent.get("person_id"), thing, value, month_, amount, share
