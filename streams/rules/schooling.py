"""Has a child left school in the compulsory stage? Zero tolerance."""

from typing import Final

from streams.rules.context import Context
from streams.rules.indicators import Answers, Question, answer

RULE: Final = "schooling@1"


def schooling(context: Context) -> Answers:
    """Contract §4, ``schooling``."""
    return answer(
        context.indicators,
        Question(
            RULE,
            "education",
            "schooling",
            {"compulsory:dropout": context.parameters.schooling.severity}.get,
            "attending",
        ),
    )
