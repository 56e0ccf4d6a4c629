"""Policy is data: what is read, what is refused and how it is named (file, key, reason)."""

import copy
import tomllib
from collections import Counter
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from agents.policy_files import load_policy, load_version
from streams.policy import Policy, line_at
from streams.policy_parse import PolicyError, parse_policy

FILE = Path(__file__).resolve().parents[2] / "policy" / "shanxi.toml"
SHIPPED: dict[str, Any] = tomllib.loads(FILE.read_text("utf-8"), parse_float=Decimal)


def changed(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    document = copy.deepcopy(SHIPPED)
    change(document)
    return document


def setting(rule: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["rules"][rule].update({key: value})


LINE = {"from": date(2021, 1, 1), "amount": 6000}
REFUSED = [
    (lambda d: d.update(colour="red"), "colour", "unknown key"),
    (lambda d: d["rules"].update(luck={}), "rules.luck", "unknown rule"),
    (setting("food", "weight", 1), "rules.food.weight", "unknown key, must be one of enabled, severity, source, sample"),
    (lambda d: d["rules"]["food"].pop("severity"), "rules.food.severity", "is missing"),
    (lambda d: d["rules"].pop("water"), "rules.water.enabled", "is missing"),
    (setting("food", "severity", "purple"), "rules.food.severity", "must be one of"),
    (setting("food", "enabled", 1), "rules.food.enabled", "must be true or false"),
    (setting("income-line", "operator", ">"), "rules.income-line.operator", "must be one of <, <="),
    (setting("income-line", "yellow-from", Decimal("1.01")), "rules.income-line.yellow-from", "above 0 and at most 1"),
    (setting("income-line", "yellow-from", Decimal(0)), "rules.income-line.yellow-from", "above 0 and at most 1"),
    (setting("income-line", "yellow-from", Decimal("nan")), "rules.income-line.yellow-from", "finite"),
    (setting("income-line", "yellow-from", "0.8"), "rules.income-line.yellow-from", "must be a number"),
    (setting("income-line", "yellow-from", Decimal("0.80001")), "rules.income-line.yellow-from", "more than 4 decimals"),
    (setting("income-line", "orange-from", Decimal("0.9")), "rules.income-line.orange-from", "must not be above yellow-from"),
    (setting("income-line", "lines", []), "rules.income-line.lines", "must be a list of lines"),
    (setting("income-line", "lines", [LINE, LINE]), "rules.income-line.lines", "overlap"),
    (setting("income-line", "lines", [LINE | {"to": 1}]), "rules.income-line.lines", "nothing else"),
    (setting("income-line", "lines", [LINE | {"from": "2021"}]), "rules.income-line.lines", "must be a date"),
    (setting("income-line", "lines", [LINE | {"amount": -1}]), "rules.income-line.lines", "above 0"),
    (setting("income-line", "lines", [LINE | {"amount": Decimal("0.001")}]), "rules.income-line.lines", "2 decimals"),
    (setting("expenditure-shock", "relieved", 0), "rules.expenditure-shock.relieved", "above 0"),
    (setting("expenditure-shock", "red-multiple", 101), "rules.expenditure-shock.red-multiple", "at most 100"),
    (setting("working", "age-from", 60), "rules.working.age-from", "must not be above age-to"),
    (setting("verification", "working-days", 0), "rules.verification.working-days", "from 1 to 250"),
    (lambda d: d.update(version="1@2"), "version", "has no @"),
    (lambda d: d.update(version=""), "version", "not empty"),
    (lambda d: d.update(version=2), "version", "must be a text"),
    (lambda d: d.pop("version"), "version", "is missing"),
    (lambda d: d.pop("id"), "id", "is missing"),
    (lambda d: d["counties"].update({"14": {}}), "counties.14", "six-digit"),
    (lambda d: d["counties"]["140105"].update(tier="rich"), "counties.140105.tier", "must be one of"),
    (lambda d: d.update(tier={"rich": {"rules": {}}}), "tier.rich", "unknown tier, must be one of leading, consolidating, key"),
    (lambda d: d.update(county={"999999": {"rules": {}}}), "county.999999", "unknown county, must be a six-digit code"),
    (lambda d: d.update(county={"140105": {"rules": {"food": {"x": 1}}}}), "county.140105.rules.food.x", "unknown key"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "key", "reason"), REFUSED, ids=[f"{key}: {reason}" for _, key, reason in REFUSED])
def test_a_policy_that_must_not_be_used_names_file_key_and_reason(change: Any, key: str, reason: str) -> None:
    with pytest.raises(PolicyError) as refused:
        parse_policy(changed(change), "shanxi.toml")

    assert ("shanxi.toml", key) == (refused.value.source, refused.value.key)
    assert reason in refused.value.reason


def test_a_file_that_is_not_toml_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text('id = "x"\nversion = \n')

    with pytest.raises(PolicyError, match=r"broken\.toml: TOML: .*line 2"):
        load_policy(tmp_path / "broken.toml")


def test_a_document_as_it_is_published_is_read_as_the_file_it_was_made_from(tmp_path: Path) -> None:
    made = load_version(FILE)
    (tmp_path / "published.json").write_bytes(made.content)

    assert made == load_version(tmp_path / "published.json")


@pytest.mark.parametrize(("text", "reason"), [
    (b"{", "JSON: "), (b"[1]", "JSON: is not a JSON object"), (b'{"id": "a", "id": "b"}', "JSON: a key stands twice"),
    (b'{"id": NaN}', "JSON: NaN is not a number"), (b"\xff", "file: is not UTF-8"), (b"{}", "id: is missing"),
    (b"[" * 100_000, "JSON: "),
])  # fmt: skip
def test_a_document_that_is_none_is_refused_by_its_name(tmp_path: Path, text: bytes, reason: str) -> None:
    (tmp_path / "broken.json").write_bytes(text)

    with pytest.raises(PolicyError, match=f"^broken.json: {reason}"):
        load_version(tmp_path / "broken.json")


def test_a_folder_lays_overlays_over_its_one_base(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text(FILE.read_text("utf-8"), "utf-8")
    (tmp_path / "key-counties.toml").write_text('[tier.key.rules.water]\nseverity = "red"\n')
    (tmp_path / "loufan.toml").write_text('[county.140123.rules.water]\nseverity = "yellow"\n')
    found = load_policy(tmp_path)

    assert "orange" == found.parameters("140105").water.severity  # leading: the province's
    assert "red" == found.parameters("140215").water.severity  # key: the tier's
    assert "yellow" == found.parameters("140123").water.severity  # key too, but the county wins
    assert "red" == found.parameters("140123").food.severity  # what an overlay does not name stays

    (tmp_path / "twice.toml").write_text('[county.140123.rules.water]\nseverity = "red"\n')
    with pytest.raises(PolicyError, match=r"twice\.toml: county\.140123\.rules\.water\.severity: is set twice"):
        load_policy(tmp_path)


def test_every_number_has_a_source_or_is_marked_a_sample() -> None:
    for name, rule in SHIPPED["rules"].items():
        numbers = {key for key, value in rule.items() if isinstance(value, int | Decimal) and not isinstance(value, bool)}
        unmarked = numbers - set(rule.get("sample", []))
        assert not unmarked or rule.get("source"), (name, unmarked)
        assert set(rule.get("sample", [])) <= set(rule), name
        for line in rule.get("lines", []):
            assert line["source"], name


def test_the_counties_are_the_117_of_shanxi_in_tiers_of_31_40_and_46(policy: Policy) -> None:
    by_prefecture = Counter(county.prefecture for county in policy.counties.values())

    assert {"leading": 31, "consolidating": 40, "key": 46} == Counter(county.tier for county in policy.counties.values())
    assert {"太原市": 10, "大同市": 10, "阳泉市": 5, "长治市": 12, "晋城市": 6, "朔州市": 6, "晋中市": 11, "运城市": 13,
            "忻州市": 14, "临汾市": 17, "吕梁市": 13} == by_prefecture  # fmt: skip
    assert all(code.startswith("14") for code in policy.counties)
    assert 117 == len({(county.zh, county.prefecture) for county in policy.counties.values()})


def test_the_default_policy_overrides_nothing_and_ships_one_line(policy: Policy) -> None:
    assert {} == policy.of_county
    assert ["unknown", "key"] == [policy.tier("110101"), policy.tier("140123")]
    before, first = (line_at(policy.province, date(year, month, day).toordinal()) for year, month, day in
                     ((2020, 12, 31), (2021, 1, 1)))  # fmt: skip
    assert before is None
    assert first is not None
    assert 600_000 == first.amount


def test_a_later_line_takes_over_on_its_day() -> None:
    later = LINE | {"from": date(2026, 7, 1), "amount": 7000}
    found = parse_policy(changed(setting("income-line", "lines", [later, LINE])), "x")
    amounts = [line_at(found.province, date(2026, month, day).toordinal()) for month, day in ((6, 30), (7, 1))]

    assert [600_000, 700_000] == [line.amount if line else None for line in amounts]
