"""Is drinking water safe?"""

from typing import Final

from streams.rules.context import Context
from streams.rules.indicators import Answers, Question, answer

RULE: Final = "water@1"


def water(context: Context) -> Answers:
    """Contract §4, ``water``."""
    return answer(
        context.indicators, Question(RULE, "water", "water", {"unsafe": context.parameters.water.severity}.get, "safe")
    )
