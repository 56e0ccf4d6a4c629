"""Waits until the workers have done also what no report asks of them: judging again, and the ticks that are due."""

import asyncio
import re
import time
import urllib.request
from collections.abc import Callable, Iterable

SECONDS = 0.5
QUIET = 4
"""So often in a row nothing may be left: a partition that has just moved tells of what it finds only when it has looked."""
LEFT = re.compile(
    r'^(fangfan_reassessment_remaining_households|fangfan_ticks_behind_seconds)\{partition="(\d+)"\} (\S+)$', re.M
)


async def settled(webs: Callable[[], Iterable[str]], partitions: int, seconds: float, *, ticks: bool) -> list[str]:
    """Wait until every partition says that no household is to be judged again, and none is due for a tick.

    ``webs``: the workers' web addresses, asked for anew each time. ``ticks``: whether those are waited for. Returns what is
    still left after so many seconds.
    """
    wanted = {("fangfan_reassessment_remaining_households", f"{at}") for at in range(partitions)}
    wanted |= {("fangfan_ticks_behind_seconds", f"{at}") for at in range(partitions) if ticks}
    until, quiet = time.monotonic() + seconds, 0
    while quiet < QUIET:
        told: dict[tuple[str, str], float] = {}
        for web in webs():
            for name, partition, left in LEFT.findall(await asyncio.to_thread(_metrics, web)):
                told[name, partition] = max(float(left), told.get((name, partition), 0))
        done = not wanted - {*told} and not any(told[each] for each in wanted)
        quiet = quiet + 1 if done else 0
        if time.monotonic() > until:
            return [f"{name} of {at}: {told.get((name, at), 'not told')}" for name, at in wanted if told.get((name, at)) != 0]
        await asyncio.sleep(SECONDS)
    return []


def _metrics(web: str) -> str:
    """Return what a worker tells of itself, nothing where it does not answer."""
    try:
        with urllib.request.urlopen(f"{web}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""
