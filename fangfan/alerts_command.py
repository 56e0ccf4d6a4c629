"""`fangfan alerts`: prints alert transitions."""

import asyncio
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from agents.settings import Settings
from fangfan.options import Brokers, Partitions, Prefix, fail, settings
from fangfan.reading import read_topic
from schemas.vocabulary import SEVERITIES

COLOURS = {"red": "bold red", "orange": "dark_orange", "yellow": "yellow", "blue": "blue", None: "green"}
ZH = {"opened": "新增", "escalated": "升级", "deescalated": "降级", "updated": "更新", "cleared": "解除"}


def alerts(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as on the topic.")] = False,
    county: Annotated[str | None, typer.Option(help="Six-digit county code.")] = None,
    severity: Annotated[str | None, typer.Option(help="blue, yellow, orange or red.")] = None,
    rule: Annotated[str | None, typer.Option(help="A rule such as income-line.")] = None,
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    partitions: Partitions = None,
) -> None:
    """Print alerts as a table (default) or as JSON Lines."""
    if severity is not None and severity not in SEVERITIES:
        raise fail(f"--severity: must be one of {', '.join(SEVERITIES)}")
    chosen = settings(brokers=brokers, topic_prefix=topic_prefix, partitions=partitions)
    try:
        asyncio.run(_print(chosen, follow, json, (county, severity, rule)))
    except KeyboardInterrupt:
        return
    except OSError as error:
        raise fail(str(error)) from None


def _wanted(alert: dict[str, Any], county: str | None, severity: str | None, rule: str | None) -> bool:
    return (
        county in (None, alert["county_code"])
        and severity in (None, alert["severity"])
        and (rule is None or any(each["rule"].partition("@")[0] == rule.partition("@")[0] for each in alert["reasons"]))
    )


async def _print(chosen: Settings, follow: bool, as_json: bool, filters: tuple[str | None, str | None, str | None]) -> None:
    console = Console()
    rows = []
    async for record in read_topic(chosen, "alerts", range(chosen.partitions), follow=follow):
        alert = orjson.loads(record.value)
        if not _wanted(alert, *filters):
            continue
        if as_json:
            typer.echo(record.value.decode())
        elif follow:
            console.print(line(alert))
        else:
            rows.append(alert)
    if not as_json and not follow:
        console.print(table(rows))


def line(alert: dict[str, Any]) -> Text:
    """Return one transition as one line and a line per reason."""
    text = Text(f"{alert['emitted_at'][11:19]} {alert['household_id']} ")
    text.append(f"{alert['severity'] or 'cleared'} {ZH[alert['transition']]}", COLOURS[alert["severity"]])
    text.append(f" {alert['category']}/{alert['pathway']}")
    for reason in alert["reasons"]:
        text.append(f"\n    {reason['explanation']['zh']}\n    {reason['explanation']['en']}", "dim")
    return text


def table(rows: list[dict[str, Any]]) -> Table:
    """Return transitions as a table."""
    shown = Table("time", "household 户", "no.", "transition", "severity", "category", "county", "verify by", "reasons 原因")
    for alert in sorted(rows, key=lambda each: each["emitted_at"]):
        reasons = "\n".join(f"{each['explanation']['zh']}\n{each['explanation']['en']}" for each in alert["reasons"])
        shown.add_row(
            alert["emitted_at"][:19], alert["household_id"], str(alert["sequence"]), ZH[alert["transition"]],
            Text(alert["severity"] or "-", COLOURS[alert["severity"]]), alert["category"], alert["county_code"],
            alert["verify_by"], reasons,
        )  # fmt: skip
    return shown
