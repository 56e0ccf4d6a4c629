"""The demo ends with planted against found, and leaves nothing behind, whenever and however it is interrupted."""

import io
import os
import pty
import signal
import subprocess
from datetime import datetime
from pathlib import Path

import orjson
import pytest
from rich.console import Console

from fangfan.area_plants import VILLAGES, VILLAGES_ZH
from fangfan.case_plants import CASES, CASES_ZH
from fangfan.demo_command import moment
from fangfan.demo_found import Found
from fangfan.demo_screen import Screen
from fangfan.demo_summary import show
from fangfan.pilot_plants import PILOTS, PILOTS_ZH
from fangfan.plants import NEAR_MISSES, NEAR_MISSES_ZH, SHOCKS, SHOCKS_ZH
from fangfan.registry_plants import FAMILIES, FAMILIES_ZH
from fangfan.report_plants import COUNTED, COUNTED_ZH
from fangfan.snooze_plants import SNOOZES, SNOOZES_ZH
from fangfan.truth import Simulation
from tests.worker import FANGFAN

ALERT = {
    "alert_id": "H-1:1", "household_id": "H-1", "sequence": 1, "transition": "opened", "severity": "red",
    "previous_severity": None, "category": "marginal", "pathway": "development", "county_code": "140221",
    "verify_by": "2026-06-19", "emitted_at": "2026-06-12T10:00:00+08:00",
    "reasons": [{"rule": "food@1", "explanation": {"zh": "吃饭有困难", "en": "food is not adequate"}}],
}  # fmt: skip


def children_of(folder: Path) -> dict[int, str]:
    """Return the command lines of processes that still use a folder."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                environment = (entry / "environ").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in command or str(folder) in environment:
                found[int(entry.name)] = command
    return found


def run_demo(folder: Path, seconds: int = 5) -> "subprocess.Popen[str]":
    environment = os.environ | {"TMPDIR": str(folder)}
    command = [FANGFAN, "demo", "--households", "200", "--seconds", str(seconds)]
    return subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def until(demo: "subprocess.Popen[str]", words: str) -> None:
    """Read the demo's output until a line has some words."""
    assert demo.stdout is not None
    said = []
    for line in demo.stdout:
        said.append(line)
        if words in line:
            return
    raise AssertionError(f"ended without {words!r}: {''.join(said)}")


def assert_nothing_left(folder: Path) -> None:
    assert {} == children_of(folder)
    assert [] == list(folder.iterdir())


def test_all_planted_is_found_and_nothing_else(tmp_path: Path) -> None:
    """Plain lines where there is no terminal: progress, workers, alerts, and every shock and near miss at the end."""
    demo = run_demo(tmp_path)
    said, _ = demo.communicate(timeout=180)

    assert 0 == demo.returncode, said
    assert "all planted found, nothing else" in said
    assert "人均监测收入" in said
    assert "\x1b" not in said
    assert all(f"worker 处理进程 {number}: ready 就绪" in said for number in (1, 2))
    assert "100%" in said
    planted = (*SHOCKS, *NEAR_MISSES, *CASES, *SNOOZES, *VILLAGES, *FAMILIES, *PILOTS, *COUNTED)
    assert [] == [name for name in planted if name not in said]
    assert "all planted and 1 more" in said
    assert_nothing_left(tmp_path)


