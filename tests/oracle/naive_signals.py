"""The rules on signals, recomputed naively from the list of reports: standard library only, nothing shared with ``streams``.

Answers of docs/contract-more.md §3 with the default policy. ``facts`` are (report, fact), newest report first, by position.
"""

from datetime import datetime
from fractions import Fraction
from typing import Any

from tests.oracle.naive import NAMES, RANK, Sides, fen, live, month, newness, number

Facts = list[tuple[dict[str, Any], dict[str, Any]]]
ORDER = ["blue", "yellow", "orange", "red"]
KEY = {
    "employment": ["person_id"], "skills": ["person_id", "line"], "disability": ["person_id"], "support": ["person_id", "kind"],
    "loss": ["event", "object"], "cover": ["kind"], "accident": ["person_id", "kind", "month"], "membership": ["person_id"],
    "petition": ["ref"], "grows": ["product"], "market": ["product", "measure"], "asset_link": ["asset"],
    "asset_status": ["asset"], "dividend": ["asset"],
}  # fmt: skip
FIRES, QUIET, UNKNOWN = "fires", "quiet", "unknown"
Verdict = tuple[str, str | None, str]
"""FIRES, QUIET or UNKNOWN; severity; value."""


class World:
    """A household's live facts and what is asked of it."""

    def __init__(
        self, reports: list[dict[str, Any]], registry: dict[str, Any] | None, tier: str, clock: datetime | None = None
    ) -> None:
        kept, as_of = live(reports, clock)
        self.facts: Facts = [(report, fact) for report in kept for fact in report["facts"]]
        self.registry, self.tier, self.m = registry, tier, month(as_of)

    def keys(self, kind: str) -> dict[tuple[Any, ...], Facts]:
        """By key, each channel's newest."""
        found: dict[tuple[Any, ...], dict[str, tuple[Any, Any]]] = {}
        for report, fact in self.facts:
            if fact["type"] == kind:
                key = tuple(fact.get(field) for field in KEY[kind])
                found.setdefault(key, {}).setdefault(report["schema"], (report, fact))
        return {key: sorted(own.values(), key=lambda each: newness(each[0]), reverse=True) for key, own in found.items()}

    def current(self, kind: str) -> Facts:
        return [own[0] for own in self.keys(kind).values()]

    def one(self, kind: str, *key: Any) -> dict[str, Any] | None:
        own = self.keys(kind).get(key)
        return own[0][1] if own else None

    def age(self, fact: dict[str, Any], field: str = "since") -> int:
        return self.m - number(fact[field])

    def member(self, person: str) -> dict[str, Any] | None:
        members = self.registry["members"] if self.registry else []
        return next((each for each in members if each["person_id"] == person), None)

    def gone(self, fact: dict[str, Any]) -> bool:
        """Whether there is an entry, and it does not name the person of a fact that is of a person."""
        return self.registry is not None and fact.get("person_id") is not None and self.member(fact["person_id"]) is None


def of_member(w: World, f: dict[str, Any], fires: Verdict) -> Verdict:
    return (UNKNOWN, None, "") if w.gone(f) else fires


def channels(pairs: Facts) -> tuple[str, ...]:
    return tuple(NAMES[rank] for rank in sorted({RANK[report["schema"]] for report, _ in pairs}))


def quiet() -> Verdict:
    return QUIET, None, ""


def employment(w: World, f: dict[str, Any]) -> Verdict:
    if f["status"] not in ("not_working", "seeking"):
        return quiet()
    member = w.member(f["person_id"])
    if w.registry is None or member is None:
        return UNKNOWN, None, ""
    old = w.m // 12 - member["birth_year"]
    able = member["labour"] != "none" and not member["student"] and 16 <= old <= 59
    if not able or w.age(f) < 3:
        return quiet()
    return FIRES, "orange" if w.age(f) >= 6 else "yellow", str(w.age(f))


