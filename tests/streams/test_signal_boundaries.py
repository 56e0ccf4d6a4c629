"""Both sides of every boundary of docs/contract-more.md §3, by month, percent and fen. The clock stands in June 2026."""

from typing import Any

import pytest

from schemas.rejections import Rejection
from streams.normalise import normalise
from streams.policy import Policy
from streams.rules import SIGNAL_RULES
from streams.topics import TOPIC_OF
from tests.build import TIMESTAMP, cadre, declaration, department, encode, entry, member
from tests.streams.test_boundaries import firing, look

Record = dict[str, Any]
GROWS = {"type": "grows", "product": "apple", "active": True}
LINK = {"type": "asset_link", "asset": "pv-1", "kind": "photovoltaic", "linked": True}
INSURED = {"type": "cover", "kind": "disaster", "covered": True, "until": "2026-12"}
CLAIM = {"type": "claim", "kind": "disaster", "amount": "1.00", "month": "2026-04"}


def work(status: str = "not_working", since: str = "2026-03") -> Record:
    return {"type": "employment", "person_id": "P-0001", "status": status, "since": since}


def step(name: str = "trained", since: str = "2026-03") -> Record:
    return {"type": "skills", "person_id": "P-0001", "line": "cook", "step": name, "since": since}


def graded(grade: str, since: str) -> Record:
    return {"type": "disability", "person_id": "P-0001", "grade": grade, "since": since}


def given(kind: str, status: str, since: str) -> Record:
    return {"type": "support", "kind": kind, "status": status, "since": since}


def lost(percent: int, month: str = "2026-06", amount: str = "0", **over: Any) -> Record:
    return {"type": "loss", "event": "hail-1", "hazard": "hail", "object": "crop", "lost_percent": percent, "month": month,
            "amount": amount} | over  # fmt: skip


def hurt(outcome: str, month: str = "2026-06") -> Record:
    return {"type": "accident", "person_id": "P-0001", "kind": "traffic", "outcome": outcome, "month": month}


def person(status: str, cause: str, since: str, who: str = "P-0001") -> Record:
    return {"type": "membership", "person_id": who, "status": status, "cause": cause, "since": since}


def asked(urgent: bool = False, status: str = "open", since: str = "2026-06") -> Record:
    return {"type": "petition", "ref": "c-1", "category": "water", "urgent": urgent, "status": status, "since": since}


def slump(measure: str, percent: int, month: str = "2026-06") -> Record:
    return {"type": "market", "product": "apple", "measure": measure, "drop_percent": percent, "month": month}


def plant(status: str, since: str) -> Record:
    return {"type": "asset_status", "asset": "pv-1", "status": status, "since": since}


def owed(status: str, since: str) -> Record:
    return {"type": "dividend", "asset": "pv-1", "status": status, "since": since}