@pytest.mark.parametrize("moment", ["starting Apache Kafka", "making up a county", "starting two workers", "opened"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, moment: str, number: signal.Signals) -> None:
    """Also a second one while everything is being stopped."""
    demo = run_demo(tmp_path, seconds=60)
    until(demo, moment)
    demo.send_signal(number)
    demo.send_signal(number)
    said, _ = demo.communicate(timeout=60)

    assert 128 + number == demo.returncode, said
    assert "Traceback" not in said
    assert_nothing_left(tmp_path)


def test_an_interrupt_while_what_was_found_is_counted_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = run_demo(tmp_path, seconds=1)
    until(demo, "counting what was found")
    demo.send_signal(signal.SIGTERM)
    said, _ = demo.communicate(timeout=60)

    assert 128 + signal.SIGTERM == demo.returncode, said
    assert "Traceback" not in said
    assert "planted against found" not in said
    assert_nothing_left(tmp_path)


def test_ctrl_c_in_a_terminal_reaches_only_the_demo(tmp_path: Path) -> None:
    """The terminal signals its whole foreground group: the children are not in it; the cursor comes back."""
    environment = os.environ | {"TMPDIR": str(tmp_path), "TERM": "xterm-256color"}
    child, terminal = pty.fork()
    if child == 0:
        os.execve(FANGFAN, [FANGFAN, "demo", "--households", "200", "--seconds", "60"], environment)
    said, pressed = b"", False
    while chunk := _read(terminal):
        said += chunk
        if not pressed and "新增 opened".encode() in said:
            os.write(terminal, b"\x03\x03")
            pressed = True
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os.close(terminal)

    assert 130 == code, said.decode(errors="replace")
    assert said.rindex(b"\x1b[?25h") > said.rindex(b"\x1b[?25l")
    assert b"Traceback" not in said
    assert_nothing_left(tmp_path)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux says that the other side is closed
        return b""


def test_a_worker_that_dies_ends_the_demo_with_its_log(tmp_path: Path) -> None:
    demo = run_demo(tmp_path, seconds=60)
    until(demo, "opened")
    victim = next(number for number, command in children_of(tmp_path).items() if command.strip().endswith(" worker"))
    os.kill(victim, signal.SIGKILL)
    said, _ = demo.communicate(timeout=90)

    assert 1 == demo.returncode, said
    assert "ended with -9; its log ends:" in said
    assert '"event":' in said.partition("its log ends:")[2]
    assert_nothing_left(tmp_path)


def test_the_screen_shows_alerts_workers_and_progress() -> None:
    """Newest first; what was cleared counts as open no more."""
    output = io.StringIO()
    screen = Screen(Console(file=output, width=140, height=40), 200)
    screen.sent(50)
    screen.worker(1, "ready 就绪, partitions 分区 0 1")
    screen.worker(2, "recovering 恢复中, partitions 分区 2 3")
    screen.show(ALERT)
    screen.show(ALERT | {"household_id": "H-2", "severity": "orange"})
    cleared = {"sequence": 2, "transition": "cleared", "severity": None, "reasons": []}
    screen.show(ALERT | cleared)
    output.truncate(0)
    Console(file=output, width=140, height=40).print(screen.view())
    said = output.getvalue()

    assert "50 of 200, 25%" in said
    assert "worker 处理进程 2 ● recovering" in said
    assert "open alerts 未解除 1: ● 红 red 0   ● 橙 orange 1" in said
    assert "transitions 变动 3" in said
    assert said.index("原因均已消除") < said.index("H-2") < said.index("吃饭有困难", said.index("H-2") + 300)


def test_only_exactly_what_was_planted_is_good() -> None:
    simulation = Simulation(
        10,
        [],
        {"H-1": frozenset({"food"}), "H-2": frozenset({"water"})},
        {"H-1": "hunger", "H-2": "unsafe water"},
        {"H-3": "house repaired"},
    )
    planted = dict(simulation.planted)
    for opened, expected in (
        (planted, True),
        ({"H-1": frozenset({"food"})}, False),
        (planted | {"H-2": frozenset({"water", "food"})}, False),
        (planted | {"H-3": frozenset({"housing"})}, False),
        (planted | {"H-4": frozenset({"housing"})}, False),
    ):
        assert expected == show(Console(file=io.StringIO()), simulation, Found(opened)), orjson.dumps(sorted(opened))


def test_every_plant_has_a_chinese_name() -> None:
    assert (set(SHOCKS), set(NEAR_MISSES)) == (set(SHOCKS_ZH), set(NEAR_MISSES_ZH))
    assert (set(CASES), set(SNOOZES), set(VILLAGES)) == (set(CASES_ZH), set(SNOOZES_ZH), set(VILLAGES_ZH))
    assert (set(FAMILIES), set(PILOTS), set(COUNTED)) == (set(FAMILIES_ZH), set(PILOTS_ZH), set(COUNTED_ZH))


@pytest.mark.parametrize(("now", "expected"), [
    ("2026-11-24T10:00:00+08:00", "2026-11-24T10:00:00+08:00"), ("2026-11-30T23:56:00+08:00", "2026-11-30T23:56:00+08:00"),
    ("2026-11-30T23:57:00+08:00", "2026-12-01T00:03:00+08:00"), ("2026-12-31T23:59:59+08:00", "2027-01-01T00:03:00+08:00"),
    ("2026-12-01T00:00:00+08:00", "2026-12-01T00:00:00+08:00"),
])  # fmt: skip
def test_a_month_that_ends_while_the_demo_runs_has_ended_already(now: str, expected: str) -> None:
    """A minute of reports and two to take them in; ticks would carry half of what is planted over a boundary."""
    assert datetime.fromisoformat(expected) == moment(datetime.fromisoformat(now), 60)
