"""Is there enough to eat?"""

from functools import cache
from typing import Final

from streams.policy import IndicatorRule
from streams.rules.indicators import Question

RULE: Final = "food@1"


@cache
def food(rule: IndicatorRule) -> Question:
    """Contract §4, ``food``."""
    return Question(RULE, "two worries", "food", {"inadequate": rule.severity}, "adequate")
