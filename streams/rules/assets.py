"""What is asked of every project asset: does it fail the household for months, and is the household linked to it?"""

from schemas.reports import Signal
from streams.policy_signals import AgedRule
from streams.rules.context import Context
from streams.rules.signals import Bad, Fine, Open, Verdict


def of_asset(context: Context, signal: Signal, fails: bool, rule: AgedRule) -> Verdict:
    """Judge what was said of an asset; only one with a current link counts."""
    age = context.age(signal.month)
    value, threshold = str(age), str(rule.months)
    if not fails or age < rule.months:
        return Fine(value, threshold, "months")
    link = context.signals.one("asset_link", signal.thing)
    if link is None:
        return Open("whether the household is linked to it")
    if not link[0].value.startswith("linked"):
        return Fine(value, threshold, "months")
    return Bad(rule.severity, value, threshold, "months", (link[1],))
