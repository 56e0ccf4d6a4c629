"""The versions of a policy that try something out in the pilot county: one to be published midway, and a shadow beside it.

Everywhere else both say what the version they were made from says.
"""

from datetime import date
from decimal import Decimal
from typing import Any, Final

from fangfan.pilot_plants import COUNTY
from schemas.fields import render_month
from streams.policies import FILE, Version, policies_of
from streams.policy_documents import document_of, merge_documents, version_of

RELIEVED, SHADOW_RELIEVED = 3_000, 2_000
"""Yuan of spending of a relieved household from which the pilot version and the shadow fire; the province's policy: 5,000."""
SILENCE_MONTHS: Final = 12
WINDOW_DAYS: Final = 60
"""Longer than the month and the 20 days before it in which a house is damped, shorter than the 90 after which it is not."""
RISK_SHARE: Final = Decimal("0.5")
RISK_HOUSEHOLDS: Final = 2
"""A village or township is at risk where two households have an alert and these are half of those registered there."""
EFFECTIVE_MONTHS: Final = 4
"""So long before the running month the version takes effect: before the first look at a house whose window is over."""
_MARK: Final = "-pilot-"


def pilot_version(base: Version, month: int) -> Version:
    """Return a version as another one, with what is tried out; ``month`` (``year * 12 + month - 1``) is the running one.

    The same version and month make the same, another month makes another.

    Raises:
        PolicyError: the policy does not know the pilot county.
    """
    begin = month - EFFECTIVE_MONTHS
    effective = max(date(begin // 12, begin % 12 + 1, 1).toordinal(), base.effective_from)
    trial = {
        "expenditure-shock": {"relieved": RELIEVED, "sample": ["relieved"]},
        "silence": {"enabled": True, "months": SILENCE_MONTHS, "sample": ["months"]},
        "noise": {"window-days": WINDOW_DAYS, "sample": ["window-days"]},
        "scale-risk": {
            "share": RISK_SHARE,
            "share-households": RISK_HOUSEHOLDS,
            "sample": ["share", "share-households"],
        },
    }
    name = f"{base.policy.version}{_MARK}{render_month(month)}"
    return _tried(base, trial, {"version": name, "effective-from": date.fromordinal(effective)})


def shadow_version(pilot: Version) -> Version:
    """Return a pilot version with a still lower threshold, to judge beside it."""
    trial = {"expenditure-shock": {"relieved": SHADOW_RELIEVED}}
    return _tried(pilot, trial, {"version": f"{pilot.policy.version}-shadow"})


def base_of(versions: tuple[Version, ...], day: int) -> Version:
    """Return what is in force on an ordinal day but for pilot versions: one made from it changes nothing else."""
    return policies_of(tuple(each for each in versions if _MARK not in each.policy.version)).version_at(day)


def _tried(base: Version, rules: dict[str, Any], named: dict[str, Any]) -> Version:
    document = merge_documents(document_of(base.content), [{"county": {COUNTY: {"rules": rules}}}]) | named
    return version_of(document, f"{document['id']}@{document['version']}", FILE, None)
