"""What `fangfan report` counts, once more by SQL of DuckDB over exported topics; shares no code with ``streams``.

What a household's reports amount to (income, conflicts) comes from the naive recomputations beside this module.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import chinese_calendar
import duckdb

from agents.policy_files import load_policy
from tests.conftest import ROOT
from tests.oracle import naive, naive_noise
from tests.oracle import whole as every_rule
from tests.oracle.report_sql import CHANNELS, CLOCKS, COLUMNS, COUNTS, DEPARTMENTS, FEEDS, JOIN, OUTCOMES, PREPARE, WORK

REPORTS = ("self-declarations", "cadre-reports", "department-feeds")
NATION = 2_311_900
"""The nation's figure of the default policy for days of 2026, in fen."""


class Asked(NamedTuple):
    """What a report is asked: its day, since when, months and days of silence."""

    day: str
    since: str
    months: int
    days: int


class Batch:
    """The same numbers by SQL over exported topics; incomes and conflicts of a household come from the naive recomputation."""

    def __init__(self, topics: Mapping[str, list[dict[str, Any]]], folder: Path, asked: Asked) -> None:
        """Load what lies on the topics, by their names, through files in a folder."""
        self._sql, self._asked = duckdb.connect(), asked
        policy = load_policy(ROOT / "policy" / "shanxi.toml")
        self._table("county_tier", folder, [{"county": code, "tier": county.tier} for code, county in policy.counties.items()])
        self._table("report", folder, [each for topic in REPORTS for each in topics[topic]])
        self._table("entry", folder, topics["households"])
        names = ("level", "area_code", "county_code", "tier", "sequence", "transition", "severity", "opened_on")
        areas = topics["area-alerts"]
        rows = [{name: each[name] for name in names} | {"place": number} for number, each in enumerate(areas)]
        self._table("area", folder, rows)
        self._table("alert", folder, [each | {"place": place} for place, each in enumerate(topics["alerts"])])
        names = ("household_id", "sequence", "stage")
        said = topics["cases"]
        self._table("said", folder, [{name: each[name] for name in names} for each in said])
        year = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
        self._table("workday", folder, [{"day": str(each)} for each in year if chinese_calendar.is_workday(each)])
        self._sql.execute(PREPARE)
        self._sql.execute(CLOCKS.format(day=asked.day) + WORK.format(day=asked.day))
        self._table("income", folder, self._incomes(topics["alerts"]))
        self._sql.execute(JOIN.format(day=asked.day, since=asked.since, months=asked.months))

    def _table(self, name: str, folder: Path, rows: list[dict[str, Any]]) -> None:
        file = folder / f"{name}.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
        columns = "{" + ", ".join(f"'{column}': '{COLUMNS.get(column, 'VARCHAR')}'" for column in rows[0]) + "}"
        self._sql.execute(
            f"CREATE TABLE {name} AS SELECT * FROM read_json('{file}', format='newline_delimited', columns={columns})"
        )

    def _incomes(self, alerts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        of_household: dict[str, list[dict[str, Any]]] = {}
        for household, text in self._sql.execute("SELECT household, body FROM placed").fetchall():
            of_household.setdefault(household, []).append(json.loads(text))
        last = {each["household_id"]: each for each in alerts}
        rows, said = [], {name: each for name, each in last.items() if each["severity"] is not None}
        for household, reports in of_household.items():
            registry = self._sql.execute("SELECT body FROM newest_entry WHERE household_id = ?", [household]).fetchone()
            entry = json.loads(registry[0]) if registry else None
            found = naive.assess(reports, entry)
            assert found is not None
            now = found["now"] or {"reference": None, "gross": None, "transfers": None}
            holds, told = every_rule.assess(reports, entry), said.get(household)
            sides = holds["sides"].values()
            waits = naive_noise.waits(told and naive_noise.content(told), holds, None, 0,
                                      asleep=naive_noise.asleep(reports, holds["as_of"]))  # fmt: skip
            rows.append({"household": household, "reference": now["reference"], "gross": now["gross"],
                         "transfers": now["transfers"], "waits": waits,
                         "sides": sorted({name for good, bad in sides for name in (*good, *bad)})})  # fmt: skip
        return rows

    def rows(self) -> dict[tuple[str, str], dict[str, Any]]:
        made: dict[tuple[str, str], dict[str, Any]] = {}
        provincial = self._median("all", "all")
        rules = [rule for (rule,) in self._sql.execute("SELECT DISTINCT rule FROM outcome").fetchall()]
        for by in ("all", "tier", "county"):
            counted = self._sql.execute(COUNTS.format(by=by)).fetchall()
            names = [column[0] for column in self._sql.description or ()]
            for cells in counted:
                row = dict(zip(names, cells, strict=True))
                key = row.pop("key")
                middle = self._median(by, key)
                row |= {
                    **{f"{name}_share": percent(row[name], row[f"{name}_before"]) for name in ("migrants", "migrants_outside")},
                    "undetermined_share": percent(row["reported"] - row["determined"], row["reported"]),
                    "dependent_share": percent(row["dependent"], row["determined"]),
                    "conflict_share": percent(row["conflicting"], row["reported"]),
                    "silent_share": percent(row["silent"], row["households"]),
                    **{f"conflict_share_{name}": percent(row[f"conflicting_{name}"], row[f"reported_{name}"])
                       for name in CHANNELS},
                    "median_income": None if middle is None else f"{Decimal(middle) / 100:.2f}",
                    "of_province": None if middle is None else percent(middle, provincial or 0),
                    "of_nation": None if middle is None else percent(middle, NATION),
                }  # fmt: skip
                row |= {f"{what}_{rule}": 0 for rule in rules for what in ("verified", "confirmed")}
                for rule, verified, confirmed in self._sql.execute(OUTCOMES.format(by=by), [key]).fetchall():
                    row |= {f"verified_{rule}": verified, f"confirmed_{rule}": confirmed}
                row |= {f"precision_{rule}": percent(row[f"confirmed_{rule}"], row[f"verified_{rule}"]) for rule in rules}
                made[by, key] = row | self._feeds(by, key)
        return made

    def _feeds(self, by: str, key: str) -> dict[str, Any]:
        days = dict(self._sql.execute(FEEDS.format(by=by, day=self._asked.day), [key]).fetchall())
        late = [
            name
            for name in DEPARTMENTS
            if name in days and (date.fromisoformat(self._asked.day) - days[name]).days >= self._asked.days
        ]
        found = {f"feed_{name.replace('-', '_')}": str(days[name]) if name in days else None for name in DEPARTMENTS}
        return found | {"silent_departments": " ".join(late)}

    def _median(self, by: str, key: str) -> int | None:
        query = f'SELECT reference FROM household WHERE "{by}" = ? AND reference IS NOT NULL ORDER BY reference'
        values = [value for (value,) in self._sql.execute(query, [key]).fetchall()]
        if not values:
            return None
        middle = Decimal(values[(len(values) - 1) // 2] + values[len(values) // 2]) / 2
        return int(middle.quantize(Decimal(1), ROUND_HALF_EVEN))


def percent(part: int, whole: int) -> str | None:
    return str((Decimal(part * 100) / whole).quantize(Decimal("0.01"), ROUND_HALF_EVEN)) if whole else None
