"""Has a child left school in the compulsory stage? Zero tolerance."""

from functools import cache
from typing import Final

from streams.policy import IndicatorRule
from streams.rules.indicators import Question

RULE: Final = "schooling@1"


@cache
def schooling(rule: IndicatorRule) -> Question:
    """Contract §4, ``schooling``."""
    return Question(RULE, "education", "schooling", {"compulsory:dropout": rule.severity}, "attending")
