"""Open alerts of areas are looked at again when what judges them has changed, and once when a partition begins.

A file that asks less of areas, or nothing, would else leave them open until their households have news, for good where areas
are told no more. Only what is open is looked at: what another policy opens it opens with the next news.
"""

from typing import Final

from agents.policies import Judge
from agents.store import AREA, Store
from schemas import codec

LOOKED: Final = 500
"""How many areas a slice looks at, at most."""


class AreaWalk:
    """Goes through a partition's areas, in slices between the batches of reports."""

    def __init__(self, store: Store, judge: Judge) -> None:
        """Bind a partition's store to what judges its areas."""
        self._store, self._judge = store, judge
        self._change = -1
        self._next: bytes | None = None

    def slice(self) -> list[str] | None:
        """Return by their digits those of the next areas whose alert is open; None where all have been seen."""
        if self._change != self._judge.changes:
            self._change, self._next = self._judge.changes, AREA
        if self._next is None:
            return None
        found: list[str] = []
        looked = 0
        for key, value in self._store.scan(AREA, self._next):
            if looked == LOOKED:
                return found
            self._next, looked = key + b"\0", looked + 1
            if codec.decode_area_state(value).open is not None:
                found.append(key[len(AREA) :].decode())
        self._next = None
        return found or None
