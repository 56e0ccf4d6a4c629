"""A histogram that takes batches tells what the client library's tells that takes values one by one."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from agents.histogram import BatchHistogram

BUCKETS = (0.005, 1, 60, 366 * 86_400)
VALUES = st.one_of(st.sampled_from([0, 5, 1_000, 60_000, 60_001]), st.integers(-(10**6), 10**12))


def told(registry: CollectorRegistry) -> list[str]:
    return sorted(line for line in generate_latest(registry).decode().splitlines() if "_created" not in line)


@given(st.lists(st.tuples(st.sampled_from(["cadre", "department"]), st.lists(VALUES, max_size=9)), max_size=6))
def test_batches_and_single_values_are_told_alike(batches: list[tuple[str, list[int]]]) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    histogram = BatchHistogram("lag", "Lag.", "channel", 1_000, buckets=BUCKETS, registry=ours)
    reference = Histogram("lag", "Lag.", ["channel"], buckets=BUCKETS, registry=theirs)
    for channel, values in batches:
        histogram.observe(channel, values)
        for value in values:
            reference.labels(channel).observe(value / 1_000)
        reference.labels(channel)

    assert [line for line in told(theirs) if "_sum" not in line] == [line for line in told(ours) if "_sum" not in line]