CASES: list[tuple[str, str | None, tuple[Record, ...]]] = [
    ("employment", None, (work(since="2026-04"),)), ("employment", "yellow", (work(since="2026-03"),)),
    ("employment", "yellow", (work("seeking", "2026-01"),)), ("employment", "orange", (work(since="2025-12"),)),
    ("employment", None, (work("unable", "2025-12"),)), ("employment", None, (work(since="2026-07"),)),
    ("skills-stall", None, (step(since="2026-04"),)), ("skills-stall", "blue", (step(since="2026-03"),)),
    ("skills-stall", None, (step("placed", "2025-03"),)), ("skills-stall", None, (step("left", "2025-03"),)),
    ("skills-stall", "blue", (step("certified", "2026-03"),)),
    ("skills-stall", None, (step("certified", "2026-03"), work("working", "2026-03"))),
    ("skills-stall", None, (step("certified", "2026-03"), work("working", "2026-03") | {"place": "outside"})),
    ("skills-stall", "blue", (step("certified", "2026-03"), work("working", "2026-02"))),
    ("skills-stall", "blue", (step("certified", "2026-03"), work("working", "2026-07"))),
    ("skills-stall", "blue", (step("certified", "2026-03"), work("retired", "2026-03"))),
    ("disability", "orange", (graded("1", "2026-01"),)), ("disability", None, (graded("1", "2025-12"),)),
    ("disability", "yellow", (graded("2", "2026-06"),)), ("disability", None, (graded("2", "2026-07"),)),
    ("disability", None, (graded("3", "2026-06"),)),
    ("new-relief", "yellow", (given("dibao", "granted", "2026-01"),)),
    ("new-relief", None, (given("dibao", "granted", "2025-12"),)),
    ("new-relief", None, (given("dibao", "ended", "2026-06"),)),
    ("new-relief", None, (given("industry", "granted", "2026-06"),)),
    ("new-relief", "yellow", (given("temporary_relief", "granted", "2026-06"),)),
    # relieved on 2021-12-01: the transition lasts from December 2021 to November 2026
    ("support-withdrawn", "orange", (given("industry", "withdrawn", "2021-12"),)),
    ("support-withdrawn", None, (given("industry", "withdrawn", "2021-11"),)),
    ("support-withdrawn", "orange", (given("dibao", "withdrawn", "2026-06"),)),
    ("support-withdrawn", None, (given("dibao", "withdrawn", "2026-07"),)),
    ("support-withdrawn", None, (given("dibao", "ended", "2026-06"),)),
    ("accident", None, (hurt("minor"),)), ("accident", "yellow", (hurt("serious"),)),
    ("accident", "orange", (hurt("disabling"),)),
    ("accident", "red", (hurt("fatal", "2025-07"),)), ("accident", None, (hurt("fatal", "2025-06"),)),
    ("production-loss", None, (lost(29),)), ("production-loss", "yellow", (lost(30),)),
    ("production-loss", "yellow", (lost(49),)),
    ("production-loss", "orange", (lost(50),)), ("production-loss", "orange", (lost(79),)),
    ("production-loss", "red", (lost(80),)),
    ("production-loss", "red", (lost(80, "2025-07"),)), ("production-loss", None, (lost(80, "2025-06"),)),
    ("production-loss", None, (lost(80, ended=False),)), ("production-loss", None, (lost(80, object="house"),)),
    ("disaster-loss", None, (lost(0, amount="4999.99"),)), ("disaster-loss", "yellow", (lost(0, amount="5000"),)),
    ("disaster-loss", "yellow", (lost(0, amount="9999.99"),)), ("disaster-loss", "orange", (lost(0, amount="10000"),)),
    ("disaster-loss", "orange", (lost(0, amount="19999.99"),)), ("disaster-loss", "red", (lost(0, amount="20000"),)),
    ("disaster-loss", None, (lost(0, amount="5000"), CLAIM)), ("disaster-loss", "yellow", (lost(0, amount="5001"), CLAIM)),
    ("disaster-loss", "yellow", (lost(0, amount="5000"), CLAIM | {"kind": "price"})),
    ("disaster-loss", "yellow", (lost(0, amount="5000"), CLAIM | {"month": "2025-06"})),
    ("disaster-loss", None, (lost(0, amount="5000"), CLAIM | {"month": "2025-07"})),
    ("disaster-loss", None, (lost(0, amount="5000", ended=False),)),
    ("claim-reminder", "blue", (lost(30, "2026-04"), INSURED)), ("claim-reminder", None, (lost(30, "2026-05"), INSURED)),
    ("claim-reminder", None, (lost(29, "2026-04"), INSURED)), ("claim-reminder", "blue", (lost(0, "2026-04", "0.01"), INSURED)),
    ("claim-reminder", "blue", (lost(30, "2025-07"), INSURED)), ("claim-reminder", None, (lost(30, "2025-06"), INSURED)),
    ("claim-reminder", None, (lost(30, "2026-04"), INSURED, CLAIM)),
    ("claim-reminder", "blue", (lost(30, "2026-04"), INSURED, CLAIM | {"month": "2026-03"})),
    ("claim-reminder", "blue", (lost(30, "2026-04"), INSURED, CLAIM | {"month": "2026-07"})),
    ("claim-reminder", None, (lost(30, "2026-04"), INSURED | {"until": "2026-03"})),
    ("claim-reminder", "blue", (lost(30, "2026-04"), INSURED | {"until": "2026-04"})),
    ("claim-reminder", None, (lost(30, "2026-04"), INSURED | {"covered": False})),
    ("claim-reminder", "blue", (hurt("serious", "2026-04"), INSURED | {"kind": "accident"})),
    ("claim-reminder", "blue", (slump("price", 30, "2026-04"), GROWS, INSURED | {"kind": "price"})),
    ("claim-reminder", None, (slump("price", 30, "2026-04"), GROWS | {"active": False}, INSURED | {"kind": "price"})),
    ("insurance-gap", "blue", (INSURED | {"covered": False},)), ("insurance-gap", None, (INSURED | {"until": "2026-06"},)),
    ("insurance-gap", "blue", (INSURED | {"until": "2026-05"},)),
    ("insurance-gap", None, (INSURED | {"kind": "accident", "covered": False},)),
    ("bereavement", "yellow", (person("left", "death", "2026-01"),)),
    ("bereavement", None, (person("left", "death", "2025-12"),)),
    ("bereavement", None, (person("left", "move", "2026-06"),)),
    ("registration", "blue", (person("left", "split", "2026-05"),)),
    ("registration", None, (person("left", "split", "2026-06"),)),
    ("registration", "blue", (person("joined", "marriage", "2026-05", "P-0077"),)),
    ("registration", None, (person("joined", "marriage", "2026-05"),)),
    ("newborn-cover", "yellow", (person("joined", "birth", "2026-03"),)),
    ("newborn-cover", None, (person("joined", "birth", "2026-04"),)),
    ("newborn-cover", "yellow", (person("joined", "birth", "2024-07"),)),
    ("newborn-cover", None, (person("joined", "birth", "2024-06"),)),
    ("newborn-cover", None, (person("joined", "birth", "2026-03"),
                             {"type": "medical_cover", "person_id": "P-0001", "enrolled": False})),
    ("market-slump", None, (slump("price", 29), GROWS)), ("market-slump", "yellow", (slump("price", 30), GROWS)),
    ("market-slump", "orange", (slump("price", 50), GROWS)), ("market-slump", None, (slump("sales", 49), GROWS)),
    ("market-slump", "yellow", (slump("sales", 50), GROWS)), ("market-slump", "yellow", (slump("price", 30, "2026-01"), GROWS)),
    ("market-slump", None, (slump("price", 30, "2025-12"), GROWS)),
    ("market-slump", None, (slump("price", 30), GROWS | {"active": False})),
    ("project-asset", "blue", (plant("outage", "2026-05"), LINK)), ("project-asset", None, (plant("outage", "2026-06"), LINK)),
    ("project-asset", "blue", (plant("idle", "2026-05"), LINK)), ("project-asset", None, (plant("running", "2026-01"), LINK)),
    ("project-asset", None, (plant("outage", "2026-05"), LINK | {"linked": False})),
    ("dividend", "yellow", (owed("unpaid", "2026-04"), LINK)), ("dividend", None, (owed("unpaid", "2026-05"), LINK)),
    ("dividend", None, (owed("paid", "2026-04"), LINK)),
]  # fmt: skip
HOME = entry("H000001", member("P-0001"), relieved_on="2021-12-01")


