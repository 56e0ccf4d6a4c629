"""Is everybody reported enrolled in basic medical insurance?"""

from functools import cache
from typing import Final

from streams.policy import IndicatorRule
from streams.rules.indicators import Question

RULE: Final = "medical-cover@1"


@cache
def medical_cover(rule: IndicatorRule) -> Question:
    """Contract §4, ``medical-cover``."""
    return Question(RULE, "medical", "medical_cover", {"not_enrolled": rule.severity}, "enrolled")
