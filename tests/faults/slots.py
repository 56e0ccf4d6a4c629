"""Workers under supervision: started again whenever they end, until the driver is done with them."""

import asyncio
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agents.settings import Settings
from tests.worker import FANGFAN

OLDER = """
import msgspec, sys
from schemas import codec
from schemas.household import STATE_VERSION
this = codec.LAYOUTS[STATE_VERSION]
def first_build(state):
    version, facts, thread, *_ = msgspec.msgpack.decode(this.encode(state))
    return msgspec.msgpack.encode([version, facts, thread[:3]])
codec.LAYOUTS[STATE_VERSION] = codec.Layout(first_build, this.decode)
sys.argv = ["fangfan", "worker"]
from fangfan.cli import main
main()
"""
"""A worker that stores states as the first build did: their threads end with what is open."""
READY_SECONDS, END_SECONDS = 180, 60


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


@dataclass(slots=True)
class Slot:
    """One supervised worker on a folder of its own."""

    number: int
    settings: Settings
    folder: Path
    older: bool = False
    given: Mapping[str, str] = field(default_factory=dict)
    process: asyncio.subprocess.Process | None = None
    exits: Counter[int] = field(default_factory=Counter)
    done: bool = False
    began: int = 0
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def supervise(self) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("FANGFAN_")} | {
            "FANGFAN_BROKERS": self.settings.brokers, "FANGFAN_TOPIC_PREFIX": self.settings.topic_prefix,
            "FANGFAN_PARTITIONS": str(self.settings.partitions), "FANGFAN_REPLICATION": str(self.settings.replication),
            "FANGFAN_DATA_DIR": str(self.folder / "data"), "FANGFAN_WEB_PORT": "0", "FANGFAN_STALL_SECONDS": "45",
            "FANGFAN_GUARANTEE": self.settings.guarantee, **self.given,
        }  # fmt: skip
        command = [sys.executable, "-c", OLDER] if self.older else [FANGFAN, "worker"]
        self.folder.mkdir(parents=True, exist_ok=True)
        while not self.done:
            with (self.folder / "log").open("ab") as log:
                self.began = log.tell()
                self.process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=log, stderr=log)
            self.started.set()
            code = await self.process.wait()
            self.started.clear()
            self.exits[code] += 1

    async def ready(self) -> None:
        """Wait until the worker that was started last has its partitions and says so."""
        await self.started.wait()
        async with asyncio.timeout(READY_SECONDS):
            while b"\nready\n" not in (self.folder / "log").read_bytes()[self.began :]:  # noqa: ASYNC110 # a file has no event
                await asyncio.sleep(0.05)

    @property
    def web(self) -> str | None:
        """The web address of the worker that was started last, None before it says so."""
        said = (self.folder / "log").read_bytes()[self.began :].decode(errors="replace")
        found = re.search(r"^web (\S+)$", said, re.MULTILINE)
        return found[1] if found else None

    def send(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(number)

    async def end(self) -> None:
        """Stop for good, as a supervisor does: asked first, killed when it does not listen."""
        await self.started.wait()
        self.done = True
        self.send(signal.SIGTERM)
        assert self.process is not None
        try:
            await asyncio.wait_for(self.process.wait(), END_SECONDS)
        except TimeoutError:
            say(f"worker {self.number} did not end within {END_SECONDS} s")
            self.send(signal.SIGKILL)
