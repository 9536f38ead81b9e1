# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Runs of real ansible-playbook, in whose working directory nothing is written but by the tasks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.integration.play import environment
from tests.simulator.harness import Simulator
from tests.support.ansible_server import run_ansible
from tests.support.apis import is_write

from .workbench import Answer, Workbench

CALLBACKS = Path(__file__).with_name("callback_plugins")
COLLECTION = "azsphere.fleet."
Lines = list[dict[str, Any]]


@dataclass(frozen=True)
class Played:
    """Exit code, what was printed, and the lines of the callback, play by play."""

    code: int
    output: str
    lines: Lines

    def plays(self) -> dict[str, Lines]:
        found: dict[str, Lines] = {}
        for line in self.lines:
            found.setdefault(line["play"], []).append(line)
        return found


class Player:
    """Runs playbooks in a folder; Ansible's own files go to a home elsewhere, which the runs share.

    `interpreter` takes the place of the one in which modules would run.
    """

    def __init__(self, simulator: Simulator, folder: Path, home: Path, interpreter: Path | None = None) -> None:
        self._simulator = simulator
        self._folder = folder
        self.home = home
        # As JSON: in the form NAME=VALUE a path would end at its first space.
        chosen = json.dumps({"ansible_python_interpreter": str(interpreter)})
        self._chosen = [] if interpreter is None else ["-e", chosen]

    def play(
        self,
        playbook: Sequence[Mapping[str, Any]] | str,
        *options: str,
        seeds: Mapping[str, Any] | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> Played:
        """Runs plays, or a playbook by file or name, with differences shown. `seeds` are states to start plays on."""
        # Tasks on this machine run in the folder of their playbook.
        written = self._folder / "playbook.yml"
        if not isinstance(playbook, str):
            written.write_text(json.dumps(playbook), encoding="utf-8")
            playbook = str(written)
        results = self.home / "results.jsonl"
        results.unlink(missing_ok=True)
        callback = dict(variables or {})
        if seeds is not None:
            file = self.home / "seeds.json"
            file.write_text(json.dumps(seeds), encoding="utf-8")
            callback["GATE_SEEDS"] = str(file)
        callback |= {
            "ANSIBLE_CALLBACK_PLUGINS": str(CALLBACKS),
            "ANSIBLE_CALLBACKS_ENABLED": "gate_results",
            "GATE_RESULTS": str(results),
        }
        done = self.run(
            ["ansible-playbook", playbook, "--diff", *self._chosen, *options],
            variables=callback,
        )
        written.unlink(missing_ok=True)
        lines = results.read_text(encoding="utf-8").splitlines() if results.exists() else []
        return Played(done.returncode, done.stdout + done.stderr, [json.loads(line) for line in lines])

    def run(
        self, command: Sequence[str], variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs any command in the folder, with the simulator in its environment."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = environment(self._simulator, self.home, {"PATH": path, **(variables or {})})
        return run_ansible(command, environ, self._folder)


def answers(bench: Workbench, played: Played) -> dict[str, Answer]:
    """What the tasks of this collection answered, by name; writes are those of the whole run."""
    assert played.code == 0, played.output
    return {
        line["task"]: Answer(line["result"], bench.writes())
        for line in played.lines
        if line.get("action", "").startswith(COLLECTION)
    }


def wrote(lines: Lines) -> list[str]:
    """Requests of a play to the API that could have changed something."""
    entries = [entry for line in lines for entry in line.get("log", ())]
    return [f"{entry['method']} {entry['path']}" for entry in entries if is_write(entry)]
