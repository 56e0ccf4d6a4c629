"""Does a plant stand still that the household is linked to?"""

from typing import Final

from schemas.reports import Signal
from streams.rules.assets import of_asset
from streams.rules.context import Context
from streams.rules.signals import Answers, Question, Verdict, ask

RULE: Final = "project-asset@1"


def project_asset(context: Context) -> Answers:
    """Contract-more §3, ``project-asset``."""
    return ask(context, Question(RULE, "assets", "asset_status", _judge, ("asset_link",)))


def _judge(context: Context, signal: Signal) -> Verdict:
    return of_asset(context, signal, signal.value != "running", context.parameters.project_asset)
