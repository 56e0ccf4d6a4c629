"""Stalls don't hide: a worker that has work and makes no progress says where it stands and ends, so that it is restarted.

The watch runs in a thread of its own, because what is stuck may be the event loop itself.
"""

import asyncio
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Final

from agents import telemetry

if TYPE_CHECKING:
    from agents.app import Worker

EXIT_STALLED: Final = 3
"""The exit code of a worker that ended itself."""
TICK_SECONDS: Final = 1.0
UNREADY_SECONDS: Final = 5.0
"""How long a stuck worker says that it is not ready before it ends; what moves again meanwhile is left alone."""


class Watchdog:
    """Watches the event loop and every lane of a worker."""

    def __init__(self, worker: "Worker", seconds: float) -> None:
        """``seconds`` without progress, while there is work and a broker answers, is a stall."""
        self._worker, self._seconds = worker, seconds
        self._ended = threading.Event()
        self._beat = 0
        self._marks: dict[object, tuple[object, float]] = {}
        self._beating: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch; call it on the loop."""
        self._beating = asyncio.create_task(self._beats(), name="watchdog-beat")
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Stop watching."""
        self._ended.set()
        if self._beating is not None:
            self._beating.cancel()

    async def _beats(self) -> None:
        while True:
            self._beat += 1
            try:
                await self._worker.note_lag()
            except Exception as error:
                telemetry.log("warning", "lag.unknown", error=type(error).__name__)
            await asyncio.sleep(TICK_SECONDS)

    def _watch(self) -> None:
        last = time.monotonic()
        since: float | None = None
        while not self._ended.wait(TICK_SECONDS):
            now = time.monotonic()
            if now - last > 5 * TICK_SECONDS:
                self._marks.clear()  # the whole process was frozen, this thread too: nobody had a chance to move
            last = now
            stuck = self._stuck(now)
            if stuck is not None and not self._broker_answers():
                self._marks.clear()  # a broker that is away is waited for, however long
                stuck = None
            if stuck is None:
                since = None
            elif since is None:
                since = now
                telemetry.log("error", "worker.stalled", seconds=self._seconds, **stuck)
            elif now - since > UNREADY_SECONDS:
                os._exit(EXIT_STALLED)
            self._worker.stalled = since is not None

    def _stuck(self, now: float) -> dict[str, object] | None:
        """Return what has not moved for too long though it had to, None where all moves."""
        if self._still("loop", self._beat, now):
            return {"where": "event loop"}
        lanes = self._worker.lanes if self._worker.assigned.is_set() else {}  # else they rest until the group has settled
        for number, lane in list(lanes.items()):
            busy = lane.stage != "running" or lane.waiting_records or lane.working or self._worker.lag.get(number, 0)
            if busy and self._still(number, (id(lane), lane.progress), now):
                return {"where": "lane", "partition": number, "stage": lane.stage, "waiting": lane.waiting_records,
                        "lag": self._worker.lag.get(number, 0)}  # fmt: skip
            if not busy:
                self._marks.pop(number, None)
        for key in [key for key in self._marks if key != "loop" and key not in lanes]:
            del self._marks[key]
        return None

    def _still(self, key: object, mark: object, now: float) -> bool:
        known = self._marks.get(key)
        if known is None or known[0] != mark:
            self._marks[key] = (mark, now)
            return False
        return now - known[1] > self._seconds

    def _broker_answers(self) -> bool:
        for broker in self._worker.settings.brokers.split(","):
            host, _, port = broker.rpartition(":")
            try:
                with socket.create_connection((host, int(port)), 2):
                    return True
            except OSError:
                continue
        return False
