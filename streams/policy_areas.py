"""Parameters of scale risk (docs/contract-area-alerts.md)."""

import msgspec


class ScaleRisk(msgspec.Struct, frozen=True):
    """When an area is at risk: of households that were first heard of within ``window_days``.

    ``share`` (basis points, 0 for not at all) is of those registered there, and asks for ``share_households`` at least.
    """

    enabled: bool = False
    window_days: int = 30
    village_households: int = 5
    township_households: int = 20
    event_households: int = 3
    share: int = 0
    share_households: int = 3
