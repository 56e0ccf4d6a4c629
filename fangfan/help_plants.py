"""Cases planted for the help they ask for: what was given against what is suggested, by who can work."""

from collections.abc import Mapping
from typing import Final

from fangfan.case_planting import BAD_WATER, CasePlant, CaseTruth, stand
from fangfan.saying import ago, first
from fangfan.simulated import Household


def _works_begun(household: Household) -> None:
    """The well of a registered household is bad; works on it were granted, the pipes that would end it were not."""
    stand(household, "registered", 200)
    household.say("department", "water", BAD_WATER, day=2)
    for kind, status in (("water_works", "granted"), ("medical_aid", "ended"), ("consumption", "granted")):
        fact = {"type": "support", "kind": kind, "status": status, "since": ago(household, 3)}
        household.say("department", "rural-revitalization", fact, before=60)


def _nobody_left(household: Household) -> None:
    """Too little to eat where one works; that one can work no more is known, and the registry has not heard of it."""
    for member in household.members[1:]:
        member["labour"] = "none"
    stand(household, "registered", 200)
    household.say("cadre", "cadre-9", {"type": "food", "adequate": False}, day=2)
    unable = {"type": "employment", "person_id": first(household), "status": "unable", "since": ago(household, 3)}
    household.say("department", "human-resources", unable, before=60)


_REGISTERED: Final = CaseTruth("registered")
CASES: Final[Mapping[str, CasePlant]] = {
    "a bad well, works granted": CasePlant(
        _REGISTERED, frozenset({"water"}), _works_begun,
        helped=frozenset({("water_works", "given"), ("infrastructure", "not given"), ("consumption", "given beside"),
                          ("medical_aid", "ended")}),
    ),
    "hunger, who worked is unable": CasePlant(
        _REGISTERED, frozenset({"food"}), _nobody_left,
        helped=frozenset({("dibao", "not given"), ("destitute", "not given"), ("temporary_relief", "not given")}),
    ),
}  # fmt: skip
CASES_ZH: Final[Mapping[str, str]] = {
    "a bad well, works granted": "饮水不达标，饮水工程已落实", "hunger, who worked is unable": "缺粮，唯一劳动力丧失劳动能力",
}  # fmt: skip
