"""A release before this one, made up, and this one as it comes after: `python -m tests.releases previous|next worker`.

The layout of the previous one says the same of a household in another shape: its thread first, then facts with the newest
report first, all in one array. It knows nothing of ``judged_by``.
"""

import sys
from typing import Final

import msgspec

from fangfan.cli import main
from schemas import codec
from schemas.household import Facts, HouseholdState, Newest, OpenAlert, Thread, Withdrawal
from schemas.registry import RegistryEntry
from schemas.reports import KeptReport

OLD: Final = 0


class OldState(msgspec.Struct, frozen=True, array_like=True):
    """A household as the previous release stores it."""

    version: int
    episode: int
    sequence: int
    open: OpenAlert | None
    as_of: int | None
    newest: Newest | None
    newest_first: tuple[KeptReport, ...]
    withdrawals: tuple[Withdrawal, ...]
    registry_at: int | None
    registry: RegistryEntry | None


def _encode(state: HouseholdState) -> bytes:
    facts, thread = state.facts, state.thread
    return msgspec.msgpack.encode(
        OldState(
            OLD, thread.episode, thread.sequence, thread.open, facts.as_of, facts.newest, facts.reports[::-1],
            facts.withdrawals, facts.registry_at, facts.registry,
        )
    )  # fmt: skip


def _decode(data: bytes) -> HouseholdState:
    old = msgspec.msgpack.decode(data, type=OldState)
    facts = Facts(old.as_of, old.newest, old.newest_first[::-1], old.withdrawals, old.registry_at, old.registry)
    return HouseholdState(facts=facts, thread=Thread(old.episode, old.sequence, old.open))


OLD_LAYOUT: Final = codec.Layout(_encode, _decode)

if __name__ == "__main__":
    if sys.argv.pop(1) == "previous":
        codec.LAYOUTS.clear()
    codec.LAYOUTS[OLD] = OLD_LAYOUT
    main()
