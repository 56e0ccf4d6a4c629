"""What the fault driver sends and what must come of it: random households whose end is known before anything runs."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from streams.topics import SCHEMA_OF
from tests.build import encode
from tests.faults.switched import PLAIN, Switched
from tests.oracle import area_histories, case_histories, histories, signal_histories, snooze_histories
from tests.oracle.naive import month, when
from tests.oracle.naive_areas import reaching

TOPIC_OF = {schema: topic.value for topic, schema in SCHEMA_OF.items()}
MALFORMED = (b"\xff\xfe", b"[]", b"{", b'{"a": 1, "a": 2}', b'{"schema": "cadre-report/1"}', b"", b"null")
VILLAGES = tuple(
    (f"{county}{township}{village}", weight)
    for county in ("140123", "140121", "140105")
    for township in ("100", "101")
    for village, weight in (("201", 9), ("202", 3), ("203", 1))
)
"""With areas: where households live, and how many in comparison, of counties of all three tiers."""
HAMLET, HAMLETS, OF_HAMLET = "140105102", 10, 3
"""Before them some villages of three households each: of these there is soon no more news."""
BAD_SHARE, AGAIN_SHARE, BY_HAND_SHARE, BY_PERSON_SHARE = 0.01, 0.05, 0.03, 0.1


@dataclass(slots=True)
class World:
    """Records in sending order (topic, key, value), and how many of them are reports; per household its reports, also those
    that area events become, and registry entry; the junk by key and value.
    """

    records: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    reports: int = 0
    lives: dict[str, tuple[list[dict[str, Any]], dict[str, Any] | None]] = field(default_factory=dict)
    junk: Counter[tuple[bytes | None, bytes | None]] = field(default_factory=Counter)


def build(reports: int, seed: int, switched: Switched = PLAIN) -> World:
    """Return households until they sent as many reports, shuffled, some sent twice, some keyed otherwise, junk between."""
    rng, world = random.Random(seed), World()
    events = area_histories.events(rng, [name for name, _ in VILLAGES]) if switched.linked else []
    sent = [("area-events", rng.choice([each["about"], "by-hand"]).encode(), _bytes(each)) for each in events]
    while world.reports < reports:
        name = f"H{len(world.lives):06d}"
        some, entry = _life(rng, switched)
        if switched.areas:
            _settle(rng, len(world.lives), some, entry)
        if entry is not None:
            entry |= {"household_id": name}
            entry["members"] = [member | {"person_id": f"{member['person_id']}-{name}"} for member in entry["members"]]
            sent.append(("households", name.encode(), _bytes(entry)))
        for report in some:
            report |= {"household_id": name, "event_id": f"{report['event_id']}-{name}"}
            report["facts"] = [_of_its_own(fact, name) for fact in report["facts"]]
            if report["voids"] is not None:
                report["voids"] += f"-{name}"
            sent.append((TOPIC_OF[report["schema"]], *_as_sent(rng, report, entry)))
        world.reports += len(some)
        told = reaching(events, some, (entry or some[0])["area_code"]) if events else []
        world.lives[name] = (some + told, entry)
    again = rng.sample(sent, int(len(sent) * AGAIN_SHARE))
    world.reports += sum(topic != "households" for topic, _, _ in again)
    sent += again
    for number in range(int(len(sent) * BAD_SHARE)):
        key, value = f"bad-{number}".encode(), rng.choice(MALFORMED)
        sent.append(("cadre-reports", key, value))
        world.junk[key, value] += 1
    rng.shuffle(sent)
    world.records = sent
    return world


def _life(rng: random.Random, switched: Switched) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """Return a household's reports and registry entry: of the first release, or with what further departments report.

    Half of those who have a case are so well that it may come to removal.
    """
    made = signal_histories if switched.signals and rng.random() < switched.signals else histories
    has_case = bool(switched.cases) and rng.random() < switched.cases
    life = case_histories.history if has_case and rng.random() < 0.5 else made.history
    while True:
        reports, entry = life(rng)
        if has_case:
            reports = _in_time(reports) + case_histories.steps(rng)
        if switched.linked and rng.random() < switched.linked:
            reports = reports + area_histories.links(rng)
        if switched.snoozed and rng.random() < switched.snoozed:
            reports = reports + snooze_histories.snoozes(rng)
        if reports and (switched.since is None or any(when(report["occurred_at"]) >= switched.since for report in reports)):
            return reports, entry


def _in_time(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return reports without those that may be too old when they come: what a case remembers would depend on the order."""
    oldest = case_histories.LAST.year * 12 + case_histories.LAST.month - 1 - 36
    return [each for each in reports if month(when(each["occurred_at"])) >= oldest]


def _settle(rng: random.Random, number: int, reports: list[dict[str, Any]], entry: dict[str, Any] | None) -> None:
    """Have a household live in one place, whoever is asked and whenever: else what areas heard would depend on the order."""
    [place] = rng.choices([name for name, _ in VILLAGES], [weight for _, weight in VILLAGES])
    if number < HAMLETS * OF_HAMLET:
        place = f"{HAMLET}{number // OF_HAMLET + 1:03d}"
    for record in (*reports, *([entry] if entry is not None else [])):
        record["area_code"] = place


def _of_its_own(fact: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a fact about the household's own person: rules on signals look for whom they name among its members."""
    return fact | {"person_id": f"{fact['person_id']}-{name}"} if "person_id" in fact else fact


def _as_sent(rng: random.Random, report: dict[str, Any], entry: dict[str, Any] | None) -> tuple[bytes, bytes]:
    """Return key and value of a report: a few are keyed by hand, and a few departments know the person alone."""
    by = rng.random()
    if by < BY_PERSON_SHARE and report["schema"] == "department-record/1" and entry is not None and entry["members"]:
        person = rng.choice(entry["members"])["person_id"]
        return person.encode(), _bytes(report | {"household_id": None, "person_id": person})
    return b"by-hand" if by > 1 - BY_HAND_SHARE else report["household_id"].encode(), _bytes(report)


def _bytes(record: dict[str, Any]) -> bytes:
    value = encode(record)
    assert value is not None
    return value
