"""The rules, one question each, in the order in which an alert lists them. A rule not named here does not run."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from schemas.findings import Answer
from streams.rules.accident import RULE as ACCIDENT
from streams.rules.accident import accident
from streams.rules.bereavement import RULE as BEREAVEMENT
from streams.rules.bereavement import bereavement
from streams.rules.claim_reminder import RULE as CLAIM_REMINDER
from streams.rules.claim_reminder import claim_reminder
from streams.rules.clothing import RULE as CLOTHING
from streams.rules.clothing import clothing
from streams.rules.context import Context
from streams.rules.deceased_paid import RULE as DECEASED_PAID
from streams.rules.deceased_paid import deceased_paid
from streams.rules.disability import RULE as DISABILITY
from streams.rules.disability import disability
from streams.rules.disaster_loss import RULE as DISASTER_LOSS
from streams.rules.disaster_loss import disaster_loss
from streams.rules.dividend import RULE as DIVIDEND
from streams.rules.dividend import dividend
from streams.rules.employment import RULE as EMPLOYMENT
from streams.rules.employment import employment
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
from streams.rules.insurance_gap import RULE as INSURANCE_GAP
from streams.rules.insurance_gap import insurance_gap
from streams.rules.market_slump import RULE as MARKET_SLUMP
from streams.rules.market_slump import market_slump
from streams.rules.medical_cover import RULE as MEDICAL_COVER
from streams.rules.medical_cover import medical_cover
from streams.rules.new_relief import RULE as NEW_RELIEF
from streams.rules.new_relief import new_relief
from streams.rules.newborn_cover import RULE as NEWBORN_COVER
from streams.rules.newborn_cover import newborn_cover
from streams.rules.petition import RULE as PETITION
from streams.rules.petition import petition
from streams.rules.policy_dependence import RULE as POLICY_DEPENDENCE
from streams.rules.policy_dependence import policy_dependence
from streams.rules.production_loss import RULE as PRODUCTION_LOSS
from streams.rules.production_loss import production_loss
from streams.rules.project_asset import RULE as PROJECT_ASSET
from streams.rules.project_asset import project_asset
from streams.rules.registration import RULE as REGISTRATION
from streams.rules.registration import registration
from streams.rules.schooling import RULE as SCHOOLING
from streams.rules.schooling import schooling
from streams.rules.signals import Answers
from streams.rules.silence import RULE as SILENCE
from streams.rules.silence import silence
from streams.rules.skills_stall import RULE as SKILLS_STALL
from streams.rules.skills_stall import skills_stall
from streams.rules.support_withdrawn import RULE as SUPPORT_WITHDRAWN
from streams.rules.support_withdrawn import support_withdrawn
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

SIGNAL_RULES: Final[Mapping[str, Callable[[Context], Answers]]] = {
    "employment": employment,
    "skills_stall": skills_stall,
    "disability": disability,
    "new_relief": new_relief,
    "support_withdrawn": support_withdrawn,
    "accident": accident,
    "production_loss": production_loss,
    "disaster_loss": disaster_loss,
    "claim_reminder": claim_reminder,
    "insurance_gap": insurance_gap,
    "deceased_paid": deceased_paid,
    "bereavement": bereavement,
    "registration": registration,
    "newborn_cover": newborn_cover,
    "petition": petition,
    "market_slump": market_slump,
    "project_asset": project_asset,
    "dividend": dividend,
}
"""By the name of their parameters; one answer per subject. Asked only in a household that has signals."""

CLOCK_RULES: Final[Mapping[str, Callable[[Context], Answer]]] = {"silence": silence}
"""By the name of their parameters: what time alone says; one answer each."""

RULES: Final = (*MONEY_RULES, *INDICATOR_RULES, *SIGNAL_RULES, *CLOCK_RULES)
"""All of them, in the order in which an alert lists them."""
EVERY_RULE: Final = frozenset(RULES)
VERSIONS: Final = (
    ACCIDENT,
    BEREAVEMENT,
    CLAIM_REMINDER,
    CLOTHING,
    DECEASED_PAID,
    DISABILITY,
    DISASTER_LOSS,
    DIVIDEND,
    EMPLOYMENT,
    EXPENDITURE_SHOCK,
    FOOD,
    HOUSING,
    INCOME_DROP,
    INCOME_LINE,
    INSURANCE_GAP,
    MARKET_SLUMP,
    MEDICAL_COVER,
    NEW_RELIEF,
    NEWBORN_COVER,
    PETITION,
    POLICY_DEPENDENCE,
    PRODUCTION_LOSS,
    PROJECT_ASSET,
    REGISTRATION,
    SCHOOLING,
    SILENCE,
    SKILLS_STALL,
    SUPPORT_WITHDRAWN,
    WATER,
)
"""Every rule as alerts name it; a rule that answers otherwise than before has another version."""
_VERSION_OF: Final = {version.partition("@")[0].replace("-", "_"): version for version in VERSIONS}


def version_of(name: str) -> str:
    """Return a rule as alerts name it: ``income_line`` -> ``income-line@1``."""
    return _VERSION_OF[name]


def name_of(rule: str) -> str:
    """Return the name of a rule's parameters: ``income-line@1`` -> ``income_line``."""
    return rule.partition("@")[0].replace("-", "_")
