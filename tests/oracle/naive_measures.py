"""What is suggested to a household against what it was given, recomputed naively (docs/contract-cases.md §5)."""

from typing import Any

from tests.oracle import naive_signals
from tests.oracle.whole import MEASURES


def measures(now: dict[str, Any], world: naive_signals.World) -> dict[str, str]:
    """By code how each measure stands that is suggested for the reasons now, or was ever given."""
    ways = ("development", "security")
    firing = {rule for rule, *_ in now["reasons"]}
    suggested = set()
    for rule in firing:
        lists = MEASURES["for"][rule]
        if now["pathway"] in ways:
            suggested |= {*lists[now["pathway"]]}
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
