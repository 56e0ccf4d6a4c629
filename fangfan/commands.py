"""The commands of ``fangfan``."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from agents.settings import Settings
from agents.topics import TopicMismatch, check_topics, create_topics
from fangfan.alerts_command import alerts
from fangfan.backtest_command import backtest
from fangfan.broker import EmbeddedBroker
from fangfan.broker_process import BrokerError
from fangfan.demo_command import demo
from fangfan.dlq_command import dlq
from fangfan.doubles_command import doubles
from fangfan.explain_command import explain
from fangfan.options import CONNECTION, TOPICS, WORKER, fail, on_broker, with_settings
from fangfan.policy_command import policy as policy_commands
from fangfan.publish_command import publish
from fangfan.report_command import report
from fangfan.simulate_command import simulate

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="fangfan (防返): see a household slipping back into poverty while there is still time.")  # fmt: skip
topics = typer.Typer(no_args_is_help=True, help="Create or verify every topic.")
app.add_typer(topics, name="topics")
app.add_typer(policy_commands, name="policy")
app.add_typer(dlq, name="dlq")
app.command()(demo)
app.command()(simulate)
app.command()(publish)
app.command()(alerts)
app.command()(explain)
app.command()(backtest)
app.command()(report)
app.command()(doubles)


@app.command()
def broker(
    port: Annotated[
        int, typer.Option(envvar="FANGFAN_BROKER_PORT", metavar="PORT", min=1, max=65_535, help="Port on 127.0.0.1.")
    ] = 9092,
    data_dir: Annotated[
        Path, typer.Option(envvar="FANGFAN_BROKER_DATA_DIR", metavar="FOLDER", help="Where the broker keeps its data.")
    ] = Path(".data/kafka"),
) -> None:
    """Run the embedded Apache Kafka (KRaft, one node) in the foreground; ready when it prints `ready HOST:PORT`."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        with EmbeddedBroker(port, data_dir.absolute(), stop=stop) as embedded:
            if not stop.is_set():
                typer.echo(f"ready {embedded.bootstrap}")
            while not stop.wait(0.5):
                if (code := embedded.poll()) is not None:
                    raise fail(f"the broker ended with {code}; its log is {data_dir}/1")
    except BrokerError as error:
        raise fail(str(error)) from None
    except OSError as error:
        raise fail(f"{error.filename or data_dir}: {error.strerror or error}") from None


@topics.command("create")
@with_settings(*CONNECTION, *TOPICS)
def topics_create(chosen: Settings) -> None:
    """Create every topic that is missing; what exists is left alone."""

    async def run(_: Settings) -> list[str]:
        for name in await create_topics(chosen):
            typer.echo(f"created {name}")
        return await check_topics(chosen)

    try:
        wrong = on_broker(chosen, run)
    except TopicMismatch as error:
        raise fail(f"topics refused: {error}") from None
    _say(wrong)


@topics.command("check")
@with_settings(*CONNECTION, *TOPICS)
def topics_check(chosen: Settings) -> None:
    """Verify every topic: partitions, replicas, cleanup policy."""
    _say(on_broker(chosen, lambda _: check_topics(chosen)))


def _say(wrong: list[str]) -> None:
    for sentence in wrong:
        typer.echo(f"fangfan: {sentence}", err=True)
    if wrong:
        raise typer.Exit(1)
    typer.echo("all topics are as the settings say")


@app.command()
@with_settings(*CONNECTION, *TOPICS, *WORKER)
def worker(chosen: Settings) -> None:
    """Run one Faust worker; prints `ready` when partitions are assigned and tables recovered."""
    from agents.main import run_worker

    code, message = run_worker(chosen)
    if message:
        typer.echo(f"fangfan: {message}", err=True)
    sys.stdout.flush()
    os._exit(code)  # Faust's threads may outlive the loop; everything is committed and closed by now
