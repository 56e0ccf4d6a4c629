"""`fangfan policy check` says what a policy means: every number of it, in Chinese and English."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fangfan.policy_command import said_of
from schemas.vocabulary import SEVERITIES
from streams.policy import Parameters, Policy
from tests.conftest import ROOT
from tests.doors import fangfan

SHANXI = (ROOT / "policy" / "shanxi.toml").read_text("utf-8")


def other(value: Any) -> Any:
    """Return another value of the same kind."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case "<" | "<=":
            return "<=" if value == "<" else "<"
        case str():
            return next(each for each in SEVERITIES if each != value)
        case (str(), *rest):
            return tuple(rest)
        case (line, *rest):
            return (msgspec.structs.replace(line, amount=line.amount + 1), *rest)
    raise AssertionError(value)


def changed(parameters: Parameters) -> Iterator[tuple[str, Parameters]]:
    """Yield parameters that differ in one value, with its name."""
    for table in parameters.__struct_fields__:
        rules = getattr(parameters, table)
        for key in rules.__struct_fields__:
            differs = msgspec.structs.replace(rules, **{key: other(getattr(rules, key))})
            yield f"{table}.{key}", msgspec.structs.replace(parameters, **{table: differs})


def test_every_number_of_a_policy_is_said_in_both_languages(policy: Policy) -> None:
    """Change one and what is said of its table changes, and of no other; so what differs in a county is shown there."""
    scale = msgspec.structs.replace(policy.province.scale_risk, share=500)  # otherwise its least number means nothing
    before = msgspec.structs.replace(policy.province, scale_risk=scale)
    said = said_of(before)
    for name, parameters in changed(before):
        table, _, key = name.partition(".")
        now = said_of(parameters)
        (differs,) = [each for each in said if said[each] != now[each]] or [None]

        assert table == differs, name
        if key != "enabled":
            assert all(old != new for old, new in zip(said[table][1:], now[table][1:], strict=True)), name


def packed(text: str) -> str:
    return "".join(text.split())


def check(folder: Path, *changes: tuple[str, str], more: str = "") -> str:
    """Return what is printed of Shanxi's policy with changes, without spaces: Chinese is folded anywhere."""
    text = SHANXI
    for old, new in changes:
        assert 1 == text.count(old)
        text = text.replace(old, new)
    path = folder / "policy.toml"
    path.write_text(text + more, "utf-8")
    done = fangfan("policy", "check", str(path))
    assert 0 == done.returncode, done.stderr
    assert "…" not in done.stdout  # nothing is cut off
    return packed(done.stdout)


AROUND_THE_RULES = [
    "公示5个工作日；核实后15个工作日内办结；异议10个工作日内处理", "decided within 15 working days of the visit",
    "无劳动力户不得标注消除", "watched for 12 months after removal", "消除前须有人报告达标：吃、穿、基本医疗、住房、饮水",
    "once reported to be good: food, clothing, medical-cover", "一村5户起，一乡镇20户起，同一灾害或滞销3户起；不计占登记户比例",
    "5 of a village, 20 of a township", "no transition makes another wait; a snooze lasts 92 days at most",
    "干部暂缓提醒最长92天", "12个月没有任何渠道的消息", "nothing heard for 12 months",
]  # fmt: skip


def test_what_is_around_the_rules_is_said(tmp_path: Path) -> None:
    said = check(tmp_path)

    assert [words for words in AROUND_THE_RULES if packed(words) not in said] == []


def test_what_a_county_does_otherwise_is_said_of_it(tmp_path: Path) -> None:
    county = "\n[county.140123.rules.noise]\nwindow-days = 7\nsnooze-days = 0\n[county.140123.rules.scale-risk]\nshare = 0.05\n"
    said = check(tmp_path, more=county).partition(packed("140123 娄烦县 Loufan County: what differs"))[2]

    assert "变动后7天内，级别未升高的变动暂缓；不接受暂缓提醒" in said
    assert packed("for 7 days after a transition those that do not rise wait; a snooze counts for nothing") in said
    assert "或占登记户5%起且不少于3户" in said
    assert packed("or 5% of those registered and at least 3") in said
    assert "公示5个工作日" not in said.partition("measures帮扶措施")[0]


def test_measures_are_listed_for_who_can_work_and_who_cannot(tmp_path: Path) -> None:
    """And which of them need labour; a policy without them suggests nothing, and says so."""
    said = check(tmp_path)
    assert packed("依赖转移收入 policy-dependence 产业帮扶、就业帮扶、公益性岗位、技能培训 低保、照料服务") in said
    assert packed("dibao (subsistence allowance); care") in said
    assert packed("needs labour 需劳动力: 产业帮扶、就业帮扶、小额信贷、公益性岗位、技能培训 industry") in said
    other_list = 'dividend = { development = ["other"], security = ["other"] }'
    swapped = check(tmp_path, (other_list, other_list.replace('["other"], s', '["training"], s')))
    assert packed("分红未付 dividend 技能培训 其他帮扶 skills training other help") in swapped
    start, end = SHANXI.index("[measures.catalogue]"), SHANXI.index("[counties]")
    assert packed("measures 帮扶措施: none, nothing is suggested") in check(tmp_path, (SHANXI[start:end], ""))


def test_what_reports_compare_with_is_said(tmp_path: Path) -> None:
    said = check(tmp_path, ("amount = 21691", "amount = 21691.5"))

    assert packed("national rural income (人均 a head), 2024-01-17起 from: 21,691.50元 yuan") in said
    assert packed("2025-01-17起 from: 23,119元 yuan") in said
