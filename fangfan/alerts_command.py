"""`fangfan alerts`: prints alert transitions."""

from typing import Annotated, Any

import orjson
import typer

from agents.settings import Settings
from fangfan.looks import console, line, table
from fangfan.options import CONNECTION, fail, on_broker, with_settings
from fangfan.reading import read_topic
from schemas.vocabulary import SEVERITIES
from streams.rules import INDICATOR_RULES, MONEY_RULES, SIGNAL_RULES
from streams.topics import Topic

RULES = tuple(name.replace("_", "-") for name in (*MONEY_RULES, *INDICATOR_RULES, *SIGNAL_RULES))


@with_settings(*CONNECTION)
def alerts(
    chosen: Settings,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, a line each, until Ctrl-C.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as on the topic.")] = False,
    shadow: Annotated[bool, typer.Option("--shadow", help="What the shadow policy says, from alerts-shadow.")] = False,
    county: Annotated[
        str | None, typer.Option(envvar="FANGFAN_COUNTY", metavar="CODE", help="Only of this county: six digits.")
    ] = None,
    severity: Annotated[
        str | None, typer.Option(envvar="FANGFAN_SEVERITY", metavar="NAME", help=f"Only these: {', '.join(SEVERITIES)}.")
    ] = None,
    rule: Annotated[
        str | None, typer.Option(envvar="FANGFAN_RULE", metavar="NAME", help=f"Only with this rule: {', '.join(RULES)}.")
    ] = None,
) -> None:
    """Print alerts as a table (default), as lines while they come, or as JSON Lines."""
    if severity is not None and severity not in SEVERITIES:
        raise fail(f"--severity: must be one of {', '.join(SEVERITIES)}")
    if rule is not None and rule.partition("@")[0] not in RULES:
        raise fail(f"--rule: must be one of {', '.join(RULES)}")
    if county is not None and not (len(county) == 6 and county.isascii() and county.isdigit()):
        raise fail("--county: must be six digits, such as 140221")
    filters, topic = (county, severity, rule), Topic.ALERTS_SHADOW if shadow else Topic.ALERTS
    try:
        on_broker(chosen, lambda real: _print(real, topic, follow, json, filters), [topic])
    except KeyboardInterrupt:
        return


def _wanted(alert: dict[str, Any], county: str | None, severity: str | None, rule: str | None) -> bool:
    return (
        county in (None, alert["county_code"])
        and severity in (None, alert["severity"])
        and (rule is None or any(each["rule"].partition("@")[0] == rule.partition("@")[0] for each in alert["reasons"]))
    )


async def _print(
    chosen: Settings, topic: Topic, follow: bool, as_json: bool, filters: tuple[str | None, str | None, str | None]
) -> None:
    screen = console()
    rows = []
    async for record in read_topic(chosen, topic, range(chosen.partitions), follow=follow):
        alert = orjson.loads(record.value)
        if not _wanted(alert, *filters):
            continue
        if as_json:
            typer.echo(record.value.decode())
        elif follow:
            screen.print(line(alert), soft_wrap=not screen.is_terminal)
        else:
            rows.append(alert)
    if not as_json and not follow:
        screen.print(table(rows) if rows else "no alerts 暂无预警")
