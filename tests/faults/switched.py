"""What of the extensions is on in a fault run, and what must come of it: another line from a day on, a shadow, ticks."""

import asyncio
import time
import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka.errors import KafkaError

from agents.policy_files import load_version
from agents.settings import DEFAULT_POLICY, Settings
from fangfan.policy_topic import TakenOver, publish_version
from tests.faults.slots import say
from tests.oracle import whole
from tests.oracle.naive import CHINA, newness, when

LINE, LATER_LINE, SHADOW_LINE = 600_000, 900_000, 750_000
"""Fen: of the policy's file, of the version published midway, of the shadow."""
LATER_FROM = date(2026, 6, 1)
"""When the later version takes effect: among the moments of the histories, so that each version judges some households."""
PUBLISH_SECONDS = 180
"""So long may no broker be there to take it."""
RISK_OF_TIER: dict[str, dict[str, Any]] = {
    "key": {"window-days": 366}, "consolidating": {"share": 0.3},
    "leading": {"window-days": 90, "village-households": 2},
}  # fmt: skip
"""With areas: some hardly forget, some ask for a share of those registered, in some two are a risk that time must end."""
SHIPPED_RISK: dict[str, Any] = tomllib.loads(DEFAULT_POLICY.read_text("utf-8"))["rules"]["scale-risk"]
RECENT = datetime(2026, 5, 31, tzinfo=CHINA)
"""With ticks each household has a report since then: one that is many months behind gets them one sweep after another."""


@dataclass(frozen=True, slots=True)
class Switched:
    """Which extensions are on.

    Shares of households: ``signals`` of which further departments report, ``cases`` that have steps of a case, ``linked`` of
    which it is known whether area events concern them, ``snoozed`` that somebody snoozed. With ``areas`` they live in several
    villages, each in one for good. ``window``: so many days milder transitions wait; None: there is no noise control.
    """

    signals: float = 0.0
    cases: float = 0.0
    areas: bool = False
    linked: float = 0.0
    snoozed: float = 0.0
    window: int | None = None
    version: bool = False
    shadow: bool = False
    ticks: bool = False

    @property
    def since(self) -> datetime | None:
        """No household's newest report is older, None where it may be of any age."""
        return RECENT if self.ticks else None

    def given(self, folder: Path) -> dict[str, str]:
        """Return the workers' settings; their policy and the shadow are written to a folder."""
        given = {"FANGFAN_TICKS": "on"} if self.ticks else {}
        if self.areas or self.window:
            given["FANGFAN_POLICY"] = str(policy(folder, "1", LINE, switched=self))
        if self.shadow:
            given["FANGFAN_SHADOW_POLICY"] = str(policy(folder, "shadow", SHADOW_LINE, switched=self))
        return given

    def risk_rules(self, area: str) -> dict[str, Any]:
        """Return the parameters by which an area is judged."""
        return SHIPPED_RISK | (RISK_OF_TIER.get(whole.TIERS[area[:6]], {}) if self.areas else {})

    def line(self, as_of: datetime) -> int:
        """Return the line (fen) under which a household is judged at its clock."""
        return LATER_LINE if self.version and as_of.astimezone(CHINA).date() >= LATER_FROM else LINE

    def clock(self, reports: list[dict[str, Any]], stored: datetime, now: datetime) -> datetime | None:
        """Return the last tick behind a stored clock, None where the newest report set it.

        Raises:
            ValueError: neither a report nor a tick leads to it. A tick is due at a midnight in China that has passed.
        """
        newest = when(max(reports, key=newness)["occurred_at"])
        if stored == newest:
            return None
        there = stored.astimezone(CHINA)
        if self.ticks and newest < stored <= now and there == datetime(there.year, there.month, there.day, tzinfo=CHINA):
            return stored
        raise ValueError(f"its clock says {there}, its newest report {newest.astimezone(CHINA)}")

    def expected(
        self, reports: list[dict[str, Any]], registry: dict[str, Any] | None, clock: datetime | None, *, shadow: bool = False
    ) -> dict[str, Any]:
        """Return what must be open, or what the shadow must have open."""
        as_of = max(when(max(reports, key=newness)["occurred_at"]), clock or RECENT - timedelta(days=9_999))
        return whole.assess(reports, registry, SHADOW_LINE if shadow else self.line(as_of), clock)


PLAIN = Switched()
"""Nothing but the first release."""
ALL = Switched(signals=0.4, cases=0.3, areas=True, linked=0.3, snoozed=0.3, window=10, version=True, shadow=True, ticks=True)


def policy_text(version: str, line: int, start: date | None = None, switched: Switched = PLAIN) -> str:
    """Return the shipped policy under another version with another income line, and what else is switched on."""
    text = DEFAULT_POLICY.read_text("utf-8")
    begins = "" if start is None else f"\neffective-from = {start.isoformat()}"
    changes = {
        f"amount = {LINE // 100},": f"amount = {line // 100},", 'version = "1"': f'version = "{version}"{begins}',
        "window-days = 0 ": f"window-days = {switched.window or 0} ",
    }  # fmt: skip
    for old, new in changes.items():
        assert 1 == text.count(old), old
        text = text.replace(old, new)
    for tier, over in RISK_OF_TIER.items() if switched.areas else ():
        text += f"\n[tier.{tier}.rules.scale-risk]\n" + "".join(f"{key} = {value}\n" for key, value in over.items())
    return text


def policy(folder: Path, version: str, line: int, start: date | None = None, switched: Switched = PLAIN) -> Path:
    """Write such a policy; returns its file."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{version}.toml").write_text(policy_text(version, line, start, switched), "utf-8")
    return folder / f"{version}.toml"


async def publish(settings: Settings, folder: Path, switched: Switched) -> None:
    """Publish the later version, as often as brokers that come and go need to take it."""
    version = load_version(policy(folder, "2", LATER_LINE, LATER_FROM, switched))
    deadline = time.monotonic() + PUBLISH_SECONDS
    while True:
        try:
            admission = await publish_version(settings, version)
            break
        except (KafkaError, TimeoutError, TakenOver) as error:
            say(f"not published yet: {error!r}")
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(1)  # without any broker the question is refused at once
    assert admission.error is None, admission.error
    say(f"published {version.policy.label}: {admission.outcome}")
