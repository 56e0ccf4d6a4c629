"""`fangfan dlq redrive`: sends dead letters back, as they were or repaired."""

import dataclasses
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agents.settings import Settings
from fangfan.bytes_view import safe
from fangfan.dead_letters_view import plan_table, summary
from fangfan.dlq_filters import NEEDED, Codes, County, Since, Topics, Until, chosen_letters
from fangfan.looks import console
from fangfan.options import CONNECTION, fail, on_broker, stopped, with_settings
from fangfan.redrive import TRANSACTION_MS, Order, Plan, TakenOver, carry_out, make_plan
from fangfan.repairs import Repairs, read_repairs
from fangfan.tables import FileError
from streams.redrive import Going, Why

Named = Annotated[
    list[str] | None, typer.Argument(metavar="PARTITION:OFFSET", help="These. Default: all that the filters leave.")
]
Limit = Annotated[int | None, typer.Option(envvar="FANGFAN_LIMIT", metavar="COUNT", min=1, help="Send so many at most.")]
Repaired = Annotated[
    Path | None,
    typer.Option(
        envvar="FANGFAN_REPAIRED", metavar="FILE", help="Send these: lines of `dlq list --json --values`, values mended."
    ),
]


@with_settings(*CONNECTION)
def redrive(
    chosen: Settings,
    dead_letters: Named = None,
    code: Codes = None,
    topic: Topics = None,
    since: Since = None,
    until: Until = None,
    county: County = None,
    limit: Limit = None,
    repaired: Repaired = None,
    again: Annotated[bool, typer.Option("--again", help="Also what was sent back before.")] = False,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Also what this release would refuse again: for workers of another one.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go where and what not; send nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask, where there is a terminal to ask on.")] = False,
) -> None:
    """Send dead letters back to their topics with a new timestamp; exits 0 only if all that were meant have gone."""
    if repaired is not None and dead_letters:
        raise fail("--repaired: the file names the dead letters; give it, or PARTITION:OFFSET")
    wanted = chosen_letters(code, topic, since, until, county, dead_letters)
    screen, repairs = console(stderr=True), _read(repaired)
    if repaired is not None:
        wanted = dataclasses.replace(wanted, handles=frozenset(repairs.of))
    order, plan = Order(wanted, repairs.of, again, not unchecked, limit), Plan()
    if repaired is None or repairs.of:
        plan = on_broker(chosen, lambda real: make_plan(real, order), NEEDED)
    _tell(plan, repairs, screen, dry_run=dry_run)
    if plan.going and not dry_run:
        if not yes and sys.stdin.isatty() and not typer.confirm(f"send {len(plan.going)} back 重投?", err=True):
            raise fail("nothing was sent")
        _send(chosen, order, plan, screen)
    unsent = 0 if dry_run else len(plan.going) - plan.sent
    raise typer.Exit(1 if plan.refused or repairs.wrong or unsent else 0)


def _read(path: Path | None) -> Repairs:
    try:
        repairs = Repairs() if path is None else read_repairs(path)
    except FileError as error:
        raise fail(str(error)) from None
    for number, reason in repairs.wrong:
        typer.echo(f"fangfan: {path}: line {number}: {safe(reason)}", err=True)
    return repairs


def _tell(plan: Plan, repairs: Repairs, screen: Console, *, dry_run: bool) -> None:
    """Say what would become of every letter, or, where it is about to happen, which ones stay and why."""
    for handle in plan.missing:
        line = f"line {repairs.lines[handle]}: " if handle in repairs.lines else ""
        typer.echo(f"fangfan: {line}{handle}: no such dead letter, or not one that the filters leave", err=True)
    out = console() if dry_run else screen
    rows = [row for row in plan.rows if dry_run or not (isinstance(row[1], Going) or row[1].why is Why.REDRIVEN)]
    if rows:
        out.print(plan_table(rows, repairs.lines))
    if rows and len(plan.rows) < len(plan.going) + plan.staying.total():
        out.print("… and more of the same, counted below")
    out.print(summary(plan, sent=False) if plan.going or plan.staying else "nothing to redrive 没有可重投的死信")
    if dry_run:
        out.print("a dry run: nothing was sent 试运行，未发送")


def _send(chosen: Settings, order: Order, plan: Plan, screen: Console) -> None:
    columns = (TextColumn("redriving 重投"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=screen) as progress:
            task = progress.add_task("", total=len(plan.going))
            on_broker(chosen, lambda real: carry_out(real, order, plan, lambda count: progress.advance(task, count)), NEEDED)
    except TakenOver:
        seconds = TRANSACTION_MS // 1000
        raise fail(f"gave way: another `fangfan dlq redrive` has begun, or this one stood still for {seconds} s") from None
    except KeyboardInterrupt:
        raise stopped() from None
    finally:
        screen.print(summary(plan, sent=True))
        if plan.sent < len(plan.going) and not order.again:
            screen.print("the same command goes on: what has gone is not sent again 再次运行即可继续")
