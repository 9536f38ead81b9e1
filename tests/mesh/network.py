# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A receptor mesh on loopback: a controller, and execution nodes that run signed work."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from receptorctl.socket_interface import ReceptorControl

WORK_TYPE = "ansible-runner"
CONTROLLER = "controller"
SOCKET = "control.sock"
READY_SECONDS = 30


class MeshFailed(Exception):
    """The mesh did not start, or rejected work; the message contains its output."""


def wait_until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Raises MeshFailed if the condition is still false after this time."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        if time.monotonic() > end:
            raise MeshFailed(f"Timed out after {seconds:.0f} s: {what}.")
        pause.wait(0.05)


@dataclass
class Node:
    """A process of the mesh, with its directory."""

    name: str
    folder: Path
    process: subprocess.Popen[bytes] = field(init=False)

    def start(self, program: Path, settings: Sequence[Mapping[str, Any]]) -> None:
        self.folder.mkdir()
        (self.folder / "tmp").mkdir()
        # Relative, because an absolute path may exceed the length limit of Unix sockets.
        common = [
            {"node": {"id": self.name, "datadir": str(self.folder / "data")}},
            {"log-level": {"level": "warning"}},
            {"control-service": {"service": "control", "filename": SOCKET, "permissions": 0o600}},
        ]
        (self.folder / "receptor.conf").write_text(json.dumps([*common, *settings]), encoding="utf-8")
        environment = {
            **os.environ,
            "TMPDIR": str(self.folder / "tmp"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [program, "--config", "receptor.conf"],
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @contextlib.contextmanager
    def control(self) -> Iterator[ReceptorControl]:
        """Connects to the node's control socket."""
        folder = os.open(self.folder, os.O_PATH)
        control = ReceptorControl(f"/proc/self/fd/{folder}/{SOCKET}")
        try:
            yield control
        finally:
            control.close()
            os.close(folder)

    def status(self) -> dict[str, Any]:
        with self.control() as control:
            found: dict[str, Any] = control.simple_command("status")
        return found

    def kill(self) -> None:
        """Kills the node and all its descendants, whatever their session, at once."""
        doomed = [self.process.pid]
        for pid in doomed:
            # A stopped process cannot start another one before it is killed.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
            doomed += children(pid)
        for pid in doomed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


def children(pid: int) -> list[int]:
    """Returns the processes whose parent is this one."""
    found: list[int] = []
    for listing in Path("/proc", str(pid), "task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, listing.read_text(encoding="ascii").split())
    return found


class Mesh:
    """A controller and execution nodes. Work goes in at the controller, as from AWX."""

    def __init__(self, program: Path, folder: Path, nodes: int) -> None:
        self._program = program
        self.controller = Node(CONTROLLER, folder / CONTROLLER)
        self.nodes = [Node(f"node{number}", folder / f"node{number}") for number in range(1, nodes + 1)]
        self._folder = folder

    def __enter__(self) -> Mesh:
        private, public = _write_keys(self._folder)
        port = _free_port()
        try:
            self.controller.start(
                self._program,
                [
                    {"tcp-listener": {"bindaddr": "127.0.0.1", "port": port}},
                    {"work-signing": {"privatekey": str(private), "tokenexpiration": "5m"}},
                ],
            )
            for node in self.nodes:
                node.start(self._program, _execution_node(port, public))
            wait_until(self._is_ready, READY_SECONDS, "the mesh is not ready; " + self._logs())
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        for node in (self.controller, *self.nodes):
            if hasattr(node, "process"):
                node.kill()

    def _is_ready(self) -> bool:
        """Whether the controller knows a route to all nodes. What work they do is advertised a minute later only."""
        if any(node.process.poll() is not None for node in (self.controller, *self.nodes)):
            raise MeshFailed(f"A node of the mesh ended: {self._logs()}")
        try:
            routes = self.controller.status().get("RoutingTable") or {}
        except (OSError, ValueError, RuntimeError):
            # The control socket is not there yet.
            return False
        return all(node.name in routes for node in self.nodes)

    def _logs(self) -> str:
        logs = [node.folder / "log" for node in (self.controller, *self.nodes)]
        return " ".join(log.read_text(encoding="utf-8", errors="replace")[-500:] for log in logs if log.exists())


def _execution_node(port: int, public: Path) -> list[dict[str, Any]]:
    return [
        {"tcp-peer": {"address": f"127.0.0.1:{port}"}},
        {"work-verification": {"publickey": str(public)}},
        {
            "work-command": {
                "worktype": WORK_TYPE,
                "command": "ansible-runner",
                "params": "worker",
                "allowruntimeparams": True,
                "verifysignature": True,
            }
        },
    ]


def _write_keys(folder: Path) -> tuple[Path, Path]:
    """Writes the key pair that signs work. Returns the paths of the private and of the public key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private, public = folder / "work-private.pem", folder / "work-public.pem"
    private.touch(0o600)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
