"""How far the inputs of this worker's partitions are behind."""

from collections.abc import Mapping
from typing import Any

from faust.types.tuples import TP

from agents import telemetry
from agents.lanes import Lane
from agents.settings import Settings
from streams.topics import INPUTS


async def note_lag(settings: Settings, consumer: Any, lanes: Mapping[int, Lane]) -> dict[int, int]:
    """Set the consumer lag of every open input partition; return the sum of each lane's.

    Counted from where the lane stands; where nothing waits for it, from where the fetch stands, because the last
    offsets of a partition may hold only transaction markers.
    """
    running = {number: lane for number, lane in lanes.items() if lane.running.is_set()}
    names = [settings.topic(topic) for topic in INPUTS]
    fetched = await consumer.fetched([TP(name, number) for number in running for name in names]) if running else {}
    total = dict.fromkeys(running, 0)
    for tp, (position, end) in fetched.items():
        lane = running[tp.partition]
        at = position if not lane.waiting_records else lane.position(tp.topic)
        lag = max(0, end - (at or 0))
        telemetry.consumer_lag.labels(tp.topic, str(tp.partition)).set(lag)
        total[tp.partition] += lag
    return total
