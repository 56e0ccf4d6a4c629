"""Noise control is visible and counted: what waits shows in the next alert, on the screen and in the metric, alike."""

from collections import Counter
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka.record.default_records import DefaultRecord
from prometheus_client import generate_latest
from rich.console import Console

from agents import telemetry
from agents.households import Households
from agents.store import Store
from agents.work import Work
from fangfan.looks import line, table
from schemas.alerts import Alert
from streams.policy import Policy
from streams.topics import TOPIC_OF, Topic
from tests.build import TIMESTAMP, cadre, encode, entry
from tests.streams.test_noise import noisy, records_of
from tests.ways import alert_of

NOW = TIMESTAMP * 1_000_000


def batches(folder: Path, policy: Policy, records: list[dict[str, Any]], size: int = 1) -> list[Work]:
    """Live through records of household H000001, so many a batch."""
    store = Store(folder)
    households, found = Households(0, 1, "", store, policy), []
    made = [(TOPIC_OF[each["schema"]], DefaultRecord(at, TIMESTAMP, 0, b"H000001", encode(each), []))
            for at, each in enumerate(records)]  # fmt: skip
    for start in range(0, len(made), size):
        found.append(households.run(made[start : start + size], NOW))
        store.write(found[-1].changes.items(), {})
    store.close()
    return found


def alerts_of(work: Work) -> list[Alert]:
    return [alert_of(each.value or b"") for each in work.outgoing if each.topic is Topic.ALERTS]


@pytest.mark.parametrize("window", [0, 30])
def test_an_alert_says_how_many_were_counted_since_the_one_before(policy: Policy, tmp_path: Path, window: int) -> None:
    """Whatever comes: what the metric counts between two alerts of a household is what the second says."""
    told: Counter[str] = Counter()
    for seed in range(60):
        waiting = 0
        for work in batches(tmp_path / str(seed), noisy(policy, window), records_of(seed)):
            waiting += sum(work.tally.withheld.values())
            told.update(by for (by, _), count in work.tally.withheld.items() for _ in range(count))
            for alert in alerts_of(work):
                assert waiting == (alert.noise.withheld if alert.noise is not None else 0), seed
                waiting = 0
    assert told["snooze"]
    assert bool(told["window"]) == bool(window)


ASLEEP = cadre("z1", {"type": "snooze", "until": "2026-06-30", "reason": "visited"}, at="2026-06-01T09:00:00+08:00")


def found(day: int, **fact: Any) -> dict[str, Any]:
    return cadre(f"c{day}", fact, at=f"2026-06-{day:02d}T09:00:00+08:00")


UNSAFE = found(2, type="water", safe=False)
HUNGRY = found(9, type="food", adequate=False)


def test_each_different_transition_counts_once_whatever_repeats_it(policy: Policy, tmp_path: Path) -> None:
    """A bad well waits, is told of again and nothing is new; the house beside it is; both are one batch's or two's."""
    records = [entry(), ASLEEP, UNSAFE, UNSAFE, found(3, type="water", safe=False), found(4, type="housing", grade="C"),
               found(5, type="medical_cover", person_id="P-0001", enrolled=False)]  # fmt: skip
    one, many = (
        sum((Counter(work.tally.withheld) for work in batches(tmp_path / str(size), policy, records, size)), Counter())
        for size in (1, 7)
    )

    assert Counter({("snooze", "orange"): 1}) == one == many


def test_the_metric_counts_them_by_what_holds_and_how_grave(policy: Policy, tmp_path: Path) -> None:
    name = 'fangfan_transitions_withheld_total{by="snooze",severity="orange"}'

    def told() -> float:
        lines = generate_latest(telemetry.REGISTRY).decode().splitlines()
        return float(next(each for each in lines if each.startswith(name)).rpartition(" ")[2])

    before = told()
    for work in batches(tmp_path / "store", policy, [entry(), ASLEEP, UNSAFE]):
        telemetry.confirmed("0", work.tally, NOW)

    assert before + 1 == told()


def test_who_reads_an_alert_sees_what_waited_and_what_will(policy: Policy, tmp_path: Path) -> None:
    """Red goes though the household is asleep, and says that a well had waited; under a window, for how long others will."""
    quiet, loud = (
        [alert for work in batches(tmp_path / str(days), noisy(policy, days), [entry(), ASLEEP, UNSAFE, HUNGRY])
         for alert in alerts_of(work)] for days in (0, 30)
    )  # fmt: skip
    plain = [alert for work in batches(tmp_path / "plain", policy, [entry(), HUNGRY]) for alert in alerts_of(work)]
    waited, asleep, later = "1 held back before this one", "sent though snoozed until 2026-06-30", "wait for 30 days"
    shown = [_shown(alerts) for alerts in (quiet, loud, plain)]

    assert [(True, True, False), (True, True, True), (False, False, False)] == [
        tuple(words in text for words in (waited, asleep, later)) for text in shown
    ]
    assert all("此前暂缓1次变动" in text for text in shown[:2])


def _shown(alerts: list[Alert]) -> str:
    """What `fangfan alerts` prints of the only one, as a table and as a line; both must say the same of noise."""
    (alert,) = (msgspec.to_builtins(each) | {"emitted_at": "2026-11-18T08:00:00+08:00"} for each in alerts)
    texts = []
    for thing in (table([alert]), line(alert)):
        written = StringIO()
        Console(file=written, width=200).print(thing)
        texts.append(written.getvalue())
    words = ("held back", "snoozed until", "milder changes")
    assert [each in texts[0] for each in words] == [each in texts[1] for each in words]
    return texts[0]