@pytest.mark.parametrize(("rule", "severity", "facts"), CASES)
def test_boundaries(policy: Policy, rule: str, severity: str | None, facts: tuple[Record, ...]) -> None:
    assert severity == firing(policy, HOME, cadre("c", *facts)).get(rule)


@pytest.mark.parametrize(
    ("urgent", "status", "since", "severity"),
    [(False, "open", "2026-06", "blue"), (False, "open", "2026-05", "blue"), (False, "open", "2026-04", "yellow"),
     (True, "open", "2026-06", "yellow"), (True, "answered", "2026-04", None), (False, "open", "2026-07", None)],
)  # fmt: skip
def test_petitions(policy: Policy, urgent: bool, status: str, since: str, severity: str | None) -> None:
    assert severity == firing(policy, HOME, department("p", "petitions", asked(urgent, status, since))).get("petition")


@pytest.mark.parametrize(
    ("month", "amount", "fires"), [("2026-03", "0.01", False), ("2026-04", "0.01", True), ("2026-04", "0", False)]
)
def test_deceased_paid(policy: Policy, month: str, amount: str, fires: bool) -> None:
    """Died in March: what is paid for April on is too much."""
    paid = {"type": "income", "component": "transfer", "month": month, "amount": amount, "person_id": "P-0001"}
    dead = department("d", "public-security", person("left", "death", "2026-03"))
    other = department("o", "civil-affairs", paid | {"person_id": "P-0002", "month": "2026-05", "amount": "9"})

    assert fires == ("deceased-paid" in firing(policy, HOME, dead, other, department("t", "civil-affairs", paid)))


