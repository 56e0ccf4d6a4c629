"""Seeded, realistic province data: a county of households, their reports, and what was planted among them."""

import random
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from fangfan.feeds import push
from fangfan.planting import EACH, PILOT, STORIES, needed, plants
from fangfan.registry_plants import FAMILIES
from fangfan.sent import Sent, in_order
from fangfan.simulated import AreaSaid, Household
from fangfan.truth import Simulation
from schemas.fields import CHINA, render_month

SCHEMAS: Final = {"declaration": "self-declaration/1", "cadre": "cadre-report/1", "department": "department-record/1"}
TOPICS: Final = {"declaration": "self-declarations", "cadre": "cadre-reports", "department": "department-feeds"}
COUNTIES: Final = ("140123", "140221", "141124", "140929", "140525", "140105")
DUPLICATES, LATE, MISKEYED = 0.02, 0.05, 0.03
"""Shares of reports sent twice, of reports sent last and registry entries that follow reports, and keyed by hand."""
CRC32_PRODUCERS = 0.1
"""Share of producers (a source of a county) whose client library partitions by CRC32: all they send lies so."""


class Simulator:
    """Makes up households from one random generator; the same seed makes the same records."""

    def __init__(
        self, households: int, events: int, seed: int, now: datetime, plants_each: int = EACH, *, pilot: bool = False
    ) -> None:
        """Take sizes; ``events`` is how many reports there are at least, ``now`` ends their time.

        ``pilot``: some live in the pilot county, where a version of the policy that others publish midway is tried out.
        """
        self._rng = random.Random(seed)
        self._households, self._events, self._each, self._pilot = households, events, plants_each, pilot
        self._now = now.astimezone(CHINA)
        self._begin = self._now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        self._month = self._now.year * 12 + self._now.month - 1
        self._numbers = 0

    def run(self) -> Simulation:
        """Return the whole simulation."""
        simulation = Simulation(self._households)
        households = [self._household(number) for number in range(self._households)]
        self._plant(simulation, households)
        entries, reports, events = [], [], []
        for household in households:
            entries += self._entries(household)
            reports += self._reports(household)
            events += household.events
        heard = [household for household in households if not household.alone]
        while len(reports) < self._events:
            reports += self._push(self._rng.choice(heard))
        alone = {household.household_id for household in households if household.alone}
        happened = {event.name: self._event(event) for event in events}
        simulation.records = in_order(self._send(entries, [*reports, *happened.values()], alone), alone)
        return simulation

    def _plant(self, simulation: Simulation, households: list[Household]) -> None:
        """Choose households and plant in them; what spans several is planted whole or not at all."""
        todo, families = plants(self._each), sum(len(family.rules) for family in FAMILIES.values())
        whole = len(households) >= needed(self._each, pilot=self._pilot)
        if whole:
            todo += STORIES
            todo += PILOT if self._pilot else ()
        wanted = len(todo) + families * whole
        special = self._rng.sample(range(len(households)), min(len(households), wanted))
        for plant, number in zip(todo, special, strict=False):
            simulation.note(plant, households[number])
        rest = iter(special[len(todo) :])
        for name, family in FAMILIES.items() if whole else ():
            simulation.note_family(name, family, [households[next(rest)] for _ in family.rules])
        for number in set(range(len(households))).difference(special):
            households[number].plain = True

    def _household(self, number: int) -> Household:
        rng, name = self._rng, f"H{number:07d}"
        area = f"{rng.choice(COUNTIES)}{rng.randint(100, 104)}{rng.randint(200, 212)}"
        members: list[dict[str, Any]] = [
            {"person_id": f"P{number:07d}-1", "birth_year": self._now.year - rng.randint(28, 55), "labour": "full",
             "student": False},
            {"person_id": f"P{number:07d}-2", "birth_year": self._now.year - rng.randint(8, 14), "labour": "none",
             "student": True},
        ]  # fmt: skip
        members += [
            {"person_id": f"P{number:07d}-{at + 3}", "birth_year": self._now.year - rng.randint(30, 80),
             "labour": rng.choice(["full", "partial", "none"]), "student": False}
            for at in range(rng.randint(0, 3))
        ]  # fmt: skip
        income = rng.randint(19, 40) * 500
        status = rng.choice(["general", "general", "relieved"])
        household = Household(name, area, status, members, self._month, income, income)
        household.business_percent, household.property_percent = rng.choice([0, 0, 20, 60]), rng.choice([0, 0, 0, 5])
        return household

    def _entries(self, household: Household) -> list[Sent]:
        """Return what the registry said of a household before, what it says, and that it removed it."""
        turn = -1 if household.entered_first or household.entered_late else 0
        updated = self._begin - timedelta(days=household.entered or self._rng.randint(1, 300))
        entry = {
            "schema": "household/1", "household_id": household.household_id, "area_code": household.area_code,
            "status": household.status, "relieved_on": household.relieved_on if household.status == "relieved" else None,
            "members": household.members, "updated_at": updated.isoformat(),
        }  # fmt: skip
        values = [entry]
        if household.before is not None:
            values.insert(0, entry | household.before | {"updated_at": (self._begin - timedelta(days=400)).isoformat()})
        sent = [Sent("households", household.household_id, value, turn=turn) for value in values]
        if household.entered_late:
            sent[-1] = replace(sent[-1], turn=1)
        if household.gone:  # a day later
            sent.append(replace(sent[-1], gone=True, turn=0, sent_at=int((updated + timedelta(days=1)).timestamp()) * 1000))
        return sent

    def _reports(self, household: Household) -> list[Sent]:
        """Return the household's year as it is known, the good and what was planted, oldest first."""
        if household.alone:
            return self._named(household, household.reports)
        cadre = f"cadre-{self._rng.randint(1, 400)}"
        if household.stated:
            household.statements = [
                self._statement(household, household.earlier_income, 24),
                self._statement(household, household.income, 12),
            ]
        visit = household.statements or [{"type": "housing", "grade": "B"}]
        reports = [self._report(household, "cadre", cadre, visit, {"day": 0})]
        well = [{"type": "food", "adequate": True}, {"type": "clothing", "adequate": True}, {"type": "water", "safe": True}]
        reports.append(self._report(household, "declaration", self._rng.choice(["app", "window", "proxy"]), well, {}))
        attends = {"type": "schooling", "person_id": household.student(), "stage": "compulsory", "status": "attending"}
        reports.append(self._report(household, "department", "education", [attends], {}))
        return reports + self._named(household, household.reports)

    def _push(self, household: Household) -> list[Sent]:
        """Return what comes in month by month: most of what arrives, and it says that all is as known."""
        return self._named(household, push(self._rng, household))

    def _named(self, household: Household, reports: list[tuple[str, str, list[Any], dict[str, Any]]]) -> list[Sent]:
        """Make reports of which some withdraw others by a name given beside."""
        made: list[Sent] = []
        names: dict[str, str] = {}
        for channel, source, facts, more in reports:
            sent = self._report(household, channel, source, facts, more | {"voids": names.get(more.get("voids", ""))})
            if "name" in more:
                names[more["name"]] = sent.value["event_id"]
            made.append(sent)
        return made

    def _statement(self, household: Household, income: int, back: int) -> dict[str, Any]:
        """Return a year's totals that come to a whole income per head."""
        total = income * len(household.members) * 100
        transfer = total * household.transfers_percent // 100
        earned = total - transfer
        business, rent = earned * household.business_percent // 100, earned * household.property_percent // 100
        cost = self._rng.randint(0, 2_000) * 100 if household.transfers_percent < 50 else 0
        wage = earned - business - rent + cost
        first = self._month - back
        return {
            "type": "income_statement", "from": render_month(first), "to": render_month(first + 11), "wage": _yuan(wage),
            "business": _yuan(business), "property": _yuan(rent), "transfer": _yuan(transfer), "production_cost": _yuan(cost),
        }  # fmt: skip

    def _report(self, household: Household, channel: str, source: str, facts: list[Any], more: dict[str, Any]) -> Sent:
        """Make a report; ``day`` 0 to 2 puts it in the first, second or last third of the month so far.

        ``days_ago`` puts it that long before the month; ``before`` on the morning of the day so many days before it begins;
        ``before_end`` so many days before the data ends, and passes it on at once;
        ``person`` makes it one that knows only the person; ``sent`` one that was sent when it occurred; ``turn``: see ``Sent``.
        """
        self._numbers += 1
        third = (self._now - self._begin) / 3
        at = self._begin + third * more.get("day", 0) + third * self._rng.random()
        at -= timedelta(days=more.get("days_ago", 0))
        if "before" in more:
            at = self._begin - timedelta(days=more["before"]) + timedelta(hours=9)
        reported = at + (self._now - at) * self._rng.random() ** 4  # most are passed on soon
        if household.alone:  # in the order in which it occurred, also in a file, where records arrive when they were passed on
            reported = at
        if "before_end" in more:
            at = reported = self._now - timedelta(days=more["before_end"])
        person = more.get("person")
        value = {
            "event_id": f"e{self._numbers:08d}-{household.household_id}", "schema": SCHEMAS[channel],
            "household_id": None if person else household.household_id, "person_id": person, "area_code": household.area_code,
            "occurred_at": at.isoformat(timespec="seconds"), "reported_at": reported.isoformat(timespec="seconds"),
            "source": source, "voids": more.get("voids"), "facts": facts,
        }  # fmt: skip
        sent_at = int(at.timestamp()) * 1000 if more.get("sent") else None
        key = person or household.household_id
        return Sent(TOPICS[channel], key, value, turn=more.get("turn", 0), sent_at=sent_at)

    def _event(self, event: AreaSaid) -> Sent:
        """Make an area event, the same whoever names it: it happened in the middle of a third of the month so far."""
        at = self._begin + (self._now - self._begin) / 6 * (1 + 2 * event.day)
        value = {
            "schema": "area-event/1", "event_id": event.name, "area_code": event.area_code, "about": event.about,
            "occurred_at": at.isoformat(timespec="seconds"), "reported_at": at.isoformat(timespec="seconds"),
            "source": event.source, "voids": event.voids, "facts": event.facts,
        }  # fmt: skip
        return Sent("area-events", event.about, value)

    def _send(self, entries: list[Sent], reports: list[Sent], alone: set[str]) -> list[Sent]:
        """Put records in the order of sending, with what goes wrong in real feeds."""
        rng = self._rng
        rng.shuffle(reports)
        crc32: dict[tuple[str, str], bool] = {}
        on_time: list[Sent] = []
        late: list[Sent] = []
        for report in reports:
            producer = (report.value["source"].partition("-")[0], report.value["area_code"][:6])
            if producer not in crc32:
                crc32[producer] = rng.random() < CRC32_PRODUCERS
            name = report.value.get("household_id")  # an area event names none
            key = "by-hand" if rng.random() < MISKEYED and name and name not in alone else report.key
            (late if rng.random() < LATE else on_time).append(replace(report, key=key, crc32=crc32[producer]))
        again = rng.sample(on_time, int(len(on_time) * DUPLICATES))
        entered: list[Sent] = []
        behind: list[Sent] = []
        for entry in entries:
            (behind if rng.random() < LATE else entered).append(entry)
        stream = [*on_time, *again, *behind]
        rng.shuffle(stream)
        return [*entered, *stream, *late]


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"
