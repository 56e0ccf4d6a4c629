"""Alert rules and the dashboard, against Debian's Prometheus and a worker's real /metrics."""

import asyncio
import json
import re
import subprocess
import urllib.parse
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import yaml
from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from agents.topics import create_topics
from fangfan.broker import EmbeddedBroker, free_port
from fangfan.draining import drained
from schemas.vocabulary import Department
from tests.build import cadre, department, encode, entry, member
from tests.conftest import ROOT
from tests.worker import workers

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
RECORDS = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"][0]["rules"]
RULES = [rule for rule in RECORDS if "alert" in rule]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboards/fangfan.json").read_text())
METRIC = re.compile(r"\b(?:fangfan_\w+|up)\b(?!\s*=)")


def promtool(*arguments: str) -> str:
    done = subprocess.run(["promtool", *arguments], cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_rules_are_rules_and_do_what_their_cases_say() -> None:
    promtool("check", "config", "prometheus.yml")
    tests = ("alerts_test.yml", "alerts_long_test.yml")
    promtool("test", "rules", *tests)
    names = [case["name"] for file in tests for case in yaml.safe_load((DEPLOY / "prometheus" / file).read_text())["tests"]]

    for rule in RULES:
        assert {f"{rule['alert']} fires", f"{rule['alert']} stays quiet"} <= set(names)


def test_every_department_has_its_days() -> None:
    rules = yaml.safe_load((DEPLOY / "prometheus/department_days.yml").read_text())["groups"][0]["rules"]

    assert list(get_args(Department)) == [rule["labels"]["department"] for rule in rules]
    assert {"fangfan:department_days"} == {rule["record"] for rule in rules}
    assert all(1 <= int(rule["expr"]) <= 400 for rule in rules)


def test_a_department_is_silent_after_days_of_its_own(tmp_path: Path) -> None:
    """One that reports monthly is waited for 30 days, one that is to send no more is not told of."""
    days = (DEPLOY / "prometheus/department_days.yml").read_text()
    monthly = '{department: insurance}, expr: "1"'
    lines = [line.replace(monthly, monthly.replace('"1"', '"30"')) for line in days.splitlines() if "education" not in line]
    (tmp_path / "days.yml").write_text("\n".join(lines))
    names = ("water", "insurance", "education")
    (tmp_path / "test.yml").write_text(yaml.safe_dump({
        "rule_files": [str(DEPLOY / "prometheus/alerts.yml"), "days.yml"], "evaluation_interval": "15m",
        "group_eval_order": ["fangfan-department-days", "fangfan"],
        "tests": [{
            "interval": "1h",
            "input_series": [{"series": f'fangfan_department_reports_total{{department="{name}"}}', "values": "0x10 1x800"}
                             for name in names],
            "promql_expr_test": [
                {"expr": 'group by (department) (ALERTS{alertname="FangfanDepartmentSilent", alertstate="firing"})',
                 "eval_time": f"{11 + hours}h",
                 "exp_samples": [{"labels": f'{{department="{name}"}}', "value": 1} for name in late]}
                for hours, late in ((23, ()), (26, ["water"]), (24 * 30 - 1, ["water"]), (24 * 30 + 2, ["insurance", "water"]))
            ],
        }],
    }))  # fmt: skip
    promtool("test", "rules", str(tmp_path / "test.yml"))


def test_every_alert_has_its_page_for_the_night() -> None:
    operations = (DEPLOY.parent / "docs/operations.md").read_text()
    headings = {line.lstrip("# ").strip().lower() for line in operations.splitlines() if line.startswith("#")}

    for rule in RULES:
        page, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert ("docs/operations.md", rule["alert"].lower()) == (page, anchor)
        assert anchor in headings


def test_the_page_for_the_night_names_panels_that_are_there() -> None:
    operations = (DEPLOY.parent / "docs/operations.md").read_text()
    named = set(re.findall(r"(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)", operations))

    assert len(named) > 8
    assert named <= {panel["title"] for panel in panels()}


def panels() -> Iterator[dict[str, Any]]:
    for panel in DASHBOARD["panels"]:
        if panel["type"] != "row":
            yield panel


def test_panels_do_not_overlap_and_say_what_they_show() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert not taken & cells, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]

    assert len(ids) == len(set(ids))
    assert all(panel["description"] and panel["fieldConfig"]["defaults"]["unit"] for panel in panels())


