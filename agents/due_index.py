"""The due index: which households and areas of a partition are due for a tick, by instant, so that a sweep sees only these.

It lies beside the states in the same store and is written with them; like them it is a cache. A mark says up to which changelog
offset, under which policy and by which calendar of working days it is complete: states that came otherwise (a rebuild, a run
without ticks) are indexed in the background, slice by slice.
"""

from collections.abc import Iterator
from typing import Final

from agents.policies import Judge, judge_of
from agents.store import AREA, HOUSEHOLD, Store
from schemas import codec
from schemas.area_alerts import AreaState
from schemas.household import HouseholdState
from streams.due import area_due, due
from streams.policies import Policies
from streams.policy import Policy
from streams.workdays import CALENDAR

DUE: Final = b"d"
"""Prefix of index keys: then 8 bytes of the instant (offset so that they sort), then the household."""
_MARK: Final = b"\0due"
OF_AREA: Final = "\0"
"""Before the digits of an area that stand where a household does."""
_LAYOUT: Final = 2
"""Part of the mark: a release that reckons due instants otherwise counts it up, so that indexes are made anew."""
_BIAS: Final = 1 << 63
_WIDTH: Final = 8

Changes = dict[bytes, bytes | None]


def due_key(instant: int, household: str) -> bytes:
    """Return the index key of a household, or of an area behind :data:`OF_AREA`, that is due at an instant (nanoseconds)."""
    return DUE + (instant + _BIAS).to_bytes(_WIDTH, "big") + household.encode()


def read_key(key: bytes) -> tuple[int, str]:
    """Return instant and household, or area behind :data:`OF_AREA`, of an index key."""
    return int.from_bytes(key[1 : 1 + _WIDTH], "big") - _BIAS, key[1 + _WIDTH :].decode()


class DueIndex:
    """One partition's index under what judges its households and areas; where other versions do, it is made anew."""

    def __init__(self, store: Store, topics: tuple[str, ...], judge: Judge | Policy) -> None:
        """Bind to a store whose households and areas come from the changelogs ``topics``."""
        self._store, self._topics, self._judge = store, topics, judge_of(judge)
        now = self._judge.policies.mark
        self._whole = now if self._store.get(_MARK) == self._mark({}, now) else None
        """The mark of the versions under which every household is in it, None where some may be missing."""
        self._floor = DUE
        """No entry lies before it: what was swept leaves tombstones that are not to be read again and again."""

    @property
    def complete(self) -> bool:
        """Whether every household of the store is in the index."""
        mark = self._judge.policies.mark
        return self._whole == mark and self._store.get(_MARK) == self._mark({}, mark)

    def move(self, changes: Changes, household: str, before: HouseholdState, after: HouseholdState) -> None:
        """Add to a batch's changes what moves a household in the index."""
        self._move(changes, household, due(before, self._judge.policies), due(after, self._judge.policies))

    def move_area(self, changes: Changes, area: str, before: AreaState, after: AreaState) -> None:
        """Add to a batch's changes what moves an area in the index."""
        old, new = area_due(area, before, self._judge.policies), area_due(area, after, self._judge.policies)
        self._move(changes, OF_AREA + area, old, new)

    def _move(self, changes: Changes, name: str, old: int | None, new: int | None) -> None:
        if old == new:
            return
        if old is not None:
            changes[due_key(old, name)] = None
        if new is not None:
            self._put(changes, new, name)

    def _put(self, changes: Changes, instant: int, name: str) -> None:
        key = due_key(instant, name)
        changes[key] = b""
        self._floor = min(self._floor, key)

    def marked(self, changelog: dict[str, int]) -> Changes:
        """Return what says that a complete index still is, after a batch that wrote the changelogs up to some offsets."""
        if self._whole is None or not changelog:
            return {}
        return {_MARK: self._mark(changelog, self._whole)}

    def rebuild(self, slice_size: int) -> Iterator[int]:
        """Index all anew; yields after each slice how many there were so far. Other batches may be stored between.

        An entry that a batch overtakes is wrong for a while; :meth:`overdue` finds and mends it.
        """
        policies, self._whole = self._judge.policies, None
        self._store.delete_range(DUE, bytes((DUE[0] + 1,)))
        self._floor = DUE
        done, changes = 0, Changes()
        for name, instant in self._all(policies):
            if instant is not None:
                self._put(changes, instant, name)
            done += 1
            if done % slice_size == 0:
                self._store.write(changes.items(), {})
                changes.clear()
                yield done
        self._whole = policies.mark
        changes[_MARK] = self._mark({}, self._whole)
        self._store.write(changes.items(), {})
        yield done

    def _all(self, policies: Policies) -> Iterator[tuple[str, int | None]]:
        for key, value in self._store.scan(HOUSEHOLD):
            yield key[1:].decode(), due(codec.decode_state(value), policies)
        for key, value in self._store.scan(AREA):
            area = key[1:].decode()
            yield OF_AREA + area, area_due(area, codec.decode_area_state(value), policies)

    def _due(self, name: str) -> int | None:
        """Return when what is stored of a household or area says that it is due."""
        if name.startswith(OF_AREA):
            area = name.removeprefix(OF_AREA)
            found = self._store.get(AREA + area.encode())
            return area_due(area, codec.decode_area_state(found), self._judge.policies) if found is not None else None
        data = self._store.get(HOUSEHOLD + name.encode())
        return due(codec.decode_state(data), self._judge.policies) if data is not None else None

    def overdue(self, now: int, after: bytes, limit: int) -> list[tuple[int, str]]:
        """Return at most ``limit`` of those due up to ``now``, as :func:`read_key` does, from behind an index key on.

        An entry that does not agree with what is stored is mended and not returned.
        """
        found: list[tuple[int, str]] = []
        mended = Changes()
        for key, _ in self._store.scan(DUE, begin=max(after + b"\0", self._floor)):
            instant, name = read_key(key)
            if instant > now or len(found) == limit:
                break
            true = self._due(name)
            if true == instant:
                found.append((instant, name))
                continue
            mended[key] = None
            if true is not None:
                self._put(mended, true, name)
        if mended:
            self._store.write(mended.items(), {})
        return found

    def first(self) -> int | None:
        """Return the earliest instant of the index, None where nobody is due."""
        for key, _ in self._store.scan(DUE, begin=self._floor):
            self._floor = key
            return read_key(key)[0]
        return None

    def _mark(self, changelog: dict[str, int], versions: int) -> bytes:
        """Return the mark of what the store holds, and of the offsets behind what is about to be written to it."""
        offsets = ",".join(str(changelog.get(topic, self._store.offset(topic))) for topic in self._topics)
        return f"{_LAYOUT}:{CALENDAR}:{offsets}:{versions}".encode()