@pytest.mark.parametrize(
    ("over", "fires"),
    [({}, True), ({"labour": "partial"}, True), ({"labour": "none"}, False), ({"student": True}, False),
     ({"birth_year": 2010}, True), ({"birth_year": 2011}, False), ({"birth_year": 1967}, True), ({"birth_year": 1966}, False)],
)  # fmt: skip
def test_only_who_could_work_is_missed_at_work(policy: Policy, over: Record, fires: bool) -> None:
    home = entry("H000001", member("P-0001", **over))

    assert fires == ("employment" in firing(policy, home, cadre("c", work())))


def test_what_is_not_known_is_undetermined_and_silence_is_not_asked(policy: Policy) -> None:
    def missing(*records: Record) -> set[str]:
        return {each.rule[:-2] for each in look(policy, *records).undetermined}

    def one(*facts: Record) -> Record:
        return cadre("c", *facts)

    slumped = one(slump("price", 30), lost(30, "2026-04"), plant("idle", "2026-01"), owed("unpaid", "2026-01"))
    wanted = {"market-slump", "project-asset", "dividend", "claim-reminder", "insurance-gap", "employment", "petition"}
    assert wanted <= missing(HOME, slumped)
    nobody = missing(one(work(), given("dibao", "withdrawn", "2026-01"), person("left", "split", "2026-01")))
    assert {"employment", "support-withdrawn", "registration"} <= nobody
    assert "support-withdrawn" in missing(HOME | {"relieved_on": None}, one(given("dibao", "withdrawn", "2026-01")))
    assert "support-withdrawn" not in missing(HOME | {"status": "general"}, one(given("dibao", "withdrawn", "2026-01")))
    assert "employment" in missing(HOME, one(work() | {"person_id": "P-0077"}))
    assert not missing(HOME, one({"type": "food", "adequate": True})) & {n.replace("_", "-") for n in SIGNAL_RULES}


ELSEWHERE = "P-0077"
"""No member of ``HOME``."""
ASKED: list[tuple[str, tuple[Record, ...]]] = [
    ("skills-stall", (step(),)), ("disability", (graded("1", "2026-06"),)), ("accident", (hurt("serious"),)),
    ("accident", (hurt("disabling"),)), ("new-relief", (given("dibao", "granted", "2026-06") | {"person_id": "P-0001"},)),
    ("newborn-cover", (person("joined", "birth", "2026-03"),)),
    ("claim-reminder", (hurt("serious", "2026-04"), INSURED | {"kind": "accident"})),
]  # fmt: skip
NOT_ASKED: list[tuple[str, tuple[Record, ...]]] = [
    ("accident", (hurt("fatal"),)), ("claim-reminder", (hurt("fatal", "2026-04"), INSURED | {"kind": "accident"})),
    ("bereavement", (person("left", "death", "2026-06"),)), ("registration", (person("joined", "marriage", "2026-05"),)),
]  # fmt: skip


def of(who: str, facts: tuple[Record, ...]) -> Record:
    """Return a report of the facts in which somebody else is meant."""
    return cadre("c", *(fact | ({"person_id": who} if "person_id" in fact else {}) for fact in facts))


@pytest.mark.parametrize(("rule", "facts"), [*ASKED, ("support-withdrawn", (
    given("industry", "withdrawn", "2026-06") | {"person_id": "P-0001"},
))])  # fmt: skip
def test_whom_the_entry_does_not_name_is_not_judged(policy: Policy, rule: str, facts: tuple[Record, ...]) -> None:
    """Named: it fires. Not named: it does not, and all but the reminder, for which nothing has happened, say who is missing."""
    stranger = look(policy, HOME, of(ELSEWHERE, facts))
    missing = {each.missing for each in stranger.undetermined if each.rule == f"{rule}@1"}

    assert rule in firing(policy, HOME, of("P-0001", facts))
    assert f"{rule}@1" not in {each.rule for each in stranger.findings}
    assert (set() if rule == "claim-reminder" else {f"{ELSEWHERE} in the registry entry"}) == missing


@pytest.mark.parametrize(("rule", "facts"), ASKED)
def test_without_an_entry_nobody_is_asked_for(policy: Policy, rule: str, facts: tuple[Record, ...]) -> None:
    assert rule in firing(policy, of(ELSEWHERE, facts))


@pytest.mark.parametrize(("rule", "facts"), NOT_ASKED)
def test_the_dead_and_those_not_registered_yet_are_not_asked_for(policy: Policy, rule: str, facts: tuple[Record, ...]) -> None:
    assert rule in firing(policy, HOME, of(ELSEWHERE, facts))


