"""Does an asset owe the household its share?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.assets import of_asset
from streams.rules.context import Context
from streams.rules.signals import Answers, Question, Verdict, ask

RULE: Final = "dividend@1"


def dividend(context: Context) -> Answers:
    """Contract-more §3, ``dividend``."""
    return ask(context, Question(RULE, "assets", "dividend", _judge, ("asset_link",)))


def _judge(context: Context, signal: Signal) -> Verdict:
    return of_asset(context, signal, signal.value == "unpaid", context.parameters.dividend)
