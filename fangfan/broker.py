"""A real Apache Kafka without containers: KRaft, one node (or three), from its Maven artifacts."""

import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from fangfan.broker_process import BrokerError, BrokerStopped, find_java, find_libs, finish, lock_folder, properties, spawn

READY_SECONDS: Final = 60


TAIL_LINES: Final = 8


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class EmbeddedBroker:
    """Apache Kafka on 127.0.0.1. A context manager; ``bootstrap`` is what clients connect to."""

    def __init__(
        self, port: int = 0, data_dir: Path | None = None, nodes: int = 1, stop: threading.Event | None = None
    ) -> None:
        """Choose ports; nothing runs yet. Without ``data_dir`` the data is thrown away at the end.

        ``stop``: set by a signal handler, it ends the start, which would else be sat out.
        """
        self._stop = stop or threading.Event()
        self._temporary = data_dir is None
        self.data_dir = data_dir or Path(tempfile.mkdtemp(prefix="fangfan-kafka-"))
        self._ports = [(port if port and not at else free_port(), free_port()) for at in range(nodes)]
        self._cluster = _cluster_id()
        self._lock: int | None = None
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self.bootstrap = ",".join(f"127.0.0.1:{client}" for client, _ in self._ports)

    def __enter__(self) -> Self:
        """Start all nodes; where that fails none is left."""
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop all nodes."""
        self.stop()

    def start(self) -> None:
        """Start every node and wait until each takes connections.

        Raises:
            BrokerError: a port is in use, another broker runs on the data, or a node ended; shows the end of its log.
            BrokerStopped: stopping was asked for meanwhile.
        """
        for client, _ in self._ports:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", client))
                except OSError:
                    raise BrokerError(f"port {client} is in use: stop what listens there or choose another --port") from None
        if self._lock is None:
            self._lock = lock_folder(self.data_dir)
        for node in range(1, len(self._ports) + 1):
            self.restart(node)
        for node in range(1, len(self._ports) + 1):
            self._await_port(node)

    def restart(self, node: int) -> None:
        """Start one node on its data."""
        folder = self.data_dir / str(node)
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "server.properties"
        config.write_text(properties(node, self._ports, folder))
        java, classpath = find_java(), f"{find_libs(self._stop)}/*"
        quiet = ["-Dorg.slf4j.simpleLogger.logFile=" + str(folder / "broker.log")]
        if not (folder / "log" / "meta.properties").exists():
            tool = [java, *quiet, "-cp", classpath, "kafka.tools.StorageTool", "format", "-t", self._cluster]
            if finish(spawn([*tool, "-c", str(config)], folder / "output.log"), self._stop):
                raise BrokerError(f"cannot format {folder}: {_tail(folder)}")
        heap = "-Xmx1g" if len(self._ports) == 1 else "-Xmx512m"
        command = [java, heap, *quiet, "-cp", classpath, "kafka.Kafka", str(config)]
        self._processes[node] = spawn(command, folder / "output.log", self._lock)

    def _await_port(self, node: int) -> None:
        process, port, folder = self._processes[node], self._ports[node - 1][0], self.data_dir / str(node)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._stop.is_set():
                raise BrokerStopped("stopped")
            if process.poll() is not None:
                raise BrokerError(f"broker {node} ended with {process.returncode}; the end of its log:\n{_tail(folder)}")
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.05)
        raise BrokerError(f"broker {node} does not answer on port {port}; the end of its log:\n{_tail(folder)}")

    def pid(self, node: int) -> int:
        """Return the process of a node."""
        return self._processes[node].pid

    def kill(self, node: int) -> None:
        """End a node at once, as a power cut would."""
        self._processes[node].kill()
        self._processes[node].wait()

    def stop(self) -> None:
        """Stop all nodes; temporary data goes."""
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._temporary:
            shutil.rmtree(self.data_dir, ignore_errors=True)

    def tail(self) -> str:
        """Return the last lines of the nodes' logs, errors first of all."""
        return "\n".join(_tail(self.data_dir / str(node)) for node in self._processes)

    def poll(self) -> int | None:
        """Return the exit code of the first node that ended, None while all run."""
        return next((code for process in self._processes.values() if (code := process.poll()) is not None), None)


def _cluster_id() -> str:
    """Return a new id as Kafka writes them. One that begins with a hyphen would read as an option of its tool."""
    while (text := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return text


def _tail(folder: Path) -> str:
    """Return the last lines of a node's logs: errors where there are any, because they say why."""
    lines = [
        line for name in ("output.log", "broker.log") if (folder / name).is_file()
        for line in (folder / name).read_text(errors="replace").splitlines() if line.strip()
    ]  # fmt: skip
    errors = [line for line in lines if "ERROR" in line or "Exception" in line]
    return "\n".join((errors or lines or ["no log"])[-TAIL_LINES:])
