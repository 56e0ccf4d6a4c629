"""A household as ``explain`` and ``/households/ID`` show it: what a person needs to argue about an alert."""

from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.cases import CaseStep
from schemas.fields import day_of, render_day, render_instant, render_money, render_month
from schemas.findings import Assessment, NotFiring
from schemas.household import Facts, HouseholdState, Past
from schemas.reports import Claim, Fact, Income, IncomeStatement, KeptReport, Signal, Spending
from schemas.vocabulary import CHANNELS, COMPONENTS
from streams.alerts import note, reason
from streams.assess import area_code, assess
from streams.case_turn import show
from streams.casework import case_now
from streams.ledger import Ledger, Missing, Window
from streams.measures import tracked
from streams.noise import NOTHING, hush_of, waits_until, window_until
from streams.policies import Judges
from streams.policy import Parameters
from streams.policy_cases import NoiseRules
from streams.rules import SIGNAL_RULES, version_of
from streams.rules.signals import UNREPORTED
from streams.rules.support import render_figure


def household_view(household_id: str, state: HouseholdState, policies: Judges) -> dict[str, Any]:
    """Return state, facts by channel, ledger, and the rules that fire, do not, or cannot be answered."""
    facts = state.facts
    policy = policies.of(facts.as_of)
    area = area_code(facts)
    assessment = assess(facts, policy)
    ledger = Ledger(facts)
    past = facts.past or Past()
    return {
        "household_id": household_id,
        "area_code": area,
        "tier": policy.tier((area or "")[:6]),
        "policy": policy.label,
        "as_of": render_instant(facts.as_of) if facts.as_of is not None else None,
        "registry": _registry(state),
        "registry_removed_at": _removed_at(facts),
        "facts": _by_channel((*facts.reports, *facts.signals)),
        "past": _by_channel((*past.reports, *past.signals)),
        "withdrawals": [{"event_id": each.event_id, "channel": CHANNELS[each.channel]} for each in facts.withdrawals],
        "ledger": {
            "income": _window(ledger.income()) if facts.as_of is not None else None,
            "earlier_income": _window(ledger.income(back=12)) if facts.as_of is not None else None,
            "spending": [_entry(entry.month, entry.amount) for entry in ledger.spending()],
            "claims": [_entry(entry.month, entry.amount) for entry in ledger.claims()],
        },
        "rules": {
            "firing": [msgspec.to_builtins(reason(each)) for each in assessment.findings] if assessment else [],
            "quiet": [_quiet(each) for each in assessment.quiet] if assessment else [],
            "undetermined": _undetermined(assessment, facts, policy.parameters((area or "")[:6])) if assessment else [],
        },
        "conflicts": [msgspec.to_builtins(note(each)) for each in assessment.conflicts] if assessment else [],
        "measures": msgspec.to_builtins(tracked(policy, assessment, facts)) if assessment else [],
        "category": assessment.category if assessment else "unknown",
        "pathway": assessment.pathway if assessment else "unknown",
        "alert": _open(household_id, state),
        "noise": _noise(state, policy.parameters((area or "")[:6]).noise),
        "case": _case(state, policies),
    }


def _undetermined(assessment: Assessment, facts: Facts, parameters: Parameters) -> list[dict[str, Any]]:
    """Return what is missing; in a household without signals the rules on them were not asked, for want of a report."""
    missing = [_fields(each, "rule", "missing") for each in assessment.undetermined]
    if facts.signals:
        return missing
    silent = [version_of(name) for name in SIGNAL_RULES if getattr(parameters, name).enabled]
    return missing + [{"rule": rule, "missing": UNREPORTED} for rule in silent]


def _fields(thing: object, *names: str) -> dict[str, Any]:
    return {name: getattr(thing, name) for name in names}


def _quiet(answer: NotFiring) -> dict[str, Any]:
    value, threshold = render_figure(answer.value), render_figure(answer.threshold)
    return {"rule": answer.rule, "value": value, "threshold": threshold, "unit": answer.unit}


def _case(state: HouseholdState, policies: Judges) -> dict[str, Any] | None:
    """Return the household's case with its clocks, None where there is nothing of either."""
    if state.facts.as_of is None:
        return None
    now = case_now(state, policies)
    shown: dict[str, Any] = msgspec.to_builtins(show(now))
    return shown if now.clocks or now.case.stage != "none" or now.case.refused else None


