"""`fangfan report`: indicators by county from what was stored and published; needs no worker."""

import signal
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import orjson
import typer

from agents.settings import Settings
from fangfan.looks import console
from fangfan.options import CONNECTION, check_outputs, fail, on_broker, policy_version, refusing, with_settings
from fangfan.policy_topic import read_versions
from fangfan.report import SILENT_DAYS, SILENT_MONTHS, run_report, since_of
from fangfan.report_page import report_page
from fangfan.report_tables import show
from fangfan.report_view import as_json, write_report
from schemas.codec import UnknownStateVersion
from schemas.fields import CHINA, parse_day
from streams.feed_silence import DEPARTMENTS
from streams.policies import Policies, Version, policies_of
from streams.scope import Scope
from streams.topics import Topic

MOST_DAYS = 400
DayOption = Annotated[
    str | None, typer.Option(envvar="FANGFAN_DAY", metavar="DAY", help="The day it speaks of.", show_default="today")
]
SinceOption = Annotated[
    str | None, typer.Option(envvar="FANGFAN_SINCE_DAY", metavar="DAY", help="Count leads from then on.", show_default="a year")
]
MonthsOption = Annotated[
    int, typer.Option(envvar="FANGFAN_SILENT_MONTHS", metavar="COUNT", min=1, max=36, help="Unheard of for so many months.")
]
DaysOption = Annotated[
    int,
    typer.Option(envvar="FANGFAN_SILENT_DAYS", metavar="COUNT", min=1, max=MOST_DAYS, help="Nothing sent for so many days."),
]
FeedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--feed-days", envvar="FANGFAN_FEED_DAYS", metavar="DEPARTMENT=COUNT",
        help="One that reports less often, or more, than --silent-days. As often as need be.",
    ),
]  # fmt: skip
CsvOption = Annotated[Path | None, typer.Option(envvar="FANGFAN_CSV", metavar="FILE", help="Write all counts there.")]
HtmlOption = Annotated[Path | None, typer.Option(envvar="FANGFAN_HTML", metavar="FILE", help="Write a page with charts there.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of a table.")]


@with_settings(*CONNECTION, "policy")
def report(
    chosen: Settings,
    day: DayOption = None,
    since: SinceOption = None,
    silent_months: MonthsOption = SILENT_MONTHS,
    silent_days: DaysOption = SILENT_DAYS,
    feed_days: FeedOption = None,
    csv: CsvOption = None,
    html: HtmlOption = None,
    json: JsonOption = False,
) -> None:
    """Count open alerts, detection, precision, incomes, migrant work, conflicts, silence and places at risk by county."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    check_outputs({"--csv": csv, "--html": html}, [chosen.policy])
    now = datetime.now(CHINA)
    base = policy_version(chosen.policy)
    today = _day("--day", day) or now.toordinal()
    first = _day("--since", since) or since_of(today)
    cadences = _cadences(feed_days or [])
    real, policies = on_broker(
        chosen,
        lambda real: _versions(real, base),
        [Topic.HOUSEHOLDS_CHANGELOG, Topic.ALERTS, Topic.AREA_ALERTS, Topic.DEPARTMENT_FEEDS],
    )
    scope = Scope(policies, today, first, silent_months, silent_days, cadences)
    try:
        with refusing(chosen):
            found = run_report(real, scope, console(stderr=True))
    except UnknownStateVersion as error:
        raise fail(str(error)) from None
    try:
        if csv is not None:
            write_report(csv, found, scope)
        if html is not None:
            html.write_text(report_page(found, scope, now), "utf-8")
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror}") from None
    if json:  # last: whoever reads it may have seen enough
        typer.echo(orjson.dumps(as_json(found, scope)).decode())
    else:
        show(console(), found, scope)


async def _versions(settings: Settings, base: Version) -> tuple[Settings, Policies]:
    """Return settings that know how many partitions the topics really have, and the versions of the policy."""
    versions, _ = await read_versions(settings, base.policy.id, (base,))
    return settings, policies_of(versions)


def _cadences(given: list[str]) -> dict[str, int]:
    """Return after how many days of its own a department is silent."""
    found: dict[str, int] = {}
    for each in given:
        department, _, days = each.partition("=")
        if department not in DEPARTMENTS:
            raise fail(f"--feed-days: {department} is no department; known are {', '.join(DEPARTMENTS)}")
        if not (days.isascii() and days.isdigit() and 1 <= int(days) <= MOST_DAYS):
            raise fail(f"--feed-days: {department} takes a number of days from 1 to {MOST_DAYS}")
        found[department] = int(days)
    return found


def _day(flag: str, text: str | None) -> int | None:
    try:
        return None if text is None else parse_day(text)
    except ValueError as error:
        raise fail(f"{flag}: {error}") from None
