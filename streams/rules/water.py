"""Is drinking water safe?"""

from functools import cache
from typing import Final

from streams.policy import IndicatorRule
from streams.rules.indicators import Question

RULE: Final = "water@1"


@cache
def water(rule: IndicatorRule) -> Question:
    """Contract §4, ``water``."""
    return Question(RULE, "water", "water", {"unsafe": rule.severity}, "safe")
