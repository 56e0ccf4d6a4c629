"""Is the house safe to live in?"""

from functools import cache
from typing import Final

from streams.policy import Housing
from streams.rules.indicators import Question

RULE: Final = "housing@1"


@cache
def housing(rule: Housing) -> Question:
    """Contract §4, ``housing``."""
    return Question(RULE, "housing", "housing", {"C": rule.grade_c, "D": rule.grade_d}, "B")
