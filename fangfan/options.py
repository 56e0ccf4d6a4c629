"""Options and refusals that commands share."""

import os
from typing import Annotated

import typer

from agents.settings import Settings, SettingsError, load_settings

Brokers = Annotated[str | None, typer.Option(help="Kafka brokers.  [env FANGFAN_BROKERS, default 127.0.0.1:9092]")]
Prefix = Annotated[str | None, typer.Option(help="Prefix of all topic names.  [env FANGFAN_TOPIC_PREFIX]")]
Partitions = Annotated[int | None, typer.Option(help="Partitions of every topic.  [env FANGFAN_PARTITIONS, default 12]")]
Replication = Annotated[int | None, typer.Option(help="Replicas.  [env FANGFAN_REPLICATION, default 1]")]


def fail(message: str) -> typer.Exit:
    """Say what is wrong on standard error; the caller raises what this returns."""
    typer.echo(f"fangfan: {message}", err=True)
    return typer.Exit(1)


def settings(**flags: object) -> Settings:
    """Return the settings of the environment, flags over it."""
    environment = dict(os.environ)
    environment |= {f"FANGFAN_{name.upper()}": str(value) for name, value in flags.items() if value is not None}
    try:
        return load_settings(environment)
    except SettingsError as error:
        raise fail(str(error)) from None
