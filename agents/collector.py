"""Python's cycle collector, tuned for processes that take in many records."""

import gc


def tune_collector() -> None:
    """Look for cycles less often: what was imported stays, and a batch makes tens of thousands of objects without any."""
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