def test_who_is_paid_after_death_need_not_be_in_the_entry(policy: Policy) -> None:
    dead = department("d", "public-security", person("left", "death", "2026-03", ELSEWHERE))
    paid = {"type": "income", "component": "transfer", "month": "2026-04", "amount": "9", "person_id": ELSEWHERE}

    assert "deceased-paid" in firing(policy, HOME, dead, department("t", "civil-affairs", paid))


def test_who_is_elsewhere_does_not_hide_who_is_here(policy: Policy) -> None:
    """Two accidents and two reliefs, of a member and of another: the member's fire, with the member's facts alone."""
    granted = given("dibao", "granted", "2026-06")
    also = granted | {"person_id": ELSEWHERE, "kind": "destitute"}
    found = look(policy, HOME, cadre("c", hurt("serious"), hurt("disabling") | {"person_id": ELSEWHERE}, granted, also))
    said = [(each.rule, each.subject, each.value, each.figures["count"]) for each in found.findings]

    assert {("accident@1", "P-0001", "serious", 1), ("new-relief@1", None, "dibao", 1)} == set(said)


def test_only_key_counties_have_a_gap_of_insurance(policy: Policy) -> None:
    bare = INSURED | {"covered": False}
    assert "insurance-gap" in firing(policy, HOME, cadre("c", bare))
    assert "insurance-gap" not in firing(policy, HOME | {"area_code": "140105001001"}, cadre("c", bare))


def test_channels_that_disagree_are_named_on_either_side(policy: Policy) -> None:
    """The newest counts; the other channel's own word makes it a conflict."""
    works = department("w", "human-resources", work("working"), at="2026-06-01T09:00:00+08:00")
    idle = cadre("i", work(), at="2026-06-02T09:00:00+08:00")
    late = works | {"occurred_at": "2026-06-03T09:00:00+08:00"}
    found = next(each for each in look(policy, HOME, works, idle).findings if each.rule == "employment@1")
    quiet = look(policy, HOME, late, idle)

    assert found.conflict is not None
    assert (("cadre",), ["w"], ["i"]) == (
        found.channels, [r.event_id for r in found.conflict.good], [r.event_id for r in found.conflict.bad]
    )  # fmt: skip
    assert "employment@1" not in {each.rule for each in quiet.findings}
    assert ["employment@1"] == [each.rule for each in quiet.conflicts]


WHO_MAY = [
    (declaration("d", step()), False), (declaration("d", work()), True), (cadre("c", asked()), False),
    (declaration("d", asked(), source="app"), False), (declaration("d", asked(), source="hotline"), True),
    (department("p", "petitions", asked()), True), (department("p", "water", asked()), False),
    (department("p", "petitions", given("dibao", "granted", "2026-06")), False),
    (department("h", "health", work()), False), (department("h", "human-resources", work()), True),
    (department("e", "emergency", lost(30)), True), (department("e", "education", lost(30)), False),
    (declaration("d", LINK), False), (declaration("d", owed("unpaid", "2026-04")), True),
    (department("e", "emergency", {"type": "water", "safe": True}, lost(30), LINK), False),
]  # fmt: skip


@pytest.mark.parametrize(("record", "allowed"), WHO_MAY)
def test_who_may_report_what(record: Record, allowed: bool) -> None:
    found = normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)

    assert allowed != isinstance(found, Rejection)
    if isinstance(found, Rejection):
        assert ("fact-not-allowed", f"$.facts[{len(record['facts']) - 1}].type") == (found.code.value, found.field)


@pytest.mark.parametrize(
    ("fact", "field"),
    [(lost(101), "lost_percent"), (lost(-1), "lost_percent"), (lost(1) | {"lost_percent": 1.5}, "lost_percent"),
     (lost(1, amount="-1"), "amount"), (lost(1, amount="1.234"), "amount"), (lost(1) | {"event": "a b"}, "event"),
     (lost(1) | {"event": "x/y"}, "event"), (lost(1) | {"hazard": "dragon"}, "hazard"), (work(since="2026-13"), "since"),
     (person("left", "split", "2026-05") | {"other_household": "a b"}, "other_household"),
     (GROWS | {"product": "gold"}, "product"), (given("gift", "granted", "2026-05"), "kind")],
)  # fmt: skip
def test_values_out_of_bounds_are_refused(fact: Record, field: str) -> None:
    record = cadre("c", fact)
    found = normalise(TOPIC_OF[record["schema"]], None, encode(record), TIMESTAMP)

    assert isinstance(found, Rejection)
    assert f"$.facts[0].{field}" == found.field
