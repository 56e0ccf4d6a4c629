"""How bad the last records of each topic were: a metric, and a log line when a configured share is passed (contract §6)."""

from collections import deque
from typing import Final

from agents import telemetry

WINDOW: Final = 1_000
"""How many of a topic's last records count."""
LEAST: Final = 20
"""Fewer records than this say nothing yet."""


class Quality:
    """One per worker: the last records of each topic, good or bad."""

    def __init__(self, limit: float) -> None:
        """Take the share (0 to 1) above which a topic is called bad."""
        self._limit = limit
        self._last: dict[str, deque[bool]] = {}
        self._bad: dict[str, int] = {}
        self._said: set[str] = set()

    def note(self, outcomes: list[tuple[str, bool]]) -> None:
        """Take in records as (topic, bad)."""
        for topic, bad in outcomes:
            last = self._last.setdefault(topic, deque())
            last.append(bad)
            self._bad[topic] = self._bad.get(topic, 0) + bad
            if len(last) > WINDOW:
                self._bad[topic] -= last.popleft()
        for topic in {topic for topic, _ in outcomes}:
            self._judge(topic)

    def share(self, topic: str) -> float:
        """Return the share of bad ones among a topic's last records."""
        last = self._last.get(topic)
        return self._bad[topic] / len(last) if last else 0.0

    def _judge(self, topic: str) -> None:
        share = self.share(topic)
        telemetry.bad_share.labels(topic).set(share)
        if share > self._limit and len(self._last[topic]) >= LEAST:
            if topic not in self._said:
                self._said.add(topic)
                telemetry.log("warning", "topic.bad", topic=topic, share=round(share, 4), limit=self._limit)
        elif topic in self._said:
            self._said.discard(topic)
            telemetry.log("info", "topic.good_again", topic=topic, share=round(share, 4))
