"""How many members an area counts on a day of its clock, and whether that is a risk (docs/contract-area-alerts.md §3)."""

from schemas.area_alerts import DIGITS, AreaDay, AreaState
from schemas.vocabulary import RISK_CAUSES, SEVERITIES, AreaLevel, RiskCause, Severity
from streams.policy import BP
from streams.policy_areas import ScaleRisk


def level_of(area: str) -> AreaLevel:
    """Return whether an area's digits name a village or a township."""
    return "village" if len(area) == DIGITS["village"] else "township"


def recent(state: AreaState, rules: ScaleRisk) -> AreaDay:
    """Return the members that count, summed up: those of whom the area first heard within the window."""
    disaster = market = digest = blue = yellow = orange = red = 0
    for since, day in state.days.items():
        if since > state.day - rules.window_days:
            disaster, market, digest = disaster + day.disaster, market + day.market, digest ^ day.digest
            b, y, o, r = day.by_severity
            blue, yellow, orange, red = blue + b, yellow + y, orange + o, red + r
    return AreaDay(disaster, market, (blue, yellow, orange, red), digest)


def gravest(members: AreaDay) -> Severity:
    """Return the gravest severity of some members.

    Raises:
        ValueError: there are none.
    """
    return max((each for each, n in zip(SEVERITIES, members.by_severity, strict=True) if n), key=SEVERITIES.index)


def because(level: AreaLevel, state: AreaState, members: AreaDay, rules: ScaleRisk) -> tuple[RiskCause, ...]:
    """Return why an area is at risk, nothing where it is not."""
    if not rules.enabled:
        return ()
    limit, count = limit_of(level, rules), members.households
    share = rules.share and state.registered and count * BP >= rules.share * state.registered
    found: dict[RiskCause, bool] = {
        "households": count >= limit,
        "share": bool(share) and count >= rules.share_households,
        "disaster": members.disaster >= rules.event_households,
        "market": members.market >= rules.event_households,
    }
    return tuple(cause for cause in RISK_CAUSES if found[cause])


def limit_of(level: AreaLevel, rules: ScaleRisk) -> int:
    """Return how many households are a risk."""
    return rules.village_households if level == "village" else rules.township_households
