"""What the fault driver sends and what must come of it: random households whose end is known before anything runs."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import msgspec

from agents.settings import Settings
from schemas import codec
from schemas.household import EMPTY, Facts
from schemas.rejections import Rejection
from streams.household import merge
from streams.normalise import normalise
from streams.topics import SCHEMA_OF
from tests.build import TIMESTAMP, encode
from tests.oracle import naive
from tests.oracle.histories import history
from tests.worker import read_all

TOPIC_OF = {schema: topic.value for topic, schema in SCHEMA_OF.items()}
MALFORMED = (b"\xff\xfe", b"[]", b"{", b'{"a": 1, "a": 2}', b'{"schema": "cadre-report/1"}', b"", b"null")
BAD_SHARE, AGAIN_SHARE = 0.01, 0.05


@dataclass(slots=True)
class World:
    """Records in sending order (topic, key, value); per household its reports and registry entry; the junk by value."""

    records: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    lives: dict[str, tuple[list[dict[str, Any]], dict[str, Any] | None]] = field(default_factory=dict)
    junk: Counter[bytes] = field(default_factory=Counter)


def build(reports: int, seed: int) -> World:
    """Return households until they have as many reports, shuffled, some sent twice, junk between."""
    rng, world = random.Random(seed), World()
    sent: list[tuple[str, bytes, bytes]] = []
    while len(sent) < reports:
        name = f"H{len(world.lives):06d}"
        some, entry = history(rng)
        for at, report in enumerate(some):
            report |= {"household_id": name, "event_id": f"{report['event_id']}-{name}"}
            if report["voids"] is not None:
                report["voids"] += f"-{name}"
            sent.append((TOPIC_OF[report["schema"]], _key(rng, name, at), _bytes(report)))
        if entry is not None:
            entry |= {"household_id": name}
            entry["members"] = [member | {"person_id": f"{member['person_id']}-{name}"} for member in entry["members"]]
            sent.append(("households", name.encode(), _bytes(entry)))
        world.lives[name] = (some, entry)
    sent += rng.sample(sent, int(len(sent) * AGAIN_SHARE))
    for number in range(int(len(sent) * BAD_SHARE)):
        key = f"bad-{number}".encode()
        sent.append(("cadre-reports", key, rng.choice(MALFORMED)))
        world.junk[key] += 1
    rng.shuffle(sent)
    world.records = sent
    return world


def _key(rng: random.Random, name: str, at: int) -> bytes:
    return b"by-hand" if rng.random() < 0.03 else name.encode()


def _bytes(record: dict[str, Any]) -> bytes:
    value = encode(record)
    assert value is not None
    return value


@dataclass(slots=True)
class Verdict:
    """What was found wrong, by kind; each a household or a dead letter."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Each exactly once, and as expected."""
        return not (self.lost or self.doubled or self.wrong)


async def judge(settings: Settings, world: World) -> Verdict:
    """Compare everything on the broker, read committed, with what must be there for every household."""
    verdict = Verdict()
    transitions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in await read_all(settings, "alerts"):
        transitions[record.key.decode()].append(msgspec.json.decode(record.value))
    states = {record.key.decode(): record.value for record in await read_all(settings, "fangfan-households-changelog")}
    for name, (reports, entry) in world.lives.items():
        sequences = [each["sequence"] for each in transitions[name]]
        whole = list(range(1, len(set(sequences)) + 1))
        if len(set(sequences)) != len(sequences):
            verdict.doubled.append(f"{name}: sequences {sequences}")
        if sorted(set(sequences)) != whole or (len(sequences) == len(whole) and sequences != whole):
            verdict.lost.append(f"{name}: sequences {sequences}")
        if name not in states:
            verdict.lost.append(f"{name}: no state")
        elif msgspec.msgpack.encode(codec.decode_state(states[name]).facts) != msgspec.msgpack.encode(_facts(reports, entry)):
            verdict.wrong.append(f"{name}: state")
        _judge_alert(verdict, name, naive.assess(reports, entry), transitions[name])
    letters = Counter(record.key for record in await read_all(settings, "dead-letters"))
    verdict.lost += [f"dead letter {key!r}" for key in world.junk - letters]
    verdict.doubled += [f"dead letter {key!r}" for key in letters - world.junk]
    return verdict


def _facts(reports: list[dict[str, Any]], entry: dict[str, Any] | None) -> Facts:
    facts = EMPTY.facts
    for record in [*reports, *([entry] if entry else [])]:
        message = normalise(TOPIC_OF[record["schema"]], None, _bytes(record), TIMESTAMP)
        assert not isinstance(message, Rejection)
        facts = merge(facts, message)
    return facts


def _judge_alert(verdict: Verdict, name: str, expected: dict[str, Any] | None, found: list[dict[str, Any]]) -> None:
    last = found[-1] if found else None
    if expected is None or expected["severity"] is None:
        if last is not None and last["transition"] != "cleared":
            verdict.wrong.append(f"{name}: open though nothing holds")
        return
    if last is None or last["transition"] == "cleared":
        verdict.lost.append(f"{name}: no alert")
        return
    keys = {(r["rule"].partition("@")[0], r["subject"], r["severity"], tuple(r["channels"])) for r in last["reasons"]}
    same = (last["severity"], last["category"], last["pathway"]) == tuple(
        expected[n] for n in ("severity", "category", "pathway")
    )
    if not same or keys != expected["reasons"]:
        verdict.wrong.append(f"{name}: last alert")
