"""`fangfan alerts`: prints alert transitions."""

import asyncio
from typing import Annotated, Any, Final

import orjson
import typer

from agents.settings import Settings
from fangfan.grouping import DIGITS, Groups, Level
from fangfan.looks import area_line, console, group_line, line, table
from fangfan.options import CONNECTION, fail, on_broker, with_settings
from fangfan.reading import read_topic
from schemas.vocabulary import SEVERITIES
from streams.rules import RULES as EVERY
from streams.topics import Topic

RULES = tuple(name.replace("_", "-") for name in EVERY)


@with_settings(*CONNECTION)
def alerts(
    chosen: Settings,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, a line each, until Ctrl-C.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as on the topic.")] = False,
    shadow: Annotated[bool, typer.Option("--shadow", help="What the shadow policy says, from alerts-shadow.")] = False,
    areas: Annotated[bool, typer.Option("--areas", help="What is said of villages and townships, from area-alerts.")] = False,
    county: Annotated[
        str | None, typer.Option(envvar="FANGFAN_COUNTY", metavar="CODE", help="Only of this county: six digits.")
    ] = None,
    severity: Annotated[
        str | None, typer.Option(envvar="FANGFAN_SEVERITY", metavar="NAME", help=f"Only these: {', '.join(SEVERITIES)}.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option(envvar="FANGFAN_RULE", metavar="NAME", help=f"Only with this rule: {', '.join(RULES)}.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(envvar="FANGFAN_GROUP", metavar="LEVEL", help=f"One entry a place: {', '.join(DIGITS)}.")
    ] = None,
    group_wait: Annotated[
        float, typer.Option(envvar="FANGFAN_GROUP_WAIT", min=0.0, help="With --group and --follow: seconds a place gathers.")
    ] = 30.0,
) -> None:
    """Print alerts as a table (default), as lines while they come, or as JSON Lines; grouped by place on demand."""
    if severity is not None and severity not in SEVERITIES:
        raise fail(f"--severity: must be one of {', '.join(SEVERITIES)}")
    if rule is not None and rule.partition("@")[0] not in RULES:
        raise fail(f"--rule: must be one of {', '.join(RULES)}")
    if county is not None and not (len(county) == 6 and county.isascii() and county.isdigit()):
        raise fail("--county: must be six digits, such as 140221")
    if group is not None and group not in DIGITS:
        raise fail(f"--group: must be one of {', '.join(DIGITS)}")
    if areas and (group is not None or shadow):
        raise fail("--areas: goes neither with --group nor with --shadow")
    filters, topic = (county, severity, rule), Topic.ALERTS_SHADOW if shadow else Topic.ALERTS
    if areas:
        topic = Topic.AREA_ALERTS
    try:
        if group is not None:
            level: Level = group
            on_broker(chosen, lambda real: _print_groups(real, topic, follow, json, filters, level, group_wait), [topic])
        else:
            on_broker(chosen, lambda real: _print(real, topic, follow, json, filters), [topic])
    except KeyboardInterrupt:
        return


def _wanted(alert: dict[str, Any], county: str | None, severity: str | None, rule: str | None) -> bool:
    fires = alert["reasons"] if "reasons" in alert else alert["rules"]  # a household's, an area's
    return (
        county in (None, alert["county_code"])
        and severity in (None, alert["severity"])
        and (rule is None or any(each["rule"].partition("@")[0] == rule.partition("@")[0] for each in fires))
    )


NONE: Final = "no alerts 暂无预警"
Filters = tuple[str | None, str | None, str | None]
"""County, severity and rule; None for any."""


async def _print(chosen: Settings, topic: Topic, follow: bool, as_json: bool, filters: Filters) -> None:
    screen = console()
    rows, found = [], False
    async for record in read_topic(chosen, topic, range(chosen.partitions), follow=follow):
        alert = orjson.loads(record.value)
        if not _wanted(alert, *filters):
            continue
        found = True
        if as_json:
            typer.echo(record.value.decode())
        elif topic is Topic.AREA_ALERTS:
            screen.print(area_line(alert), soft_wrap=not screen.is_terminal)
        elif follow:
            screen.print(line(alert), soft_wrap=not screen.is_terminal)
        else:
            rows.append(alert)
    if rows:
        screen.print(table(rows))
    elif not found and not as_json:
        screen.print(NONE)


async def _print_groups(
    chosen: Settings, topic: Topic, follow: bool, as_json: bool, filters: Filters, level: Level, wait: float
) -> None:
    """Print one entry a place: at the end, or following, some seconds after the first alert of each."""
    screen = console()

    def show(group: dict[str, Any]) -> None:
        if as_json:
            typer.echo(orjson.dumps(group).decode())
        else:
            screen.print(group_line(group), soft_wrap=not screen.is_terminal)

    groups = Groups(level, wait, show, lambda alert: _wanted(alert, *filters))
    handing_on = asyncio.create_task(groups.hand_on()) if follow else None
    try:
        async for record in read_topic(chosen, topic, range(chosen.partitions), follow=follow):
            groups.add(orjson.loads(record.value))
    finally:
        if handing_on is not None:
            handing_on.cancel()
        found = groups.end()
    if not found and not as_json:  # who follows never comes here
        screen.print(NONE)
