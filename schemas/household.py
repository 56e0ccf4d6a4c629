"""What the household table holds: facts that do not depend on order, and the thread that follows it."""

from typing import Final

import msgspec

from schemas.cases import CaseThread
from schemas.registry import RegistryEntry
from schemas.reports import KeptReport
from schemas.vocabulary import Category, Pathway, Severity, Transition, WithheldBy

STATE_VERSION: Final = 2


class Newest(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """The newest report ever seen, withdrawn or not, and the area it named."""

    occurred_at: int
    channel: int
    event_id: str
    area_code: str


class Withdrawal(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Reports ``event_id`` of ``channel`` that occurred up to ``until`` (nanoseconds) do not count."""

    event_id: str
    channel: int
    until: int


class Past(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Reports that do not count any more but that a household's case rests on: split and ordered like those of the facts."""

    reports: tuple[KeptReport, ...] = ()
    signals: tuple[KeptReport, ...] = ()


class Facts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The join-semilattice part of a household: equal sets of records give equal bytes, but for ``past``.

    ``reports`` ascend by newness and hold only what can still count; ``withdrawals`` ascend. ``registry_at`` is the
    ``updated_at`` of the newest registry record, also where that record removed the entry (``registry`` is None then).
    ``signals`` are kept like ``reports``, apart from them, so that a household without any pays nothing for them; a report with
    both kinds of facts stands in both. ``past`` is None for a household without a case, and while all it rests on counts.
    """

    as_of: int | None = None
    newest: Newest | None = None
    reports: tuple[KeptReport, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    registry_at: int | None = None
    registry: RegistryEntry | None = None
    signals: tuple[KeptReport, ...] = ()
    past: Past | None = None


class ReasonKey(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """What makes a reason another reason (contract §5): values and evidence may move without a transition."""

    rule: str
    subject: str
    severity: Severity
    channels: tuple[str, ...]


class ConflictKey(msgspec.Struct, frozen=True, array_like=True, order=True, gc=False):
    """Which channels stand against which on one indicator."""

    rule: str
    subject: str
    good: tuple[str, ...]
    bad: tuple[str, ...]


class OpenAlert(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What was last published of the household's open alert. ``opened_at`` is a record timestamp in nanoseconds."""

    opened_at: int
    verify_by: int
    severity: Severity
    category: Category
    pathway: Pathway
    reasons: tuple[ReasonKey, ...]
    conflicts: tuple[ConflictKey, ...]


class Pending(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A transition that waits: what it would be, and by what it is held back."""

    transition: Transition
    severity: Severity | None
    by: WithheldBy


class Noise(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What noise control remembers of a household (docs/contract-noise.md).

    ``changed_at`` is the ``as_of`` of the last transition, in nanoseconds; ``withheld`` counts the different ones held back
    since; ``pending`` is what waits now.
    """

    changed_at: int | None = None
    withheld: int = 0
    pending: Pending | None = None


class Thread(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What follows the order of arrival: how often an alert opened, how many transitions there were, what is open.

    ``judged_by`` is the mark of the parameters and rules that last asked every rule (0: none did): under the same ones only
    what a report touched is asked again. ``noise`` is None where nothing was ever snoozed or damped.
    """

    episode: int = 0
    sequence: int = 0
    open: OpenAlert | None = None
    judged_by: int = 0
    noise: Noise | None = None


class HouseholdState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One household, as stored.

    ``shadow`` is the thread of a shadow policy, None where none ever judged it; ``case`` is what was last said of its case,
    None where nothing ever was.
    """

    version: int = STATE_VERSION
    facts: Facts = Facts()
    thread: Thread = Thread()
    shadow: Thread | None = None
    case: CaseThread | None = None


EMPTY: Final = HouseholdState()
