"""What of an alert may wait, told again from docs/contract-noise.md: standard library only."""

from datetime import date, datetime, timedelta
from typing import Any

from tests.oracle.naive import CHINA, ORDER, live, when

SNOOZE_DAYS = 92
MILD = ("deescalated", "updated", "cleared")
PARTS = ("severity", "category", "pathway", "reasons", "conflicts")


def day_of(at: datetime) -> date:
    return at.astimezone(CHINA).date()


def asleep(reports: list[dict[str, Any]], at: datetime) -> bool:
    """Whether the newest snooze of a household has not ended at its clock."""
    for report in live(reports, at)[0]:
        for fact in report["facts"]:
            if fact["type"] == "snooze":
                longest = day_of(when(report["occurred_at"])) + timedelta(days=SNOOZE_DAYS)
                return day_of(at) <= min(date.fromisoformat(fact["until"]), longest)
    return False


def transition(said: dict[str, Any] | None, holds: dict[str, Any]) -> str | None:
    """Return which transition leads from what is said to be open (None: nothing is) to what holds, None for none."""
    if said is None or holds["severity"] is None:
        return "opened" if said is None and holds["severity"] else "cleared" if said is not None else None
    step = ORDER.index(holds["severity"]) - ORDER.index(said["severity"])
    if step:
        return "escalated" if step > 0 else "deescalated"
    return None if all(said[part] == holds[part] for part in PARTS) else "updated"


def waits(
    said: dict[str, Any] | None, holds: dict[str, Any], changed: datetime | None, window: int, *, asleep: bool
) -> bool:  # fmt: skip
    """Whether the transition from what is said to what holds at ``holds["as_of"]`` is held back.

    ``changed`` is when the household last said something by its own clock, ``window`` how many days milder things wait then.
    """
    kind = transition(said, holds)
    if kind is None:
        return False
    red = "red" in (holds["severity"], said and said["severity"])
    if asleep and kind != "cleared" and not red:
        return True
    return kind in MILD and changed is not None and day_of(holds["as_of"]) < day_of(changed) + timedelta(days=window)


def content(alert: dict[str, Any]) -> dict[str, Any]:
    """Return what an alert says in the words of :mod:`tests.oracle.whole`."""
    conflicts = (*alert["conflicts"], *(each["conflict"] for each in alert["reasons"]))
    return {
        "severity": alert["severity"], "category": alert["category"], "pathway": alert["pathway"],
        "reasons": {(_rule(r), r["subject"], r["severity"], tuple(r["channels"])) for r in alert["reasons"]},
        "conflicts": {(_rule(each), each["subject"]) for each in conflicts if each},
    }  # fmt: skip


def _rule(each: dict[str, Any]) -> str:
    """Return the name of a rule without its version."""
    return str(each["rule"]).partition("@")[0]
