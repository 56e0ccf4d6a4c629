"""Planted accidents of every outcome, relief of every kind, members who come and go, and requests."""

from collections.abc import Callable, Mapping
from typing import Final

from fangfan.saying import Shocks, calls, of_person, support
from fangfan.simulated import Household

SHOCKS: Final[Shocks] = {
    "disabled at work": (
        frozenset({"accident"}), of_person("human-resources", "accident", 1, "month", kind="work", outcome="disabling"),
    ),
    "died in a fire": (
        frozenset({"accident"}), of_person("emergency", "accident", 2, "month", kind="fire", outcome="fatal"),
    ),
    "destitute support granted": (frozenset({"new-relief"}), support("destitute", "granted", 2, source="civil-affairs")),
    "temporary relief granted": (frozenset({"new-relief"}), support("temporary_relief", "granted", 0, source="civil-affairs")),
    "divorced, still in the entry": (
        frozenset({"registration"}), of_person("civil-affairs", "membership", 2, status="left", cause="divorce"),
    ),
    "request of this month": (frozenset({"petition"}), calls(urgent=False, months=0, source="window")),
    "request open for three months": (frozenset({"petition"}), calls(urgent=False, months=3, source="petitions")),
}  # fmt: skip
NEAR_MISSES: Final[Mapping[str, Callable[[Household], None]]] = {
    "temporary relief of half a year ago": support("temporary_relief", "granted", 6, source="civil-affairs"),
    "training granted": support("training", "granted", 0, source="human-resources"),
    "married out this month": of_person("civil-affairs", "membership", 0, status="left", cause="marriage"),
    "divorced this month": of_person("civil-affairs", "membership", 0, status="left", cause="divorce"),
    "married in and registered": of_person("civil-affairs", "membership", 3, status="joined", cause="marriage"),
    "merged and registered": of_person("public-security", "membership", 2, status="joined", cause="merge"),
    "request closed": calls(urgent=False, status="closed", months=3, source="petitions"),
}
SHOCKS_ZH: Final[Mapping[str, str]] = {
    "disabled at work": "工伤致残", "died in a fire": "火灾遇难", "destitute support granted": "新纳入特困",
    "temporary relief granted": "新获临时救助", "divorced, still in the entry": "离婚未销户",
    "request of this month": "本月诉求", "request open for three months": "诉求三个月未办结",
}  # fmt: skip
NEAR_MISSES_ZH: Final[Mapping[str, str]] = {
    "temporary relief of half a year ago": "半年前的临时救助", "training granted": "获技能培训",
    "married out this month": "本月嫁出", "divorced this month": "本月离婚",
    "married in and registered": "嫁入已登记", "merged and registered": "并户已登记",
    "request closed": "诉求已办结",
}  # fmt: skip
