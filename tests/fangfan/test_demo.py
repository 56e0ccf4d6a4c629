"""The demo ends with planted against found, and leaves nothing behind, also when it is interrupted."""

import os
import signal
import subprocess
from pathlib import Path

from tests.worker import FANGFAN


def children_of(folder: Path) -> list[str]:
    """Return the command lines of processes that still use a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (entry / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in command or str(folder) in environment:
                found.append(command)
    return found


def run_demo(folder: Path) -> "subprocess.Popen[str]":
    environment = os.environ | {"TMPDIR": str(folder)}
    return subprocess.Popen(
        [FANGFAN, "demo", "--households", "200", "--seconds", "5"], env=environment, text=True, stdout=subprocess.PIPE
    )


def test_all_planted_is_found_and_nothing_else(tmp_path: Path) -> None:
    demo = run_demo(tmp_path)
    said, _ = demo.communicate(timeout=180)

    assert 0 == demo.returncode, said
    assert "all planted found, nothing else" in said
    assert "人均监测收入" in said
    assert [] == children_of(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = run_demo(tmp_path)
    assert demo.stdout is not None
    for said in demo.stdout:
        if "starting two workers" in said:
            break
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=90)

    assert 130 == demo.returncode
    assert [] == children_of(tmp_path)
    assert [] == list(tmp_path.iterdir())
