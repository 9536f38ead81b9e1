# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Job slices as AWX makes and runs them: every n-th host of the inventory, sent to a node as signed work."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ansible_runner

from .network import WORK_TYPE, Mesh, Node

Hosts = Mapping[str, Mapping[str, Any]]


def slice_of(hosts: Hosts, number: int, count: int) -> dict[str, Any]:
    """Returns the inventory of a slice, from 1 on: AWX takes every `count`-th host by name, and says nothing else."""
    return {"all": {"hosts": {name: dict(hosts[name]) for name in sorted(hosts)[number - 1 :: count]}}}


@dataclass(frozen=True)
class Job:
    """A slice of a job template: the playbook, its extra variables, its inventory and its environment."""

    playbook: str
    inventory: Mapping[str, Any]
    variables: Mapping[str, Any]
    environment: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Writes ansible-runner's private data directory, with secrets and variables only for the owner."""
        for inner in ("project", "inventory", "env"):
            (folder / inner).mkdir(parents=True)
        files = {
            "inventory/hosts.json": self.inventory,
            "env/extravars": self.variables,
            # Nodes share no files, so each job has a token cache of its own.
            "env/envvars": {**self.environment, "AZSPHERE_TOKEN_CACHE": str(folder / "tokens")},
        }
        for name, content in files.items():
            path = folder / name
            path.touch(0o600)
            path.write_text(json.dumps(content), encoding="utf-8")


class Run:
    """A job on a node: submitted at once, followed by a thread until it ends or its node dies."""

    def __init__(self, mesh: Mesh, node: Node, job: Job, folder: Path) -> None:
        self.node = node
        self.events: list[dict[str, Any]] = []
        self.status = "unknown"
        self._mesh, self._folder, self._job = mesh, folder, job
        job.write(folder / "sent")
        self._unit = self._submit()
        self._results: socket.socket | None = None
        self._thread = threading.Thread(target=self._follow, name=f"job on {node.name}")
        self._thread.start()

    def _submit(self) -> str:
        reader, writer = socket.socketpair()

        def transmit() -> None:
            with writer, writer.makefile("wb") as stream:
                ansible_runner.interface.run(
                    streamer="transmit",
                    _output=stream,
                    private_data_dir=str(self._folder / "sent"),
                    playbook=self._job.playbook,
                    ident="job",
                )

        sender = threading.Thread(target=transmit, name="transmit")
        sender.start()
        with reader, reader.makefile("rb") as payload, self._mesh.controller.control() as control:
            unit = control.submit_work(worktype=WORK_TYPE, node=self.node.name, payload=payload, signwork=True)
        sender.join()
        return str(unit["unitid"])

    def _follow(self) -> None:
        with self._mesh.controller.control() as control:
            results, stream = control.get_work_results(self._unit, return_socket=True, return_sockfile=True)
        (self._folder / "received").mkdir()
        self._results = results
        with results, stream, suppress(OSError, ValueError):
            done = ansible_runner.interface.run(
                streamer="process",
                quiet=True,
                _input=stream,
                private_data_dir=str(self._folder / "received"),
                ident="job",
                event_handler=self._take,
            )
            self.status = done.status

    def _take(self, event: dict[str, Any]) -> bool:
        self.events.append(event)
        return False

    @property
    def output(self) -> str:
        """What the job printed."""
        return "\n".join(event.get("stdout", "") for event in list(self.events))

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def wait(self, seconds: float) -> str:
        """Returns the status of the job at its end: successful, failed, error."""
        self._thread.join(seconds)
        return "still running" if self.running else self.status

    def abandon(self) -> None:
        """Stops following a job whose node is dead."""
        if self._results is not None:
            with suppress(OSError):
                self._results.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        with suppress(OSError, RuntimeError), self._mesh.controller.control() as control:
            control.simple_command(f"work force-release {self._unit}")
        shutil.rmtree(self._folder, ignore_errors=True)