def skills(w: World, f: dict[str, Any]) -> Verdict:
    work = w.one("employment", f["person_id"])
    found = work and work["status"] == "working" and f["since"] <= work["since"] and w.age(work) >= 0
    waits = f["step"] not in ("placed", "left") and w.age(f) >= 3 and not found
    return of_member(w, f, (FIRES, "blue", str(w.age(f)))) if waits else quiet()


def disability(w: World, f: dict[str, Any]) -> Verdict:
    severity = {"1": "orange", "2": "yellow"}.get(f["grade"])
    return of_member(w, f, (FIRES, severity, f["grade"])) if severity and w.age(f) in range(6) else quiet()


def new_relief(w: World, f: dict[str, Any]) -> Verdict:
    new = f["kind"] in ("dibao", "destitute", "temporary_relief") and f["status"] == "granted" and w.age(f) in range(6)
    return of_member(w, f, (FIRES, "yellow", f["kind"])) if new else quiet()


def withdrawn(w: World, f: dict[str, Any]) -> Verdict:
    if f["status"] != "withdrawn" or w.age(f) < 0:
        return quiet()
    if w.registry is None:
        return UNKNOWN, None, ""
    if w.registry["status"] != "relieved":
        return quiet()
    if w.registry["relieved_on"] is None:
        return UNKNOWN, None, ""
    since = number(f["since"]) - number(w.registry["relieved_on"][:7])
    return of_member(w, f, (FIRES, "orange", f["kind"])) if 0 <= since < 60 else quiet()


def accident(w: World, f: dict[str, Any]) -> Verdict:
    severity = {"serious": "yellow", "disabling": "orange", "fatal": "red"}.get(f["outcome"])
    if severity is None or w.age(f, "month") not in range(12):
        return quiet()
    return (FIRES, severity, "fatal") if f["outcome"] == "fatal" else of_member(w, f, (FIRES, severity, f["outcome"]))


def production(w: World, f: dict[str, Any]) -> Verdict:
    share = f["lost_percent"]
    counts = f["object"] in ("crop", "livestock") and f.get("ended", True) and w.age(f, "month") in range(12)
    if not counts or share < 30:
        return quiet()
    return FIRES, "red" if share >= 80 else "orange" if share >= 50 else "yellow", f"{share}.00"


def gap(w: World, f: dict[str, Any]) -> Verdict:
    bare = f["kind"] != "accident" and (not f["covered"] or w.age(f, "until") > 0)
    return (FIRES, "blue", f["kind"]) if bare and w.tier == "key" else quiet()


def bereavement(w: World, f: dict[str, Any]) -> Verdict:
    dead = (f["status"], f["cause"]) == ("left", "death")
    return (FIRES, "yellow", str(w.age(f))) if dead and w.age(f) in range(6) else quiet()


def registration(w: World, f: dict[str, Any]) -> Verdict:
    if w.registry is None:
        return UNKNOWN, None, ""
    named = w.member(f["person_id"]) is not None
    wrong = named == (f["status"] == "left") and w.age(f) >= 1
    return (FIRES, "blue", f["status"]) if wrong else quiet()


def newborn(w: World, f: dict[str, Any]) -> Verdict:
    born = (f["status"], f["cause"]) == ("joined", "birth") and 3 <= w.age(f) < 24
    known = any(each["type"] == "medical_cover" and each["person_id"] == f["person_id"] for _, each in w.facts)
    return of_member(w, f, (FIRES, "yellow", str(w.age(f)))) if born and not known else quiet()


def petition(w: World, f: dict[str, Any]) -> Verdict:
    if f["status"] != "open" or w.age(f) < 0:
        return quiet()
    return FIRES, "yellow" if f["urgent"] or w.age(f) >= 2 else "blue", f["category"]