def _registry(state: HouseholdState) -> dict[str, Any] | None:
    entry = state.facts.registry
    if entry is None:
        return None
    return {
        "status": entry.status,
        "relieved_on": render_day(entry.relieved_on) if entry.relieved_on is not None else None,
        "members": [_fields(member, "person_id", "birth_year", "labour", "student") for member in entry.members],
        "updated_at": render_instant(entry.updated_at),
    }


def _removed_at(facts: Facts) -> str | None:
    """Return since when the household's entry is removed; None where there is one, or never was."""
    at = facts.registry_at if facts.registry is None else None
    return render_instant(at) if at is not None else None


def _open(household_id: str, state: HouseholdState) -> dict[str, Any]:
    thread = state.thread
    shown: dict[str, Any] = {"open": thread.open is not None, "sequence": thread.sequence}
    if thread.open is not None:
        shown |= {
            "alert_id": f"{household_id}:{thread.episode}",
            "severity": thread.open.severity,
            "opened_at": render_instant(thread.open.opened_at),
            "verify_by": render_day(thread.open.verify_by),
        }
    return shown


def _noise(state: HouseholdState, rules: NoiseRules) -> dict[str, Any]:
    """Return what holds this household's transitions back on the day of its clock, what waits, and through which day."""
    facts, thread = state.facts, state.thread
    noise, hush = thread.noise or NOTHING, hush_of(facts, rules)
    window = window_until(thread, rules.window_days)
    if window is not None and window < day_of(facts.as_of or 0):
        window = None  # it is over
    until = waits_until(thread, hush)
    return {
        "snoozed_until": render_day(hush.snoozed_until) if hush.snoozed_until is not None else None,
        "window_until": render_day(window) if window is not None else None,
        "withheld": noise.withheld,
        "pending": msgspec.to_builtins(noise.pending) if noise.pending is not None else None,
        "pending_until": render_day(until) if until is not None else None,
    }


def _by_channel(reports: Iterable[KeptReport]) -> dict[str, list[dict[str, Any]]]:
    """Return reports by channel, newest first."""
    found: dict[str, list[dict[str, Any]]] = {channel: [] for channel in CHANNELS}
    for report in sorted(reports, key=_newness, reverse=True):
        found[CHANNELS[report.channel]].append(_report(report))
    return found


def _report(report: KeptReport) -> dict[str, Any]:
    return {
        "event_id": report.event_id,
        "source": report.source,
        "occurred_at": render_instant(report.occurred_at),
        "facts": [_fact(fact) for fact in report.facts],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    match fact:
        case IncomeStatement():
            amounts = {name: render_money(getattr(fact, name)) for name in (*COMPONENTS, "production_cost")}
            return {
                "type": "income_statement",
                "from": render_month(fact.start),
                "to": render_month(fact.end),
                **amounts,
            }
        case Income():
            what = {"type": "income", "component": fact.component, "person_id": fact.person_id}
            return what | _entry(fact.month, fact.amount)
        case Spending():
            kind = {"type": "spending", "category": fact.category, "person_id": fact.person_id}
            return kind | {"cumulative": fact.cumulative} | _entry(fact.month, fact.amount)
        case Claim():
            return {"type": "claim", "kind": fact.kind} | _entry(fact.month, fact.amount)
        case Signal():
            return _signal(fact)
        case CaseStep():
            return {"type": "case_step", **_fields(fact, "step", "phase", "passed", "category", "stage")}
        case _:
            return {"type": fact.kind, "person_id": fact.subject, "value": fact.value}


def _signal(signal: Signal) -> dict[str, Any]:
    shown = {"type": signal.kind, "person_id": signal.person_id, "thing": signal.thing, "value": signal.value}
    if signal.month:
        shown["month"] = render_month(signal.month)
    if signal.kind == "loss":
        shown |= {"lost_percent": str(signal.share), "amount": render_money(signal.amount)}
    return shown | ({"drop_percent": str(signal.share)} if signal.kind == "market" else {})


def _newness(report: KeptReport) -> tuple[int, int, str]:
    return report.newness


def _entry(month: int, amount: int) -> dict[str, Any]:
    return {"month": render_month(month), "amount": render_money(amount)}


def _window(window: Window | Missing) -> dict[str, Any]:
    if isinstance(window, Missing):
        return {"undetermined": window.what}
    names = ("gross", "transfers", "production_cost", "claims", "medical", "reference")
    return {name: render_money(getattr(window, name)) for name in names} | {"members": window.members}
