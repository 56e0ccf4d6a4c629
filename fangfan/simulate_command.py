"""`fangfan simulate`: seeded, realistic province data to Kafka or to a file."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from agents.settings import Settings
from fangfan.looks import console
from fangfan.options import CONNECTION, fail, on_broker, with_settings
from fangfan.sending import send
from fangfan.simulation import Simulator
from fangfan.truth import Simulation
from streams.topics import TOPIC_OF


@with_settings(*CONNECTION)
def simulate(
    chosen: Settings,
    households: Annotated[
        int, typer.Option(envvar="FANGFAN_HOUSEHOLDS", metavar="COUNT", min=30, max=10_000_000, help="How many households.")
    ] = 5_000,
    events: Annotated[
        int, typer.Option(envvar="FANGFAN_EVENTS", metavar="COUNT", min=0, help="How many reports at least.")
    ] = 20_000,
    seed: Annotated[
        int,
        typer.Option(envvar="FANGFAN_SEED", metavar="NUMBER", help="The same seed makes the same data for the same --now."),
    ] = 1,
    rate: Annotated[
        float, typer.Option(envvar="FANGFAN_RATE", metavar="NUMBER", min=0, help="Records a second; 0 = as fast as possible.")
    ] = 0,
    to: Annotated[
        str, typer.Option(envvar="FANGFAN_TO", metavar="kafka|FILE", help="Kafka, or a file for JSON Lines that publish reads.")
    ] = "kafka",
    now: Annotated[
        str | None,
        typer.Option(envvar="FANGFAN_NOW", metavar="TIME", help="When the data ends, RFC 3339.", show_default="this moment"),
    ] = None,
) -> None:
    """Make up a county: registry, reports and area events, with shocks of every rule, near misses, cases, snoozes, villages.

    Some registry entries change and one is removed. A file has no line for that: what `publish` reads names no key beside.
    """
    simulation = Simulator(households, events, seed, _moment(now)).run()
    shown = console(stderr=True)
    if to == "kafka":
        _to_kafka(chosen, simulation, rate)
    else:
        try:
            with Path(to).open("wb") as file:
                file.writelines(record.payload + b"\n" for record in simulation.records if record.payload is not None)
        except OSError as error:
            raise fail(f"{to}: {error.strerror}") from None
    counts = Counter(record.topic for record in simulation.records)
    shown.print(", ".join(f"{topic} {count}" for topic, count in sorted(counts.items())))
    shown.print(f"planted 预设 {len(simulation.shocks)} shocks, {len(simulation.near_misses)} near misses 临界, "
                f"{len(simulation.cases)} cases 个案, {len(simulation.snoozes)} snoozes 暂停, "
                f"{len(simulation.residents)} in planted villages 预设村, "
                f"{len(simulation.families)} in changed entries 户籍变动")  # fmt: skip


def _moment(now: str | None) -> datetime:
    if now is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        raise fail("--now: not an RFC 3339 date-time") from None
    if moment.tzinfo is None:
        raise fail("--now: needs an offset")
    return moment


def _to_kafka(chosen: Settings, simulation: Simulation, rate: float) -> None:
    async def run(_: Settings) -> None:
        with Progress(console=console(stderr=True)) as progress:
            task = progress.add_task("sending 发送", total=len(simulation.records))
            await send(chosen, simulation.records, rate, lambda count: progress.advance(task, count))

    on_broker(chosen, run, list(TOPIC_OF.values()))
