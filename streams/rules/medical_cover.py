"""Is everybody reported enrolled in basic medical insurance?"""

from typing import Final

from streams.rules.context import Context
from streams.rules.indicators import Answers, Question, answer

RULE: Final = "medical-cover@1"


def medical_cover(context: Context) -> Answers:
    """Contract §4, ``medical-cover``."""
    return answer(
        context.indicators,
        Question(
            RULE,
            "medical",
            "medical_cover",
            {"not_enrolled": context.parameters.medical_cover.severity}.get,
            "enrolled",
        ),
    )
