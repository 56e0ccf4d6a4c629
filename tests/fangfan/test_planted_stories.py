"""Cases, snoozes and villages stand as planted, whatever the day and the order; what differs is not called good."""

import io
import random
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from rich.console import Console

from fangfan.area_plants import EVENT_HOUSEHOLDS, TOWNSHIP_HOUSEHOLDS, VILLAGE_HOUSEHOLDS, VILLAGES, crowded
from fangfan.case_plants import CASES
from fangfan.demo_found import AreaFound, Found
from fangfan.demo_summary import show
from fangfan.demo_verdict import as_planted, case_good, places, surprises
from fangfan.report import SILENT_DAYS, SILENT_MONTHS, since_of
from fangfan.report_plants import COUNTED, COUNTY
from fangfan.report_view import values
from fangfan.sent import Sent, in_order
from fangfan.simulation import COUNTIES, Simulator
from fangfan.snooze_plants import SNOOZES
from fangfan.truth import Simulation
from schemas.fields import CHINA
from streams.feed_silence import word_of
from streams.indicators import Indicators
from streams.outcomes import leads_of, turn_of, visits_of
from streams.policy import Policy
from streams.scope import Scope
from tests.fangfan.test_simulation import NOW, Lived


def county(seed: int = 1, now: datetime = NOW, households: int = 190, events: int = 900) -> Simulation:
    return Simulator(households, events, seed, now, plants_each=1).run()


def found_in(lived: Lived) -> Found:
    """Read what the pure path publishes as the demo reads its topics."""
    found = Found()
    for alerts in lived.alerts.values():
        for alert in alerts:
            found.alert(msgspec.to_builtins(alert))
    for case in lived.cases.values():
        found.case(msgspec.to_builtins(case))
    for said in lived.area_alerts.values():
        for each in said:
            found.area_alert(msgspec.to_builtins(each))
    for alerts in lived.shadow_alerts.values():
        for alert in alerts:
            found.shadow_alert(msgspec.to_builtins(alert))
    found.report(*reported(lived))
    return found


def reported(lived: Lived) -> tuple[Indicators, Scope]:
    """Count what `fangfan report` counts of a day from topics and states."""
    day = lived.now.astimezone(CHINA).toordinal()
    scope, counted = Scope(lived.judges, day, since_of(day), SILENT_MONTHS, SILENT_DAYS), Indicators()
    for record in lived.sent:
        if record.topic == "department-feeds":
            word = word_of(record.payload, record.sent_at or int(lived.now.timestamp() * 1000))
            assert word is not None
            counted.add_word(word, scope)
    for household, state in lived.states.items():
        counted.add_household(state, scope)
        leads = leads_of(map(turn_of, lived.alerts.get(household, ())))
        counted.add_leads(leads, visits_of(state.facts), scope)
    return counted, scope


@pytest.mark.parametrize("seed", range(6))
def test_all_stands_as_planted_in_any_order(policy: Policy, seed: int) -> None:
    simulation = county(seed)
    found = found_in(Lived(simulation, policy, random.Random(seed) if seed % 2 else None))

    assert set(CASES) == set(simulation.cases.values())
    visited = {household: case for household, case in found.cases.items() if household not in simulation.counted}
    assert {household: CASES[name].truth for household, name in simulation.cases.items()} == visited
    assert set(SNOOZES) == set(simulation.snoozes.values())
    assert [] == surprises(simulation, found)
    assert as_planted(simulation, found)


def test_what_only_time_tells_is_not_known_without_ticks(policy: Policy) -> None:
    """All else stands without them too."""
    simulation = county()
    found = found_in(Lived(simulation, policy, ticks=False))
    silent = simulation.by_time()

    assert ["house grade D, nobody came or spoke since"] == [simulation.cases[each] for each in silent]
    assert [] == [each for each in silent if each in found.cases]
    assert [] == [each for each, name in simulation.cases.items() if each not in silent and not case_good(each, name, found)]
    assert simulation.planted == found.opened


UNKNOWN = ("not removed, nothing known of the well", "not removed by a statement")


def test_of_what_is_to_be_removed_every_guarantee_is_known() -> None:
    """Food, clothing, house, water, insurance: of each somebody has spoken before any step that asks for it."""
    simulation = county()
    asked = 0
    for household in simulation.cases:
        reports = sorted(
            (each.value for each in simulation.records if each.topic != "households"), key=lambda each: str(each["occurred_at"])
        )
        said: set[str] = set()
        for fact in (fact for each in reports if each.get("household_id") == household for fact in each["facts"]):
            removal = fact.get("phase") == "removal" or fact.get("stage") == "removed"
            if removal and fact["step"] in ("standing", "appraisal") and simulation.cases[household] not in UNKNOWN:
                asked += 1
                assert {"food", "clothing", "housing", "water", "medical_cover"} <= said, simulation.cases[household]
            said.add(fact["type"])

    assert asked > len(CASES) / 2


