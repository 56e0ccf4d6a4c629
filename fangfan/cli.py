"""The command ``fangfan``. What it is made of is loaded in :func:`main`, for that takes a second."""

import logging
import signal


def main() -> None:
    """Run the command line. While it is loaded Ctrl-C just ends it: there is nothing yet that could say so, but a traceback."""
    given = signal.getsignal(signal.SIGINT)
    if given is signal.default_int_handler:  # a shell may have it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from fangfan.commands import app

    signal.signal(signal.SIGINT, given)
    logging.getLogger("aiokafka").addHandler(logging.NullHandler())  # commands say themselves when no broker answers
    app()
