"""Is there enough to wear?"""

from functools import cache
from typing import Final

from streams.policy import IndicatorRule
from streams.rules.indicators import Question

RULE: Final = "clothing@1"


@cache
def clothing(rule: IndicatorRule) -> Question:
    """Contract §4, ``clothing``."""
    return Question(RULE, "two worries", "clothing", {"inadequate": rule.severity}, "adequate")
