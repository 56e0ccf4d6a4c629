"""cases: facts -> the household's case, all steps folded in the order in which they occurred (docs/contract-cases.md §2)."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from schemas.cases import Case, CaseStep, Condition, Done, Phase, Refused, Stage, Step
from schemas.fields import day_of, render_day
from schemas.household import Facts
from schemas.reports import KeptReport
from streams.case_words import STAGE_WORDS, objections_open
from streams.policy_cases import CaseRules
from streams.workdays import add_workdays

MOST: Final = 64
"""How many steps, and refused steps of an episode, are kept to be shown, newest."""

StepKey = tuple[Step, Phase]
Guard = Callable[[int], tuple[Condition, ...]]
"""What stands against removal at an instant (docs/contract-cases.md §3)."""


class Way(NamedTuple):
    """The stages a step may be taken in, and where it leads; None: the stage stays."""

    needs: tuple[Stage, ...]
    passed: Stage | None
    failed: Stage | None


WAYS: Final[Mapping[StepKey, Way]] = {
    ("verification", "entry"): Way(("none", "ended", "removed"), "verified", "ended"),
    ("authorisation", "entry"): Way(("verified",), "authorised", "ended"),
    ("comparison", "entry"): Way(("authorised",), "compared", "ended"),
    ("appraisal", "entry"): Way(("compared",), "appraised", "ended"),
    ("notice", "entry"): Way(("appraised",), "noticed", None),
    ("objection", "entry"): Way(("noticed",), None, None),
    ("settlement", "entry"): Way(("noticed",), None, "ended"),
    ("review", "entry"): Way(("noticed",), "reviewed", "ended"),
    ("decision", "entry"): Way(("reviewed",), "registered", "ended"),
    ("appraisal", "removal"): Way(("registered",), "removal_appraised", "registered"),
    ("notice", "removal"): Way(("removal_appraised",), "removal_noticed", None),
    ("objection", "removal"): Way(("removal_noticed",), None, None),
    ("settlement", "removal"): Way(("removal_noticed",), None, "registered"),
    ("review", "removal"): Way(("removal_noticed",), "removal_reviewed", "registered"),
    ("decision", "removal"): Way(("removal_reviewed",), "removed", "registered"),
    ("rollback", "removal"): Way(("removed",), "registered", None),
}
"""Every step but ``standing``, which says itself where it leads."""
GUARDED: Final[frozenset[StepKey]] = frozenset({("appraisal", "removal"), ("decision", "removal")})


class Taken(NamedTuple):
    """A step where it stands: its report and its position there."""

    report: KeptReport
    position: int
    step: CaseStep

    @property
    def key(self) -> StepKey:
        """What it is."""
        return self.step.step, self.step.phase

    @property
    def day(self) -> int:
        """The day in China on which it occurred."""
        return day_of(self.report.occurred_at)


def steps_of(facts: Facts) -> Iterator[Taken]:
    """Yield a household's steps in the order in which they occurred; reports ascend so by themselves."""
    for report in (*facts.past.signals, *facts.signals) if facts.past is not None else facts.signals:
        for position, fact in enumerate(report.facts):
            if type(fact) is CaseStep:
                yield Taken(report, position, fact)


def fold(facts: Facts, rules: CaseRules, guard: Guard) -> Case:
    """Return the case that a household's steps make."""
    case = Case()
    for taken in steps_of(facts):
        missing = _missing(case, taken, rules, guard)
        if missing:
            refused = Refused(taken.report.event_id, taken.position, taken.step.step, taken.step.phase, missing)
            case = msgspec.structs.replace(case, refused=(*case.refused, refused)[-MOST:])
        else:
            case = _take(case, taken)
    return case


