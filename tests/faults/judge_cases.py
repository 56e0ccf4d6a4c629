"""Whether what was said of a household's case is what its reports make of it at its clock."""

from typing import Any

from tests.faults.verdict import Verdict, judge_sequences
from tests.oracle.naive_cases import BLANK, NOTICED

Records = list[dict[str, Any]]


def judge_case(verdict: Verdict, name: str, records: Records, now: dict[str, Any], later: dict[str, Any] | None) -> None:
    """Whether the last record says what must be said ``now``; ``later``: what time alone should have had said since, if any.

    Compared is all of which docs/contract-cases.md §5 says that its difference is published, and that every record goes on
    from the stage of the one before.
    """
    judge_sequences(verdict, f"{name} case", [each["sequence"] for each in records])
    stages = ["none", *(each["stage"] for each in records)]
    if [each["previous_stage"] for each in records] != stages[:-1]:
        verdict.wrong.append(f"{name} case: stages {stages[1:]} do not follow from each other")
    if not records:
        if now != BLANK:
            verdict.lost.append(f"{name} case: nothing said of {now}")
    else:
        said = content(records[-1])
        for part, value in said.items():
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
        "notice_over": stage in NOTICED and "notice" not in clocks,
        "watch_over": stage == "removed" and "watch" not in clocks,
        "measures": {each["code"]: each["status"] for each in record["measures"]},
    }  # fmt: skip
