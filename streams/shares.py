"""Which worker of a group gets which partitions: each keeps what it has, and what must move goes to whom has its state."""

from collections import defaultdict
from collections.abc import Mapping

from schemas.shares import Claim

Plan = dict[str, tuple[tuple[int, ...], tuple[int, ...]]]
"""Per worker the partitions it works on and those it follows, ascending."""


def share_out(claims: Mapping[str, Claim], partitions: int) -> Plan:
    """Share out partitions 0 to ``partitions`` - 1 so that no two workers differ by more than one, and move only what must.

    Of two workers that claim one partition as theirs the one counts that the later generation gave it to, of one generation
    neither. What is free goes to a worker that follows it, else to one
    that has an older state of it, else to the one with the fewest. Each partition is followed by one worker that is ready to
    and does not work on it, where there is one; who follows it already goes on. The same claims give the same plan.
    """
    members = sorted(claims)
    owned = _kept(claims, members, partitions)
    taken = {partition for kept in owned.values() for partition in kept}
    free = [partition for partition in range(partitions) if partition not in taken]
    _spread(free, {name: claims[name].follows for name in members}, owned, partitions, members, only_known=True)
    _spread(free, {name: claims[name].holds for name in members}, owned, partitions, members, only_known=True)
    _spread(free, {}, owned, partitions, members, only_known=False)
    follows = _followed(claims, members, owned, partitions)
    return {name: (tuple(sorted(owned[name])), tuple(sorted(follows[name]))) for name in members}


def _kept(claims: Mapping[str, Claim], members: list[str], partitions: int) -> dict[str, list[int]]:
    """Return what each worker keeps: what it rightly claims, up to its part of all; who has most may have the one more.

    What it must give away is what others have a state of, where there is such.
    """
    claimed: defaultdict[int, list[int]] = defaultdict(list)
    for name in members:
        for partition in set(claims[name].owned):
            claimed[partition].append(claims[name].generation)
    sole: dict[str, list[int]] = {}
    for name in members:
        elsewhere = {each for other in members if other != name for each in claims[other].follows + claims[other].holds}
        own = [each for each in set(claims[name].owned) if _counts(claims[name].generation, claimed[each])]
        own = [each for each in own if 0 <= each < partitions]
        sole[name] = sorted(own, key=lambda each: (each in elsewhere, each))
    least, more = divmod(partitions, len(members))
    kept = {}
    for name in sorted(members, key=lambda name: (-len(sole[name]), name)):
        room = least + (more > 0 and len(sole[name]) > least)
        kept[name] = sole[name][:room]
        more -= len(kept[name]) > least
    return kept


def _counts(generation: int, claimed: list[int]) -> bool:
    return generation == max(claimed) and claimed.count(generation) == 1


def _spread(
    free: list[int], known: Mapping[str, tuple[int, ...]], owned: dict[str, list[int]], partitions: int, members: list[str],
    *, only_known: bool,
) -> None:  # fmt: skip
    """Give free partitions away, to those that know them where ``only_known``; the poorest first."""
    least, more = divmod(partitions, len(members))
    for partition in list(free):
        room = more - sum(len(owned[name]) > least for name in members)
        able = [
            name for name in members
            if (not only_known or partition in known[name]) and len(owned[name]) < least + (room > 0)
        ]  # fmt: skip
        if able:
            owned[min(able, key=lambda name: (len(owned[name]), name))].append(partition)
            free.remove(partition)


def _followed(
    claims: Mapping[str, Claim], members: list[str], owned: dict[str, list[int]], partitions: int
) -> dict[str, list[int]]:
    follows: dict[str, list[int]] = {name: [] for name in members}
    ready = [name for name in members if claims[name].standby]
    for partition in range(partitions):
        able = [name for name in ready if partition not in owned[name]]
        if able:
            follows[min(able, key=lambda name: _eager(claims[name], partition, len(follows[name]), name))].append(partition)
    return follows


def _eager(claim: Claim, partition: int, load: int, name: str) -> tuple[bool, bool, int, str]:
    """Order those that could follow a partition: who does, or just worked on it; who has a state of it; who follows least."""
    warm = partition in claim.follows or partition in claim.owned
    return not warm, partition not in claim.holds, load, name