def test_what_is_new_or_graver_since_the_removal_decides_on_a_relapse(policy: Policy) -> None:
    """All three were removed while a call was open; it alone is no relapse until it has waited for too long."""
    simulation = county()
    of = {name: household for household, name in simulation.cases.items()}
    well, call = of["relapse beside a call open at the removal"], of["relapse by a call that grew graver"]
    removed = of["removed once the well was good, a call open"]
    lived = Lived(simulation, policy)
    assert [True, True, False] == [lived.cases[each].relapsed for each in (well, call, removed)]
    assert [["verify", "watch"], ["verify", "watch"], ["watch"]] == [
        [clock.clock for clock in lived.cases[each].clocks] for each in (well, call, removed)
    ]
    simulation.records = [each for each in simulation.records if not _bad_well_or_call(each, well, call)]
    spared = Lived(simulation, policy)

    assert [False, False] == [spared.cases[each].relapsed for each in (well, call)]
    assert {well: frozenset({"petition"})} == {
        each: rules for each, rules in found_in(spared).opened.items() if each in (well, call)
    }


def _bad_well_or_call(record: Sent, well: str, call: str) -> bool:
    """Tell whether a record is what makes the one household or the other relapse."""
    facts = record.value.get("facts", ())
    spoils = {well: {"type": "water", "safe": False}, call: {"type": "petition"}}.get(record.value.get("household_id") or "")
    return spoils is not None and any(spoils.items() <= fact.items() for fact in facts)


def test_help_is_that_of_who_can_work_and_told_against_what_was_given(policy: Policy) -> None:
    """Nobody is told that the only one who works is unable: jobs are suggested; nothing was granted: all of it is missing."""
    simulation = county()
    of = {name: household for household, name in simulation.cases.items()}
    hunger, well = of["hunger, who worked is unable"], of["a bad well, works granted"]
    told = found_in(Lived(simulation, policy)).helped
    simulation.records = [each for each in simulation.records if not _says(each, {hunger: "employment", well: "support"})]
    untold = found_in(Lived(simulation, policy)).helped

    assert {("employment", "not given"), ("industry", "not given")} <= untold[hunger] - told[hunger]
    assert {("dibao", "not given"), ("destitute", "not given")} == told[hunger] - untold[hunger]
    assert {("water_works", "not given"), ("infrastructure", "not given")} == untold[well]


def _says(record: Sent, what: dict[str, str]) -> bool:
    """Tell whether a record of one of some households holds a fact of its type."""
    kind = what.get(record.value.get("household_id") or "")
    return kind is not None and any(fact["type"] == kind for fact in record.value.get("facts", ()))


