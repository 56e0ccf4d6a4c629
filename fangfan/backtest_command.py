"""`fangfan backtest --policy NEW`: what another policy would have said about the history."""

import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from agents.settings import DEFAULT_POLICY, Settings
from fangfan.backtest import Question, Result, run_backtest
from fangfan.backtest_page import backtest_page
from fangfan.backtest_view import show, write_counts, write_households
from fangfan.history import RANKS, Source, of_files, of_topics
from fangfan.looks import console
from fangfan.options import CONNECTION, check_outputs, fail, moment, on_broker, policy_version, refusing, with_settings
from fangfan.policy_topic import read_versions
from fangfan.tables import FileError
from streams.policies import Judges, Policies, Version, policies_of
from streams.topics import Topic


@with_settings(*CONNECTION, "ticks")
def backtest(
    chosen: Settings,
    policy: Annotated[Path, typer.Option(envvar="FANGFAN_NEW_POLICY", metavar="PATH", help="The policy asked about.")],
    files: Annotated[
        list[Path] | None, typer.Argument(help="JSON Lines as simulate writes them; without any, the topics are replayed.")
    ] = None,
    against: Annotated[
        Path, typer.Option(envvar="FANGFAN_POLICY", metavar="PATH", help="The policy it is compared with.")
    ] = DEFAULT_POLICY,
    as_published: Annotated[
        bool,
        typer.Option(
            envvar="FANGFAN_AS_PUBLISHED", help="Judge by the published versions from their days on, and ask about one more."
        ),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(envvar="FANGFAN_SINCE", metavar="TIME", help="Count only transitions from then on: RFC 3339 with offset."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(envvar="FANGFAN_UNTIL", metavar="TIME", help="Replay only records from before it: RFC 3339 with offset."),
    ] = None,
    csv: Annotated[Path | None, typer.Option(envvar="FANGFAN_CSV", metavar="FILE", help="Write all counts there.")] = None,
    households: Annotated[
        Path | None, typer.Option(envvar="FANGFAN_HOUSEHOLDS_FILE", metavar="FILE", help="List whose alert differs at the end.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(envvar="FANGFAN_HTML", metavar="FILE", help="Write a page with charts there.")
    ] = None,
) -> None:
    """Replay the history under two policies; report alerts added and removed by rule, tier and county."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what lies in the temporary folder goes
    check_outputs({"--csv": csv, "--households": households, "--html": html}, [policy, against, *(files or [])])
    times = moment("--since", since), moment("--until", until)
    old, new = policy_version(against), policy_version(policy)
    sides: tuple[Judges, Judges] = _in_force(chosen, old, new) if as_published else (old.policy, new.policy)
    question = Question(*sides, *times, chosen.ticks)
    try:
        sources: list[Source] = of_files(files) if files else on_broker(chosen, of_topics, RANKS)
        with refusing(chosen):
            result = run_backtest(sources, question, console(stderr=True))
    except FileError as error:
        raise fail(str(error)) from None
    try:
        _write(result, question, csv, households, html)
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    show(console(), result, question)  # last: whoever reads it may have seen enough


def _write(result: Result, question: Question, csv: Path | None, households: Path | None, html: Path | None) -> None:
    if csv is not None:
        write_counts(csv, result.comparison)
    if households is not None:
        write_households(households, result.differing)
    if html is not None:
        html.write_text(backtest_page(result, question, datetime.now().astimezone()), "utf-8")


def _in_force(chosen: Settings, base: Version, asked: Version) -> tuple[Policies, Policies]:
    """Return the versions that judge, from file and topic, and these with one more."""
    known, _ = on_broker(chosen, lambda real: read_versions(real, base.policy.id, (base,)), [Topic.POLICY])
    if asked.policy.id != base.policy.id:
        raise fail(f"{asked.policy.label} is no version of {base.policy.id}, which judges")
    if any(version.policy.label == asked.policy.label for version in known):
        raise fail(f"{asked.policy.label} judges already 已在用; give what is asked about another version")
    last = max(version.place for version in known) + 1
    return policies_of(known), policies_of((*known, msgspec.structs.replace(asked, place=last)))
