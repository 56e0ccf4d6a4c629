"""A Prometheus histogram that takes the values of a whole batch at once; the client library's own takes them one by one."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.utils import floatToGoString


class BatchHistogram:
    """Counts values by one label. Scraped on the thread that observes."""

    def __init__(
        self, name: str, documentation: str, label: str, scale: float, *, buckets: Sequence[float], registry: CollectorRegistry
    ) -> None:
        """Register the metric. What is observed is divided by ``scale`` to be what ``buckets`` are in."""
        self._name, self._documentation, self._label, self._scale = name, documentation, label, scale
        self._bounds = [bound * scale for bound in buckets]
        self._names = [floatToGoString(bound) for bound in (*buckets, float("inf"))]  # type: ignore[no-untyped-call] # the library's
        self._counts: dict[str, list[int]] = {}
        self._sums: dict[str, float] = {}
        registry.register(self)

    def observe(self, value: str, observed: Sequence[float]) -> None:
        """Take in what was observed under a label's value."""
        counts = self._counts.get(value)
        if counts is None:
            counts = self._counts[value] = [0] * len(self._names)
        bounds = self._bounds
        for each in observed:
            counts[bisect_left(bounds, each)] += 1
        self._sums[value] = self._sums.get(value, 0.0) + sum(observed) / self._scale

    def describe(self) -> Iterable[HistogramMetricFamily]:
        """Name the metric to the registry."""
        return [HistogramMetricFamily(self._name, self._documentation, labels=[self._label])]

    def collect(self) -> Iterable[HistogramMetricFamily]:
        """Return the metric with its buckets."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=[self._label])
        for value, counts in self._counts.items():
            family.add_metric([value], list(zip(self._names, accumulate(counts), strict=True)), self._sums[value])
        return [family]