DAYS = [date(2026, 1, 1) + timedelta(days=13 * number) for number in range(28)] + [date(2024, 2, 29), date(2026, 3, 31)]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_it_stands_so_on_every_day(policy: Policy, day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """Holidays, short months, the first and the last day of one: none decides what is planted."""
    now = datetime(day.year, day.month, day.day, 15, 55, tzinfo=UTC)
    monkeypatch.setattr("tests.fangfan.test_simulation.NOW", now)
    simulation = county(3, now, events=0)

    assert as_planted(simulation, found_in(Lived(simulation, policy)))


def test_a_whole_way_is_told_on_all_three_channels(policy: Policy) -> None:
    simulation = county()
    (household,) = (each for each, name in simulation.cases.items() if name == "from lead to removal, watched")
    lived = Lived(simulation, policy)
    steps = {
        (record.topic, fact["step"], fact["phase"])
        for record in simulation.records
        if record.topic != "households" and record.value.get("household_id") == household
        for fact in record.value["facts"]
        if fact["type"] == "case_step"
    }
    case = lived.cases[household]

    assert {"self-declarations", "cadre-reports", "department-feeds"} == {topic for topic, _, _ in steps}
    assert 11 == len(steps) == len(case.history)
    assert ["watch"] == [clock.clock for clock in case.clocks]


def test_the_planted_village_is_one_alert_and_its_township_another(policy: Policy) -> None:
    lived = Lived(county(events=3_000), policy, random.Random(5))
    village = VILLAGES["hail, households come and go"]

    for area, because in ((village.village, village.because), (village.village[:9], village.township_because)):
        said = lived.area_alerts[area]
        assert ["opened"] == [each.transition for each in said if each.transition != "updated"]
        assert because == tuple(said[-1].because)
        assert sum(bool(each.rules) for each in village.residents) == said[-1].households
    assert village.village[:6] not in COUNTIES


@pytest.mark.parametrize("order", [None, random.Random(7)])
def test_the_households_of_a_village_change_while_its_alert_stays_open(policy: Policy, order: random.Random | None) -> None:
    """One lost less than was feared, one moves in from the village beside it; the township has known that one all along."""
    simulation, village = county(), VILLAGES["hail, households come and go"]
    lived = Lived(simulation, policy, order)
    spared, moved = _spared_and_moved(simulation)
    hit, township = ([{one.household_id for one in each.members} for each in lived.area_alerts[area]]
                     for area in (village.village, village.village[:9]))  # fmt: skip
    found = found_in(lived).areas[village.village]

    assert any(spared in members and moved not in members for members in hit)
    assert any(spared in members and moved in members for members in township)
    assert [True, False] == [moved in hit[-1], spared in hit[-1]]
    assert (1, {spared}) == (found.times, found.named - found.members)
    assert {f"{village.village}:1"} == {each.area_alert_id for each in lived.area_alerts[village.village]}


def _spared_and_moved(simulation: Simulation) -> tuple[str, str]:
    """Return who of the hit village is well again, and whose entry came last."""
    here = [each for each, name in simulation.residents.items() if name == "hail, households come and go"]
    (spared,) = set(here) - set(simulation.planted)
    (moved,) = (each.key for each in simulation.records if each.topic == "households" and each.turn == 1)
    return spared, moved


def test_a_report_counts_what_is_planted_of_it_and_nobody_else_lives_there(policy: Policy) -> None:
    """In any order: 3 of 5 migrants are left; a bad house was confirmed by one of two visits, a bad well by two of three."""
    simulation = county(events=2_000)
    counted, scope = reported(Lived(simulation, policy, random.Random(4)))
    row = values(counted.row("county", COUNTY), counted.row("all", "all"), scope)

    assert set(COUNTED) == set(simulation.counted.values())
    assert len(COUNTED) == row["households"]
    assert (3, 5, 6_000, 2, 2) == tuple(
        row[f"migrants{end}"] for end in ("", "_before", "_share", "_outside", "_outside_before")
    )
    assert (8, 6, 2, 6, 2) == tuple(
        row[name] for name in ("leads", "leads_cadre", "leads_department", "leads_alone_cadre", "leads_alone_department")
    )
    assert (2, 1, 5_000) == tuple(row[f"{what}_housing@1"] for what in ("verified", "confirmed", "precision"))
    assert (3, 2, 6_667) == tuple(row[f"{what}_water@1"] for what in ("verified", "confirmed", "precision"))
    assert (2_000_000, 1, 1) == tuple(row[name] for name in ("median_income", "determined", "dependent"))
    assert (1, 5, 2, 3) == tuple(row[name] for name in ("conflicting", "silent", "overdue_verify", "overdue_finish"))
    assert COUNTY not in COUNTIES


@pytest.mark.parametrize("order", [None, random.Random(6)])
def test_a_village_whose_loss_was_less_than_feared_is_at_risk_no_more(policy: Policy, order: random.Random | None) -> None:
    lived = Lived(county(events=2_000), policy, order)
    village = VILLAGES["hail less than feared"].village

    for area in (village, village[:9]):
        said = lived.area_alerts[area]
        assert ["opened", "cleared"] == [each.transition for each in said if each.transition != "updated"]
        assert ["disaster"] == said[0].because


def test_of_who_grows_potatoes_nothing_is_said_but_that(policy: Policy) -> None:
    """One event of the county is all there is of the slump."""
    simulation = county()
    growers = [household for household, name in simulation.residents.items() if name == "potatoes unsold"]
    once = {
        each.value["event_id"]: each.value for each in simulation.records if each.topic != "households"
    }  # some are sent twice
    facts = [fact["type"] for each in once.values() if each.get("household_id") in growers for fact in each["facts"]]
    events = [each for each in simulation.records if each.topic == "area-events" and each.key == "grows:potato"]

    assert 3 == len(growers) == sum(what == "grows" for what in facts)
    assert "market" not in facts
    assert 1 == len({each.value["event_id"] for each in events})


def test_the_thresholds_are_those_of_the_policy(policy: Policy) -> None:
    """They are written down once more so that what is planted does not ask the engine."""
    rules = policy.province.scale_risk

    assert (VILLAGE_HOUSEHOLDS, TOWNSHIP_HOUSEHOLDS, EVENT_HOUSEHOLDS) == (
        rules.village_households, rules.township_households, rules.event_households,
    )  # fmt: skip
    assert not rules.share


def test_places_are_crowded_from_the_thresholds_on() -> None:
    village, hail, slump, food = "140123100201", *(frozenset({rule}) for rule in ("production-loss", "market-slump", "food"))

    assert frozenset() == crowded([(village, food)] * 4)
    assert {village} == crowded([(village, food)] * 5)
    assert frozenset() == crowded([(village, hail)] * 2 + [(village, slump)] * 2)
    assert {village, village[:9]} == crowded([(village, slump)] * 3)
    spread = [(f"140123100{201 + number}", food) for number in range(20)]
    assert frozenset() == crowded(spread[:19])
    assert {village[:9]} == crowded(spread)


def test_a_county_too_small_for_all_has_no_story() -> None:
    simulation = county(households=80)

    planted = (simulation.cases, simulation.snoozes, simulation.residents, simulation.families)
    assert ({}, {}, {}, {}, []) == (*planted, list(places(simulation)))


@pytest.mark.parametrize("seed", range(12))
def test_what_a_snoozed_household_is_told_of_is_sent_in_order(seed: int) -> None:
    """Its reports keep the places they were shuffled to, on one topic, under one key, whatever others' clerks do."""
    simulation = county(seed, events=0)
    for household in simulation.snoozes:
        records = [
            each for each in simulation.records if each.topic != "households" and each.value.get("household_id") == household
        ]
        times = [record.value["occurred_at"] for record in records]

        assert times == sorted(times)
        assert {("cadre-reports", household, records[0].crc32)} == {(each.topic, each.key, each.crc32) for each in records}
    turned = simulation.records[::-1]
    turned.sort(key=lambda record: record.turn)
    ordered = in_order(turned, set(simulation.snoozes))
    assert turned != ordered
    assert [each.topic for each in turned] == [each.topic for each in ordered]


WRONG = ["stage", "helped", "refused", "missing", "of another", "loud", "deaf", "twice", "spared", "elsewhere", "still",
         "again", "family", "episode", "left behind", "passer-by", "away", "home", "unvisited", "of another rule", "closed",
         "agreed", "heard", "poorer",
         "unheard"]  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_only_exactly_that_is_good(policy: Policy, what: str) -> None:
    simulation = county()
    found = found_in(Lived(simulation, policy))
    assert as_planted(simulation, found)
    of = {name: household for household, name in (simulation.cases | simulation.snoozes).items()}
    early = found.cases[of["reviewed before the notice was over"]]
    hit, spared, feared = (
        VILLAGES[name].village for name in ("hail, households come and go", "two fields and two wells", "hail less than feared")
    )
    match what:
        case "stage":
            found.cases[of["visit found nothing"]] = early._replace(stage="verified", refused=frozenset())
        case "helped":
            household = of["a bad well, works granted"]
            found.helped[household] = found.helped[household] - {("infrastructure", "not given")}
        case "refused":
            found.cases[of["reviewed before the notice was over"]] = early._replace(refused=frozenset())
        case "missing":
            del found.cases[of["verified and never finished"]]
        case "of another":
            found.cases["H-other"] = early
        case "loud":
            found.heard.add(of["house grade C, asleep"])
        case "deaf":
            found.asleep.discard(of["hunger, asleep"])
        case "twice":
            found.areas[hit] = found.areas[hit]._replace(times=2)
        case "unheard":
            household = of["relapse beside a call open at the removal"]
            found.opened[household] = frozenset({"water"})
            assert not case_good(household, simulation.cases[household], found)
        case "left behind":
            spared, _ = _spared_and_moved(simulation)
            found.areas[hit] = found.areas[hit]._replace(members=found.areas[hit].members | {spared})
        case "passer-by":
            found.areas[hit] = found.areas[hit]._replace(named=found.areas[hit].named | {"H-other"})
        case "still":
            found.areas[feared] = AreaFound(1, ("disaster",), frozenset())
        case "again":
            found.areas[feared] = AreaFound(2, (), frozenset())
        case "family":
            found.opened.pop(next(each for each, name in simulation.families.items() if name == "moves to a key county"))
        case "episode":
            household = of["registered again after a relapse"]
            found.cases[household] = found.cases[household]._replace(episode=1)
        case "away":
            found.counts["migrants"] += 1
        case "home":
            del found.counts["migrants_outside_before"]
        case "agreed":
            del found.counts["conflicting_declaration"]
        case "heard":
            found.counts["silent"] -= 1
        case "poorer":
            found.counts["median_income"] -= 1
        case "unvisited":
            found.counts["verified_housing@1"] -= 1
        case "of another rule":
            found.counts["confirmed_food@1"] = 1
        case "closed":
            found.opened.pop(next(each for each in simulation.counted if each in simulation.planted))
        case "spared":
            found.areas[spared] = AreaFound(1, (), frozenset())
        case _:
            found.areas["140221100201"] = AreaFound(1, ("households",), frozenset())

    output = io.StringIO()
    assert not show(Console(file=output, width=180), simulation, found)
    assert "NOT as planted" in output.getvalue()
