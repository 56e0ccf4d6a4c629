"""The rules, one question each, in the order in which an alert lists them. A rule not named here does not run."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from streams.rules.clothing import RULE as CLOTHING
from streams.rules.clothing import clothing
from streams.rules.expenditure_shock import RULE as EXPENDITURE_SHOCK
from streams.rules.expenditure_shock import expenditure_shock
from streams.rules.food import RULE as FOOD
from streams.rules.food import food
from streams.rules.housing import RULE as HOUSING
from streams.rules.housing import housing
from streams.rules.income_drop import RULE as INCOME_DROP
from streams.rules.income_drop import income_drop
from streams.rules.income_line import RULE as INCOME_LINE
from streams.rules.income_line import income_line
from streams.rules.indicators import Question
from streams.rules.medical_cover import RULE as MEDICAL_COVER
from streams.rules.medical_cover import medical_cover
from streams.rules.policy_dependence import RULE as POLICY_DEPENDENCE
from streams.rules.policy_dependence import policy_dependence
from streams.rules.schooling import RULE as SCHOOLING
from streams.rules.schooling import schooling
from streams.rules.water import RULE as WATER
from streams.rules.water import water

MONEY_RULES: Final = {
    "income_line": income_line,
    "income_drop": income_drop,
    "policy_dependence": policy_dependence,
    "expenditure_shock": expenditure_shock,
}
"""By the name of their parameters; one answer each."""

INDICATOR_RULES: Final[Mapping[str, Callable[[Any], Question]]] = {
    "food": food,
    "clothing": clothing,
    "schooling": schooling,
    "medical_cover": medical_cover,
    "housing": housing,
    "water": water,
}
"""By the name of their parameters, which each takes and says what it asks; one answer per subject."""

EVERY_RULE: Final = frozenset((*MONEY_RULES, *INDICATOR_RULES))
VERSIONS: Final = (
    CLOTHING,
    EXPENDITURE_SHOCK,
    FOOD,
    HOUSING,
    INCOME_DROP,
    INCOME_LINE,
    MEDICAL_COVER,
    POLICY_DEPENDENCE,
    SCHOOLING,
    WATER,
)
"""Every rule as alerts name it; a rule that answers otherwise than before has another version."""


def name_of(rule: str) -> str:
    """Return the name of a rule's parameters: ``income-line@1`` -> ``income_line``."""
    return rule.partition("@")[0].replace("-", "_")
