"""How bad the last records of each topic were: a metric, and a log line when a configured share is passed (contract §6)."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from agents import telemetry

WINDOW: Final = 1_000
"""How many of a topic's last records count."""
LEAST: Final = 20
"""Fewer records than this say nothing yet."""


@dataclass(slots=True)
class _Last:
    """How many records of a topic were seen, which of the last ones were bad, and the share of these that was told."""

    seen: int = 0
    bad: deque[int] = field(default_factory=deque)
    told: float = -1.0

    @property
    def share(self) -> float:
        return len(self.bad) / min(self.seen, WINDOW) if self.seen else 0.0


class Quality:
    """One per worker: the last records of each topic, good or bad."""

    def __init__(self, limit: float) -> None:
        """Take the share (0 to 1) above which a topic is called bad."""
        self._limit = limit
        self._last: dict[str, _Last] = {}
        self._said: set[str] = set()

    def note(self, read: Mapping[str, int], refused: Mapping[str, Sequence[int]]) -> None:
        """Take in how many records of each topic were read, and which of them (from 0 on, ascending) were bad."""
        for topic, count in read.items():
            last = self._last.setdefault(topic, _Last())
            last.bad.extend(last.seen + number for number in refused.get(topic, ()))
            last.seen += count
            while last.bad and last.bad[0] < last.seen - WINDOW:
                last.bad.popleft()
            self._judge(topic, last)

    def share(self, topic: str) -> float:
        """Return the share of bad ones among a topic's last records."""
        return self._last[topic].share if topic in self._last else 0.0

    def _judge(self, topic: str, last: _Last) -> None:
        share = last.share
        if share != last.told:
            telemetry.bad_share.labels(topic).set(share)
            last.told = share
        if share > self._limit and last.seen >= LEAST:
            if topic not in self._said:
                self._said.add(topic)
                telemetry.log("warning", "topic.bad", topic=topic, share=round(share, 4), limit=self._limit)
        elif topic in self._said:
            self._said.discard(topic)
            telemetry.log("info", "topic.good_again", topic=topic, share=round(share, 4))
