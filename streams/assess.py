"""assess: facts -> Assessment, all rules over one household at its ``as_of``."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from schemas.fields import month_of
from schemas.findings import Answer, Answers, Assessment, Conflict, Finding, NotFiring, Undetermined
from schemas.household import Facts
from schemas.vocabulary import SEVERITIES, Category, Pathway, Severity
from streams.policy import Parameters, Policy
from streams.rules import CLOCK_RULES, EVERY_RULE, INDICATOR_RULES, MONEY_RULES, SIGNAL_RULES
from streams.rules.context import Context
from streams.rules.indicators import Question, answer, index_of
from streams.rules.persons import LABOURING
from streams.rules.signals import Answers as OfSignals


class Plan(NamedTuple):
    """What to ask of some rules, as alerts list them; those that are switched off are left out.

    ``kinds`` are the indicators that ``questions`` are about.
    """

    money: tuple[Callable[[Context], Answer], ...]
    kinds: frozenset[str]
    questions: tuple[Question, ...]
    signals: tuple[Callable[[Context], OfSignals], ...]
    clock: tuple[Callable[[Context], Answer], ...]


def area_code(facts: Facts) -> str | None:
    """Return where the household lives: the registry's area, else the newest report's; None where neither is known."""
    if facts.registry is not None:
        return facts.registry.area_code
    return facts.newest.area_code if facts.newest is not None else None


def assess(facts: Facts, policy: Policy) -> Assessment | None:
    """Ask every rule. None where the household has no ``as_of``: only a registry entry, no report yet."""
    context = context_of(facts, policy)
    return assessment_from(context, answers_of(context, EVERY_RULE)) if context is not None else None


def ask(facts: Facts, policy: Policy, rules: frozenset[str]) -> Answers | None:
    """Ask some rules, by the names of their parameters. None where the household has no ``as_of``."""
    context = context_of(facts, policy)
    return answers_of(context, rules) if context is not None else None


def context_of(facts: Facts, policy: Policy) -> Context | None:
    """Return what rules are given of a household, to be asked as often as need be. None where it has no ``as_of``."""
    if facts.as_of is None:
        return None
    parameters, tier, _ = policy.court((area_code(facts) or "")[:6])
    return Context(facts, parameters, tier)


def assessment_from(context: Context, answers: Answers) -> Assessment:
    """Return what the answers of every rule come to."""
    facts = context.facts
    return Assessment(
        answers.findings, answers.conflicts, answers.undetermined, answers.quiet, context.as_of,
        category(facts, answers.findings), pathway(facts, context.parameters), worst(answers.findings),
    )  # fmt: skip


def answers_of(context: Context, rules: frozenset[str]) -> Answers:
    """Ask some rules, by the names of their parameters."""
    plan = context.parameters.plans.get(rules) or _plan(context.parameters, rules)
    answers: list[Answer] = [rule(context) for rule in plan.money]
    conflicts: list[Conflict] = []
    if plan.questions:
        index = index_of(context.facts, plan.kinds)
        for question in plan.questions:
            answer(index, question, answers, conflicts)
    if plan.signals and context.facts.signals:
        for heard in plan.signals:
            some, beside = heard(context)
            answers += some
            conflicts += beside
    for rule in plan.clock:
        answers.append(rule(context))
    findings: list[Finding] = []
    undetermined: list[Undetermined] = []
    quiet: list[NotFiring] = []
    for each in answers:
        if isinstance(each, NotFiring):
            quiet.append(each)
        elif isinstance(each, Undetermined):
            undetermined.append(each)
        else:
            findings.append(each)
    return Answers(tuple(findings), tuple(conflicts), tuple(undetermined), tuple(quiet))


def _plan(parameters: Parameters, rules: frozenset[str]) -> Plan:
    """Work out what to ask. Indicators are called as the rules that ask them."""
    on = {name for name in rules if getattr(parameters, name).enabled}
    indicators = [name for name in INDICATOR_RULES if name in on]
    plan = parameters.plans[rules] = Plan(
        tuple(rule for name, rule in MONEY_RULES.items() if name in on),
        frozenset(indicators),
        tuple(INDICATOR_RULES[name](getattr(parameters, name)) for name in indicators),
        tuple(rule for name, rule in SIGNAL_RULES.items() if name in on),
        tuple(rule for name, rule in CLOCK_RULES.items() if name in on),
    )
    return plan


def worst(findings: Sequence[Finding]) -> Severity | None:
    """Return the gravest severity of some findings, None where there is none."""
    return max((each.severity for each in findings), key=SEVERITIES.index) if findings else None


def category(facts: Facts, findings: Sequence[Finding]) -> Category:
    """Return which kind of monitored household this would be (contract §4)."""
    if findings:
        firing = {finding.rule.partition("@")[0] for finding in findings}
        if "expenditure-shock" in firing and "income-line" not in firing:
            return "sudden"
    if facts.registry is None:
        return "unknown"
    return "unstable" if facts.registry.status == "relieved" else "marginal"


def pathway(facts: Facts, parameters: Parameters) -> Pathway:
    """Return the kind of help: development where a member of working age has labour, else security (contract §4)."""
    if facts.registry is None or facts.as_of is None:
        return "unknown"
    year, working = month_of(facts.as_of) // 12, parameters.working
    for member in facts.registry.members:
        if member.labour in LABOURING and working.age_from <= year - member.birth_year <= working.age_to:
            return "development"
    return "security"
