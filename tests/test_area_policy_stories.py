"""What becomes of a village that is at risk when another version asks more, less or nothing of it; lived three ways.

Versions take effect as days pass: what is open then is judged by the new one, by news of the village or by time alone.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.policies import Judge
from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from streams.policies import policies_of
from streams.policy_documents import record_of
from tests.neighbours import KafkaNeighbours, Neighbours, PureNeighbours, StoredNeighbours, area_tick
from tests.streams.test_policies import STAMP, document, file_version, published
from tests.test_area_stories import VILLAGE, home, homes, turns, well
from tests.ways import WAYS, chosen, one_worker, with_versions


def asks(version: str, start: str, place: int, **rules: Any) -> Any:
    """A version that asks something else of areas from a day on."""
    made = document(version, start=start)
    made["rules"]["scale-risk"] = {"enabled": True, "sample": ["village-households"], **rules}
    return published(made, place)


VERSIONS = (
    asks("seven", "2026-07-01", 0, **{"village-households": 7}),
    asks("none", "2026-08-01", 1, **{"enabled": False, "village-households": 3}),
    asks("three", "2026-09-01", 2, **{"village-households": 3}),
)
"""Five households of a village are a risk by the file; from July on it takes seven, in August nothing, then three."""
POLICIES = policies_of((file_version(), *VERSIONS))
OPENED = ("opened", "orange", ["households"])
CLEARED = ("cleared", None, [], "")


@pytest.fixture(scope="module")
def worker(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaNeighbours]:
    """One worker on one partition, on topics where the versions have been published before it started."""
    folder = tmp_path_factory.mktemp("area-policy-stories")
    settings = Settings(brokers=broker.bootstrap, topic_prefix="area-policy-stories-", partitions=1)
    with_versions(settings, [record_of(version, STAMP) for version in VERSIONS])
    with one_worker(settings, folder):
        kafka = KafkaNeighbours(settings)
        yield kafka
        kafka.close()


@pytest.fixture(params=WAYS)
def county(request: pytest.FixtureRequest, tmp_path: Path) -> Neighbours:
    """Each story is lived three ways."""
    return chosen(request, lambda: PureNeighbours(POLICIES), lambda: StoredNeighbours(Judge(POLICIES), tmp_path))


def told(said: dict[str, list[Any]]) -> list[tuple[Any, ...]]:
    """Return the turns of the village, each with the version that judged it; of its township nothing may be said."""
    assert {VILLAGE} >= set(said)
    alerts = said.get(VILLAGE, [])
    return [(*turn, alert.policy) for turn, alert in zip(turns(alerts), alerts, strict=True)]


FIVE = [*homes(1, 2, 3, 4, 5, 6, 7), *[well(number, "06-20", safe=False) for number in (1, 2, 3, 4, 5)]]
FIRST = (*OPENED, "12345", "shanxi@1")


def test_five_bad_wells_are_no_risk_any_more_where_it_takes_seven_by_then(county: Neighbours) -> None:
    """It is over with the first midnight of the version, though nobody speaks; with two more wells it is one again."""
    by_time = [*FIVE, area_tick(VILLAGE, "2026-07-01T00:00:00+08:00")]
    by_news = [*FIVE, well(6, "07-01", safe=False)]
    again = [*by_time, well(6, "07-02", safe=False), well(7, "07-03", safe=False)]

    assert [FIRST] == told(county.areas(*FIVE, area_tick(VILLAGE, "2026-06-30T00:00:00+08:00")))
    assert [FIRST, (*CLEARED, "shanxi@seven")] == told(county.areas(*by_time)) == told(county.areas(*by_news))
    assert [FIRST, (*CLEARED, "shanxi@seven"), (*OPENED, "1234567", "shanxi@seven")] == told(county.areas(*again))


def test_a_village_of_seven_wells_ends_where_nobody_asks_of_villages_any_more(county: Neighbours) -> None:
    """Not before, not twice, and whatever else goes bad in that month opens nothing."""
    seven = [*homes(1, 2, 3, 4, 5, 6, 7), *[well(number, "07-20", safe=False) for number in range(1, 8)]]
    over = area_tick(VILLAGE, "2026-08-01T00:00:00+08:00")
    first = (*OPENED, "1234567", "shanxi@seven")
    worse = [home(8), well(8, "08-02", safe=False), well(1, "08-03", safe=True)]

    assert [first] == told(county.areas(*seven, area_tick(VILLAGE, "2026-07-31T00:00:00+08:00")))
    assert [first, (*CLEARED, "shanxi@none")] == told(county.areas(*seven, over, *worse))


def test_three_bad_wells_are_a_risk_from_the_day_on_which_three_are_enough(county: Neighbours) -> None:
    """They went bad in August, when nothing was asked; in September time alone says it, once."""
    three = [*homes(1, 2, 3), *[well(number, "08-20", safe=False) for number in (1, 2, 3)]]
    days = [area_tick(VILLAGE, f"2026-09-{day}T00:00:00+08:00") for day in ("01", "02")]

    assert [] == told(county.areas(*three))
    assert [(*OPENED, "123", "shanxi@three")] == told(county.areas(*three, *days))
