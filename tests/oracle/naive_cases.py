"""A household's case, recomputed naively from the list of its reports (docs/contract-cases.md): nothing of ``streams`` in it.

Beside the standard library there is the calendar of working days that the contract names. Days are dates in China.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import chinese_calendar

from tests.oracle import naive_signals
from tests.oracle.naive import CHINA, ORDER, live, when
from tests.oracle.naive_guard import Line, Missing, against
from tests.oracle.naive_measures import measures
from tests.oracle.whole import Reports, assess

WAY = ["verified", "authorised", "compared", "appraised", "noticed", "reviewed"]
NEEDS = {
    ("verification", "entry"): ["none", "ended", "removed"], ("authorisation", "entry"): ["verified"],
    ("comparison", "entry"): ["authorised"], ("appraisal", "entry"): ["compared"], ("notice", "entry"): ["appraised"],
    ("objection", "entry"): ["noticed"], ("settlement", "entry"): ["noticed"], ("review", "entry"): ["noticed"],
    ("decision", "entry"): ["reviewed"], ("appraisal", "removal"): ["registered"],
    ("notice", "removal"): ["removal_appraised"], ("objection", "removal"): ["removal_noticed"],
    ("settlement", "removal"): ["removal_noticed"], ("review", "removal"): ["removal_noticed"],
    ("decision", "removal"): ["removal_reviewed"], ("rollback", "removal"): ["removed"],
}  # fmt: skip
LEADS = {
    ("verification", "entry"): "verified", ("authorisation", "entry"): "authorised", ("comparison", "entry"): "compared",
    ("appraisal", "entry"): "appraised", ("notice", "entry"): "noticed", ("review", "entry"): "reviewed",
    ("decision", "entry"): "registered", ("appraisal", "removal"): "removal_appraised",
    ("notice", "removal"): "removal_noticed", ("review", "removal"): "removal_reviewed",
    ("decision", "removal"): "removed", ("rollback", "removal"): "registered",
}  # fmt: skip
STAGES = ["none", "ended", *WAY, "registered", "removal_appraised", "removal_noticed", "removal_reviewed", "removed"]
NOTICED = ["noticed", "removal_noticed"]
NOTICE_DAYS, FINISH_DAYS, SETTLE_DAYS, WATCH_MONTHS, MOST = 5, 15, 10, 12, 64


@dataclass
class Case:
    """A case so far; ``objections`` are (day raised, day settled or None), of the notice that is running or was last."""

    episode: int = 0
    stage: str = "none"
    category: str | None = None
    since: datetime | None = None
    visited: date | None = None
    noticed: date | None = None
    objections: list[tuple[date, date | None]] = field(default_factory=list)
    refused: list[tuple[str, str, str, Missing]] = field(default_factory=list)

    @property
    def open(self) -> list[date]:
        """When those objections were raised that are open, oldest first."""
        return sorted(raised for raised, settled in self.objections if settled is None)

    def paused(self, day: date, today: date) -> bool:
        """Whether an objection was open on a day, as it looks today."""
        return any(
            raised <= day <= (today if settled is None else settled - timedelta(days=1)) for raised, settled in self.objections
        )


def day_of(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def workday(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < 5


def after(day: date, count: int, paused: Callable[[date], bool] = lambda _: False) -> date:
    """The ``count``-th working day after a day, those that are paused left out."""
    while count:
        day += timedelta(days=1)
        count -= workday(day) and not paused(day)
    return day


def notice_ends(case: Case, today: date) -> date:
    assert case.noticed is not None
    return after(case.noticed, NOTICE_DAYS, lambda day: case.paused(day, today))


def fold(kept: Reports, registry: dict[str, Any] | None, line: Line) -> Case:
    """The case that reports make; ``kept`` are those that count, newest first."""
    case = Case()
    for report in reversed(kept):
        for fact in report["facts"]:
            if fact["type"] == "case_step":
                step = {"phase": "entry", "passed": True, "category": None, "stage": None} | fact
                at = when(report["occurred_at"])
                lacks = missing(case, step, at, kept, registry, line)
                if lacks:
                    case.refused = [*case.refused, (report["event_id"], step["step"], step["phase"], lacks)][-MOST:]
                else:
                    case = taken(case, step, at)
    return case


def missing(
    case: Case, step: dict[str, Any], at: datetime, kept: Reports, registry: dict[str, Any] | None, line: Line
) -> Missing:
    """Every condition (code, detail) of a step that does not hold where the case stands."""
    name, key = step["step"], (step["step"], step["phase"])
    needs = ["none", "ended", step["stage"]] if name == "standing" else NEEDS[key]
    here, lacks = case.stage in needs, Missing()
    if not here:
        lacks.append(("stage", "|".join(needs)))
    if here and name == "review" and case.open:
        lacks.append(("objection-open", ""))
    if name == "settlement" and not (here and case.open):
        lacks.append(("no-objection", ""))
    if here and name == "review":
        over = notice_ends(case, day_of(at)) + timedelta(days=1)
        if day_of(at) < over:
            lacks.append(("notice-period", over.isoformat()))
    guarded = key in (("appraisal", "removal"), ("decision", "removal")) and step["passed"]
    if guarded or (name == "standing" and step["stage"] == "removed" != case.stage):
        found = against(kept, registry, at, line)
        lacks += found if guarded else [each for each in found if each[0] == "labour"]
    return lacks


def taken(case: Case, step: dict[str, Any], at: datetime) -> Case:
    """The case after a step that may be taken."""
    day, name, key = day_of(at), step["step"], (step["step"], step["phase"])
    if name == "standing":
        if case.stage == step["stage"]:
            return replace(case, category=step["category"])
        return Case(case.episode + 1, step["stage"], step["category"], at)
    if name == "verification":
        return Case(case.episode + 1, "verified" if step["passed"] else "ended", case.category, at, day)
    if name == "objection":
        return replace(case, objections=[*case.objections, (day, None)])
    if name == "settlement" and step["passed"]:
        oldest = min(at for at, each in enumerate(case.objections) if each[1] is None)
        return replace(
            case, objections=[(each[0], day) if at == oldest else each for at, each in enumerate(case.objections)]
        )  # fmt: skip
    to = LEADS[key] if step["passed"] else "registered" if step["phase"] == "removal" else "ended"
    case = replace(case, stage=to, since=at, category=step["category"] or case.category)
    if to in NOTICED:
        return replace(case, noticed=day, objections=[])
    return replace(case, objections=[each for each in case.objections if each[1] is not None])


def said(
    reports: Reports, registry: dict[str, Any] | None, clock: datetime, alert: dict[str, Any] | None, line: Line,
    visit_by: date | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What must last have been said of a household's case at its clock; ``alert`` is what was last published, where it is open.

    ``visit_by``: by when somebody was last told to verify, which is asked where it has been removed: what came when since
    is no function of the reports. Blank (``BLANK``) where there is nothing to be said.
    """
    _, as_of = live(reports, clock)
    kept, _ = live(reports)  # of which each came in its time: nothing of it is forgotten by a tick
    case, today = fold(kept, registry, line), day_of(as_of)
    found = BLANK | {"episode": case.episode, "stage": case.stage, "category": case.category}
    found["refused"] = [(*each[:3], sorted(each[3])) for each in case.refused]
    new: set[Any] = set()
    if case.stage not in ("none", "ended"):
        now = assess(reports, registry, line(as_of), clock)
        found["measures"] = measures(now, naive_signals.World(reports, registry, "", clock))
        new = since_removal(case, now, kept, registry, line)
    watch = case.stage == "removed" and case.since is not None and today <= months_after(day_of(case.since), WATCH_MONTHS)
    found["relapsed"], found["watch_over"] = watch and bool(new), case.stage == "removed" and not watch
    found["notice_over"] = case.stage in NOTICED and today > notice_ends(case, today)
    found["objected"] = bool(case.open)
    found["overdue"] = overdue(case, today, alert, visit_by if new else None)
    return found