def _missing(case: Case, taken: Taken, rules: CaseRules, guard: Guard) -> tuple[Condition, ...]:
    """Return every condition of a step that does not hold, in the order of docs/contract-cases.md.

    Objections and the notice belong to the stage of the notice; where the case is elsewhere there are none to ask about.
    """
    step = taken.step.step
    missing: list[Condition] = []
    needs = _needs(taken.step)
    here = case.stage in needs
    if not here:
        zh = "或".join(STAGE_WORDS[stage][0] for stage in needs)
        en = " or ".join(STAGE_WORDS[stage][1] for stage in needs)
        missing.append(Condition("stage", "|".join(needs), f"须先到“{zh}”阶段", f"the case must be {en} first"))
    if step == "review" and here and case.objections:
        missing.append(Condition("objection-open", "", *objections_open(len(case.objections))))
    if step == "settlement" and not (here and case.objections):
        missing.append(Condition("no-objection", "", "没有待处理的异议", "no objection is open"))
    if step == "review" and here:
        missing += _notice_period(case, taken.day, rules)
    if taken.key in GUARDED and taken.step.passed:
        missing += guard(taken.report.occurred_at)
    if step == "standing" and taken.step.stage == "removed" != case.stage:
        missing += (each for each in guard(taken.report.occurred_at) if each.code == "labour")
    return tuple(missing)


def _needs(step: CaseStep) -> tuple[Stage, ...]:
    """Return the stages a step may be taken in. ``standing`` begins a case or confirms it; it takes nobody past the guard."""
    if step.step == "standing":
        return ("none", "ended", step.stage or "registered")
    return WAYS[step.step, step.phase].needs


def _notice_period(case: Case, day: int, rules: CaseRules) -> list[Condition]:
    over = notice_over(case, day, rules)
    if day >= over:
        return []
    date = render_day(over)
    return [Condition("notice-period", date, f"公示期未满，{date}起方可", f"the notice period is over from {date} on")]


def notice_over(case: Case, day: int, rules: CaseRules) -> int:
    """Return the first ordinal day on which a notice period is over, as it looks on a ``day``."""
    return add_workdays(case.notice_on or day, rules.notice_days, pauses_until(case, day)).day + 1


def pauses_until(case: Case, day: int) -> tuple[tuple[int, int], ...]:
    """Return the days on which an objection was open, one that still is up to a ``day``."""
    return (*case.pauses, (case.objections[0], day)) if case.objections else case.pauses


def _take(case: Case, taken: Taken) -> Case:
    """Return the case after a step that may be taken."""
    step = taken.step
    if step.step == "standing":
        return _stand(case, taken, step.stage or "registered")
    way = WAYS[taken.key]
    if step.step == "verification":
        begun = Case(case.episode + 1, category=case.category, visited_on=taken.day, history=case.history)
        return _move(begun, taken, (way.passed if step.passed else way.failed) or "ended")
    if step.step == "objection":
        return _move(msgspec.structs.replace(case, objections=(*case.objections, taken.day)), taken, None)
    if step.step == "settlement":  # of the one that has waited longest; a pause goes on while another is open
        pauses = (*case.pauses, (case.objections[0], taken.day - 1))
        case = msgspec.structs.replace(case, objections=case.objections[1:], pauses=pauses)
    return _move(case, taken, way.passed if step.passed else way.failed)


def _stand(case: Case, taken: Taken, stage: Stage) -> Case:
    """Take a statement of where the case stands; one that confirms it leaves its days alone."""
    if case.stage == stage:
        return _move(msgspec.structs.replace(case, category=taken.step.category), taken, None)
    return _move(Case(case.episode + 1, history=case.history), taken, stage)


def _move(case: Case, taken: Taken, stage: Stage | None) -> Case:
    """Note a step as done and go to the stage it leads to, with what that stage needs to know."""
    to = stage or case.stage
    report, day = taken.report, taken.day
    done = Done(case.episode, report.event_id, *taken.key, taken.step.passed, to, report.occurred_at)
    case = msgspec.structs.replace(case, history=(*case.history, done)[-MOST:])
    if stage is None:
        return case
    case = msgspec.structs.replace(case, stage=to, since=report.occurred_at)
    match to:
        case "noticed" | "removal_noticed":
            return msgspec.structs.replace(case, notice_on=day, pauses=())
        case "registered":
            return msgspec.structs.replace(case, category=taken.step.category or case.category, removed_on=None, objections=())
        case "removed":
            return msgspec.structs.replace(case, category=taken.step.category or case.category, removed_on=day)
        case "ended":
            return msgspec.structs.replace(case, objections=())
        case _:
            return case
