"""Random snoozes of a household: by a cadre or the county, some over by now, some longer than any policy lets them be."""

import random
from datetime import date, timedelta
from typing import Any

from tests.oracle import histories


def snoozes(rng: random.Random) -> list[dict[str, Any]]:
    """Return the reports of one or several; some withdraw one before."""
    made: list[dict[str, Any]] = []
    for at in range(rng.choice([1, 1, 2, 3])):
        day = date(2026, 5, 20) + timedelta(days=rng.randrange(160))
        until = day + timedelta(days=rng.choice([-1, 0, 14, 60, 120, 200]))
        schema, source = rng.choice([("cadre-report/1", "cadre-1"), ("department-record/1", "rural-revitalization")])
        made.append({
            "event_id": f"z{at}", "schema": schema, "household_id": "H000001", "person_id": None, "area_code": histories.AREA,
            "occurred_at": f"{day}T11:00:00+08:00", "reported_at": f"{day}T11:00:00+08:00", "source": source, "voids": None,
            "facts": [{"type": "snooze", "until": until.isoformat(), "reason": rng.choice(["visited", "being_helped"])}],
        })  # fmt: skip
        if at and rng.random() < 0.2:
            made[-1]["voids"] = f"z{rng.randrange(at)}"
    return made
