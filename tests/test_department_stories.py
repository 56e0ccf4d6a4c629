"""What each department tells of a household, and what becomes of it when members come and go; lived three ways."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from schemas.alerts import Alert
from schemas.household import HouseholdState
from streams.policy import Policy
from tests.build import cadre, declaration, department, entry, member, tick
from tests.neighbours import KafkaNeighbours, Neighbours, PureNeighbours, StoredNeighbours, gone
from tests.ways import WAYS, Batches, Kafka, Pure, Way, chosen, one_worker

Record = dict[str, Any]
COUNTY = "rural-revitalization"
OLD = member("P-0001", birth_year=1950, labour="none")
LEADING_VILLAGE = "140105100201"
"""A village of a county of the leading tier; that of `entry` lies in one of the key tier."""


@pytest.fixture(scope="module")
def settings(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """One worker on one partition for all stories."""
    folder = tmp_path_factory.mktemp("department-stories")
    found = Settings(brokers=broker.bootstrap, topic_prefix="department-stories-", partitions=1)
    with one_worker(found, folder):
        yield found


@pytest.fixture(scope="module")
def on_kafka(settings: Settings) -> Iterator[Kafka]:
    """One household after the other."""
    kafka = Kafka(settings)
    yield kafka
    kafka.close()


@pytest.fixture(scope="module")
def neighbours_on_kafka(settings: Settings) -> Iterator[KafkaNeighbours]:
    """Several at once."""
    kafka = KafkaNeighbours(settings)
    yield kafka
    kafka.close()


@pytest.fixture(params=WAYS)
def live(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Way:
    """Each story is lived three ways."""
    return chosen(request, lambda: Pure(policy), lambda: Batches(policy, tmp_path), "on_kafka")


@pytest.fixture(params=WAYS)
def village(request: pytest.FixtureRequest, policy: Policy, tmp_path: Path) -> Neighbours:
    """So are those of several households."""
    return chosen(request, lambda: PureNeighbours(policy), lambda: StoredNeighbours(policy, tmp_path), "neighbours_on_kafka")


def on(day: str) -> str:
    return f"{day}T09:00:00+08:00"


def midnight(day: str) -> Record:
    return tick(f"{day}T00:00:00+08:00")


def told(alerts: list[Alert]) -> list[tuple[str, str | None, list[str]]]:
    return [(a.transition, a.severity, [reason.rule.partition("@")[0] for reason in a.reasons]) for a in alerts]


def measures(alert: Alert) -> list[tuple[str, str]]:
    return [(each.code, each.status) for each in alert.measures]


def kept(state: HouseholdState) -> list[str]:
    """Return the names of all reports a household still knows, oldest first."""
    facts = state.facts
    return [each.event_id for each in sorted((*facts.reports, *facts.signals), key=lambda each: each.occurred_at)]


def test_who_cannot_work_is_offered_security_and_what_is_given_is_not_offered_as_new(live: Way) -> None:
    """An old couple: she is newly disabled, dibao follows in March; by September neither is news any more."""
    graded = {"type": "disability", "person_id": "P-0001", "grade": "1", "since": "2026-02"}
    dibao = {"type": "support", "kind": "dibao", "status": "granted", "since": "2026-03"}
    news = [
        department("f1", "disabled-federation", graded, at=on("2026-02-10")),
        department("s1", "civil-affairs", dibao, at=on("2026-03-05")),
        midnight("2026-08-01"),
        midnight("2026-09-01"),
    ]
    _, alerts = live(entry("H000001", OLD, member("P-0002", birth_year=1952, labour="none")), *news)
    _, able = live(entry(), *news[:1])

    assert [
        ("opened", "orange", ["disability"]),
        ("updated", "orange", ["disability", "new-relief"]),
        ("deescalated", "yellow", ["new-relief"]),
        ("cleared", None, []),
    ] == told(alerts)
    assert {"security"} == {each.pathway for each in alerts}
    assert [("dibao", "suggested"), ("medical_aid", "suggested"), ("care", "suggested")] == measures(alerts[0])
    assert [("dibao", "given"), ("medical_aid", "suggested"), ("care", "suggested")] == measures(alerts[1])
    assert [("public_post", "suggested"), ("medical_aid", "suggested"), ("care", "suggested")] == measures(able[0])


def test_whoever_is_trained_is_followed_until_there_is_work(live: Way) -> None:
    """Filing, training, assessment, certificate, placement: who waits three months between two of them is asked about."""

    def step(event_id: str, name: str, since: str, day: str) -> Record:
        fact = {"type": "skills", "person_id": "P-0001", "line": "cook-7", "step": name, "since": since}
        return department(event_id, "human-resources", fact, at=on(day))

    _, alerts = live(
        entry(),
        step("k1", "trained", "2026-03", "2026-03-10"),
        tick("2026-05-31T23:59:59+08:00"),
        midnight("2026-06-01"),
        step("k2", "certified", "2026-06", "2026-06-10"),
        midnight("2026-09-01"),
        step("k3", "placed", "2026-09", "2026-09-02"),
    )
    stalled = ("opened", "blue", ["skills-stall"])

    assert [stalled, ("cleared", None, []), stalled, ("cleared", None, [])] == told(alerts)
    assert ["tick:2026-06-01T00:00:00+08:00", "k2"] == [each.caused_by for each in alerts[:2]]
    assert "培训" in alerts[0].reasons[0].explanation.zh
    assert ["employment", "training"] == [code for code, _ in measures(alerts[0])]


def test_support_may_not_be_taken_away_within_five_years_of_relief(live: Way) -> None:
    """The four "no picking" of the source. The post is given back eight days later."""

    def post(event_id: str, status: str, day: str) -> Record:
        fact = {"type": "support", "kind": "public_post", "status": status, "since": "2026-10"}
        return department(event_id, COUNTY, fact, at=on(day))

    taken, back = post("s1", "withdrawn", "2026-10-12"), post("s2", "granted", "2026-10-20")
    _, alerts = live(entry(relieved_on="2021-11-20"), taken, back)
    over, never = live(entry(relieved_on="2021-10-20"), taken), live(entry(status="general", relieved_on=None), taken)

    assert [("opened", "orange", ["support-withdrawn"]), ("cleared", None, [])] == told(alerts)
    assert "四个不摘" in alerts[0].reasons[0].explanation.zh
    assert [] == told(over[1]) == told(never[1])


def test_an_accident_gets_worse_and_its_insurance_is_not_forgotten(live: Way) -> None:
    """Police say serious, the hospital says disabling; two months later nobody has claimed what is insured."""

    def hurt(event_id: str, source: str, outcome: str, day: str) -> Record:
        fact = {"type": "accident", "person_id": "P-0001", "kind": "traffic", "outcome": outcome, "month": "2026-04"}
        return department(event_id, source, fact, at=on(day))

    claim = {"type": "claim", "kind": "accident", "amount": "3000.00", "month": "2026-06"}
    _, alerts = live(
        entry(),
        hurt("a1", "public-security", "serious", "2026-04-10"),
        department("i1", "insurance", {"type": "cover", "kind": "accident", "covered": True, "until": "2026-12"},
                   at=on("2026-04-11")),
        hurt("a2", "health", "disabling", "2026-05-03"),
        midnight("2026-06-01"),
        department("i2", "insurance", claim, at=on("2026-06-15")),
    )  # fmt: skip

    assert [
        ("opened", "yellow", ["accident"]),
        ("escalated", "orange", ["accident"]),
        ("updated", "orange", ["accident", "claim-reminder"]),
        ("updated", "orange", ["accident"]),
    ] == told(alerts)
    assert ["temporary_relief", "medical_aid", "insurance"] == [code for code, _ in measures(alerts[2])]


def test_what_a_flood_cost_counts_less_what_the_insurance_paid(live: Way) -> None:
    """12,000 yuan of sheds; 3,000 paid leave 9,000; another 4,000.01 leave a fen less than asks for anybody."""
    shed = {"type": "loss", "event": "flood-3", "hazard": "flood", "object": "facility", "lost_percent": 30,
            "amount": "12000.00", "month": "2026-07"}  # fmt: skip

    def paid(event_id: str, amount: str, day: str) -> Record:
        fact = {"type": "claim", "kind": "disaster", "amount": amount, "month": "2026-08"}
        return department(event_id, "insurance", fact, at=on(day))

    _, alerts = live(
        entry(),
        department("l1", "emergency", shed, at=on("2026-07-20")),
        paid("i1", "3000.00", "2026-08-05"),
        paid("i2", "4000.01", "2026-08-06"),
    )

    assert [
        ("opened", "orange", ["disaster-loss"]), ("deescalated", "yellow", ["disaster-loss"]), ("cleared", None, []),
    ] == told(alerts)  # fmt: skip
    assert ("9000.00", {"l1", "i1"}) == (alerts[1].reasons[0].value, {e.event_id for e in alerts[1].reasons[0].evidence})
    assert "扣除灾害理赔3,000.00元" in alerts[1].reasons[0].explanation.zh


def test_the_dead_are_mourned_then_missed_in_the_books_and_no_longer_paid(live: Way) -> None:
    """A grandfather dies in March. In April the registry still names him, in May civil affairs still pay him."""
    grandfather = member("P-0003", birth_year=1944, labour="none")
    rest = [member("P-0001"), member("P-0002", birth_year=2014)]
    died = {"type": "membership", "person_id": "P-0003", "status": "left", "cause": "death", "since": "2026-03"}

    def paid(event_id: str, amount: str, day: str) -> Record:
        fact = {"type": "income", "component": "transfer", "month": "2026-04", "amount": amount, "person_id": "P-0003"}
        return department(event_id, "civil-affairs", fact, at=on(day))

    _, alerts = live(
        entry("H000001", *rest, grandfather),
        department("p1", "public-security", died, at=on("2026-03-12")),
        midnight("2026-04-01"),
        paid("t1", "120.00", "2026-05-06"),
        entry("H000001", *rest, updated_at=on("2026-05-20")),
        midnight("2026-09-01"),
        paid("t2", "0", "2026-09-10"),
    )

    assert [
        ("opened", "yellow", {"bereavement"}),
        ("updated", "yellow", {"bereavement", "registration"}),
        ("updated", "yellow", {"bereavement", "registration", "deceased-paid"}),
        ("updated", "yellow", {"bereavement", "deceased-paid"}),
        ("deescalated", "blue", {"deceased-paid"}),
        ("cleared", None, set()),
    ] == [(transition, severity, set(rules)) for transition, severity, rules in told(alerts)]
    assert {"P-0003"} == {reason.subject for alert in alerts for reason in alert.reasons}
    assert "120.00" == next(reason.value for reason in alerts[4].reasons)


def test_a_child_is_born_and_nobody_has_insured_it(live: Way) -> None:
    """Born in March; from June on somebody is sent. One family enrols the child, the other is told that it is not enrolled."""
    child = member("P-0003", birth_year=2026, labour="none")
    born = {"type": "membership", "person_id": "P-0003", "status": "joined", "cause": "birth", "since": "2026-03"}
    home = [entry("H000001", member("P-0001"), child), department("b1", "health", born, at=on("2026-03-20"))]

    def cover(enrolled: bool) -> Record:
        fact = {"type": "medical_cover", "person_id": "P-0003", "enrolled": enrolled}
        return department("m1", "medical-insurance", fact, at=on("2026-06-20"))

    _, insured = live(*home, midnight("2026-06-01"), cover(enrolled=True))
    _, refused = live(*home, midnight("2026-06-01"), cover(enrolled=False))

    assert [("opened", "yellow", ["newborn-cover"]), ("cleared", None, [])] == told(insured)
    assert [("opened", "yellow", ["newborn-cover"]), ("updated", "yellow", ["medical-cover"])] == told(refused)


def test_the_plant_pays_no_dividend_until_it_does_and_only_its_households_are_asked(live: Way) -> None:
    link = {"type": "asset_link", "asset": "pv-3", "kind": "photovoltaic", "linked": True}

    def owed(event_id: str, status: str, day: str, **over: Any) -> Record:
        fact = {"type": "dividend", "asset": "pv-3", "status": status, "since": "2026-04"}
        return department(event_id, COUNTY, link | over, fact, at=on(day))

    _, alerts = live(entry(), owed("v1", "unpaid", "2026-05-10"), midnight("2026-06-01"), owed("v2", "paid", "2026-06-10"))
    _, others = live(entry(), owed("v1", "unpaid", "2026-05-10", linked=False), midnight("2026-06-01"))

    assert [("opened", "yellow", ["dividend"]), ("cleared", None, [])] == told(alerts)
    assert [] == told(others)


def test_a_call_to_the_hotline_is_chased_after_two_months_and_its_words_are_not_kept(live: Way) -> None:
    """12317: blue when it comes, yellow when nobody answers; an urgent one is yellow at once."""
    call = {"type": "petition", "ref": "12317-88", "category": "housing", "urgent": False, "status": "open", "since": "2026-05"}
    said = "the roof of the east room fell"
    calls = declaration("q1", call | {"text": said}, source="hotline", at=on("2026-05-08"))
    answered = department("q2", "petitions", call | {"status": "answered", "since": "2026-07"}, at=on("2026-07-03"))
    state, alerts = live(entry(), calls, midnight("2026-07-01"), answered)
    _, urgent = live(entry(), declaration("q1", call | {"urgent": True}, source="window", at=on("2026-05-08")))

    assert [
        ("opened", "blue", ["petition"]), ("escalated", "yellow", ["petition"]), ("cleared", None, []),
    ] == told(alerts)  # fmt: skip
    assert [("opened", "yellow", ["petition"])] == told(urgent)
    assert said not in repr((state, alerts))


def test_apples_fall_in_price_for_whoever_still_grows_them(live: Way) -> None:
    """Commerce reports a third, then more than half; the household cuts its trees, and then it is no matter any more."""

    def price(event_id: str, percent: int, day: str) -> Record:
        fact = {"type": "market", "product": "apple", "measure": "price", "drop_percent": percent, "month": "2026-09"}
        return department(event_id, "market-regulation", fact, at=on(day))

    def grows(event_id: str, day: str, *, active: bool) -> Record:
        return declaration(event_id, {"type": "grows", "product": "apple", "active": active}, at=on(day))

    _, alerts = live(
        entry(), price("m1", 35, "2026-09-10"), grows("g1", "2026-09-11", active=True), price("m2", 55, "2026-09-20"),
        grows("g2", "2026-10-02", active=False),
    )  # fmt: skip

    assert [
        ("opened", "yellow", ["market-slump"]), ("escalated", "orange", ["market-slump"]), ("cleared", None, []),
    ] == told(alerts)  # fmt: skip
    assert "g1" == alerts[0].caused_by
    assert ["industry", "consumption", "insurance"] == [code for code, _ in measures(alerts[0])]


FATHER, SON, WIFE = member("P-0001", birth_year=1970), member("P-0002", birth_year=1998), member("P-0003", birth_year=1999)


def home(household_id: str, day: str, *members: Record, **over: Any) -> Record:
    return entry(household_id, *members, updated_at=on(day), **over)


def jobless(event_id: str, person_id: str, day: str) -> Record:
    """The labour office knows the person, not the household."""
    fact = {"type": "employment", "person_id": person_id, "status": "not_working", "since": "2026-01"}
    return department(event_id, "human-resources", fact, at=on(day), household_id=None, person_id=person_id)


def test_a_household_splits_and_what_is_said_of_the_son_follows_him(village: Neighbours) -> None:
    """He is in one of them at a time; what was known before he left stays where it was."""
    lives = village(
        home("H000001", "2026-01-05", FATHER, SON, WIFE),
        jobless("e1", "P-0002", "2026-05-10"),
        home("H000001", "2026-05-20", FATHER),
        home("H000002", "2026-05-20", SON, WIFE),
        jobless("e2", "P-0002", "2026-06-10"),
        jobless("e3", "P-0001", "2026-06-11"),
    )
    (old, old_alerts), (new, new_alerts) = lives["H000001"], lives["H000002"]

    assert [("opened", "yellow", ["employment"]), ("cleared", None, []), ("opened", "yellow", ["employment"])] == told(
        old_alerts
    )
    assert ["P-0002", "P-0001"] == [alert.reasons[0].subject for alert in old_alerts if alert.reasons]
    assert [("opened", "yellow", ["employment"])] == told(new_alerts)
    assert (["e1", "e3"], ["e2"]) == (kept(old), kept(new))


def test_an_accident_and_a_disability_move_with_the_person_and_a_death_stays(village: Neighbours) -> None:
    """The son founds a household: the old alert on him clears with the entry, the next reports open one in the new.

    That his mother died in the same accident is of the old one, though its entry names her no more.
    """

    def hurt(person_id: str, outcome: str) -> Record:
        return {"type": "accident", "person_id": person_id, "kind": "traffic", "outcome": outcome, "month": "2026-05"}

    def of(event_id: str, person_id: str, source: str, day: str, fact: Record) -> Record:
        return department(event_id, source, fact, at=on(day), household_id=None, person_id=person_id)

    grade = {"type": "disability", "person_id": "P-0002", "grade": "2", "since": "2026-05"}
    mother = member("P-0004", birth_year=1972)
    lives = village(
        home("H000001", "2026-01-05", FATHER, mother, SON, WIFE),
        of("a1", "P-0002", "public-security", "2026-05-10", hurt("P-0002", "serious")),
        of("g1", "P-0002", "disabled-federation", "2026-05-12", grade),
        home("H000001", "2026-05-20", FATHER, mother),
        home("H000002", "2026-05-20", SON, WIFE),
        of("a2", "P-0002", "health", "2026-06-10", hurt("P-0002", "disabling")),
        of("g2", "P-0002", "disabled-federation", "2026-06-11", grade),
        of("a3", "P-0004", "public-security", "2026-06-12", hurt("P-0004", "fatal")),
        home("H000001", "2026-06-20", FATHER),
    )
    (old, old_alerts), (new, new_alerts) = lives["H000001"], lives["H000002"]

    assert [
        ("opened", "yellow", ["accident"]), ("updated", "yellow", ["accident", "disability"]), ("cleared", None, []),
        ("opened", "red", ["accident"]),
    ] == [(kind, severity, sorted(rules)) for kind, severity, rules in told(old_alerts)]  # fmt: skip
    assert ("registry:2026-05-20T09:00:00+08:00", "P-0004") == (old_alerts[2].caused_by, old_alerts[3].reasons[0].subject)
    assert [("opened", "orange", ["accident"]), ("updated", "orange", ["accident", "disability"])] == [
        (kind, severity, sorted(rules)) for kind, severity, rules in told(new_alerts)
    ]
    assert {"P-0002"} == {reason.subject for alert in new_alerts for reason in alert.reasons}
    assert (["a1", "g1", "a3"], ["a2", "g2"]) == (kept(old), kept(new))


def test_whom_an_entry_names_again_is_judged_by_what_is_still_known(village: Neighbours) -> None:
    """Left out by mistake and put back: the alert comes back without another report. Before any entry it is judged too."""
    grade = {"type": "disability", "person_id": "P-0002", "grade": "1", "since": "2026-05"}
    lives = village(
        department("g1", "disabled-federation", grade, at=on("2026-05-10")),
        home("H000001", "2026-05-20", FATHER),
        home("H000001", "2026-05-21", FATHER, SON),
    )
    _, alerts = lives["H000001"]
    opened = ("opened", "orange", ["disability"])

    assert [opened, ("cleared", None, []), opened] == told(alerts)
    assert ["g1", "registry:2026-05-20T09:00:00+08:00", "registry:2026-05-21T09:00:00+08:00"] == [a.caused_by for a in alerts]


def test_two_households_merge_and_the_removed_one_keeps_its_history_and_gets_nothing_more(village: Neighbours) -> None:
    """The father's entry is removed and the son's grows. What the father said before the merge is not lost."""
    roof = cadre("h1", {"type": "housing", "grade": "C"}, at=on("2026-05-02"))
    lives = village(
        home("H000001", "2026-01-05", FATHER),
        home("H000002", "2026-01-05", SON, WIFE),
        roof,
        jobless("e1", "P-0001", "2026-05-10"),
        home("H000002", "2026-06-01", FATHER, SON, WIFE),
        gone("H000001"),
        jobless("e2", "P-0001", "2026-06-10"),
    )
    (old, old_alerts), (new, new_alerts) = lives["H000001"], lives["H000002"]

    assert (["h1", "e1"], ["e2"]) == (kept(old), kept(new))
    assert (None, 3) == (old.facts.registry, len(new.facts.registry.members) if new.facts.registry else 0)
    assert ("updated", "orange", ["housing"]) == told(old_alerts)[-1]
    assert ("unknown", "unknown") == (old_alerts[-1].category, old_alerts[-1].pathway)
    assert [("opened", "yellow", ["employment"])] == told(new_alerts)


def test_a_household_moves_to_another_county_and_is_judged_by_its_tier(village: Neighbours) -> None:
    """Full coverage is asked of key counties only. Its reports move with it, and those that know a person alone find it."""
    ended = {"type": "cover", "kind": "price", "covered": True, "until": "2026-04"}
    lives = village(
        home("H000001", "2026-01-05", FATHER, SON),
        department("i1", "insurance", ended, at=on("2026-06-01")),
        home("H000001", "2026-06-05", FATHER, SON, area_code=LEADING_VILLAGE),
        jobless("e1", "P-0002", "2026-06-10"),
    )
    state, alerts = lives["H000001"]

    assert [
        ("opened", "blue", ["insurance-gap"]), ("cleared", None, []), ("opened", "yellow", ["employment"]),
    ] == told(alerts)  # fmt: skip
    assert ["key", "leading", "leading"] == [alert.tier for alert in alerts]
    assert (LEADING_VILLAGE, "registry:2026-06-05T09:00:00+08:00") == (alerts[1].area_code, alerts[1].caused_by)
    assert ["i1", "e1"] == kept(state)


def test_a_bride_is_missed_in_one_household_and_found_in_the_other_until_both_entries_say_so(village: Neighbours) -> None:
    """Married in March; in April both entries are wrong. Until hers is corrected, the labour office still finds her at home."""

    def moved(event_id: str, household_id: str, status: str, other: str) -> Record:
        fact = {"type": "membership", "person_id": "P-0003", "status": status, "cause": "marriage", "since": "2026-03",
                "other_household": other}  # fmt: skip
        return department(event_id, "civil-affairs", fact, at=on("2026-04-10"), household_id=household_id)

    mother = member("P-0004", birth_year=1972)
    lives = village(
        home("H000001", "2026-01-05", SON),
        home("H000002", "2026-01-05", mother, WIFE),
        moved("y1", "H000001", "joined", "H000002"),
        moved("y2", "H000002", "left", "H000001"),
        jobless("e1", "P-0003", "2026-04-20"),
        home("H000002", "2026-05-02", mother),
        home("H000001", "2026-05-02", SON, WIFE),
        jobless("e2", "P-0003", "2026-05-20"),
    )
    (his, his_alerts), (hers, her_alerts) = lives["H000001"], lives["H000002"]

    assert [
        ("opened", "blue", ["registration"]), ("cleared", None, []), ("opened", "yellow", ["employment"]),
    ] == told(his_alerts)  # fmt: skip
    assert [
        ("opened", "blue", ["registration"]),
        ("escalated", "yellow", ["employment", "registration"]),
        ("cleared", None, []),
    ] == told(her_alerts)
    assert "registry:2026-05-02T09:00:00+08:00" == her_alerts[-1].caused_by
    assert (["y1", "e2"], ["y2", "e1"]) == (kept(his), kept(hers))
