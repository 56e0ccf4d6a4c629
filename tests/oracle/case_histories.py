"""Random ways of a household from lead to removal and after it: mostly in order, with what goes wrong on the way."""

import random
from datetime import date, timedelta
from typing import Any

from tests.oracle import histories

LAST = date(2026, 11, 10)
"""No step is later."""
WAY = (
    ("verification", "entry"), ("authorisation", "entry"), ("comparison", "entry"), ("appraisal", "entry"), ("notice", "entry"),
    ("review", "entry"), ("decision", "entry"), ("appraisal", "removal"), ("notice", "removal"), ("review", "removal"),
    ("decision", "removal"),
)  # fmt: skip
CADRE, COUNTY = ("cadre-report/1", "cadre-1"), ("department-record/1", "rural-revitalization")
WHO = {
    "verification": [CADRE], "authorisation": [("self-declaration/1", "window"), CADRE],
    "comparison": [("department-record/1", "civil-affairs"), ("department-record/1", "education")], "appraisal": [CADRE],
    "notice": [CADRE], "objection": [("self-declaration/1", "hotline"), CADRE, ("department-record/1", "petitions")],
    "settlement": [CADRE, COUNTY], "review": [CADRE, COUNTY], "decision": [COUNTY], "rollback": [COUNTY], "standing": [COUNTY],
}  # fmt: skip
CATEGORIES = ("unstable", "marginal", "sudden")
Reports = list[dict[str, Any]]


def history(rng: random.Random) -> tuple[Reports, dict[str, Any] | None]:
    """A household that is well and earns, so that nothing or little stands against its removal; some slip later on."""
    wage = rng.choice(["11999.98", "12000", "18000", "18000", "30000"])
    zero = dict.fromkeys(("business", "property", "transfer", "production_cost"), "0")
    reports = []
    for year in (2023, 2024, 2025):
        earned = {"type": "income_statement", "from": f"{year}-01", "to": f"{year}-12", "wage": wage} | zero
        reports.append(_report(rng, f"y{year}", date(year + 1, 1, 5), CADRE, [earned]))
    good = [
        {"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "housing", "grade": "B"},
        {"type": "water", "safe": True}, {"type": "medical_cover", "person_id": "P-0000", "enrolled": True},
    ]  # fmt: skip
    if rng.random() < 0.1:
        good.pop(rng.randrange(len(good)))
    reports.append(_report(rng, "good", date(2024, 2, 1), CADRE, good))
    if rng.random() < 0.5:
        later = date(2025, 6, 1) + timedelta(days=rng.randrange(500))
        facts = [rng.choice([{"type": "water", "safe": False}, {"type": "housing", "grade": "C"}])]
        reports.append(_report(rng, "worse", later, CADRE, facts))
    if rng.random() < 0.5:
        kind = rng.choice(["dibao", "water_works", "housing_repair", "temporary_relief"])
        gone = rng.choice([
            {"type": "membership", "person_id": "P-0000", "status": "left", "cause": "death", "since": "2026-03"},
            {"type": "employment", "person_id": "P-0000", "status": "unable", "since": "2026-02"},
            {"type": "support", "kind": kind, "status": rng.choice(["granted", "granted", "ended"]), "since": "2025-11"},
            {"type": "support", "kind": kind, "status": rng.choice(["granted", "withdrawn"]), "since": "2025-11"},
        ])  # fmt: skip
        reports.append(_report(rng, "gone", date(2026, 3, 9), CADRE, [gone]))
    reports.append(_report(rng, "last", date(2026, 6, 12), CADRE, [{"type": "food", "adequate": rng.random() < 0.9}]))
    members = [
        {"person_id": f"P-{at:04d}", "birth_year": year, "labour": labour, "student": False}
        for at, (year, labour) in enumerate([(1980, "full"), (rng.choice([1982, 2014]), rng.choice(["partial", "none"]))])
    ]
    entry = {
        "schema": "household/1", "household_id": "H000001", "area_code": histories.AREA,
        "status": rng.choice(["general", "relieved"]), "relieved_on": None, "members": members,
        "updated_at": "2026-01-01T00:00:00+08:00",
    }  # fmt: skip
    return reports, entry if rng.random() < 0.95 else None


def steps(rng: random.Random) -> Reports:
    """Steps of one or two cases of a household: left out, failed, too early, objected to, withdrawn, several in one report."""
    day, reports = date(2025, 1, 6) + timedelta(days=rng.randrange(600)), Reports()
    ways = list(WAY)
    if rng.random() < 0.5:
        ways = [("standing", "entry"), *WAY[7:]]
    if rng.random() < 0.5:
        ways += [rng.choice([("rollback", "removal"), ("verification", "entry"), ("standing", "entry")])]
    if rng.random() < 0.3:  # it is under way, and nothing was heard since the last step
        end = rng.choice([rng.randint(1, len(ways)), ways.index(("notice", "removal")) + 1])
        day, ways = date(2026, 6, 13) + timedelta(days=rng.randrange(100)), ways[:end]
    for name, phase in ways:
        wait = rng.choice([0, 1, 2, 4])
        if name == "review":
            day = _objected(rng, reports, phase, day)
            wait = rng.choice([1, 8, 9, 12, 12])
        if rng.random() < 0.04:
            continue
        day += timedelta(days=wait if rng.random() < 0.97 else -3)
        again = 2 if rng.random() < 0.04 else 1
        for _ in range(again):
            _add(rng, reports, day, _step(rng, name, phase))
    reports = [each for each in reports if each["occurred_at"][:10] <= LAST.isoformat()]
    for each in reports:
        if rng.random() < 0.03:
            each["voids"] = rng.choice(reports)["event_id"]
    return reports


def _objected(rng: random.Random, reports: Reports, phase: str, day: date) -> date:
    """Add objections to a notice and what settles them; returns the day of the last of them."""
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        day += timedelta(days=rng.choice([0, 1, 3]))
        _add(rng, reports, day, _step(rng, "objection", phase))
        if rng.random() < 0.8:
            day += timedelta(days=rng.choice([1, 2, 16]))
            _add(rng, reports, day, _step(rng, "settlement", phase))
    return day


def _step(rng: random.Random, name: str, phase: str) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "case_step", "step": name, "phase": phase}
    if name not in ("notice", "objection", "rollback", "standing") and rng.random() < 0.04:
        return made | {"passed": False}
    if name == "standing":
        made |= {"stage": rng.choice(["registered", "registered", "registered", "removed"])}
    if name == "standing" or (name, phase) == ("decision", "entry"):
        made |= {"category": rng.choice(CATEGORIES)}
    return made


def _add(rng: random.Random, reports: Reports, day: date, step: dict[str, Any]) -> None:
    """Report a step by whom may, some in the report before, where that is of the same."""
    who = rng.choice(WHO[step["step"]])
    before = reports[-1] if reports else None
    if before is not None and who == CADRE == (before["schema"], before["source"]) and rng.random() < 0.1:
        before["facts"].append(step)
        return
    reports.append(_report(rng, f"k{len(reports)}", day, who, [step]))


def _report(rng: random.Random, name: str, day: date, who: tuple[str, str], facts: list[dict[str, Any]]) -> dict[str, Any]:
    at = f"{day}T{rng.choice([9, 9, 14, 23]):02d}:00:00+08:00"
    return {
        "event_id": name, "schema": who[0], "household_id": "H000001", "person_id": None, "area_code": histories.AREA,
        "occurred_at": at, "reported_at": at, "source": who[1], "voids": None, "facts": facts,
    }  # fmt: skip
