"""Stages and steps in words, Chinese and English, for texts that people read."""

from typing import Final

from schemas.cases import Stage, Step

STAGE_WORDS: Final[dict[Stage, tuple[str, str]]] = {
    "none": ("未立案", "not begun"),
    "ended": ("已终止", "ended"),
    "verified": ("已核实", "verified"),
    "authorised": ("已承诺授权", "authorised"),
    "compared": ("已比对", "compared"),
    "appraised": ("已评议", "appraised"),
    "noticed": ("公示中", "on notice"),
    "reviewed": ("乡镇已审核", "reviewed"),
    "registered": ("已纳入监测", "registered"),
    "removal_appraised": ("风险消除已评议", "appraised for removal"),
    "removal_noticed": ("风险消除公示中", "on notice of removal"),
    "removal_reviewed": ("风险消除已审核", "reviewed for removal"),
    "removed": ("风险已消除", "removed"),
}
STEP_WORDS: Final[dict[Step, tuple[str, str]]] = {
    "verification": ("入户核实", "verification"),
    "authorisation": ("承诺授权", "authorisation"),
    "comparison": ("数据比对", "comparison of data"),
    "appraisal": ("民主评议", "appraisal"),
    "notice": ("公示", "notice"),
    "objection": ("异议", "objection"),
    "settlement": ("异议处理", "settlement of an objection"),
    "review": ("乡镇审核", "review by the township"),
    "decision": ("县级审定", "decision of the county"),
    "rollback": ("回退", "rollback"),
    "standing": ("在册状态", "standing"),
}


def objections_open(count: int) -> tuple[str, str]:
    """Say that objections are open, and what becomes of one that was told of more than once: none settles another."""
    if count == 1:
        return "尚有1项未处理的异议", "an objection is still open"
    return (
        f"尚有{count}项未处理的异议，须逐项处理；同一异议重复上报的，由上报方撤回",
        f"{count} objections are still open: each wants its own settlement; one that was told twice is withdrawn by its teller",
    )
