"""Work shared among processes: what is broken off leaves none, also where some of them wait for ever."""

import logging
import multiprocessing
import os
import signal

import pytest

from fangfan.processes import processes


def test_what_is_broken_off_does_not_wait_for_processes_that_wait() -> None:
    """As for a broker that was frozen while they read from it."""
    with pytest.raises(KeyboardInterrupt), processes() as pool:  # noqa: PT012 # it is raised in the middle
        pool.submit(os.getpid).result()
        waiting = [pool.submit(signal.pause) for _ in range(8)]
        raise KeyboardInterrupt

    assert [] == multiprocessing.active_children()
    assert all(each.done() for each in waiting)


def test_processes_say_nothing_of_brokers(capfd: pytest.CaptureFixture[str]) -> None:
    """The command does, once."""
    with processes() as pool:
        pool.submit(_complain).result()

    assert "" == capfd.readouterr().err


def _complain() -> None:
    logging.getLogger("aiokafka").error("Unable connect to nowhere")
