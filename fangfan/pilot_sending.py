"""Sends a simulated county while a version of the policy is published midway."""

import asyncio
import time
from collections.abc import Callable, Sequence

from agents.settings import Settings
from fangfan.policy_topic import IN_FORCE_SECONDS, TakenOver, publish_version
from fangfan.sending import send
from fangfan.sent import Sent
from streams.policies import Version


class PilotRefused(RuntimeError):
    """The version could not be published; says which and why."""


async def send_around(
    settings: Settings, records: Sequence[Sent], rate: float, progress: Callable[[int], None], version: Version
) -> None:
    """Send records in their order; publish a version after half of what is not sent last.

    What is sent last (``Sent.turn``) waits until the version may be relied on.

    Raises:
        PilotRefused: the version could not be published.
    """
    last = next((place for place, record in enumerate(records) if record.turn > 0), len(records))
    half = last // 2
    await send(settings, records[:half], rate, progress)
    await _publish(settings, version)
    in_force = time.monotonic() + IN_FORCE_SECONDS
    await send(settings, records[half:last], rate, progress)
    await asyncio.sleep(in_force - time.monotonic())  # the contract's promise: workers need not say that they keep it
    await send(settings, records[last:], rate, progress)


async def _publish(settings: Settings, version: Version) -> None:
    label = version.policy.label
    try:
        admission = await publish_version(settings, version)
    except TakenOver:
        raise PilotRefused(f"{label}: gave way, another publisher has begun") from None
    except TimeoutError:
        raise PilotRefused(f"{label}: no broker answers in time") from None
    if admission.error is not None:
        raise PilotRefused(f"{label} refused 拒绝: {admission.error.reason}")
