"""policies: the versions of a policy, and which of them judges a household on a day."""

import zlib
from bisect import bisect_right
from typing import Final

import msgspec

from schemas.fields import day_of
from streams.policy import Policy

BEGINNING: Final = 0
"""The effective day of a version that names none: before every day."""
FILE: Final = -1
"""The place of the worker's own file among the offsets of the topic: before all of them."""


class Version(msgspec.Struct, frozen=True):
    """A policy with the ordinal day it takes effect.

    ``place`` is its offset on the topic; ``published_at`` its record's timestamp in nanoseconds, None for a file. ``content``
    is its document as :mod:`streams.policy_documents` writes it.
    """

    policy: Policy
    effective_from: int
    place: int
    published_at: int | None
    content: bytes


class Policies(msgspec.Struct, frozen=True):
    """Versions in the order in which they take effect: by day, then by place. There is one at least.

    ``mark`` is a checksum of when each takes effect and by what it judges.
    """

    versions: tuple[Version, ...]
    mark: int

    @property
    def label(self) -> str:
        """What judges, in the order of taking effect."""
        return " → ".join(version.policy.label for version in self.versions)

    @property
    def newest(self) -> Policy:
        """The policy that takes effect last."""
        return self.versions[-1].policy

    def version_at(self, day: int) -> Version:
        """Return what judges on an ordinal day: the last that is in effect; before all of them, the first."""
        return self.versions[max(0, bisect_right(self.versions, day, key=_effective) - 1)]

    def at(self, day: int) -> Policy:
        """Return the policy that judges on an ordinal day."""
        return self.version_at(day).policy

    def next_after(self, day: int) -> int | None:
        """Return the first ordinal day after one on which another version takes effect, None where there is none."""
        at = bisect_right(self.versions, day, key=_effective)
        return self.versions[at].effective_from if at < len(self.versions) else None

    def of(self, as_of: int | None) -> Policy:
        """Return the policy that judges a household at its clock (nanoseconds); any where it has none and is not judged."""
        if len(self.versions) == 1 or as_of is None:
            return self.versions[0].policy
        return self.at(day_of(as_of))


Judges = Policies | Policy
"""What judges a household: the version in force at its clock, or one policy whatever its clock says."""


def policies_of(versions: tuple[Version, ...]) -> Policies:
    """Return versions in their order."""
    ordered = tuple(sorted(versions, key=lambda version: (version.effective_from, version.place)))
    content = [(each.effective_from, each.policy.mark, sorted(each.policy.marks.items())) for each in ordered]
    return Policies(ordered, zlib.crc32(repr(content).encode()))


def alone(policy: Policy) -> Policies:
    """Return one policy as the only version there is."""
    return policies_of((Version(policy, BEGINNING, FILE, None, b""),))


def _effective(version: Version) -> int:
    return version.effective_from