BLANK: dict[str, Any] = {
    "episode": 0, "stage": "none", "category": None, "refused": [], "overdue": set(), "relapsed": False, "notice_over": False,
    "watch_over": False, "objected": False, "measures": {},
}  # fmt: skip
"""Of a household of whose case there is nothing to say."""


def overdue(case: Case, today: date, alert: dict[str, Any] | None, new_by: date | None) -> set[str]:
    """The clocks that have run out; ``new_by``: by when what is new since a removal should be verified."""
    found = set()
    if alert is not None:
        visit_by = date.fromisoformat(alert["verify_by"])
        waits = case.stage in ("none", "ended") and not (case.visited and case.visited >= day_of(when(alert["opened_at"])))
        if case.stage == "removed" and new_by is not None:
            waits, visit_by = True, max(visit_by, new_by)
        found |= {"verify"} if waits and today > visit_by else set()
    if case.stage in WAY and case.visited is not None:
        found |= {"finish"} if today > after(case.visited, FINISH_DAYS, lambda day: case.paused(day, today)) else set()
    if case.open:
        found |= {"settle"} if today > after(case.open[0], SETTLE_DAYS) else set()
    return found


def months_after(day: date, months: int) -> date:
    year, at = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + at // 11, (at + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, at + 1, min(day.day, last))


def since_removal(
    case: Case, now: dict[str, Any], kept: Reports, registry: dict[str, Any] | None, line: Line
) -> set[tuple[str, str | None]]:
    """The (rule, person) of the reasons that were not there, or less grave, when the case was removed."""
    if case.stage != "removed" or case.since is None:
        return set()
    then = assess([r for r in kept if when(r["occurred_at"]) <= case.since], registry, line(case.since), case.since)
    known = {(rule, subject): ORDER.index(severity) for rule, subject, severity, _ in then["reasons"]}
    return {
        (rule, subject) for rule, subject, severity, _ in now["reasons"]
        if ORDER.index(severity) > known.get((rule, subject), -1)
    }  # fmt: skip
