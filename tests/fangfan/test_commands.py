"""`explain`, `alerts`, `topics`, `broker` and `policy check` as a person types them, on a real broker with real workers."""

import asyncio
import fcntl
import json
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from jsonschema import Draft202012Validator

from agents.settings import Settings
from agents.topics import CLEANUP, create_topics
from fangfan.broker import EmbeddedBroker, free_port
from fangfan.draining import drained
from fangfan.json_schemas import schema_of_groups
from tests.build import cadre, department, encode, entry, member, statement
from tests.conftest import ROOT
from tests.doors import Running, fangfan, get
from tests.worker import workers

YELLOW, RED, WELL = "H000001", "H000002", "H000003"
POOR = statement("2025-06", "2026-05", "9625.00")
PARTITIONS = 2


@dataclass(frozen=True)
class Place:
    """A broker that has taken in three households: one under the line, one that hungers in another county, one well off
    whose water was bad by an older word, and which is told of somebody whom its entry does not name."""

    given: dict[str, str]
    webs: list[str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(broker: EmbeddedBroker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    settings = Settings(brokers=broker.bootstrap, topic_prefix="commands-", partitions=PARTITIONS)
    await create_topics(settings)
    rich = statement("2025-06", "2026-05", "60000.00")
    hungry = cadre("r1", {"type": "food", "adequate": False}, household_id=RED, area_code="140221100201")
    records = [
        ("households", entry(name, member(f"P-{name}"), member(f"Q-{name}", birth_year=2014))) for name in (YELLOW, WELL)
    ]
    records += [("cadre-reports", cadre("y1", POOR)), ("cadre-reports", hungry)]
    idle = {"type": "employment", "person_id": "P-0099", "status": "not_working", "since": "2025-12"}
    records += [("cadre-reports", cadre("w1", rich, {"type": "water", "safe": False}, idle, household_id=WELL))]
    mended = department("w2", "water", {"type": "water", "safe": True}, household_id=WELL, at="2026-06-11T09:00:00+08:00")
    async with workers(settings, tmp_path_factory.mktemp("commands"), 2) as running:
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            await producer.send_and_wait(settings.topic("department-feeds"), encode(mended), WELL.encode())
            await drained(settings, 60)  # before the older word that water is bad, which then opens nothing
            for topic, record in records:
                await producer.send_and_wait(settings.topic(topic), encode(record), record["household_id"].encode())
        await drained(settings, 60)
        yield Place({"BROKERS": settings.brokers, "TOPIC_PREFIX": settings.topic_prefix}, [each.web for each in running])


async def said(place: Place, *arguments: str) -> tuple[int, str, str]:
    done = await asyncio.to_thread(fangfan, *arguments, **place.given)
    return done.returncode, done.stdout, done.stderr


async def test_explain_shows_what_a_person_needs_to_argue(place: Place) -> None:
    code, shown, _ = await said(place, "explain", YELLOW)

    assert 0 == code
    for words in ("人均监测收入4,812.50元", "6,000", "income-drop", "cadre", "9,625.00", "opened"):
        assert words in shown.replace("\n", "") or words in shown, shown


async def test_explain_names_both_sides_where_channels_disagree_and_nothing_fires(place: Place) -> None:
    """The current value is good, so no reason carries the conflict (contract §3.2)."""
    _, shown, _ = await said(place, "explain", WELL)
    _, told, _ = await said(place, "explain", WELL, "--json")
    conflict = json.loads(told)["conflicts"][0]

    assert "water@1" == conflict["rule"]
    assert (["department"], ["cadre"]) == tuple([each["channel"] for each in conflict[side]] for side in ("good", "bad"))
    assert "说法不一" in shown


async def test_explain_says_whom_the_entry_does_not_name(place: Place) -> None:
    """Nobody is judged in two households (contract-more §2)."""
    _, shown, _ = await said(place, "explain", WELL)
    _, told, _ = await said(place, "explain", WELL, "--json")

    assert {"rule": "employment@1", "missing": "P-0099 in the registry entry"} in json.loads(told)["rules"]["undetermined"]
    assert "登记未列成员" in shown
    assert "registry entry does not" in shown


async def test_explain_and_the_owner_say_the_same_and_others_name_the_owner(place: Place) -> None:
    _, shown, _ = await said(place, "explain", YELLOW, "--json")
    explained = json.loads(shown)
    answers = [await asyncio.to_thread(get, f"{web}/households/{YELLOW}") for web in place.webs]
    owned = next(at for at, (status, _) in enumerate(answers) if status == 200)
    status, elsewhere = answers[1 - owned]

    assert explained == answers[owned][1] | {"history": explained["history"]}
    assert ["opened"] == [each["transition"] for each in explained["history"]]
    assert (421, place.webs[owned]) == (status, elsewhere["owner"])


@pytest.mark.parametrize(("name", "words"), [
    ("H999999", "household H999999 is not known"), ("a b", "HOUSEHOLD: 4 to 32 of 0-9, A-Z, a-z and -"),
])  # fmt: skip
async def test_explain_of_nobody_says_so(place: Place, name: str, words: str) -> None:
    assert (1, "", f"fangfan: {words}\n") == await said(place, "explain", name)


@pytest.mark.parametrize(("filters", "households"), [
    ([], {YELLOW, RED}), (["--county", "140221"], {RED}), (["--severity", "red"], {RED}), (["--severity", "blue"], set()),
    (["--rule", "income-line"], {YELLOW}), (["--rule", "income-line@1", "--county", "140221"], set()),
])  # fmt: skip
async def test_alerts_are_filtered_by_county_severity_and_rule(place: Place, filters: list[str], households: set[str]) -> None:
    code, lines, _ = await said(place, "alerts", "--json", *filters)
    _, table, _ = await said(place, "alerts", *filters)

    assert 0 == code
    assert households == {json.loads(line)["household_id"] for line in lines.splitlines()}
    assert households == {name for name in (YELLOW, RED, WELL) if name in table}


@pytest.mark.parametrize(("flag", "value"), [("--county", "14022"), ("--severity", "pink"), ("--rule", "horoscope")])
async def test_a_filter_of_no_meaning_is_refused(place: Place, flag: str, value: str) -> None:
    code, _, error = await said(place, "alerts", flag, value)

    assert 1 == code
    assert error.startswith(f"fangfan: {flag}: must be")


async def test_alerts_that_are_followed_end_with_ctrl_c(place: Place, tmp_path: Path) -> None:
    with Running(tmp_path / "log", "alerts", "--follow", "--json", **place.given) as following:
        await asyncio.to_thread(following.until, "{")

        assert 0 == await asyncio.to_thread(following.end, signal.SIGINT)
        assert "" == following.said()


async def test_topics_can_be_created_twice_and_checked(broker: EmbeddedBroker, topic_prefix: str) -> None:
    given = {"BROKERS": broker.bootstrap, "TOPIC_PREFIX": topic_prefix, "PARTITIONS": "3"}
    first = await asyncio.to_thread(fangfan, "topics", "create", **given)
    second = await asyncio.to_thread(fangfan, "topics", "create", **given)
    wrong = await asyncio.to_thread(fangfan, "topics", "check", "--partitions", "4", **given)

    assert (0, 0, 1) == (first.returncode, second.returncode, wrong.returncode)
    assert f"created {topic_prefix}self-declarations" in first.stdout
    assert "all topics are as the settings say\n" == second.stdout
    assert f"fangfan: {topic_prefix}alerts: has 3 partitions, the settings say 4" in wrong.stderr
    assert 1 == wrong.stderr.count("set FANGFAN_PARTITIONS to it")


async def test_a_topic_that_would_lose_records_is_told_and_refused(
    broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Compacted, alerts would keep only the last transition of each household, and nobody would notice."""
    given = {"BROKERS": broker.bootstrap, "TOPIC_PREFIX": topic_prefix, "PARTITIONS": "1", "DATA_DIR": str(tmp_path / "data")}
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=1)
    await create_topics(settings)
    admin = AIOKafkaAdminClient(**settings.client())
    await admin.start()
    alerts = ConfigResource(ConfigResourceType.TOPIC, f"{topic_prefix}alerts", {"cleanup.policy": "compact"})
    await admin.alter_configs([alerts])
    await admin.close()
    checked = await asyncio.to_thread(fangfan, "topics", "check", **given)
    refused = await asyncio.to_thread(fangfan, "worker", "--web-port", "0", **given)

    assert (1, 1) == (checked.returncode, refused.returncode)
    sentence = f"{topic_prefix}alerts: has cleanup.policy compact, expected delete"
    assert [f"fangfan: {sentence}", f"fangfan: {CLEANUP}"] == checked.stderr.splitlines()
    assert f"fangfan: topics refused: {sentence}; {CLEANUP}" in refused.stderr


async def test_topics_that_a_broker_refuses_for_one_reason_are_one_sentence(broker: EmbeddedBroker, topic_prefix: str) -> None:
    given = {"BROKERS": broker.bootstrap, "TOPIC_PREFIX": topic_prefix, "REPLICATION": "3"}
    refused = await asyncio.to_thread(fangfan, "topics", "create", **given)

    assert 1 == refused.returncode
    assert f"{topic_prefix}alerts, " in refused.stderr
    assert 1 == refused.stderr.count("only 1 broker(s)")


async def test_a_second_broker_on_one_folder_is_refused_and_the_first_keeps_its_data(tmp_path: Path) -> None:
    """However the first ended, its folder is free again; also for as long as Java outlives the command it is not."""
    data = tmp_path / "kafka"
    given = {"BROKERS": f"127.0.0.1:{free_port()}", "PARTITIONS": "1"}
    port = given["BROKERS"].rpartition(":")[2]
    with Running(tmp_path / "log", "broker", "--port", port, "--data-dir", str(data)) as first:
        await asyncio.to_thread(first.until, "ready ")
        await asyncio.to_thread(fangfan, "topics", "create", **given)
        command = ("broker", "--port", str(free_port()), "--data-dir", str(data))
        refused = await asyncio.to_thread(fangfan, *command)
        checked = await asyncio.to_thread(fangfan, "topics", "check", **given)

        assert (1, "") == (refused.returncode, refused.stdout)
        assert f"fangfan: {data} is the data of a broker that runs (process {first.process.pid})" in refused.stderr
        assert 0 == checked.returncode, checked.stderr
        await asyncio.to_thread(first.end, signal.SIGKILL)
    with open(data / "fangfan.lock") as lock:  # noqa: ASYNC230 # a test may wait for the Java that the kernel ends
        await asyncio.to_thread(fcntl.flock, lock, fcntl.LOCK_EX)
    with Running(tmp_path / "log", "broker", "--port", port, "--data-dir", str(data)) as again:
        await asyncio.to_thread(again.until, "ready ")
        checked = await asyncio.to_thread(fangfan, "topics", "check", **given)

        assert 0 == checked.returncode, checked.stderr
        assert 0 == await asyncio.to_thread(again.end)


def test_a_broker_says_ready_and_leaves_nothing(tmp_path: Path) -> None:
    port = free_port()
    with Running(tmp_path / "log", "broker", "--port", str(port), "--data-dir", str(tmp_path / "kafka")) as first:
        assert f"ready 127.0.0.1:{port}" == first.until("ready ")

        second = fangfan("broker", "--port", str(port), "--data-dir", str(tmp_path / "other"))

        assert (1, "") == (second.returncode, second.stdout)
        assert f"fangfan: port {port} is in use" in second.stderr
        assert 0 == first.end(signal.SIGINT)
    with socket.socket() as probe:
        assert 0 != probe.connect_ex(("127.0.0.1", port))


def test_a_policy_is_explained_or_refused(tmp_path: Path) -> None:
    good = fangfan("policy", "check", str(ROOT / "policy" / "shanxi.toml"))
    bad = tmp_path / "bad.toml"
    bad.write_text((ROOT / "policy" / "shanxi.toml").read_text("utf-8").replace("fires-from = 0.30", "fires-from = 3"), "utf-8")
    refused = fangfan("policy", "check", str(bad))

    assert (0, 1) == (good.returncode, refused.returncode)
    assert "6,000" in good.stdout
    assert "bad.toml: rules.income-drop.fires-from: must be above 0 and at most 1" in refused.stderr


async def test_alerts_are_grouped_by_place_for_who_is_sent_there(place: Place) -> None:
    """Issue: grouping per village for consumers who want it; everything stays visible in the group."""
    _, lines, _ = await said(place, "alerts", "--json", "--group", "village")
    _, wide, _ = await said(place, "alerts", "--json", "--group", "county")
    _, shown, _ = await said(place, "alerts", "--group", "village")
    groups = [json.loads(each) for each in lines.splitlines()]
    for each in [*groups, *map(json.loads, wide.splitlines())]:
        Draft202012Validator(schema_of_groups()).validate(each)

    assert [("140123100201", "yellow", [YELLOW]), ("140221100201", "red", [RED])] == [
        (each["area_code"], each["severity"], [alert["household_id"] for alert in each["alerts"]]) for each in groups
    ]
    assert [{"yellow": 1}, {"red": 1}] == [each["open"] for each in groups]
    assert ["140123", "140221"] == [json.loads(each)["area_code"] for each in wide.splitlines()]
    assert f"{YELLOW} 黄 yellow" in shown
    code, _, error = await said(place, "alerts", "--group", "planet")
    assert (1, "fangfan: --group: must be one of county, township, village\n") == (code, error)


async def test_groups_that_are_followed_come_once_their_time_has(place: Place, tmp_path: Path) -> None:
    given = place.given | {"GROUP_WAIT": "0.5"}
    with Running(tmp_path / "log", "alerts", "--follow", "--json", "--group", "township", **given) as following:
        said_of = [json.loads(await asyncio.to_thread(following.until, "{")) for _ in range(2)]

        assert {"140123100", "140221100"} == {each["area_code"] for each in said_of}
        assert 0 == await asyncio.to_thread(following.end, signal.SIGINT)


async def test_what_is_said_of_places_is_shown_beside_what_is_said_of_households(place: Place) -> None:
    """Two households in two counties are no risk of a place."""
    code, lines, _ = await said(place, "alerts", "--areas")
    wrong, _, error = await said(place, "alerts", "--areas", "--group", "village")

    assert (0, "no alerts 暂无预警\n") == (code, lines)
    assert (1, "fangfan: --areas: goes neither with --group nor with --shadow\n") == (wrong, error)


@pytest.mark.parametrize("kind", [(), ("--group", "village"), ("--areas",), ("--shadow",)])
async def test_where_nothing_matches_it_is_said_to_people_and_not_to_programs(place: Place, kind: tuple[str, ...]) -> None:
    asked = ("alerts", *kind, "--severity", "blue")

    assert (0, "no alerts 暂无预警\n", "") == await said(place, *asked)
    assert (0, "", "") == await said(place, *asked, "--json")
