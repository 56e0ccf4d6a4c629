"""The rules, one question each, in the order in which an alert lists them. A rule not named here does not run."""

from typing import Final

from streams.rules.clothing import clothing
from streams.rules.expenditure_shock import expenditure_shock
from streams.rules.food import food
from streams.rules.housing import housing
from streams.rules.income_drop import income_drop
from streams.rules.income_line import income_line
from streams.rules.medical_cover import medical_cover
from streams.rules.policy_dependence import policy_dependence
from streams.rules.schooling import schooling
from streams.rules.water import water

MONEY_RULES: Final = {
    "income_line": income_line,
    "income_drop": income_drop,
    "policy_dependence": policy_dependence,
    "expenditure_shock": expenditure_shock,
}
"""By the name of their parameters; one answer each."""

INDICATOR_RULES: Final = {
    "food": food,
    "clothing": clothing,
    "schooling": schooling,
    "medical_cover": medical_cover,
    "housing": housing,
    "water": water,
}
"""By the name of their parameters; one answer per subject."""
