"""What a fault run does: how much is sent, which faults come in which order, and what of the extensions is on."""

import random
from dataclasses import dataclass

from tests.faults.switched import ALL, PLAIN, Switched

ZOMBIE_SECONDS = 14.0
"""Longer than the session timeout of 10 s: the group has given the partitions to others when the frozen one wakes up."""
SECONDS = {"kill": 0.0, "term": 0.0, "folder": 0.5, "join": 5.0, "zombie": ZOMBIE_SECONDS, "broker": 5.0, "dark": 3.0}
"""About how long a fault takes, so that the stream lasts as long as the faults; without any broker it waits."""
PAUSE_SECONDS = (1.0, 6.0)
WORKER_FAULTS = ("kill", "zombie", "term", "join", "folder")
BROKER_FAULTS = ("broker", "dark")


@dataclass(slots=True)
class Plan:
    """How much of what."""

    reports: int
    seed: int
    faults: list[str]
    nodes: int = 3
    partitions: int = 6
    workers: int = 3
    dark_seconds: float = 30.0
    guarantee: str = "exactly-once"
    older: frozenset[int] = frozenset()
    switched: Switched = PLAIN
    to_the_end: bool = True
    """Whether to wait until every household that is due has its ticks; else each is judged at the clock it got to."""

    @property
    def seconds(self) -> float:
        """About how long the faults take."""
        return sum(SECONDS[fault] + sum(PAUSE_SECONDS) / 2 for fault in self.faults)


def plan_of(faults: int, reports: int, seed: int) -> Plan:
    """Return a seeded mix of all kinds: every eighth fault is the broker's, one of them without any broker for 30 s."""
    kinds = [WORKER_FAULTS[at % len(WORKER_FAULTS)] for at in range(faults - faults // 8)]
    kinds += ["broker"] * (faults // 8 - 1) + ["dark"]
    random.Random(seed).shuffle(kinds)
    return Plan(reports, seed, kinds, switched=ALL)
