"""All rules at once: those of the first release and those on signals, as one naive assessment of a household."""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.oracle import naive, naive_signals

POLICY = Path(__file__).resolve().parents[2] / "policy" / "shanxi.toml"
_SHIPPED = tomllib.loads(POLICY.read_text("utf-8"))
TIERS = {code: county["tier"] for code, county in _SHIPPED["counties"].items()}
MEASURES: dict[str, Any] = _SHIPPED["measures"]
Reports = list[dict[str, Any]]


def assess(
    reports: Reports, registry: dict[str, Any] | None, amount: int = 600_000, clock: datetime | None = None
) -> dict[str, Any]:
    """Return what must be open of a household that reported: under a line (fen), and at the last tick, where it got any."""
    found = naive.assess(reports, registry, amount, clock)
    assert found is not None
    tier = TIERS.get(found["area_code"][:6], "unknown")
    reasons, conflicts, _ = naive_signals.assess(reports, registry, tier, clock)
    every = found["reasons"] | {reason[:4] for reason in reasons}
    severity = max((reason[2] for reason in every), key=naive.ORDER.index, default=None)
    sides = found["conflicts"] | conflicts
    said = {"severity": severity, "reasons": every, "conflicts": set(sides), "sides": sides}
    return said | {name: found[name] for name in ("as_of", "category", "pathway")}
