"""`fangfan simulate`: seeded, realistic province data to Kafka or to a file."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from aiokafka.errors import KafkaError
from rich.console import Console
from rich.progress import Progress

from fangfan.options import Brokers, Prefix, fail, settings
from fangfan.sending import send
from fangfan.simulation import Simulator


def simulate(
    households: Annotated[int, typer.Option(min=30, help="How many households.")] = 5_000,
    events: Annotated[int, typer.Option(min=0, help="How many reports at least.")] = 20_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same data (for the same --now).")] = 1,
    rate: Annotated[float, typer.Option(min=0, help="Records a second; 0 = as fast as possible.")] = 0,
    to: Annotated[str, typer.Option(help="kafka, or a file for JSON Lines that publish reads.")] = "kafka",
    now: Annotated[str | None, typer.Option(help="The moment the data ends, RFC 3339; default: this moment.")] = None,
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
) -> None:
    """Make up a county's registry and reports, with shocks of every rule and near misses."""
    chosen = settings(brokers=brokers, topic_prefix=topic_prefix)
    try:
        moment = datetime.fromisoformat(now) if now else datetime.now(UTC)
    except ValueError:
        raise fail("--now: not an RFC 3339 date-time") from None
    if moment.tzinfo is None:
        raise fail("--now: needs an offset")
    simulation = Simulator(households, events, seed, moment).run()
    console = Console(stderr=True)
    if to == "kafka":
        with Progress(console=console) as progress:
            task = progress.add_task("sending", total=len(simulation.records))
            try:
                asyncio.run(send(chosen, simulation.records, rate, lambda count: progress.advance(task, count)))
            except (KafkaError, OSError) as error:
                raise fail(f"{chosen.brokers}: {error}") from None
    else:
        try:
            with Path(to).open("wb") as file:
                file.writelines(record.payload + b"\n" for record in simulation.records)
        except OSError as error:
            raise fail(f"{to}: {error.strerror}") from None
    counts = Counter(record.topic for record in simulation.records)
    console.print(", ".join(f"{topic} {count}" for topic, count in sorted(counts.items())))
    console.print(f"planted {len(simulation.planted)} shocks, {len(simulation.near_misses)} near misses")
