"""Signals while the demo runs: the first asks to stop, the others change nothing, so that stopping is finished."""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


class Interrupts:
    """Hears SIGINT, SIGTERM and SIGHUP from when it is made.

    Nothing is raised where a signal finds the program: a child that was just started would be lost. What blocks looks at
    ``stop``; what awaits is cancelled.
    """

    def __init__(self) -> None:
        """Listen from now on."""
        self.number = 0
        self.stop = threading.Event()
        self._cancel: Callable[[], object] | None = None
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._heard)

    def _heard(self, number: int, _: object) -> None:
        if self.stop.is_set():
            return
        self.number = number
        self.stop.set()
        if self._cancel is not None:
            self._cancel()

    @contextlib.contextmanager
    def cancelling(self) -> Iterator[None]:
        """Cancel the task that runs the block on the first signal, also on one heard before."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        if task is None:
            raise RuntimeError("runs in a task")
        cancel = task.cancel
        self._cancel = lambda: loop.call_soon_threadsafe(cancel)
        try:
            if self.stop.is_set():
                raise asyncio.CancelledError
            yield
        finally:
            self._cancel = None
