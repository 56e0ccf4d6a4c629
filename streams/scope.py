"""What a report asks: of which day, since when, by which policy (docs/contract-report.md)."""

from collections.abc import Mapping

import msgspec

from streams.feed_silence import NO_CADENCE, Days, silent
from streams.policies import Policies
from streams.policy import Policy


class Scope(msgspec.Struct, frozen=True):
    """What a report is about: versions of the policy, the ordinal day it speaks of, the first day leads count from.

    ``silent_months`` is for how long nobody was heard of a silent household, ``silent_days`` the same of a department, and
    ``feed_days`` of departments that have a cadence of their own.
    """

    policies: Policies
    day: int
    since: int
    silent_months: int
    silent_days: int
    feed_days: Mapping[str, int] = NO_CADENCE

    @property
    def policy(self) -> Policy:
        """What is in force on the day."""
        return self.policies.at(self.day)

    def silent(self, days: Days) -> list[str]:
        """Return the departments that are silent on the day, by the newest words about a place."""
        return list(silent(days, self.day, self.silent_days, self.feed_days))
