"""One distribution, four packages from one place, and nothing fetched but what the lock file names."""

import importlib
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LOCK = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line and not line.lstrip().startswith("#")]
PACKAGES = ("schemas", "streams", "agents", "fangfan")


def name_of(requirement: str) -> str:
    return re.split(r"[\[=<>!~ ]", requirement, maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


def test_all_four_packages_come_from_this_place() -> None:
    for name in PACKAGES:
        assert importlib.import_module(name).__file__ == str(ROOT / name / "__init__.py")


def test_a_wheel_holds_the_four_packages_and_what_they_read(tmp_path: Path) -> None:
    source = tmp_path / "source"  # a build writes beside what it builds
    for package in PACKAGES:
        shutil.copytree(ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*command, str(tmp_path), str(source)], check=True)
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()

    assert {*PACKAGES, "fangfan-0.1.0.dist-info"} == {name.partition("/")[0] for name in names}
    assert "fangfan/mappings/shanxi.toml" in names
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(names)
    modules = {str(path.relative_to(ROOT)) for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert modules == {name for name in names if name.endswith(".py")}


def test_the_lock_pins_everything_by_version_and_names_no_index() -> None:
    assert [] == [line for line in LOCK if not re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z0-9,]+\])?==[A-Za-z0-9.+!]+", line.strip())]
    locked = {name_of(line) for line in LOCK}
    assert {name_of(each) for each in PROJECT["dependencies"]} <= locked


def test_the_command_is_installed() -> None:
    assert {"fangfan": "fangfan.cli:main"} == PROJECT["scripts"]
    assert (Path(sys.executable).parent / "fangfan").is_file()


def test_a_command_does_not_load_what_only_a_worker_needs() -> None:
    """Faust takes longer to import than most commands take to run."""
    script = "import fangfan.commands, sys; print(sorted({'faust', 'mode'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)

    assert "[]\n" == done.stdout


def test_ctrl_c_while_a_command_is_loaded_just_ends_it() -> None:
    script = """
import os, signal, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == "fangfan.demo_command":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupt())
sys.argv = ["fangfan", "--help"]
from fangfan.cli import main
main()
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (-signal.SIGINT, "", "") == (done.returncode, done.stdout, done.stderr)
