"""`fangfan doubles`: persons whom several registry entries name, though nobody lives in two households."""

import csv as tables
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from agents.settings import Settings
from agents.store import PERSON
from fangfan.looks import console, grid
from fangfan.options import CONNECTION, fail, on_broker, with_settings
from fangfan.reading import read_topic
from schemas import codec
from schemas.fields import render_instant
from schemas.registry import PersonState
from streams.persons import household_of
from streams.topics import Topic

HEADERS = ("person_id", "household_id", "updated_at", "counts")
Double = dict[str, Any]


@with_settings(*CONNECTION)
def doubles(
    chosen: Settings,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a person, a line each.")] = False,
    csv: Annotated[
        Path | None, typer.Option(envvar="FANGFAN_CSV", metavar="FILE", help="Write a line a person and entry there.")
    ] = None,
) -> None:
    """List persons whom several registry entries name, and the household in which reports of the person alone count."""
    found = on_broker(chosen, _read, [Topic.PERSONS_CHANGELOG])
    if csv is not None:
        try:
            _write(csv, found)
        except OSError as error:
            raise fail(f"{csv}: {error.strerror}") from None
    if json:
        for each in found:
            typer.echo(orjson.dumps(each).decode())
        return
    shown = grid("person 人员", "household 农户", "entry of 登记时间", "counts 归属", title="in several households 一人多户")
    for person, household, updated_at, counts in _rows(found):
        shown.add_row(person, household, updated_at, "✔" if counts == "yes" else "")
    screen = console()
    screen.print(shown if found else "nobody 无")
    screen.print(f"{len(found):,} persons 人")


def _write(path: Path, found: Iterable[Double]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = tables.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(_rows(found))


async def _read(chosen: Settings) -> list[Double]:
    """Return the persons of all partitions that more than one entry names now, by their names."""
    states: dict[str, PersonState] = {}
    async for record in read_topic(chosen, Topic.PERSONS_CHANGELOG, range(chosen.partitions)):
        if not record.key.startswith(PERSON):
            continue
        person = record.key[len(PERSON) :].decode()
        state = codec.decode_person(record.value) if record.value is not None else PersonState({})
        if sum(named for _, named in state.claims.values()) > 1:
            states[person] = state
        else:
            states.pop(person, None)
    return [_double(person, states[person]) for person in sorted(states)]


def _double(person: str, state: PersonState) -> Double:
    entries = [
        {"household_id": household, "updated_at": render_instant(updated_at)}
        for household, (updated_at, named) in sorted(state.claims.items(), key=lambda each: (each[1][0], each[0]), reverse=True)
        if named
    ]
    return {"person_id": person, "household_id": household_of(state), "entries": entries}


def _rows(found: Iterable[Double]) -> Iterable[tuple[str, str, str, str]]:
    for each in found:
        for entry in each["entries"]:
            counts = "yes" if entry["household_id"] == each["household_id"] else "no"
            yield each["person_id"], entry["household_id"], entry["updated_at"], counts
