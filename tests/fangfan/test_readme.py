"""What the README shows is run as it stands there."""

import asyncio
import os
import re
import sys
from pathlib import Path

from aiokafka import AIOKafkaProducer

from agents.settings import Settings
from fangfan.broker import EmbeddedBroker
from tests.build import department, encode, entry, member
from tests.worker import workers

README = (Path(__file__).resolve().parents[2] / "README.md").read_text()


async def test_the_subscriber_prints_the_alert(tmp_path: Path) -> None:
    """On a broker of its own: the README's code names the topic without a prefix."""
    code = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert 1 == len(code)
    assert 15 >= len([line for line in code[0].splitlines() if line.strip()])
    with EmbeddedBroker() as broker:
        settings = Settings(brokers=broker.bootstrap, partitions=2)
        async with workers(settings, tmp_path, 1), AIOKafkaProducer(bootstrap_servers=settings.brokers) as producer:
            water = department("w1", "water", {"type": "water", "safe": False})
            await producer.send_and_wait("households", encode(entry("H000001", member("P-1"))), b"H000001")
            await producer.send_and_wait("department-feeds", encode(water), b"H000001")
            subscriber = await asyncio.create_subprocess_exec(
                sys.executable, "-c", code[0], env=os.environ | {"FANGFAN_BROKERS": settings.brokers},
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            assert subscriber.stdout is not None
            try:
                async with asyncio.timeout(60):
                    lines = [(await subscriber.stdout.readline()).decode() for _ in range(2)]
            finally:
                subscriber.kill()
                await subscriber.wait()

    assert lines[0].startswith("opened H000001 orange visit by 2")
    assert "饮水" in lines[1] or "水" in lines[1]
    assert "water" in lines[1]


def test_every_make_target_it_names_exists() -> None:
    makefile = (Path(__file__).resolve().parents[2] / "Makefile").read_text()

    for target in re.findall(r"(?:`|^    )make ([a-z-]+)", README, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
