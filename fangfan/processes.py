"""Work that is shared among processes, as many as there are cores, with progress on a console."""

import contextlib
import logging
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from agents.collector import tune_collector

T = TypeVar("T")


@contextlib.contextmanager
def processes() -> Iterator[ProcessPoolExecutor]:
    """Give processes; when the work is over or broken off, none is left."""
    cores = len(os.sched_getaffinity(0))
    pool = ProcessPoolExecutor(cores, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        yield pool
    except BaseException:  # they may wait for a broker that is away, and nobody waits for them any more
        for child in multiprocessing.active_children():
            child.terminate()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin() -> None:
    """Leave Ctrl-C to the process that started this one, and the saying when no broker answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())
    tune_collector()


def each(pool: ProcessPoolExecutor, work: Callable[..., T], over: Iterable[Any], *given: object) -> Iterator[tuple[Any, T]]:
    """Do the same work over several things at once; yield each with its result, as they are done."""
    futures: dict[Future[T], Any] = {pool.submit(work, one, *given): one for one in over}
    for future in as_completed(futures):
        yield futures[future], future.result()


def progress_on(console: Console) -> Progress:
    """Return a bar a task: what is done, how much of it, for how long."""
    return Progress(TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=console)
