"""Is there enough to wear?"""

from typing import Final

from streams.rules.context import Context
from streams.rules.indicators import Answers, Question, answer

RULE: Final = "clothing@1"


def clothing(context: Context) -> Answers:
    """Contract §4, ``clothing``."""
    return answer(
        context.indicators,
        Question(RULE, "two worries", "clothing", {"inadequate": context.parameters.clothing.severity}.get, "adequate"),
    )
