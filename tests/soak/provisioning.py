# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Provisions the blueprint of the demo with ansible-playbook in a separate process."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.__main__ import PACKAGES
from demo.playbook import HERE
from tests.integration.play import environment
from tests.simulator.harness import Simulator
from tests.simulator.images import compose_package
from tests.support.portable import portable

#: Seconds after which a run counts as hanging.
DEADLINE = 180.0
_LIMITS = {"AZSPHERE_REQUEST_TIMEOUT": "2", "AZSPHERE_RETRY_TIMEOUT": "30"}
#: Seconds without progress, after which a write that the service accepted and did not do is given up.
_PATIENCE = 20
_PLAY = {
    "hosts": "localhost",
    "gather_facts": False,
    "module_defaults": {"azsphere.fleet.blueprint": {"wait_timeout": _PATIENCE}},
    "tasks": [{"ansible.builtin.import_role": {"name": "azsphere.fleet.provision"}}],
}


@dataclass(frozen=True)
class Ended:
    """How a run ended. `code` is None for one that hung and was killed."""

    code: int | None
    output: str


class Provisioning:
    """The fleet in a folder; `devices` is how many of the demo's list are claimed."""

    def __init__(self, simulator: Simulator, folder: Path, devices: int, interpreter: Path | None = None) -> None:
        self.simulator = simulator
        self._folder = folder
        shutil.copy(HERE / "blueprint.yml", folder)
        lines = (HERE / "devices.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        # Every n-th, so that each device group has some.
        (folder / "devices.csv").write_text("".join([lines[0], *lines[1 :: max(1, (len(lines) - 1) // devices)]]))
        for name, (application, image_id, component_id) in PACKAGES.items():
            compose_package(folder / name, image_id=image_id, component_id=component_id, name=application)
        variables: dict[str, Any] = {"provision_src": str(folder / "blueprint.yml"), "provision_claim": True}
        if interpreter is not None:
            variables["ansible_python_interpreter"] = str(interpreter)
        playbook = str(folder / "provision.yml")
        Path(playbook).write_text(json.dumps([_PLAY]), encoding="utf-8")
        program = str(Path(sys.executable).with_name("ansible-playbook"))
        self._command = [program, playbook, "--extra-vars", json.dumps(variables)]

    def start(self) -> subprocess.Popen[str]:
        """Starts a run that writes its output to a file in the directory."""
        with (self._folder / "output").open("w") as output:
            return subprocess.Popen(
                self._command,
                cwd=self._folder,
                env=environment(self.simulator, self._folder, _LIMITS),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        """Waits for a run; ends one that hangs, or is left when the soak is interrupted."""
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            try:
                code = process.wait(DEADLINE)
            finally:
                if process.poll() is None:
                    for pid in process_tree(process.pid):
                        try_signal(pid, signal.SIGKILL)
                    process.wait()
        return Ended(code, (self._folder / "output").read_text(encoding="utf-8", errors="replace"))

    def run(self) -> Ended:
        return self.finish(self.start())

    def state(self, *, history: bool = True) -> dict[str, Any]:
        """What the simulator holds; without `history`, of deployments only the current ones."""
        found = portable(self.simulator.state())
        for tenant in found["tenants"].values():
            for product in tenant["products"].values():
                for group in product["device_groups"].values():
                    group["deployments"] = group["deployments"] if history else group["deployments"][-1:]
        return found


def process_tree(pid: int) -> list[int]:
    """Returns the IDs of a process and of all that it started, the process first."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    parents = {int(child): int(parent) for child, parent in (line.split() for line in listed.splitlines())}
    tree = [pid]
    for each in tree:
        tree += [child for child, parent in parents.items() if parent == each]
    return tree


def try_signal(pid: int, number: int) -> bool:
    """Sends a signal; returns whether the process exists. Signal 0 only checks that."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> bool:
    """Polls until a condition holds, or for DEADLINE after the process has ended; returns whether it holds."""
    end = None
    while not holds():
        if process.poll() is not None:
            end = end or time.monotonic() + (DEADLINE if process.returncode < 0 else 0)
            if time.monotonic() > end:
                return False
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.005)
    return True
