"""`fangfan policy publish|list|diff|explain`: versions of the policy, on their topic and in force."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from agents.settings import Settings
from fangfan.explain_view import TIERS
from fangfan.looks import console, grid
from fangfan.options import CONNECTION, fail, on_broker, policy_version, with_settings
from fangfan.policy_topic import TRANSACTION_MS, TakenOver, publish_version, read_versions
from fangfan.policy_words import LAYERS, key_words, rule_words, scope_words, value_words
from schemas.fields import day_of, parse_day, render_day, render_instant
from streams.policies import BEGINNING, Policies, Version, policies_of
from streams.policy_documents import Admission, Outcome, document_of
from streams.policy_layers import Difference, differences, in_force
from streams.topics import Topic

SHOWN = 3
"""How many differences `list` names; the others are counted."""
PolicyPath = Annotated[Path, typer.Argument(metavar="FILE", help="A policy file or folder.", show_default=False)]


@with_settings(*CONNECTION, "policy")
def publish(chosen: Settings, file: PolicyPath) -> None:
    """Publish a version: every worker judges by it within 10 s, and by nothing else than it under that name ever."""
    version = policy_version(file)
    label = version.policy.label
    base = policy_version(chosen.policy)
    if base.policy.label == label and base.content != version.content:
        raise fail(
            f"{label}: the policy file {chosen.policy} gives this version another content; publish it as another version"
        )
    try:
        admission = on_broker(chosen, lambda real: publish_version(real, version), [Topic.POLICY])
    except TakenOver:
        raise fail(
            f"{label}: gave way, another publisher has begun, or this one stood still for {TRANSACTION_MS // 1000} s"
        ) from None
    if admission.error is not None:
        raise fail(f"{label} refused 拒绝: {admission.error.reason}; `fangfan policy list` shows what is there")
    if admission.outcome is Outcome.KNOWN:
        typer.echo(f"{label} is already published 已发布，内容相同")
        return
    typer.echo(f"✔ {label} is published 已发布，effective from 生效: {day_words(version)}")
    if base.policy.id != version.policy.id:
        typer.echo(f"note 注意: only workers whose own policy file is called {version.policy.id} judge by it; "
                   f"{chosen.policy} is called {base.policy.id}", err=True)  # fmt: skip


@with_settings(*CONNECTION, "policy")
def versions(chosen: Settings) -> None:
    """List the versions of the policy, from file and topic, in the order in which they take effect.

    Named is the one that judges households whose newest report is of today; others are judged by the version of their day.
    """
    known, refused = _published(chosen)
    today = known.version_at(day_of(time.time_ns()))
    shown = grid("version 版本", "effective from 生效", "published at 发布", "what differs 不同之处", title="policy 政策")
    before: Version | None = None
    for version in known.versions:
        label = f"{version.policy.label} ◀ 今日 today" if version is today else version.policy.label
        shown.add_row(label, day_words(version), _published_at(version), _summary(before, version))
        before = version
    screen = console()
    screen.print(shown)
    for each in refused:
        screen.print(f"refused 拒绝: {each.error}", style="red", markup=False)


@with_settings(*CONNECTION, "policy")
def diff(
    chosen: Settings,
    one: Annotated[str, typer.Argument(metavar="A", help="A policy file or folder, or id@version.")],
    other: Annotated[str, typer.Argument(metavar="B", help="As A.")],
) -> None:
    """Say what two versions give otherwise, by rule, key, tier and county; their notes are not compared."""
    before, after = _find(chosen, one), _find(chosen, other)
    found = differences(document_of(before.content), document_of(after.content))
    if not found:
        typer.echo("no difference 没有不同")
        return
    shown = grid(
        "where 范围", "rule 规则", "key 参数", f"{before.policy.label}", f"{after.policy.label}", title="differences 不同之处"
    )
    counties = _counties(before) | _counties(after)
    for each in found:
        where = scope_words(each.scope, counties)
        shown.add_row(
            where, rule_words(each.rule), key_words(each.key), value_words(each.before), Text(value_words(each.after), "bold")
        )
    console().print(shown)


@with_settings(*CONNECTION, "policy")
def explain(
    chosen: Settings,
    county: Annotated[str, typer.Argument(metavar="COUNTY", help="A county by its six-digit code or its name.")],
    at: Annotated[
        str | None, typer.Option(envvar="FANGFAN_AT", metavar="DATE", help="The day. Default: today in China.")
    ] = None,
) -> None:
    """Say what judges a county's households on a day, and where each number comes from."""
    try:
        day = day_of(time.time_ns()) if at is None else parse_day(at)
    except ValueError as error:
        raise fail(f"--at: {error}") from None
    known, _ = _published(chosen)
    version = known.version_at(day)
    document, counties = document_of(version.content), _counties(version)
    code = _code(county, counties)
    tier = counties[code]["tier"]
    title = f"{scope_words(code, counties)}: tier 类型 {TIERS[tier]} {tier}; {render_day(day)}: {version.policy.label}"
    shown = grid("rule 规则", "key 参数", "value 值", "layer 来自", "source 依据", title=title)
    for each in in_force(document, code):
        note = Text("样例 sample", "dim") if each.sample else Text(each.source)
        layer = f"{LAYERS[each.layer]} {each.layer}"
        shown.add_row(rule_words(each.rule), key_words(each.key), value_words(each.value), layer, note)
    console().print(shown)


