"""The worker's web port: /metrics, /healthz, /readyz, /households/ID."""

import hmac
from typing import TYPE_CHECKING

import orjson
from aiohttp import web
from aiokafka.errors import KafkaError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from agents import telemetry
from agents.store import HOUSEHOLD
from agents.views import household_view
from schemas import codec
from schemas.fields import is_household_id
from streams.topics import partition_of

if TYPE_CHECKING:
    from agents.app import Worker

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


async def start_web(worker: "Worker") -> tuple[web.AppRunner, int]:
    """Serve the worker's port and return the runner with the port that was taken.

    Raises:
        OSError: the port is in use.
    """
    site_app = web.Application()
    site_app.add_routes(
        [
            web.get("/metrics", _metrics(worker)),
            web.get("/healthz", _healthz),
            web.get("/readyz", _ready(worker)),
            web.get("/households/{id}", _household(worker)),
        ]
    )
    runner = web.AppRunner(site_app, access_log=None)
    await runner.setup()
    settings = worker.settings
    site = web.TCPSite(runner, settings.web_host, settings.web_port)
    try:
        await site.start()
    except OSError:
        await runner.cleanup()
        raise
    if settings.web_host not in LOOPBACK and not settings.web_token:
        telemetry.log("warning", "web.households_closed", host=settings.web_host, reason="FANGFAN_WEB_TOKEN is not set")
    port = int(runner.addresses[0][1])
    print(f"web http://{settings.web_host}:{port}", flush=True)
    return runner, port


def _metrics(worker: "Worker"):  # type: ignore[no-untyped-def] # aiohttp's handler type is what mypy infers here
    async def metrics(request: web.Request) -> web.Response:
        await worker.note_lag()
        return web.Response(body=generate_latest(telemetry.REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return metrics


async def _healthz(request: web.Request) -> web.Response:
    return web.json_response({"alive": True})


def _ready(worker: "Worker"):  # type: ignore[no-untyped-def] # aiohttp's handler type is what mypy infers here
    async def readyz(request: web.Request) -> web.Response:
        lanes = {str(number): lane.running.is_set() for number, lane in worker.lanes.items()}
        return web.json_response({"ready": worker.ready, "lanes": lanes}, status=200 if worker.ready else 503)

    return readyz


async def _owner(worker: "Worker", partition: int) -> str | None:
    """Return whom a partition is assigned to, None where nobody has it or no broker says so."""
    try:
        return await worker.group.owner(partition)
    except (KafkaError, OSError):
        return None


def _household(worker: "Worker"):  # type: ignore[no-untyped-def] # as above
    async def household(request: web.Request) -> web.Response:
        settings = worker.settings
        if settings.web_host not in LOOPBACK:
            given = request.headers.get("Authorization", "").removeprefix("Bearer ")
            token = (settings.web_token or "").encode()
            if not token or not hmac.compare_digest(given.encode(errors="surrogateescape"), token):
                return web.json_response({"error": "a token is needed"}, status=401)
        name = request.match_info["id"]
        if not is_household_id(name):
            return web.json_response({"error": "not a household id"}, status=400)
        partition = partition_of(name, settings.partitions)
        lane = worker.lanes.get(partition)
        if lane is None:
            owner = await _owner(worker, partition)
            if owner == f"http://{settings.web_address(worker.web_port)}":  # assigned by the group, and about to be begun here
                return web.json_response({"error": "recovering", "partition": partition}, status=503)
            return web.json_response({"error": "owned by another worker", "partition": partition, "owner": owner}, status=421)
        if lane.store is None or not lane.running.is_set():
            return web.json_response({"error": "recovering", "partition": partition}, status=503)
        data = lane.store.get(HOUSEHOLD + name.encode())
        if data is None:
            return web.json_response({"error": "unknown household"}, status=404)
        view = household_view(name, codec.decode_state(data), worker.judge.policies)
        return web.Response(body=orjson.dumps(view), content_type="application/json")

    return household
