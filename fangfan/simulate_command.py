"""`fangfan simulate`: seeded, realistic province data to Kafka or to a file."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from agents.settings import Settings
from fangfan.looks import console
from fangfan.options import CONNECTION, fail, on_broker, policy_version, stopped, with_settings
from fangfan.pilot_policy import base_of, pilot_version
from fangfan.pilot_sending import PilotRefused, send_around
from fangfan.planting import EACH, needed
from fangfan.policy_topic import read_versions
from fangfan.sending import send
from fangfan.simulation import Simulator
from fangfan.truth import Simulation
from schemas.fields import CHINA
from streams.policies import Version
from streams.policy_parse import PolicyError
from streams.topics import TOPIC_OF, Topic

HouseholdsOption = Annotated[
    int, typer.Option(envvar="FANGFAN_HOUSEHOLDS", metavar="COUNT", min=30, max=10_000_000, help="How many households.")
]
EventsOption = Annotated[int, typer.Option(envvar="FANGFAN_EVENTS", metavar="COUNT", min=0, help="How many reports at least.")]
SeedOption = Annotated[
    int, typer.Option(envvar="FANGFAN_SEED", metavar="NUMBER", help="The same seed makes the same data for the same --now.")
]
RateOption = Annotated[
    float, typer.Option(envvar="FANGFAN_RATE", metavar="NUMBER", min=0, help="Records a second; 0 = as fast as possible.")
]
ToOption = Annotated[
    str, typer.Option(envvar="FANGFAN_TO", metavar="kafka|FILE", help="Kafka, or a file for JSON Lines that publish reads.")
]
NowOption = Annotated[
    str | None,
    typer.Option(envvar="FANGFAN_NOW", metavar="TIME", help="When the data ends, RFC 3339.", show_default="this moment"),
]
PilotOption = Annotated[
    bool,
    typer.Option(
        "--pilot",
        help="Plant a pilot county too, and publish a version of the policy for it midway. No version can ever be removed.",
    ),
]


@with_settings(*CONNECTION, "policy")
def simulate(
    chosen: Settings,
    households: HouseholdsOption = 5_000,
    events: EventsOption = 20_000,
    seed: SeedOption = 1,
    rate: RateOption = 0,
    to: ToOption = "kafka",
    now: NowOption = None,
    pilot: PilotOption = False,
) -> None:
    """Make up a county: registry, reports and area events, with shocks of every rule, near misses, cases, snoozes, villages,
    migrant work and visits.

    Some registry entries change and one is removed, for which a file has a line of its own (schema household-removal/1).
    """
    end = _moment(now)
    base = _base(chosen, households, to) if pilot else None
    simulation = Simulator(households, events, seed, end, pilot=pilot).run()
    if to == "kafka":
        _to_kafka(chosen, simulation, rate, base, end)
    else:
        _to_file(Path(to), simulation)
    _summary(console(stderr=True), simulation)


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


def _base(chosen: Settings, households: int, to: str) -> Version:
    """Return the version of the policy file, if a pilot county can be planted at all."""
    if to != "kafka":
        raise fail("--pilot: publishes a version of the policy while reports come in; a file has no place for it (no --to)")
    least = needed(EACH, pilot=True)
    if households < least:
        raise fail(f"--pilot: everything else is planted too, which takes {least} households or more (--households)")
    return policy_version(chosen.policy)


def _to_file(path: Path, simulation: Simulation) -> None:
    try:
        with path.open("wb") as file:
            file.writelines(record.line + b"\n" for record in simulation.records)
    except OSError as error:
        raise fail(f"{path}: {error.strerror}") from None


def _to_kafka(chosen: Settings, simulation: Simulation, rate: float, base: Version | None, end: datetime) -> None:
    """Send everything; with a base, also publish the pilot version that is made from what is in force at the end."""

    confirmed = Counter[str]()

    async def run(_: Settings) -> None:
        version = await _pilot(chosen, base, end.astimezone(CHINA)) if base is not None else None
        with Progress(console=console(stderr=True)) as progress:
            task = progress.add_task("sending 发送", total=len(simulation.records))

            def sent(count: int) -> None:
                confirmed["records"] += count
                progress.advance(task, count)

            if version is None:
                await send(chosen, simulation.records, rate, sent)
            else:
                await send_around(chosen, simulation.records, rate, sent, version)

    topics = [*TOPIC_OF.values(), *([Topic.POLICY] if base is not None else [])]
    try:
        on_broker(chosen, run, topics)
    except (PilotRefused, PolicyError) as error:
        raise fail(f"--pilot: {error}") from None
    except KeyboardInterrupt:
        raise stopped(f": {confirmed.total():,} of {len(simulation.records):,} records were confirmed 已送达") from None


async def _pilot(chosen: Settings, base: Version, end: datetime) -> Version:
    """Return the pilot version for a running system: made from what it judges by, so that it changes nothing elsewhere."""
    known, _ = await read_versions(chosen, base.policy.id, (base,))
    return pilot_version(base_of(known, end.toordinal()), end.year * 12 + end.month - 1)


def _summary(shown: Console, simulation: Simulation) -> None:
    counts = Counter(record.topic for record in simulation.records)
    shown.print(", ".join(f"{topic} {count}" for topic, count in sorted(counts.items())))
    pilots = f", {len(simulation.pilots)} in the pilot county 试点县" if simulation.pilots else ""
    shown.print(f"planted 预设 {len(simulation.shocks)} shocks, {len(simulation.near_misses)} near misses 临界, "
                f"{len(simulation.cases)} cases 个案, {len(simulation.snoozes)} snoozes 暂停, "
                f"{len(simulation.residents)} in planted villages 预设村, "
                f"{len(simulation.families)} in changed entries 户籍变动, "
                f"{len(simulation.counted)} in the county of indicators 指标县{pilots}")  # fmt: skip