def _code(county: str, counties: dict[str, Any]) -> str:
    """Return the code of the county that is meant."""
    if county in counties:
        return county
    words = county.casefold()
    meant = [code for code, each in counties.items() if words in (each["zh"], each["en"].casefold())]
    meant = meant or [code for code, each in counties.items() if words in each["zh"] or each["en"].casefold().startswith(words)]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise fail(f"COUNTY: the policy lists no county {county!r}; it has {len(counties)}, by six-digit code or name")
    some = ", ".join(f"{code} {counties[code]['prefecture']}{counties[code]['zh']}" for code in meant[:8])
    raise fail(f"COUNTY: {county!r} may be {some}; name it by its code")


def _published(chosen: Settings) -> tuple[Policies, list[Admission]]:
    """Return the versions of the policy file's id, from file and topic, and what the topic holds that is none."""
    base = policy_version(chosen.policy)
    known, refused = on_broker(chosen, lambda real: read_versions(real, base.policy.id, (base,)), [Topic.POLICY])
    return policies_of(known), refused


def _find(chosen: Settings, name: str) -> Version:
    if Path(name).exists() or "@" not in name:
        return policy_version(Path(name))
    base, policy_id = policy_version(chosen.policy), name.partition("@")[0]
    if base.policy.label == name:
        return base
    known, _ = on_broker(chosen, lambda real: read_versions(real, policy_id), [Topic.POLICY])
    found = next((version for version in known if version.policy.label == name), None)
    if found is None:
        there = ", ".join(version.policy.label for version in known) or "none"
        raise fail(f"{name}: no such version is published; of {policy_id} there are: {there}")
    return found


def _counties(version: Version) -> dict[str, Any]:
    counties: dict[str, Any] = document_of(version.content).get("counties", {})
    return counties


def day_words(version: Version) -> str:
    """Return from when a version is in effect."""
    return "从头 the beginning" if version.effective_from == BEGINNING else render_day(version.effective_from)


def _published_at(version: Version) -> str:
    return "文件 file" if version.published_at is None else render_instant(version.published_at)


def _summary(before: Version | None, version: Version) -> str:
    if before is None:
        return ""
    found = differences(document_of(before.content), document_of(version.content))
    named = [_name(each) for each in found if each.rule != "policy"]
    more = f" … +{len(named) - SHOWN}" if len(named) > SHOWN else ""
    return "\n".join(named[:SHOWN]) + more


def _name(each: Difference) -> str:
    scope = "" if each.scope == "province" else f"{each.scope}: "
    return f"{scope}{each.rule}.{each.key} {value_words(each.before)} → {value_words(each.after)}"
