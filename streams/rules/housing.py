"""Is the house safe to live in?"""

from typing import Final

from streams.rules.context import Context
from streams.rules.indicators import Answers, Question, answer

RULE: Final = "housing@1"


def housing(context: Context) -> Answers:
    """Contract §4, ``housing``."""
    rule = context.parameters.housing
    return answer(context.indicators, Question(RULE, "housing", "housing", {"C": rule.grade_c, "D": rule.grade_d}.get, "B"))
