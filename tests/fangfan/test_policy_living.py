"""`fangfan policy publish|list|diff|explain` as a person types them, on a real broker."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_asyncio

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker
from fangfan.policy_words import KEYS, rule_words
from streams.policy_values import SHAPES
from tests.build import cadre, encode, entry, member, statement
from tests.conftest import ROOT
from tests.doors import fangfan
from tests.worker import read_all

FILE = ROOT / "policy" / "shanxi.toml"
Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a policy file: the shipped one with other words in it."""

    def write(name: str, version: str, *changes: tuple[str, str], more: str = "") -> str:
        text = FILE.read_text("utf-8").replace('version = "1"', f'version = "{version}"', 1)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / name).write_text(text + more, "utf-8")
        return str(tmp_path / name)

    return write


@pytest_asyncio.fixture
async def settings(broker: EmbeddedBroker, topic_prefix: str) -> Settings:
    made = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(made)
    return made


def given(settings: Settings) -> dict[str, str]:
    return {"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}


LINE = ("amount = 6000,", "amount = 8800,")
FROM = ('title = "', 'effective-from = 2024-03-14\ntitle = "')
NEXT_CENTURY = "effective-from = 2126-01-01\n"
LOUFAN = """
[county.140123.rules.water]
severity = "red"
source = "county office"
[tier.key.rules.verification]
working-days = 2
"""


async def test_a_version_is_published_once_and_never_overwritten(settings: Settings, write: Write) -> None:
    second = write("second.toml", "2", LINE, FROM)
    first = fangfan("policy", "publish", second, **given(settings))
    again = fangfan("policy", "publish", second, **given(settings))
    other = fangfan("policy", "publish", write("other.toml", "2", FROM), **given(settings))
    as_file = fangfan("policy", "publish", write("as-file.toml", "1", LINE), **given(settings))
    bad = fangfan("policy", "publish", write("bad.toml", "3", ('severity = "red"', 'severity = "purple"')), **given(settings))
    listed = fangfan("policy", "list", **given(settings))

    assert (0, True) == (first.returncode, "shanxi@2 is published" in first.stdout), first.stderr
    assert (0, True) == (again.returncode, "already published" in again.stdout)
    assert (1, True) == (other.returncode, "shanxi@2 refused" in other.stderr)
    assert (1, True) == (as_file.returncode, "another content" in as_file.stderr)
    assert (1, True) == (bad.returncode, "bad.toml: rules.food.severity: must be one of" in bad.stderr)
    assert [b"shanxi@2"] == [record.key for record in await read_all(settings, "policy")]
    for words in ("shanxi@1", "文件 file", "shanxi@2", "2024-03-14", "income-line.lines", "6,000元 yuan → ", "8,800"):
        assert words in listed.stdout, listed.stdout


async def test_the_list_names_the_version_that_judges_today(settings: Settings, write: Write) -> None:
    """Of two that are in effect the later one, not one of the future."""
    in_effect, to_come = (
        write("second.toml", "2", LINE, FROM),
        write("third.toml", "3", ('title = "', f'{NEXT_CENTURY}title = "')),
    )
    for file in (in_effect, to_come):
        assert 0 == fangfan("policy", "publish", file, **given(settings)).returncode
    rows = [line.split() for line in fangfan("policy", "list", **given(settings)).stdout.splitlines()]

    assert {"shanxi@1": False, "shanxi@2": True, "shanxi@3": False} == {
        row[0]: "today" in row for row in rows if row and row[0].startswith("shanxi@")
    }


async def test_of_two_publishers_at_once_one_wins(settings: Settings, write: Write) -> None:
    files = [write(f"{amount}.toml", "2", ("amount = 6000,", f"amount = {amount},")) for amount in (7001, 7002, 7003)]
    done = await asyncio.gather(
        *(asyncio.to_thread(fangfan, "policy", "publish", file, **given(settings)) for file in files)
    )  # fmt: skip

    assert 1 == len(await read_all(settings, "policy")), done
    assert [0, 1, 1] == sorted(each.returncode for each in done), done


async def test_what_differs_is_said_by_rule_key_and_county_in_both_languages(settings: Settings, write: Write) -> None:
    file = write("third.toml", "3", LINE, ("fires-from = 0.30", "fires-from = 0.3"), more=LOUFAN)
    assert 0 == fangfan("policy", "publish", file, **given(settings)).returncode
    shown = fangfan("policy", "diff", "shanxi@1", "shanxi@3", **given(settings)).stdout
    none = fangfan("policy", "diff", file, "shanxi@3", **given(settings))
    unknown = fangfan("policy", "diff", "shanxi@1", "shanxi@9", **given(settings))

    for words in ("收入低于监测线 income-line", "监测线 lines", "6,000", "8,800", "140123 娄烦县 Loufan County", "饮水 water",
                  "红 red", "重点帮扶 key", "工作日 working days"):  # fmt: skip
        assert words in shown, shown
    assert "income-drop" not in shown
    assert "no difference 没有不同" in none.stdout
    assert (1, True) == (unknown.returncode, "shanxi@9: no such version" in unknown.stderr)


async def test_a_countys_parameters_name_their_layer_and_source(settings: Settings, write: Write) -> None:
    file = write("fourth.toml", "4", LINE, FROM, more=LOUFAN)
    assert 0 == fangfan("policy", "publish", file, **given(settings)).returncode
    before, after, named, none, many = (
        fangfan("policy", "explain", *arguments, **given(settings))
        for arguments in (
            ("140123", "--at", "2024-03-13"),
            ("140123", "--at", "2024-03-14"),
            ("娄烦县",),
            ("Atlantis",),
            ("城区",),
        )
    )
    rows = {line.split()[1]: line for line in after.stdout.splitlines() if "county" in line or "tier" in line.split()[-2:]}

    assert "shanxi@1" in before.stdout
    assert "本县 county" not in before.stdout
    assert "140123 娄烦县 Loufan County: tier 类型 重点帮扶 key; 2024-03-14: shanxi@4" in after.stdout
    assert "county office" in rows["water"], after.stdout
    for words in ("本县 county", "类型 tier", "全省 province", "8,800", "样例 sample", "national floor of 2021"):
        assert words in after.stdout, after.stdout
    assert "shanxi@4" in named.stdout
    assert (1, True) == (none.returncode, "lists no county" in none.stderr)
    assert (1, True) == (many.returncode, "140302 阳泉市城区" in many.stderr and "140502 晋城市城区" in many.stderr)


def test_every_key_of_a_policy_has_words() -> None:
    assert not {key for _, shape in SHAPES.values() for key in shape} - set(KEYS)
    assert all(rule_words(rule) != rule for rule in SHAPES)


async def test_what_if_it_were_published_is_asked_beside_what_is(settings: Settings, write: Write, tmp_path: Path) -> None:
    """The second version judges from March 2024 on; the third would from 15 June 2026 on, between two reports."""
    poor = [entry(name, member(f"P-{name}"), member(f"Q-{name}", birth_year=2014)) for name in ("H0001", "H0002", "H0003")]
    wages = [("H0001", "17000", "10"), ("H0002", "18000", "10"), ("H0003", "18000", "20")]
    poor += [
        cadre(f"s-{name}", statement("2025-06", "2026-05", wage), household_id=name, at=f"2026-06-{day}T09:00:00+08:00")
        for name, wage, day in wages
    ]
    (tmp_path / "history.jsonl").write_bytes(b"".join((encode(each) or b"") + b"\n" for each in poor))
    second = write("second.toml", "2", LINE, FROM)
    third = write(
        "third.toml", "3", ("amount = 6000,", "amount = 9500,"), ('title = "', 'effective-from = 2026-06-15\ntitle = "')
    )
    assert 0 == fangfan("policy", "publish", second, **given(settings)).returncode

    def ask(policy: str) -> tuple[int, str]:
        flags = ["--as-published", "--households", str(tmp_path / "h.csv"), str(tmp_path / "history.jsonl")]
        done = fangfan("backtest", "--policy", policy, *flags, **given(settings))
        return done.returncode, done.stdout + done.stderr

    code, shown = ask(third)
    assert (0, True) == (code, "against 对照 shanxi@1 → shanxi@2   asked about 拟行 shanxi@1 → shanxi@2 → shanxi@3" in shown), (
        shown
    )
    changes = [line.split(",")[0::3][:2] for line in (tmp_path / "h.csv").read_text("utf-8-sig").splitlines()[1:]]
    assert [["H0003", "added"]] == changes, "8,500 a head: under the second line; 9,000: under the third, where it judges"
    assert (1, True) == (ask(second)[0], "shanxi@2 judges already" in ask(second)[1])
    renamed = write("other.toml", "3", ('id = "shanxi"', 'id = "gansu"'))
    assert (1, True) == (ask(renamed)[0], "gansu@3 is no version of shanxi" in ask(renamed)[1])
