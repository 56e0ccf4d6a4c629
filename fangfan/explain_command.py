"""`fangfan explain HOUSEHOLD`: what a person needs to argue about an alert; needs no worker."""

from typing import Annotated, Any

import orjson
import typer

from agents.settings import Settings
from agents.views import household_view
from fangfan.explain_view import show
from fangfan.looks import console
from fangfan.options import CONNECTION, fail, on_broker, policy_version, with_settings
from fangfan.policy_topic import read_versions
from fangfan.reading import read_topic
from schemas.codec import decode_state
from schemas.fields import is_household_id
from streams.policies import Version, policies_of
from streams.topics import Topic, partition_of


@with_settings(*CONNECTION, "policy")
def explain(
    chosen: Settings,
    household: Annotated[str, typer.Argument(help="A household id.")],
    json: Annotated[bool, typer.Option("--json", help="The content of /households/ID, and the alert history.")] = False,
) -> None:
    """Show a household's state, facts by channel, ledger, rules that fire or don't and why, and its alert history."""
    if not is_household_id(household):
        raise fail("HOUSEHOLD: 4 to 32 of 0-9, A-Z, a-z and -")
    base = policy_version(chosen.policy)
    topics = [Topic.HOUSEHOLDS_CHANGELOG, Topic.ALERTS]
    view = on_broker(chosen, lambda real: _view(real, base, household), topics)
    if view is None:
        raise fail(f"household {household} is not known")
    if json:
        typer.echo(orjson.dumps(view).decode())
    else:
        show(console(), view)


async def _view(chosen: Settings, base: Version, household: str) -> dict[str, Any] | None:
    """Read the household's partition of the changelog and of the alerts, and the versions of the policy."""
    partition = partition_of(household, chosen.partitions)
    only, key, newest = range(partition, partition + 1), household.encode(), None
    async for record in read_topic(chosen, Topic.HOUSEHOLDS_CHANGELOG, only):
        if record.key == key:
            newest = record.value
    if newest is None:
        return None
    versions, _ = await read_versions(chosen, base.policy.id, (base,))
    view = household_view(household, decode_state(newest), policies_of(versions))
    view["history"] = [
        orjson.loads(record.value) async for record in read_topic(chosen, Topic.ALERTS, only) if record.key == key
    ]
    return view