def expressions() -> list[str]:
    """Every query of the dashboard as Grafana would send it, and every rule's."""
    variables = {"$__rate_interval": "1m", "$__all": ".*", "$worker": ".*", "$topic": ".*"}
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    for name, value in variables.items():
        queries = [query.replace(name, value) for query in queries]
    assert not any("$" in query for query in queries)
    return queries + [rule["expr"] for rule in RECORDS]


@asynccontextmanager
async def prometheus(target: str, folder: Path) -> AsyncIterator[str]:
    port = free_port()
    config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [
        {"job_name": "fangfan", "static_configs": [{"targets": [target]}]}]}  # fmt: skip
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    process = await asyncio.create_subprocess_exec(
        "prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb",
        f"--web.listen-address=127.0.0.1:{port}", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


def ask(address: str, path: str, **parameters: str) -> Any:
    with urllib.request.urlopen(f"{address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=10) as answer:
        body = json.load(answer)
    assert body["status"] == "success", body
    return body["data"]


async def scraped(address: str, metric: str) -> None:
    """Wait until two scrapes with a metric have been stored."""
    async with asyncio.timeout(60):
        while True:
            try:
                found = await asyncio.to_thread(ask, address, "query", query=f"count_over_time({metric}[1m])")
            except OSError:
                found = {"result": []}
            if any(int(each["value"][1]) >= 2 for each in found["result"]):
                return
            await asyncio.sleep(0.2)


async def test_every_query_asks_for_what_a_worker_tells(broker: EmbeddedBroker, topic_prefix: str, tmp_path: Path) -> None:
    settings = Settings(brokers=broker.bootstrap, topic_prefix=topic_prefix, partitions=2)
    await create_topics(settings)
    water = department("w1", "water", {"type": "water", "safe": False})
    stranger = department("w2", "water", {"type": "water", "safe": True}) | {"household_id": None, "person_id": "P-stranger"}
    async with workers(settings, tmp_path, 1, TICKS="on", SHADOW_POLICY=str(ROOT / "policy" / "shanxi.toml")) as running:
        async with AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            for topic, value, key in (
                ("households", encode(entry("H000001", member("P-1"))), b"H000001"),
                ("department-feeds", encode(water), b"H000001"),
                ("department-feeds", encode(stranger), b"P-stranger"), ("department-feeds", b"{", b"junk"),
                ("cadre-reports", encode(water | {"schema": "cadre-report/1", "event_id": "c1"}), b"by-hand"),
                ("cadre-reports", encode(cadre("c2", {"type": "case_step", "step": "verification"})), b"H000001"),
            ):  # fmt: skip
                await producer.send_and_wait(settings.topic(topic), value, key)
        await drained(settings, 60)
        async with prometheus(running[0].web.removeprefix("http://"), tmp_path) as address:
            await scraped(address, "fangfan_alerts_total")
            await scraped(address, "fangfan_ticks_behind_seconds")
            await asyncio.to_thread(check_queries, address)


def check_queries(address: str) -> None:
    known = set(ask(address, "label/__name__/values"))
    for query in expressions():
        names = set(METRIC.findall(query))
        if "fangfan_lane_restarts_total" not in query:  # a worker that never failed has not told of one yet
            assert names <= known, (query, names - known)
        assert ask(address, "query", query=query)["resultType"] in ("vector", "scalar")
    told = {"fangfan_reports_total": {"channel", "outcome"}, "fangfan_rejections_total": {"code"},
            "fangfan_alerts_total": {"transition", "severity", "tier"},
            "fangfan_alert_reasons_total": {"transition", "rule", "severity", "tier"}}  # fmt: skip
    for metric, labels in told.items():
        found = ask(address, "query", query=metric)["result"]
        assert found, metric
        assert labels == set(found[0]["metric"]) - {"__name__", "instance", "job"}
