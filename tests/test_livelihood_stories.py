"""Animals, markets, insurance, assets, relief, disability, divorce, letters: what departments know of a livelihood.

Lived three ways, as in ``tests/test_department_stories.py``, of which this is the second part.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from streams.policy import Policy
from tests.build import cadre, declaration, department, entry, member
from tests.neighbours import KafkaNeighbours, Neighbours, PureNeighbours, StoredNeighbours
from tests.test_department_stories import LEADING_VILLAGE, OLD, Record, home, jobless, kept, measures, midnight, on, told
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, one_worker

CLEARED: tuple[str, str | None, list[str]] = ("cleared", None, [])


@pytest.fixture(scope="module")
def settings(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One worker on one partition for all stories."""
    found = Settings(brokers=broker.bootstrap, topic_prefix="livelihood-stories-", partitions=1)
    with one_worker(found, tmp_path_factory.mktemp("livelihood-stories")):
        yield found


@pytest.fixture(scope="module")
def on_kafka(settings: Settings) -> Iterator[Kafka]:
    kafka = Kafka(settings)
    yield kafka
    kafka.close()


@pytest.fixture(scope="module")
def neighbours_on_kafka(settings: Settings) -> Iterator[KafkaNeighbours]:
    kafka = KafkaNeighbours(settings)
    yield kafka
    kafka.close()


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Way:
    return chosen(request, lambda: Pure(policy), lambda: Batches(policy, tmp_path), "on_kafka")


