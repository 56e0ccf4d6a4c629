"""`fangfan dlq list|show|redrive`: what was refused, why, and how it comes back."""

import sys
from collections import Counter
from typing import Annotated

import typer

from agents.settings import Settings
from fangfan.dead_letters import Markers, Wanted, read_letters, read_markers
from fangfan.dead_letters_view import add_letter, as_json, counts_table, letters_table, show_letter
from fangfan.dlq_filters import NEEDED, Codes, County, Since, Topics, Until, chosen_letters
from fangfan.looks import console
from fangfan.options import CONNECTION, fail, on_broker, with_settings
from fangfan.redrive_command import redrive
from schemas.dead_letters import DeadLetter
from streams.redrive import marks

dlq = typer.Typer(no_args_is_help=True, help="Dead letters: see what was refused and why, and send it back once repaired.")
dlq.command("redrive")(redrive)
SHOWN = 100
Counts = Counter[tuple[str, str]]
"""By code and source topic."""


@dlq.command("list")
@with_settings(*CONNECTION)
def dlq_list(
    chosen: Settings,
    code: Codes = None,
    topic: Topics = None,
    since: Since = None,
    until: Until = None,
    county: County = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only what was never sent back.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            envvar="FANGFAN_LIMIT", metavar="COUNT", min=1, help=f"Show the newest so many. Default: {SHOWN}; with --json all."
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    values: Annotated[bool, typer.Option("--values", help="With --json: the values too, to repair and redrive.")] = False,
) -> None:
    """List dead letters, oldest first, and count them by code and topic."""
    if values and not json:
        raise fail("--values: goes with --json")
    wanted = chosen_letters(code, topic, since, until, county, only_open=only_open)
    if json:
        on_broker(chosen, lambda real: _lines(real, wanted, limit, values), NEEDED)
    else:
        on_broker(chosen, lambda real: _table(real, wanted, limit or SHOWN), NEEDED)


class _Newest:
    """Keeps the newest of many dead letters; all instants are written in one way, so that to the second their text sorts."""

    def __init__(self, count: int) -> None:
        self._count, self._kept = count, list[DeadLetter]()

    def add(self, letter: DeadLetter) -> None:
        self._kept.append(letter)
        if len(self._kept) >= 2 * self._count:
            self._kept = self.all()

    def all(self) -> list[DeadLetter]:
        return sorted(self._kept, key=lambda each: (each.failed_at[:19], each.handle))[-self._count :]


async def _lines(chosen: Settings, wanted: Wanted, limit: int | None, values: bool) -> None:
    """Print JSON Lines: as they are read, or the newest once all are read."""
    markers = await read_markers(chosen)
    newest = None if limit is None else _Newest(limit)
    async for letter in read_letters(chosen, wanted, markers):
        if newest is not None:
            newest.add(letter)
        else:
            typer.echo(as_json(letter, markers.get(letter.handle), values=values))
    for letter in newest.all() if newest is not None else []:
        typer.echo(as_json(letter, markers.get(letter.handle), values=values))


async def _table(chosen: Settings, wanted: Wanted, limit: int) -> None:
    markers, newest = await read_markers(chosen), _Newest(limit)
    counts, still_open = Counts(), Counts()
    async for letter in read_letters(chosen, wanted, markers):
        newest.add(letter)
        counts[letter.code, letter.source_topic] += 1
        still_open[letter.code, letter.source_topic] += not marks(markers.get(letter.handle), letter)
    screen = console()
    if not counts:
        screen.print("no dead letters 没有死信")
        return
    rows = letters_table()
    for letter in newest.all():
        add_letter(rows, letter, markers.get(letter.handle))
    screen.print(rows)
    screen.print(counts_table(counts, still_open))
    if counts.total() > limit:
        screen.print(f"the newest {limit} of {counts.total()} are shown; --limit shows more")


@dlq.command("show")
@with_settings(*CONNECTION)
def dlq_show(
    chosen: Settings,
    dead_letter: Annotated[str, typer.Argument(metavar="PARTITION:OFFSET", help="A dead letter as `dlq list` names it.")],
    raw: Annotated[bool, typer.Option("--raw", help="Write the value's bytes and nothing else, to a file or a pipe.")] = False,
) -> None:
    """Show everything about one dead letter, with the field in error where it lies."""
    wanted = chosen_letters(handles=[dead_letter])
    if raw and sys.stdout.isatty():
        raise fail("--raw: goes to a file or a pipe; a terminal would obey the bytes")

    async def run(real: Settings) -> tuple[DeadLetter, Markers]:
        markers = await read_markers(real, wanted.handles)
        async for letter in read_letters(real, wanted, markers):
            return letter, markers
        raise fail(f"{dead_letter}: no such dead letter: it never was, or is kept no longer")

    letter, markers = on_broker(chosen, run, NEEDED)
    if raw:
        sys.stdout.buffer.write(letter.value or b"")
    else:
        show_letter(console(), letter, markers.get(letter.handle), chosen.topic_prefix)
