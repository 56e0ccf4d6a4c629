"""`fangfan explain HOUSEHOLD`: what a person needs to argue about an alert; needs no worker."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console
from rich.table import Table

from agents.policy_files import load_policy
from agents.settings import Settings
from agents.views import household_view
from fangfan.alerts_command import table
from fangfan.options import Brokers, Partitions, Prefix, fail, settings
from fangfan.reading import read_topic
from schemas.codec import decode_state
from schemas.fields import is_household_id
from streams.policy_parse import PolicyError
from streams.topics import Topic, partition_of


def explain(
    household: Annotated[str, typer.Argument(help="A household id.")],
    json: Annotated[bool, typer.Option("--json", help="The content of /households/ID, and the alert history.")] = False,
    policy: Annotated[Path | None, typer.Option(help="Policy file or folder.  [env FANGFAN_POLICY]")] = None,
    brokers: Brokers = None,
    topic_prefix: Prefix = None,
    partitions: Partitions = None,
) -> None:
    """Show a household's state, facts by channel, ledger, rules that fire or don't and why, and its alert history."""
    if not is_household_id(household):
        raise fail("HOUSEHOLD: 4 to 32 of 0-9, A-Z, a-z and -")
    chosen = settings(brokers=brokers, topic_prefix=topic_prefix, partitions=partitions, policy=policy)
    try:
        view = asyncio.run(_view(chosen, household))
    except PolicyError as error:
        raise fail(f"policy refused: {error}") from None
    except OSError as error:
        raise fail(str(error)) from None
    if view is None:
        raise fail(f"household {household} is not known")
    if json:
        typer.echo(orjson.dumps(view).decode())
    else:
        _show(Console(), view)


async def _view(chosen: Settings, household: str) -> dict[str, Any] | None:
    """Read the household's partition of the changelog and of the alerts."""
    policy = load_policy(chosen.policy)
    partition = partition_of(household, chosen.partitions)
    only, key, newest = range(partition, partition + 1), household.encode(), None
    async for record in read_topic(chosen, Topic.HOUSEHOLDS_CHANGELOG, only):
        if record.key == key:
            newest = record.value
    if newest is None:
        return None
    view = household_view(household, decode_state(newest), policy)
    view["history"] = [
        orjson.loads(record.value) async for record in read_topic(chosen, Topic.ALERTS, only) if record.key == key
    ]
    return view


def _show(console: Console, view: dict[str, Any]) -> None:
    registry = view["registry"]
    console.rule(f"{view['household_id']}  {view['area_code']}  {view['tier']}  {view['policy']}")
    console.print(f"as of 截至 {view['as_of']}   category 类别 {view['category']}   pathway 路径 {view['pathway']}")
    if registry is None:
        console.print("registry 登记: none 无")
    else:
        console.print(f"registry 登记: {registry['status']}, {len(registry['members'])} members 人, {registry['updated_at']}")
    console.print(f"alert 预警: {view['alert']}")
    facts = Table("channel 渠道", "occurred 时间", "event", "source 来源", "facts 事实", title="facts 事实")
    for channel, reports in view["facts"].items():
        for report in reports:
            said = "\n".join(", ".join(f"{k} {v}" for k, v in fact.items() if v is not None) for fact in report["facts"])
            facts.add_row(channel, report["occurred_at"][:19], report["event_id"], report["source"], said)
    console.print(facts)
    ledger = Table("ledger 账", "now 近12个月", "a year before 上年同期", title="ledger 收支账")
    now, before = view["ledger"]["income"] or {}, view["ledger"]["earlier_income"] or {}
    for name in dict.fromkeys([*now, *before]):
        ledger.add_row(name, str(now.get(name, "-")), str(before.get(name, "-")))
    console.print(ledger)
    rules = Table("rule 规则", "answer 结论", "value 值", "threshold 线", "why 说明", title="rules 规则")
    for each in view["rules"]["firing"]:
        words = f"{each['explanation']['zh']}\n{each['explanation']['en']}"
        rules.add_row(each["rule"], f"fires 触发 {each['severity']}", each["value"], each["threshold"], words)
    for each in view["rules"]["quiet"]:
        rules.add_row(each["rule"], "quiet 未触发", each["value"], each["threshold"], "")
    for each in view["rules"]["undetermined"]:
        rules.add_row(each["rule"], "undetermined 无法判定", "", "", f"missing 缺: {each['missing']}")
    console.print(rules)
    console.print(table(view["history"]))
