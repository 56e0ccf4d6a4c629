"""What a county also reports where the extensions are used: facts of further departments, steps of cases, area events."""

import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from bench.load import NOW
from fangfan.sent import Sent
from fangfan.simulation import COUNTIES
from schemas.fields import render_month
from streams.topics import Topic

SEED: Final = 1
SIGNAL_SHARE: Final = 0.3
"""Share of reports that also carry a fact of which the newest of a key counts."""
CASE_SHARE: Final = 0.1
"""Share of households that have a case."""
GROWERS_SHARE: Final = 0.3
EVENT_EACH: Final = 200
"""Reports for each area event; an event reaches those of a county that grow one product."""
PRODUCTS: Final = ("apple", "pear", "millet", "jujube", "walnut")
REPORTS: Final = (Topic.SELF_DECLARATIONS, Topic.CADRE_REPORTS, Topic.DEPARTMENT_FEEDS)
Fact = dict[str, Any]


def _month(back: int) -> str:
    return render_month(NOW.year * 12 + NOW.month - 1 - back)


def _with(records: list[Sent], more: dict[str, list[Fact]]) -> list[Sent]:
    """Return records with further facts in some reports, by their event id: one that is sent twice says the same twice."""
    return [
        Sent(each.topic, each.key, each.value | {"facts": each.value["facts"] + more[each.value["event_id"]]}, each.crc32)
        if each.value.get("event_id") in more else each for each in records
    ]  # fmt: skip


def _reports(records: list[Sent]) -> Iterator[Sent]:
    """Yield the reports that name their household and say something, each once."""
    seen: set[str] = set()
    for sent in records:
        if sent.topic in REPORTS and sent.value["household_id"] and sent.value["facts"] and sent.value["event_id"] not in seen:
            seen.add(sent.value["event_id"])
            yield sent


def _signal(rng: random.Random, sent: Sent) -> Fact:
    """Return what the channel of a report may say of a person; one in ten is a worry."""
    bad, since = rng.random() < 0.1, _month(rng.randint(3, 10))
    person = f"P{sent.value['household_id'][1:]}-1"
    if sent.topic == Topic.DEPARTMENT_FEEDS:
        return {"type": "support", "kind": "industry", "status": "withdrawn" if bad else "granted", "since": since}
    kind = rng.choice(["employment", "membership"] if sent.topic == Topic.SELF_DECLARATIONS else ["employment", "skills"])
    match kind:
        case "employment":
            return {"type": kind, "person_id": person, "status": "not_working" if bad else "working", "since": since}
        case "skills":
            return {"type": kind, "person_id": person, "line": "care", "step": "trained" if bad else "placed", "since": since}
        case _:
            cause = {"status": "left", "cause": "split"} if bad else {"status": "joined", "cause": "other"}
            return {"type": kind, "person_id": person, "since": since} | cause


def signals(records: list[Sent]) -> list[Sent]:
    """Return records in which a share of the reports also says something of work, training, support or who lives there."""
    rng = random.Random(SEED)
    some = (each for each in _reports(records) if rng.random() < SIGNAL_SHARE and each.value["source"] != "petitions")
    return _with(records, {each.value["event_id"]: [_signal(rng, each)] for each in some})


STEPS_AT_ONCE: Final = 2
"""So many of them stand in one report at most: of a year's reports few are a cadre's."""
STEPS: Final = ("verification", "authorisation", "comparison", "appraisal", "notice", "review")


def cases(records: list[Sent]) -> list[Sent]:
    """Return records in which a share of the households has a case: its steps stand in reports, in the order they occurred."""
    rng, lives, steps = random.Random(SEED), defaultdict[str, list[Sent]](list), defaultdict[str, list[Fact]](list)
    for sent in _reports(records):
        lives[sent.value["household_id"]].append(sent)
    for name in sorted(lives):
        left = list(STEPS) if rng.random() < CASE_SHARE else []
        for sent in sorted(lives[name], key=lambda each: str(each.value["occurred_at"])):
            taken = steps[sent.value["event_id"]]
            while left and len(taken) < STEPS_AT_ONCE and _takes(sent, left[0]):
                taken.append({"type": "case_step", "step": left.pop(0)})
    return _with(records, steps)


def _takes(sent: Sent, step: str) -> bool:
    """Tell whether the channel of a report may report a step."""
    if step == "comparison":
        return sent.topic == Topic.DEPARTMENT_FEEDS and sent.value["source"] != "petitions"
    return sent.topic == Topic.CADRE_REPORTS


def area_events(records: list[Sent]) -> list[Sent]:
    """Return records in which a share of the households grows something, and prices fall in a county from time to time."""
    rng, grown = random.Random(SEED), dict[str, list[Fact]]()
    households: set[str] = set()
    for sent in _reports(records):
        name = sent.value["household_id"]
        if sent.topic != Topic.DEPARTMENT_FEEDS and name not in households:
            households.add(name)
            if rng.random() < GROWERS_SHARE:
                grown[sent.value["event_id"]] = [{"type": "grows", "product": rng.choice(PRODUCTS), "active": True}]
    made = list[Sent]()
    for at, sent in enumerate(_with(records, grown)):
        made.append(sent)
        if sent.topic != Topic.HOUSEHOLDS and at % EVENT_EACH == 0:
            made.append(_slump(rng, at))
    return made


def _slump(rng: random.Random, number: int) -> Sent:
    product, county, at = rng.choice(PRODUCTS), rng.choice(COUNTIES), NOW.isoformat()
    fact = {"type": "market", "product": product, "measure": "price", "drop_percent": rng.randint(10, 40), "month": _month(1)}
    about = f"grows:{product}"
    value = {
        "schema": "area-event/1", "event_id": f"slump-{number}", "area_code": f"{county}000000", "about": about,
        "occurred_at": at, "reported_at": at, "source": "commerce", "voids": None, "facts": [fact],
    }  # fmt: skip
    return Sent(Topic.AREA_EVENTS, about, value)


def everything(records: list[Sent]) -> list[Sent]:
    """Return records with all of these."""
    return area_events(cases(signals(records)))
