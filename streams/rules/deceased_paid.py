"""Is somebody still paid who has died?"""

from typing import Final

from schemas.fields import render_money
from schemas.findings import Finding, NotFiring, Undetermined
from schemas.reports import Income, KeptReport, Signal
from streams.ledger import Support
from streams.rules.context import Context
from streams.rules.signals import UNREPORTED, Answers, distinct
from streams.rules.support import support_channels

RULE: Final = "deceased-paid@1"
NOTHING: Final = render_money(0)


def deceased_paid(context: Context) -> Answers:
    """Contract-more §3, ``deceased-paid``."""
    members = list(context.signals.current("membership"))
    if not members:
        return [Undetermined(RULE, UNREPORTED)], []
    answers: list[Finding | NotFiring | Undetermined] = []
    payments = _transfers(context.facts.reports) if any(is_death(signal) for signal, _ in members) else []
    for signal, support in members:
        after = [each for each in payments if each[0].person_id == signal.person_id and each[0].month > signal.month]
        paid = [each for each in after if each[0].amount > 0]
        if not is_death(signal) or not paid:
            answers.append(NotFiring(RULE, NOTHING, NOTHING, "yuan"))
            continue
        facts = distinct([support, *(fact for _, fact in paid)])
        replaced = [report for _, (report, _) in after]
        named = [*replaced, *(report for report, _ in facts)]
        answers.append(
            Finding(
                RULE,
                "payments",
                context.parameters.deceased_paid.severity,
                render_money(sum(income.amount for income, _ in paid)),
                NOTHING,
                "yuan",
                support_channels(facts),
                facts,
                subject=signal.person_id,
                figures={"count": len(paid)},
                lead=signal,
                beside=(*replaced, *context.signals.standing(named, ("membership",))),
            )
        )
    return answers, []


def is_death(signal: Signal) -> bool:
    """Tell whether a membership says that the person has died."""
    return signal.value.startswith("left:death")


def _transfers(reports: tuple[KeptReport, ...]) -> list[tuple[Income, Support]]:
    """Return the transfers that departments report of persons, of each key the newest."""
    newest: dict[tuple[str, int, str], tuple[Income, Support]] = {}
    for report in reversed(reports):
        for position, fact in enumerate(report.facts):
            if isinstance(fact, Income) and fact.component == "transfer" and fact.person_id is not None:
                newest.setdefault((report.source, fact.month, fact.person_id), (fact, (report, position)))
    return list(newest.values())
