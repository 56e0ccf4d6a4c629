"""assess: facts -> Assessment, all rules over one household at its ``as_of``."""

from schemas.fields import month_of
from schemas.findings import Assessment, Conflict, Finding, NotFiring, Undetermined
from schemas.household import Facts
from schemas.vocabulary import SEVERITIES, Category, Pathway, Severity
from streams.policy import Parameters, Policy
from streams.rules import INDICATOR_RULES, MONEY_RULES
from streams.rules.context import Answer, Context

LABOURING = frozenset({"full", "partial"})


def area_code(facts: Facts) -> str | None:
    """Return where the household lives: the registry's area, else the newest report's; None where neither is known."""
    if facts.registry is not None:
        return facts.registry.area_code
    return facts.newest.area_code if facts.newest is not None else None


def assess(facts: Facts, policy: Policy) -> Assessment | None:
    """Ask every rule. None where the household has no ``as_of``: only a registry entry, no report yet."""
    if facts.as_of is None:
        return None
    parameters = policy.parameters((area_code(facts) or "")[:6])
    context = Context(facts, parameters)
    answers: list[Answer] = [rule(context) for name, rule in MONEY_RULES.items() if getattr(parameters, name).enabled]
    conflicts: list[Conflict] = []
    for name, indicator in INDICATOR_RULES.items():
        if getattr(parameters, name).enabled:
            some, beside = indicator(context)
            answers += some
            conflicts += beside
    findings = tuple(each for each in answers if isinstance(each, Finding))
    return Assessment(
        as_of=facts.as_of,
        findings=findings,
        conflicts=tuple(conflicts),
        undetermined=tuple(each for each in answers if isinstance(each, Undetermined)),
        quiet=tuple(each for each in answers if isinstance(each, NotFiring)),
        category=category(facts, findings),
        pathway=pathway(facts, parameters),
        severity=worst(findings),
    )


def worst(findings: tuple[Finding, ...]) -> Severity | None:
    """Return the gravest severity of some findings, None where there is none."""
    return max((each.severity for each in findings), key=SEVERITIES.index, default=None)


def category(facts: Facts, findings: tuple[Finding, ...]) -> Category:
    """Return which kind of monitored household this would be (contract §4)."""
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
