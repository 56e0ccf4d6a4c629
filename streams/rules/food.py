"""Is there enough to eat?"""

from typing import Final

from streams.rules.context import Context
from streams.rules.indicators import Answers, Question, answer

RULE: Final = "food@1"


def food(context: Context) -> Answers:
    """Contract §4, ``food``."""
    return answer(
        context.indicators,
        Question(RULE, "two worries", "food", {"inadequate": context.parameters.food.severity}.get, "adequate"),
    )