@pytest.fixture(params=WAYS)
def village(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Neighbours:
    return chosen(request, lambda: PureNeighbours(policy), lambda: StoredNeighbours(policy, tmp_path), "neighbours_on_kafka")


def test_the_pigs_fall_ill_and_how_many_is_known_by_and_by(live: Way) -> None:
    """A third, then nearly all; the insurer counts just under half. 29 % of the field is too little to ask."""

    def dead(event_id: str, source: str, percent: int, day: str, **over: Any) -> Record:
        fact = {"type": "loss", "event": "swine-1", "hazard": "epidemic", "object": "livestock", "lost_percent": percent,
                "month": "2025-08"}  # fmt: skip
        return department(event_id, source, fact | over, at=on(day))

    _, alerts = live(
        entry(),
        dead("l1", "agriculture", 30, "2025-08-10"),
        dead("l2", "agriculture", 80, "2025-08-20"),
        dead("l3", "insurance", 49, "2025-09-05"),
        dead("l4", "agriculture", 29, "2025-09-06", object="crop"),
        midnight("2026-07-01"),
        midnight("2026-08-01"),
    )
    rule = ["production-loss"]

    assert [("opened", "yellow", rule), ("escalated", "red", rule), ("deescalated", "yellow", rule), CLEARED] == told(alerts)
    assert ["30.00", "80.00", "49.00"] == [reason.value for alert in alerts for reason in alert.reasons]
    assert "tick:2026-08-01T00:00:00+08:00" == alerts[-1].caused_by


def test_half_of_the_potatoes_find_no_buyer_until_enough_do(live: Way) -> None:
    """Whoever says that it grows them is asked, from a half on, for half a year; who never said so is not."""

    def unsold(event_id: str, percent: int, month: str) -> Record:
        fact = {"type": "market", "product": "potato", "measure": "sales", "drop_percent": percent, "month": month}
        return department(event_id, "commerce", fact, at=on(f"{month}-20"))

    grows = declaration("g1", {"type": "grows", "product": "potato", "active": True}, at=on("2026-01-05"))
    market = [unsold("m1", 50, "2026-01"), unsold("m2", 49, "2026-02"), unsold("m3", 70, "2026-03")]
    _, alerts = live(entry(), grows, *market, midnight("2026-08-01"), midnight("2026-09-01"))
    _, silent = live(entry(), *market)
    slump = ("opened", "yellow", ["market-slump"])

    assert [slump, CLEARED, slump, CLEARED] == told(alerts)
    assert ["m1", "m2", "m3", "tick:2026-09-01T00:00:00+08:00"] == [alert.caused_by for alert in alerts]
    assert ["industry", "consumption", "insurance"] == [code for code, _ in measures(alerts[0])]
    assert [] == silent


def test_a_cover_runs_out_in_a_key_county_and_is_renewed(live: Way) -> None:
    """Full coverage of price and disaster insurance was promised to key counties in 2021: accidents are no part of it."""

    def cover(event_id: str, kind: str, until: str, day: str, area_code: str = entry()["area_code"]) -> Record:
        fact = {"type": "cover", "kind": kind, "covered": True, "until": until}
        return department(event_id, "insurance", fact, at=on(day), area_code=area_code)

    lapses = [midnight("2026-05-31"), midnight("2026-06-01"), cover("i2", "price", "2027-05", "2026-06-10")]
    _, alerts = live(entry(), cover("i1", "price", "2026-05", "2026-01-10"), *lapses)
    _, accident = live(entry(), cover("i1", "accident", "2026-05", "2026-01-10"), *lapses)
    _, leading = live(entry(area_code=LEADING_VILLAGE), cover("i1", "price", "2026-05", "2026-01-10", LEADING_VILLAGE), *lapses)

    assert [("opened", "blue", ["insurance-gap"]), CLEARED] == told(alerts)
    assert ["tick:2026-06-01T00:00:00+08:00", "i2"] == [alert.caused_by for alert in alerts]
    assert ["insurance"] == [code for code, _ in measures(alerts[0])]
    assert [] == accident == leading


@pytest.mark.parametrize(("kind", "settles"), [("price", True), ("disaster", False)])
def test_an_insured_price_fell_and_only_a_claim_for_it_is_one(live: Way, kind: str, settles: bool) -> None:
    """Two months later somebody is reminded; half a year later the fall is no news, the reminder is still one."""
    cover = {"type": "cover", "kind": "price", "covered": True, "until": "2026-12"}
    fall = {"type": "market", "product": "sunflower", "measure": "price", "drop_percent": 35, "month": "2026-04"}
    claim = {"type": "claim", "kind": kind, "amount": "260.00", "month": "2026-06"}
    said = [
        declaration("g1", {"type": "grows", "product": "sunflower", "active": True}, at=on("2026-03-01")),
        department("i1", "insurance", cover, at=on("2026-03-02")),
        department("m1", "market-regulation", fall, at=on("2026-04-20")),
        midnight("2026-06-01"),
        department("i2", "insurance", claim, at=on("2026-06-20")),
        midnight("2026-10-01"),
    ]
    _, alerts = live(entry(), *said)
    both = [("opened", "yellow", ["market-slump"]), ("updated", "yellow", ["claim-reminder", "market-slump"])]
    ends = [("updated", "yellow", ["market-slump"]), CLEARED] if settles else [("deescalated", "blue", ["claim-reminder"])]

    assert [*both, *ends] == [(turn, severity, sorted(rules)) for turn, severity, rules in told(alerts)]


def test_relief_that_was_granted_is_a_lead_for_half_a_year_unless_it_was_a_mistake(live: Way) -> None:
    """Temporary relief in February, destitute support in April: the village is asked what happened. A training is none."""

    def granted(event_id: str, kind: str, since: str, **over: Any) -> Record:
        fact = {"type": "support", "kind": kind, "status": "granted", "since": since}
        return department(event_id, "civil-affairs", fact | over, at=on(f"{since}-15"))

    first, second = granted("s1", "temporary_relief", "2026-02"), granted("s2", "destitute", "2026-04")
    _, alerts = live(entry(), first, second, midnight("2026-08-01"), midnight("2026-10-01"))
    mistake = department("s3", "civil-affairs", voids="s1", at=on("2026-02-16"))
    _, undone = live(entry(), first, mistake)
    _, ended = live(entry(), granted("s1", "temporary_relief", "2026-02", status="ended"), granted("s2", "training", "2026-04"))
    _, stranger = live(entry(), granted("s1", "dibao", "2026-02", person_id="P-0009"))

    assert [("opened", "yellow", ["new-relief"]), CLEARED] == told(alerts)
    assert "tick:2026-10-01T00:00:00+08:00" == alerts[-1].caused_by
    assert [("temporary_relief", "none")] == [(reason.value, reason.threshold) for reason in alerts[0].reasons]
    assert [("opened", "yellow", ["new-relief"]), CLEARED] == told(undone)
    assert [] == ended == stranger, "what has ended, a training, and relief of somebody whom the entry does not name"


def test_a_disability_grows_graver_and_a_cadre_still_thinks_otherwise(live: Way) -> None:
    """Grade 3 asks nobody; the federation's grade 2 and then 1 do, for half a year. The cadre's word stands against them."""

    def grade(event_id: str, value: str, since: str, day: str) -> Record:
        fact = {"type": "disability", "person_id": "P-0001", "grade": value, "since": since}
        return (cadre(event_id, fact, at=on(day)) if event_id == "c1" else
                department(event_id, "disabled-federation", fact, at=on(day)))  # fmt: skip

    _, alerts = live(
        entry("H000001", OLD),
        grade("c1", "3", "2026-01", "2026-01-20"),
        grade("f1", "2", "2026-03", "2026-03-10"),
        grade("f2", "1", "2026-05", "2026-05-10"),
        midnight("2026-10-01"),
        midnight("2026-11-01"),
    )

    rule = ["disability"]
    assert [("opened", "yellow", rule), ("escalated", "orange", rule), CLEARED] == told(alerts)
    assert ("1", "3", "grade") == (alerts[1].reasons[0].value, alerts[1].reasons[0].threshold, alerts[1].reasons[0].unit)
    assert [["department"], ["department"]] == [alert.reasons[0].channels for alert in alerts[:2]]
    assert alerts[1].reasons[0].conflict is not None
    assert {"security"} == {alert.pathway for alert in alerts}


def test_the_photovoltaic_plant_stands_still_and_its_owners_are_asked_until_it_runs(live: Way) -> None:
    """From the month after on. Who owns no part of it is not asked, nor of whom nobody said so."""

    def plant(event_id: str, status: str, since: str, day: str) -> Record:
        fact = {"type": "asset_status", "asset": "pv-3", "status": status, "since": since}
        return department(event_id, "rural-revitalization", fact, at=on(day))

    def owner(*, linked: bool) -> Record:
        fact = {"type": "asset_link", "asset": "pv-3", "kind": "photovoltaic", "linked": linked}
        return cadre("o1", fact, at=on("2026-03-01"))

    story = [
        plant("a1", "outage", "2026-04", "2026-04-10"),
        midnight("2026-05-01"),
        plant("a2", "running", "2026-06", "2026-06-02"),
    ]
    _, alerts = live(entry(), owner(linked=True), *story)
    _, other = live(entry(), owner(linked=False), *story)
    _, unknown = live(entry(), *story)

    assert [("opened", "blue", ["project-asset"]), CLEARED] == told(alerts)
    assert ("tick:2026-05-01T00:00:00+08:00", {"a1", "o1"}) == (
        alerts[0].caused_by, {each.event_id for each in alerts[0].reasons[0].evidence}
    )  # fmt: skip
    assert [] == other == unknown


def test_a_letter_is_answered_and_opened_again_and_its_words_are_kept_nowhere(village: Neighbours) -> None:
    """The letters office knows the person; the letter waits until the registry names her, and its words are gone by then."""
    words = "my brother in law took the field behind the mill"

    def letter(event_id: str, status: str, since: str, day: str, *, urgent: bool = False) -> Record:
        fact = {"type": "petition", "ref": "letter-7", "category": "land", "urgent": urgent, "status": status, "since": since}
        return department(event_id, "petitions", fact | {"text": words}, at=on(day), household_id=None, person_id="P-0001")

    lives = village(
        letter("q1", "open", "2026-03", "2026-03-10"),
        home("H000001", "2026-03-20", member("P-0001")),
        letter("q2", "answered", "2026-04", "2026-04-10"),
        letter("q3", "open", "2026-05", "2026-05-10", urgent=True),
        letter("q4", "closed", "2026-05", "2026-05-20"),
    )
    state, alerts = lives["H000001"]
    rule = ["petition"]

    assert [("opened", "blue", rule), CLEARED, ("opened", "yellow", rule), CLEARED] == told(alerts)
    assert ["q1", "q2", "q3", "q4"] == kept(state)
    assert words not in repr((state, alerts))


def test_after_a_divorce_both_entries_are_corrected_and_what_is_said_of_her_follows_her(village: Neighbours) -> None:
    """In May his entry still names her: somebody is sent. A year's history of the marriage stays with him."""

    def parted(event_id: str, household_id: str, status: str) -> Record:
        fact = {"type": "membership", "person_id": "P-0002", "status": status, "cause": "divorce", "since": "2026-04"}
        return department(event_id, "civil-affairs", fact, at=on("2026-05-04"), household_id=household_id)

    he, she = member("P-0001"), member("P-0002", birth_year=1985)
    lives = village(
        home("H000001", "2026-01-05", he, she),
        jobless("e1", "P-0002", "2026-03-03"),
        jobless("e0", "P-0001", "2026-03-02"),
        parted("d1", "H000001", "left"),
        home("H000001", "2026-05-20", he),
        home("H000002", "2026-05-21", she),
        parted("d2", "H000002", "joined"),
        jobless("e2", "P-0002", "2026-06-10"),
    )
    (his, his_alerts), (hers, her_alerts) = lives["H000001"], lives["H000002"]

    assert (["e0", "e1", "d1"], ["d2", "e2"]) == (kept(his), kept(hers))
    assert [
        ("opened", [("employment@1", "P-0001"), ("employment@1", "P-0002"), ("registration@1", "P-0002")]),
        ("updated", [("employment@1", "P-0001")]),
    ] == [(alert.transition, [(reason.rule, reason.subject) for reason in alert.reasons]) for alert in his_alerts]
    assert [("opened", "yellow", ["employment"])] == told(her_alerts)
