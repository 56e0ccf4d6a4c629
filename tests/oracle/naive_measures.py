"""What is suggested to a household against what it was given, recomputed naively (docs/contract-cases.md §5)."""

from typing import Any

from tests.oracle import naive_signals
from tests.oracle.whole import MEASURES


def measures(now: dict[str, Any], world: naive_signals.World) -> dict[str, str]:
    """By code how each measure stands that is suggested for the reasons now, or was ever given."""
    way, firing, suggested = help_for(world), {rule for rule, *_ in now["reasons"]}, set()
    for rule in firing:
        lists = MEASURES["for"][rule]
        if way != "unknown":
            suggested |= {*lists[way]}
        else:
            both = {*lists["development"]} & {*lists["security"]}
            suggested |= {code for code in both if not MEASURES["catalogue"][code]["needs-labour"]}
    found = {}
    for code in MEASURES["catalogue"]:
        words = [fact for _, fact in world.current("support") if fact["kind"] == code]
        words.sort(key=lambda each: each.get("person_id", ""))
        if words:  # a grant to anybody counts, else the newest word
            status = max(words, key=lambda each: (each["status"] == "granted", each["since"]))["status"]
            found[code] = status if status != "granted" else "given" if code in suggested else "given beside"
        elif code in suggested:
            found[code] = "not given"
    return found


def help_for(world: naive_signals.World) -> str:
    """Whom help is for: like the contract's pathway, but who left, died or is unable to work counts no more."""
    if world.registry is None:
        return "unknown"
    for member in world.registry["members"]:
        said = [world.one("membership", member["person_id"]), world.one("employment", member["person_id"])]
        out = any(fact and fact["status"] in ("left", "unable") and world.age(fact) >= 0 for fact in said)
        if not out and 16 <= world.m // 12 - member["birth_year"] <= 59 and member["labour"] in ("full", "partial"):
            return "development"
    return "security"
