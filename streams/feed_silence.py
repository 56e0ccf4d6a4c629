"""Feed silence: when each department was last heard of in each county, in event time (docs/contract-report.md, "Feeds")."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple, get_args

import msgspec

from schemas.fields import day_of, instant_of, is_area_code, parse_instant
from schemas.vocabulary import Department
from streams.policy import Policy

DEPARTMENTS: Final[tuple[str, ...]] = get_args(Department)
"""In the order of contract §3.1."""
NO_CADENCE: Final[Mapping[str, int]] = {}
Days = dict[str, int]
"""The ordinal day on which each department was last heard of."""


class _Envelope(msgspec.Struct, gc=False):
    source: str
    area_code: str
    reported_at: str


_envelope: Final = msgspec.json.Decoder(_Envelope)


class Word(NamedTuple):
    """A sign of life: of which county, from which department, on which day (ordinal, China)."""

    county: str
    department: str
    day: int


def word_of(value: bytes | None, timestamp: int) -> Word | None:
    """Return the sign of life that a record of ``department-feeds`` is, None where it does not say whose.

    ``timestamp`` is the record's in milliseconds: nothing was sent after it arrived, whatever a wrong clock says.
    """
    try:
        said = _envelope.decode(value or b"")
        sent = min(parse_instant(said.reported_at), instant_of(timestamp))
    except ValueError:  # as are msgspec's errors and those of bad UTF-8
        return None
    if said.source not in DEPARTMENTS or not is_area_code(said.area_code):
        return None
    return Word(said.area_code[:6], said.source, day_of(sent))


class Feeds:
    """The newest word of each department by county."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.counties: dict[str, Days] = {}

    def add(self, county: str, department: str, day: int) -> None:
        """Take one word, in any order."""
        days = self.counties.setdefault(county, {})
        days[department] = max(day, days.get(department, day))

    def merge(self, other: "Feeds") -> None:
        """Take what was heard on other partitions."""
        for county, days in other.counties.items():
            for department, day in days.items():
                self.add(county, department, day)

    def heard(self, by: str, key: str, policy: Policy) -> Days:
        """Return the newest words about a place of the report (``all``, ``tier`` or ``county``)."""
        found = Feeds()
        for county, days in self.counties.items():
            if key == {"all": "all", "tier": policy.tier(county)}.get(by, county):
                for department, day in days.items():
                    found.add("", department, day)
        return found.counties.get("", {})


def silent(days: Days, day: int, least: int, own: Mapping[str, int] = NO_CADENCE) -> Iterator[str]:
    """Yield the departments that once spoke and said nothing for at least so many days, in the order of contract §3.1.

    ``own`` are the days of departments that report less often, or more.
    """
    for department in DEPARTMENTS:
        if department in days and day - days[department] >= own.get(department, least):
            yield department
