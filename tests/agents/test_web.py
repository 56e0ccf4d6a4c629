"""What the web port says of a household whose partition has no lane here."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from agents.settings import Settings
from agents.web import _household


@pytest.mark.parametrize(("owner", "status"), [
    ("http://127.0.0.1:7001", 503), ("http://127.0.0.1:7002", 421), (None, 421),
])  # fmt: skip
async def test_a_worker_does_not_send_who_asks_to_itself(owner: str | None, status: int) -> None:
    """The group has given it the partition, and it is about to begin; a client that follows the owner would turn in circles."""

    async def of_partition(_: int) -> str | None:
        return owner

    worker: Any = SimpleNamespace(
        settings=Settings(partitions=1), lanes={}, web_port=7001, group=SimpleNamespace(owner=of_partition)
    )
    answer = await _household(worker)(make_mocked_request("GET", "/households/H000001", match_info={"id": "H000001"}))

    assert status == answer.status
    if status == 421:
        assert owner == json.loads(answer.text)["owner"]
