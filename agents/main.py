"""Runs a worker as a process: locks its folder, listens to signals, turns refusals into sentences."""

import asyncio
import fcntl
import os
import signal
import threading
from pathlib import Path
from typing import Final

import uvloop
from aiokafka.errors import KafkaError

from agents import telemetry
from agents.app import Worker
from agents.broker_words import words_of
from agents.collector import tune_collector
from agents.settings import Settings
from agents.telemetry import hear_libraries
from agents.topics import TopicMismatch
from streams.policy_parse import PolicyError

LEAVE_SECONDS: Final = 25.0
"""How long a worker that was asked to stop may drain and commit; supervisors kill after 30 (contract §1)."""


def run_worker(settings: Settings) -> tuple[int, str]:
    """Run until SIGTERM or SIGINT. Returns the exit code, and what to tell the person where it is not 0."""
    hear_libraries()
    tune_collector()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())  # for Faust, which makes the loop of its consumer thread itself
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        with (settings.data_dir / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return 1, f"{settings.data_dir}: data folder in use by another worker"
            with asyncio.Runner() as runner:
                return runner.run(_run(settings)), ""
    except PolicyError as error:
        return 1, f"policy refused: {error}"
    except TopicMismatch as error:
        return 1, f"topics refused: {error}"
    except KafkaError as error:
        return 1, f"{settings.brokers}: {words_of(error)}"
    except OSError as error:
        return 1, f"{_where(error, settings)}: {_why(error)}"


def _where(error: OSError, settings: Settings) -> str | Path:
    return error.filename or f"web port {settings.web_port} on {settings.web_host}"


def _why(error: OSError) -> str:
    """Return the system's words for an error, not those a library put around it."""
    return os.strerror(error.errno) if error.errno else str(error)


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def leave() -> None:
        if not stop.is_set():
            stop.set()
            late = threading.Timer(LEAVE_SECONDS, _cut_off)
            late.daemon = True
            late.start()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    return await Worker(settings).run(stop)


def _cut_off() -> None:
    """End whatever still waits for a broker that is away; what is not committed is read again by whoever comes next."""
    telemetry.log("warning", "worker.cut_off", seconds=LEAVE_SECONDS)
    os._exit(0)