def market(w: World, f: dict[str, Any]) -> Verdict:
    drop = f["drop_percent"]
    if drop < (30 if f["measure"] == "price" else 50) or w.age(f, "month") not in range(6):
        return quiet()
    grown = w.one("grows", f["product"])
    if grown is None:
        return UNKNOWN, None, ""
    if not grown["active"]:
        return quiet()
    return FIRES, "orange" if f["measure"] == "price" and drop >= 50 else "yellow", f"{drop}.00"


def _asset(w: World, f: dict[str, Any], fails: bool, severity: str) -> Verdict:
    link = w.one("asset_link", f["asset"])
    if not fails:
        return quiet()
    if link is None:
        return UNKNOWN, None, ""
    return (FIRES, severity, str(w.age(f))) if link["linked"] else quiet()


def asset(w: World, f: dict[str, Any]) -> Verdict:
    return _asset(w, f, f["status"] != "running" and w.age(f) >= 1, "blue")


def dividend(w: World, f: dict[str, Any]) -> Verdict:
    return _asset(w, f, f["status"] == "unpaid" and w.age(f) >= 2, "yellow")


ASKED = {
    "employment": ("employment", employment), "skills-stall": ("skills", skills), "disability": ("disability", disability),
    "new-relief": ("support", new_relief), "support-withdrawn": ("support", withdrawn), "accident": ("accident", accident),
    "production-loss": ("loss", production), "insurance-gap": ("cover", gap), "bereavement": ("membership", bereavement),
    "registration": ("membership", registration), "newborn-cover": ("membership", newborn), "petition": ("petition", petition),
    "market-slump": ("market", market), "project-asset": ("asset_status", asset), "dividend": ("dividend", dividend),
}  # fmt: skip
OF_HOUSEHOLD = {"support"}
Reason = tuple[str, str | None, str, tuple[str, ...], str]
"""Rule, subject, severity, channels, value."""


def assess(
    reports: list[dict[str, Any]], registry: dict[str, Any] | None, tier: str, clock: datetime | None = None
) -> tuple[set[Reason], Sides, set[str]]:
    """Return the reasons of all rules on signals, the sides of conflicts, and the rules with an unknown answer."""
    w = World(reports, registry, tier, clock)
    reasons: set[Reason] = set()
    conflicts: Sides = {}
    unknown: set[str] = set()
    for rule, (kind, judge) in ASKED.items():
        subjects: dict[str | None, list[tuple[tuple[Any, ...], Facts]]] = {}
        for key, own in w.keys(kind).items():
            subject = None if kind in OF_HOUSEHOLD or "person_id" not in KEY[kind] else key[0]
            subjects.setdefault(subject, []).append((key, own))
        if not subjects:
            unknown.add(rule)
        for subject, keys in subjects.items():
            firing = [(key, own) for key, own in keys if judge(w, own[0][1])[0] == FIRES]
            split = firing or [each for each in keys if {FIRES, QUIET} <= {judge(w, fact)[0] for _, fact in each[1]}]
            bad = [each for _, own in split for each in own if judge(w, each[1])[0] == FIRES]
            good = [each for _, own in split for each in own if judge(w, each[1])[0] == QUIET]
            if firing:
                lead = min(firing, key=lambda each: _lead(w, judge, each))
                _, severity, value = judge(w, lead[1][0][1])
                reasons.add((rule, subject, str(severity), channels(bad), value))
            elif any(judge(w, own[0][1])[0] == UNKNOWN for _, own in keys):
                unknown.add(rule)
            if bad and good:
                conflicts[rule, subject] = channels(good), channels(bad)
    for special in (disaster_loss, claim_reminder, deceased_paid):
        special(w, reasons, unknown)
    return reasons, conflicts, unknown


