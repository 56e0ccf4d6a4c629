"""What would have to be otherwise for each planted near miss to be open: the least of it, and by which rule."""

from collections.abc import Callable
from typing import Any, NamedTuple

from fangfan.saying import KEY_COUNTY_VILLAGE, ago
from fangfan.simulated import Household

Change = Callable[[Household], None]


class Ago(NamedTuple):
    """A month so many months before the running one."""

    months: int


def says(what: str, **fields: Any) -> Change:
    """Say otherwise what was planted of a kind of facts, of the household or around it."""

    def change(household: Household) -> None:
        words = {name: ago(household, each.months) if isinstance(each, Ago) else each for name, each in fields.items()}
        facts = [fact for _, _, said, _ in household.reports for fact in said]
        facts += [fact for event in household.events for fact in event.facts]
        planted = [fact for fact in facts if fact["type"] == what]
        assert planted
        for fact in planted:
            fact |= words

    return change


def has(**attributes: Any) -> Change:
    """Let the household be otherwise."""

    def change(household: Household) -> None:
        for name, value in attributes.items():
            assert getattr(household, name) != value
            setattr(household, name, value)

    return change


def unsaid(household: Household) -> None:
    """Leave out the last report."""
    del household.reports[-1]


def kept(household: Household) -> None:
    """Leave out the last area event: it took one back."""
    del household.events[-1]


def here(household: Household) -> None:
    """Let what happens happen in the household's own county."""
    household.events = [event._replace(area_code=f"{household.area_code[:6]}000000") for event in household.events]


def later(household: Household) -> None:
    """Let what was reported very long ago be reported 900 days ago."""
    for _, _, _, more in household.reports:
        more["days_ago"] = 900


def relieved_later(household: Household) -> None:
    household.relieved_on = f"{ago(household, 60)}-15"


NEARLY: dict[str, tuple[str, Change]] = {
    "income exactly at the line": ("income-line", has(income=5_999, earlier_income=5_999)),
    "income fell by 29.99 %": ("income-drop", has(income=14_000)),
    "transfers of 70 % at 1.5 times the line": ("policy-dependence", has(income=8_999, earlier_income=8_999)),
    "transfers of 59 %": ("policy-dependence", has(transfers_percent=60)),
    "no income statement at all": ("income-line", has(stated=True, income=5_000, earlier_income=5_000)),
    "spending of the running month": ("expenditure-shock", says("spending", month=Ago(1))),
    "spending of 4,999.99 (relieved)": ("expenditure-shock", says("spending", self_paid="5000.00")),
    "spending of 19,999.99 (general)": ("expenditure-shock", says("spending", self_paid="20000.00")),
    "spending of 6,000 less a claim": ("expenditure-shock", says("claim", amount="1000.00")),
    "left senior school": ("schooling", says("schooling", stage="compulsory")),
    "school suspended": ("schooling", says("schooling", status="dropout")),
    "house grade B": ("housing", says("housing", grade="C")),
    "unsafe water withdrawn": ("water", unsaid),
    "house repaired": ("housing", unsaid),
    "house grade D three years ago": ("housing", later),
    "out of work for two months": ("employment", says("employment", since=Ago(3))),
    "back at work": ("employment", unsaid),
    "certificate in two months": ("skills-stall", says("skills", since=Ago(3))),
    "placed long ago": ("skills-stall", says("skills", step="certified")),
    "disabled, grade 3": ("disability", says("disability", grade="2")),
    "severely disabled for years": ("disability", says("disability", since=Ago(5))),
    "on dibao for six months": ("new-relief", says("support", since=Ago(5))),
    "support at its end": ("support-withdrawn", says("support", status="withdrawn")),
    "support withdrawn after the transition": ("support-withdrawn", relieved_later),
    "light accident": ("accident", says("accident", outcome="serious")),
    "hail took 29 %": ("production-loss", says("loss", lost_percent=30)),
    "hail still under way": ("disaster-loss", says("loss", ended=True)),
    "disaster cost 4,999.99": ("disaster-loss", says("loss", amount="5000.00")),
    "claim within a month": ("claim-reminder", says("loss", month=Ago(2))),
    "claimed in time": ("claim-reminder", unsaid),
    "no price insurance (leading county)": ("insurance-gap", has(area_code=KEY_COUNTY_VILLAGE)),
    "insured up to this month": ("insurance-gap", says("cover", until=Ago(1))),
    "moved out this month": ("registration", says("membership", since=Ago(1))),
    "newborn of two months": ("newborn-cover", says("membership", since=Ago(3))),
    "call answered": ("petition", says("petition", status="open")),
    "apple price fell by 29 %": ("market-slump", says("market", drop_percent=30)),
    "no apples any more": ("market-slump", says("grows", active=True)),
    "plant down since this month": ("project-asset", says("asset_status", since=Ago(1))),
    "plant of others down": ("project-asset", says("asset_link", linked=True)),
    "dividend a month late": ("dividend", says("dividend", since=Ago(2))),
    "29 % of the sheep lost": ("production-loss", says("loss", lost_percent=30)),
    "drought of a year ago": ("production-loss", says("loss", month=Ago(11))),
    "wind took the roof, 4,800": ("disaster-loss", says("loss", amount="5000.00")),
    "flood cost 12,000, insurance paid 7,000.01": ("disaster-loss", says("claim", amount="7000.00")),
    "light accident, nothing claimed": ("claim-reminder", says("accident", outcome="serious")),
    "accident of a year ago, nothing claimed": ("claim-reminder", says("accident", month=Ago(11))),
    "price fell half a year ago, claimed": ("claim-reminder", unsaid),
    "no accident insurance (key county)": ("insurance-gap", says("cover", kind="price")),
    "49 % of the maize unsold": ("market-slump", says("market", drop_percent=50)),
    "workshop idle since this month": ("project-asset", says("asset_status", since=Ago(1))),
    "temporary relief of half a year ago": ("new-relief", says("support", since=Ago(5))),
    "training granted": ("new-relief", says("support", kind="dibao")),
    "married out this month": ("registration", says("membership", since=Ago(1))),
    "divorced this month": ("registration", says("membership", since=Ago(1))),
    "married in and registered": ("registration", says("membership", person_id="P-elsewhere")),
    "merged and registered": ("registration", says("membership", person_id="P-elsewhere")),
    "request closed": ("petition", says("petition", status="open")),
    "walnut price fell elsewhere": ("market-slump", here),
    "grape price fell, grown no more": ("market-slump", unsaid),
    "apricot price fell by 29 %": ("market-slump", says("market", drop_percent=30)),
    "millet price fall taken back": ("market-slump", kept),
}
"""Every near miss: the rule that it nearly breaks, and the least that would have to be otherwise for it to be open."""
