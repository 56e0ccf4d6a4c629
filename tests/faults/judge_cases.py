"""Whether what was said of a household's case is what its reports make of it at its clock."""

from collections import Counter
from datetime import date
from itertools import pairwise
from typing import Any

from tests.faults.verdict import Verdict, judge_sequences
from tests.oracle.naive_cases import BLANK, NOTICED, STAGES

Records = list[dict[str, Any]]


def judge_case(verdict: Verdict, name: str, records: Records, now: dict[str, Any], later: dict[str, Any] | None) -> None:
    """Whether the last record says what must be said ``now``; ``later``: what time alone should have had said since, if any.

    Compared is all of which docs/contract-cases.md §5 says that its difference is published, and that every record says what
    has happened since the one before, and nothing otherwise.
    """
    judge_sequences(verdict, f"{name} case", [each["sequence"] for each in records])
    contents = [BLANK, *map(content, records)]
    for (before, after), each in zip(pairwise(contents), records, strict=True):
        happened = each["transition"], each["previous_stage"]
        if happened != (transition(before, after), before["stage"]):
            verdict.wrong.append(f"{name} case: {happened} at {each['sequence']} after {before['stage']}")
    if not records:
        if now != BLANK:
            verdict.lost.append(f"{name} case: nothing said of {now}")
    else:
        for part, value in contents[-1].items():
            if value != now[part]:
                verdict.wrong.append(f"{name} case, {part}: {value} and not {now[part]}")
    if later is not None and later != now:
        verdict.lost.append(f"{name} case: no tick since it is {[part for part in now if now[part] != later[part]]}")


def content(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record in the words of :mod:`tests.oracle.naive_cases`."""
    stage, clocks = record["stage"], {each["clock"] for each in record["clocks"]}
    return {
        "episode": record["episode"], "stage": stage, "category": record["category"],
        "refused": [
            (each["event_id"], each["step"], each["phase"], sorted((one["code"], one["detail"]) for one in each["missing"]))
            for each in record["refused"]
        ],
        "overdue": {each["clock"] for each in record["clocks"] if each["overdue"]}, "relapsed": record["relapsed"],
        "objected": record["open_objection"], "notice_over": stage in NOTICED and "notice" not in clocks,
        "watch_over": stage == "removed" and "watch" not in clocks,
        "measures": {each["code"]: each["status"] for each in record["measures"]},
    }  # fmt: skip


def visit_by(records: Records) -> date | None:
    """Return by when the last record tells somebody to verify, None where it tells nobody."""
    clocks = records[-1]["clocks"] if records else []
    return next((date.fromisoformat(each["due"]) for each in clocks if each["clock"] == "verify"), None)


def transition(before: dict[str, Any], after: dict[str, Any]) -> str | None:
    """Return what happened between two records, None where nothing did."""
    stages = before["stage"], after["stage"]
    if before == after:
        return None
    if after["episode"] > before["episode"]:
        return "opened"
    if stages[0] != stages[1]:
        if stages[1] in ("ended", "removed"):
            return stages[1]
        later = STAGES.index(stages[1]) > STAGES.index(stages[0])
        return "rolled_back" if stages[0] == "removed" else "advanced" if later else "returned"
    if after["relapsed"] and not before["relapsed"]:
        return "relapsed"
    if after["overdue"] - before["overdue"]:
        return "overdue"
    refused, known = (Counter(each[:3] for each in said["refused"]) for said in (after, before))
    return "refused" if refused - known else "updated"