def _lead(w: World, judge: Any, each: tuple[tuple[Any, ...], Facts]) -> tuple[Any, ...]:
    key, own = each
    fact = own[0][1]
    _, severity, _ = judge(w, fact)
    began = number(fact["since"] if "since" in fact else fact.get("month", fact.get("until")))
    rest = [str(part or "") for part in key]
    joined = {"accident": [rest[0], ":".join(rest[1:])], "loss": ["", "/".join(rest)], "market": ["", ":".join(rest)]}
    return (
        -ORDER.index(severity),
        began,
        *(joined.get(fact["type"]) or (rest if "person_id" in KEY[fact["type"]] else ["", *rest])),
    )


def disaster_loss(w: World, reasons: set[Reason], unknown: set[str]) -> None:
    if not w.current("loss"):
        unknown.add("disaster-loss")
        return
    used = [(r, f) for r, f in w.current("loss") if f.get("ended", True) and w.age(f, "month") in range(12)]
    used = [(r, f) for r, f in used if fen(f.get("amount", "0"))]
    paid = [(r, f) for r, f in w.facts if f["type"] == "claim" and f["kind"] == "disaster" and w.age(f, "month") in range(12)]
    net = sum(fen(f["amount"]) for _, f in used) - sum(fen(f["amount"]) for _, f in paid)
    if net >= 500_000:
        severity = "red" if net >= 2_000_000 else "orange" if net >= 1_000_000 else "yellow"
        reasons.add(("disaster-loss", None, severity, channels(used + paid), f"{net // 100}.{net % 100:02d}"))


def claim_reminder(w: World, reasons: set[Reason], unknown: set[str]) -> None:
    incidents: list[tuple[str, tuple[Any, Any], Facts]] = []
    for r, f in w.current("loss"):
        if f.get("ended", True) and (fen(f.get("amount", "0")) > 0 or f["lost_percent"] >= 30):
            incidents.append(("disaster", (r, f), []))
    for r, f in w.current("accident"):
        if f["outcome"] == "fatal" or (f["outcome"] != "minor" and not w.gone(f)):
            incidents.append(("accident", (r, f), []))
    for r, f in w.current("market"):
        grown = w.keys("grows").get((f["product"],))
        if f["measure"] == "price" and f["drop_percent"] >= 30 and grown and grown[0][1]["active"]:
            incidents.append(("price", (r, f), [grown[0]]))
    used: Facts = []
    oldest, bare = 0, False
    for kind, (r, f), more in incidents:
        first = number(f["month"])
        claims = [g for _, g in w.facts if g["type"] == "claim" and g["kind"] == kind and first <= number(g["month"]) <= w.m]
        if not 2 <= w.m - first < 12 or claims:
            continue
        cover = w.keys("cover").get((kind,))
        if cover is None:
            bare = True
        elif cover[0][1]["covered"] and number(cover[0][1]["until"]) >= first:
            used += [(r, f), cover[0], *more]
            oldest = max(oldest, w.m - first)
    if used:
        reasons.add(("claim-reminder", None, "blue", channels(used), str(oldest)))
    elif bare:
        unknown.add("claim-reminder")


def deceased_paid(w: World, reasons: set[Reason], unknown: set[str]) -> None:
    if not w.current("membership"):
        unknown.add("deceased-paid")
    for r, f in w.current("membership"):
        if (f["status"], f["cause"]) != ("left", "death"):
            continue
        seen: set[Any] = set()
        paid: Facts = []
        for report, fact in w.facts:
            if fact["type"] == "income" and fact["component"] == "transfer" and fact.get("person_id") == f["person_id"]:
                key = (report["source"], fact["month"])
                if key not in seen and fen(fact["amount"]) > 0 and number(fact["month"]) > number(f["since"]):
                    paid.append((report, fact))
                seen.add(key)
        if paid:
            total = Fraction(sum(fen(fact["amount"]) for _, fact in paid), 100)
            value = f"{total.numerator // total.denominator}.{int(total * 100) % 100:02d}"
            reasons.add(("deceased-paid", f["person_id"], "blue", channels([(r, f), *paid]), value))
