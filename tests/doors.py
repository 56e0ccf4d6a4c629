"""Commands as a person types them, with nothing of FANGFAN_* but what a test gives."""

import json
import os
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.worker import FANGFAN

ENOUGH_SECONDS = 60


def environment(**given: str) -> dict[str, str]:
    """Return this environment with settings, given without their prefix."""
    rest = {name: value for name, value in os.environ.items() if not name.startswith("FANGFAN_")}
    return rest | {f"FANGFAN_{name}": value for name, value in given.items()}


def fangfan(*arguments: str, **given: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run(
        [FANGFAN, *arguments], env=environment(**given), text=True, capture_output=True, check=False, timeout=ENOUGH_SECONDS
    )


class Running:
    """A command that goes on: its lines as they come, its log, its end. A context manager."""

    def __init__(self, log: Path, *arguments: str, **given: str) -> None:
        self._log = log
        with log.open("wb") as errors:
            self.process = subprocess.Popen(
                [FANGFAN, *arguments], env=environment(**given), text=True, stdout=subprocess.PIPE, stderr=errors
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()

    def until(self, beginning: str) -> str:
        """Return the first line that begins so."""
        watch = threading.Timer(ENOUGH_SECONDS, self.process.kill)
        watch.start()
        try:
            assert self.process.stdout is not None
            for line in self.process.stdout:
                if line.startswith(beginning):
                    return line.strip()
        finally:
            watch.cancel()
        raise AssertionError(f"ended or was silent without {beginning!r}: {self.said()}")

    def said(self) -> str:
        """Return its log so far."""
        return self._log.read_text(errors="replace")

    def until_logged(self, words: str) -> None:
        """Wait until its log has some words."""
        ended = threading.Event()
        watch = threading.Timer(ENOUGH_SECONDS, ended.set)
        watch.start()
        try:
            while words not in self.said():
                assert not ended.is_set(), f"never said {words!r}: {self.said()}"
                assert self.process.poll() is None, f"ended: {self.said()}"
                ended.wait(0.02)
        finally:
            watch.cancel()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(ENOUGH_SECONDS)


def get(url: str, token: str | None = None, seconds: float = 10.0) -> tuple[int, Any]:
    """Return status and JSON of an address.

    Raises:
        TimeoutError: it did not answer in time.
    """
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=seconds) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())
