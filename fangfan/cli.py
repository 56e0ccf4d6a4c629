"""The command ``fangfan``."""

import asyncio
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from fangfan.alerts_command import alerts
from fangfan.broker import BrokerError, EmbeddedBroker
from fangfan.demo_command import demo
from fangfan.explain_command import explain
from fangfan.options import Brokers, Partitions, Prefix, Replication, fail, settings
from fangfan.policy_command import policy as policy_commands
from fangfan.publish_command import publish
from fangfan.simulate_command import simulate

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="fangfan (防返): see a household slipping back into poverty while there is still time.")  # fmt: skip
topics = typer.Typer(no_args_is_help=True, help="Create or verify every topic.")
app.add_typer(topics, name="topics")
app.add_typer(policy_commands, name="policy")
app.command()(demo)
app.command()(simulate)
app.command()(publish)
app.command()(alerts)
app.command()(explain)


@app.command()
def broker(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.")] = 9092,
    data_dir: Annotated[Path, typer.Option(help="Where the broker keeps its data.")] = Path(".data/kafka"),
) -> None:
    """Run the embedded Apache Kafka (KRaft, one node) in the foreground; ready when it prints `ready HOST:PORT`."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with EmbeddedBroker(port, data_dir.absolute()) as embedded:
            typer.echo(f"ready {embedded.bootstrap}")
            while not stop.wait(0.5):
                if (code := embedded.poll()) is not None:
                    raise fail(f"the broker ended with {code}; its log is {data_dir}/1")
    except BrokerError as error:
        raise fail(str(error)) from None


@topics.command("create")
def topics_create(
    brokers: Brokers = None, topic_prefix: Prefix = None, partitions: Partitions = None, replication: Replication = None
) -> None:
    """Create every topic that is missing; what exists is left alone."""
    from agents.topics import TopicMismatch, check_topics, create_topics

    chosen = settings(brokers=brokers, topic_prefix=topic_prefix, partitions=partitions, replication=replication)

    async def run() -> list[str]:
        for name in await create_topics(chosen):
            typer.echo(f"created {name}")
        return await check_topics(chosen)

    try:
        wrong = asyncio.run(run())
    except (TopicMismatch, OSError) as error:
        raise fail(str(error)) from None
    _say(wrong)


@topics.command("check")
def topics_check(
    brokers: Brokers = None, topic_prefix: Prefix = None, partitions: Partitions = None, replication: Replication = None
) -> None:
    """Verify every topic: partitions, replicas, cleanup policy."""
    from agents.topics import check_topics

    chosen = settings(brokers=brokers, topic_prefix=topic_prefix, partitions=partitions, replication=replication)
    _say(asyncio.run(check_topics(chosen)))


def _say(wrong: list[str]) -> None:
    for sentence in wrong:
        typer.echo(sentence, err=True)
    if wrong:
        raise typer.Exit(1)
    typer.echo("all topics are as the settings say")


@app.command()
def worker(
    brokers: Brokers = None,
    data_dir: Annotated[Path | None, typer.Option(help="State folder.  [env FANGFAN_DATA_DIR, default .data]")] = None,
    web_port: Annotated[int | None, typer.Option(help="0 = any.  [env FANGFAN_WEB_PORT, default 6066]")] = None,
    policy: Annotated[Path | None, typer.Option(help="Policy file or folder.  [env FANGFAN_POLICY]")] = None,
    topic_prefix: Prefix = None,
    partitions: Partitions = None,
    replication: Replication = None,
) -> None:
    """Run one Faust worker; prints `ready` when partitions are assigned and tables recovered."""
    from agents.main import run_worker

    chosen = settings(brokers=brokers, data_dir=data_dir, web_port=web_port, policy=policy, topic_prefix=topic_prefix,
                      partitions=partitions, replication=replication)  # fmt: skip
    code, message = run_worker(chosen)
    if message:
        typer.echo(f"fangfan: {message}", err=True)
    sys.stdout.flush()
    os._exit(code)  # Faust's threads may outlive the loop; everything is committed and closed by now


def main() -> None:
    """Run the command line."""
    app()
