"""A deliberately naive recomputation of a household from the list of its reports: standard library only, nothing shared.

Where the contract leaves room: an unknown production cost makes income undetermined like an unknown component; a withdrawn
report still counts for ``as_of`` and for the newest area; evidence of a money rule is every report whose fact entered it.
"""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

CHINA = timezone(timedelta(hours=8))
RANK = {"self-declaration/1": 0, "cadre-report/1": 1, "department-record/1": 2}
NAMES = ["declaration", "cadre", "department"]
PARTS = ["wage", "business", "property", "transfer"]
ORDER = ["blue", "yellow", "orange", "red"]


def fen(value: Any) -> int:
    return int(Decimal(str(value)) * 100)


def when(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00")).astimezone(UTC)


def month(moment: datetime) -> int:
    there = moment.astimezone(CHINA)
    return there.year * 12 + there.month - 1


def number(text: str) -> int:
    year, part = text.split("-")
    return int(year) * 12 + int(part) - 1


def newness(report: dict[str, Any]) -> tuple[datetime, int, str]:
    return when(report["occurred_at"]), RANK[report["schema"]], report["event_id"]


def live(reports: list[dict[str, Any]], clock: datetime | None = None) -> tuple[list[dict[str, Any]], datetime]:
    """Drop duplicates, what is too old, and what was withdrawn; newest first. ``clock``: the last tick, if there was any."""
    once = {report["event_id"]: report for report in reports}
    as_of = max([when(report["occurred_at"]) for report in once.values()] + ([clock] if clock else []))
    inside = [r for r in once.values() if month(when(r["occurred_at"])) >= month(as_of) - 36]
    kept = []
    for report in inside:
        withdrawn = False
        for other in inside:
            if (
                other["voids"] == report["event_id"]
                and other["schema"] == report["schema"]
                and when(report["occurred_at"]) <= when(other["occurred_at"])
            ):
                withdrawn = True
        if not withdrawn:
            kept.append(report)
    return sorted(kept, key=newness, reverse=True), as_of


def window_income(facts: list[tuple[dict[str, Any], dict[str, Any]]], first: int, members: int) -> dict[str, Any] | None:
    """Income of twelve months from ``first``; facts as (report, fact), newest first."""
    used: list[str] = []
    sums = dict.fromkeys([*PARTS, "production_cost"], 0)
    statements: list[tuple[dict[str, Any], dict[str, Any]]] = []
    seen = set()
    for report, fact in facts:
        if fact["type"] == "income_statement":
            key = (report["schema"], fact["from"], fact["to"])
            if key not in seen:
                seen.add(key)
                statements.append((report, fact))
    for part in sums:
        for m in range(first, first + 12):
            value = month_of_departments(facts, part, m, used)
            if value is None:
                value = month_of_statements(statements, part, m, used)
            if value is None:
                return None
            sums[part] += value
    claims = claims_in(facts, first, used)
    medical = spending_in(facts, first, used, "medical")
    gross = sum(sums[part] for part in PARTS)
    total = gross - sums["production_cost"] + claims - medical
    return {
        "gross": gross, "transfers": sums["transfer"], "cost": sums["production_cost"], "claims": claims, "medical": medical,
        "reference": round(Fraction(total, members)), "used": used,
    }  # fmt: skip


def month_of_departments(facts: list[Any], part: str, m: int, used: list[str]) -> int | None:
    seen, total, found = set(), 0, False
    for report, fact in facts:
        if fact["type"] == "income" and fact["component"] == part and number(fact["month"]) == m:
            key = (report["source"], fact.get("person_id"))
            if key not in seen:
                seen.add(key)
                total += fen(fact["amount"])
                found = True
                used.append(report["event_id"])
    return total if found else None


def month_of_statements(statements: list[Any], part: str, m: int, used: list[str]) -> int | None:
    for schema in ("cadre-report/1", "self-declaration/1"):
        for report, fact in statements:
            first, last = number(fact["from"]), number(fact["to"])
            if report["schema"] == schema and first <= m <= last:
                used.append(report["event_id"])
                total, months = fen(fact[part]), last - first + 1
                share = total // months
                return total - share * (months - 1) if m == last else share
    for report, fact in statements:
        last = number(fact["to"])
        if m - 12 <= last <= m - 1:
            used.append(report["event_id"])
            return fen(fact[part]) // (last - number(fact["from"]) + 1)
    return None


def claims_in(facts: list[Any], first: int, used: list[str]) -> int:
    total = 0
    for report, fact in facts:
        if fact["type"] == "claim" and first <= number(fact["month"]) < first + 12:
            total += fen(fact["amount"])
            used.append(report["event_id"])
    return total


def spending_in(facts: list[Any], first: int, used: list[str], category: str | None = None) -> int:
    total, seen = 0, set()
    for report, fact in facts:
        if fact["type"] != "spending":
            continue
        if fact.get("cumulative", False):
            key = (report["source"], fact["category"], number(fact["month"]) // 12, fact.get("person_id"))
            if key in seen:
                continue
            seen.add(key)
        if category in (None, fact["category"]) and first <= number(fact["month"]) < first + 12:
            total += fen(fact["self_paid"])
            used.append(report["event_id"])
    return total


def badness(rule: str, fact: dict[str, Any]) -> str | None:
    if rule in ("food", "clothing"):
        return None if fact["adequate"] else {"food": "red", "clothing": "orange"}[rule]
    if rule == "schooling":
        return "red" if fact["stage"] == "compulsory" and fact["status"] == "dropout" else None
    if rule == "medical_cover":
        return None if fact["enrolled"] else "yellow"
    if rule == "housing":
        return {"C": "orange", "D": "red"}.get(fact["grade"])
    return None if fact["safe"] else "orange"


def assess(
    reports: list[dict[str, Any]], registry: dict[str, Any] | None, amount: int = 600_000, clock: datetime | None = None
) -> dict[str, Any] | None:
    """Return what must hold of a household with the default policy, or one of another line (fen); None without any report."""
    if not reports:
        return None
    kept, as_of = live(reports, clock)
    facts = [(report, fact) for report in kept for fact in report["facts"]]
    m = month(as_of)
    members = len(registry["members"]) if registry else 0
    now = window_income(facts, m - 12, members) if members else None
    earlier = window_income(facts, m - 24, members) if members else None
    by_id = {report["event_id"]: report for report in kept}
    reasons: list[tuple[str, str | None, str, tuple[str, ...]]] = []

    def channels(ids: list[str]) -> tuple[str, ...]:
        return named([by_id[each] for each in ids])

    line = amount if as_of.astimezone(CHINA).date().isoformat() >= "2021-01-01" else None
    if now and line:
        ratio = Fraction(now["reference"], line)
        if ratio < 1:
            severity = "yellow" if ratio >= Fraction(8, 10) else "orange" if ratio >= Fraction(1, 2) else "red"
            reasons.append(("income-line", None, severity, channels(now["used"])))
        if now["gross"] > 0 and Fraction(now["transfers"], now["gross"]) >= Fraction(6, 10) and ratio < Fraction(3, 2):
            reasons.append(("policy-dependence", None, "blue", channels(now["used"])))
    if now and earlier and earlier["reference"] > 0:
        drop = 1 - Fraction(now["reference"], earlier["reference"])
        if drop >= Fraction(3, 10):
            severity = "orange" if drop >= Fraction(1, 2) else "yellow"
            reasons.append(("income-drop", None, severity, channels(now["used"] + earlier["used"])))
    used: list[str] = []
    net = spending_in(facts, m - 12, used) - claims_in(facts, m - 12, used)
    if registry:
        limit = 500_000 if registry["status"] == "relieved" else 2_000_000
        if net >= limit:
            severity = "red" if net >= 4 * limit else "orange" if net >= 2 * limit else "yellow"
            reasons.append(("expenditure-shock", None, severity, channels(used)))
    conflicts = indicators(facts, reasons)
    firing = {reason[0] for reason in reasons}
    return {
        "as_of": as_of,
        "reasons": set(reasons),
        "conflicts": conflicts,
        "severity": max((reason[2] for reason in reasons), key=ORDER.index) if reasons else None,
        "category": category(firing, registry),
        "pathway": pathway(as_of, registry),
        "area_code": registry["area_code"] if registry else max(reports, key=newness)["area_code"],
        "now": now,
        "earlier": earlier,
        "net": net,
    }


Sides = dict[tuple[str, str | None], tuple[tuple[str, ...], tuple[str, ...]]]
"""By rule and subject, the channels that stand good and those that stand bad."""


def indicators(facts: list[Any], reasons: list[Any]) -> Sides:
    """Add the reasons of all indicators; return the sides where channels stand good against bad."""
    conflicts: Sides = {}
    for rule in ("food", "clothing", "schooling", "medical_cover", "housing", "water"):
        subjects = {fact.get("person_id") for _, fact in facts if fact["type"] == rule}
        for subject in subjects:
            newest: dict[str, tuple[Any, Any]] = {}
            for report, fact in facts:
                if fact["type"] == rule and fact.get("person_id") == subject and report["schema"] not in newest:
                    newest[report["schema"]] = (report, fact)
            current = max(newest.values(), key=lambda pair: newness(pair[0]))[1]
            bad = [report for report, fact in newest.values() if badness(rule, fact)]
            good = [report for report, fact in newest.values() if not badness(rule, fact)]
            severity = badness(rule, current)
            if severity:
                reasons.append((rule.replace("_", "-"), subject, severity, named(bad)))
            if bad and good:
                conflicts[rule.replace("_", "-"), subject] = named(good), named(bad)
    return conflicts


def named(reports: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(NAMES[rank] for rank in sorted({RANK[report["schema"]] for report in reports}))


def category(firing: set[str], registry: dict[str, Any] | None) -> str:
    if "expenditure-shock" in firing and "income-line" not in firing:
        return "sudden"
    if registry is None:
        return "unknown"
    return "unstable" if registry["status"] == "relieved" else "marginal"


def pathway(as_of: datetime, registry: dict[str, Any] | None) -> str:
    if registry is None:
        return "unknown"
    for member in registry["members"]:
        age = as_of.astimezone(CHINA).year - member["birth_year"]
        if 16 <= age <= 59 and member["labour"] in ("full", "partial"):
            return "development"
    return "security"
