# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Runs ansible-playbook as a person would; returns the result of each task and what the simulator received."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator.harness import Simulator
from tests.support.ansible_server import run_ansible
from tests.support.apis import is_write
from tests.support.programs import inherited

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Played:
    """How a run ended: exit code, what it printed, the result of each task by name, and the simulator's log of it."""

    code: int
    output: str
    results: dict[str, dict[str, Any]]
    log: list[dict[str, Any]]

    def requests(self, kind: str = "api") -> list[dict[str, Any]]:
        """Those to the API, or to another part of the simulator."""
        return [entry for entry in self.log if entry["kind"] == kind]

    @property
    def writes(self) -> int:
        return sum(is_write(entry) for entry in self.log)


def play_tasks(
    simulator: Simulator,
    folder: Path,
    tasks: Mapping[str, Mapping[str, Any]],
    *,
    defaults: Mapping[str, Any] | None = None,
    variables: Mapping[str, str | None] | None = None,
    interpreter: Path | None = None,
) -> Played:
    """Runs tasks by name, each whether or not one before it failed.

    `defaults` are options for all modules of the collection; `variables` changes the environment, None takes one out;
    `interpreter` takes the place of the one in which modules would run.
    """
    results = folder / "results.json"
    names = {name: f"result_{number}" for number, name in enumerate(tasks)}
    listed: list[dict[str, Any]] = [
        {"name": name, **task, "register": names[name], "ignore_errors": True} for name, task in tasks.items()
    ]
    content = "{{ {" + ", ".join(f"{json.dumps(name)}: {result}" for name, result in names.items()) + "} | to_json }}"
    listed.append({"name": "Keep the results", "keep_results": {"content": content, "dest": str(results)}})
    playbook = folder / "playbook.yml"
    play = {
        "name": "Tasks of a test",
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": {"group/azsphere.fleet.azsphere": dict(defaults or {})},
        "vars": {} if interpreter is None else {"ansible_python_interpreter": str(interpreter)},
        "tasks": listed,
    }
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    played = play_book(simulator, folder, str(playbook), variables=variables)
    assert played.code == 0, played.output
    found = json.loads(results.read_text(encoding="utf-8"))
    return Played(played.code, played.output, found, played.log)


def play_book(
    simulator: Simulator,
    folder: Path,
    playbook: str,
    options: Sequence[str] = (),
    *,
    variables: Mapping[str, str | None] | None = None,
) -> Played:
    """Runs a playbook, a file or one of the collection by name, from the folder."""
    seen = max((entry["number"] for entry in simulator.log()), default=0)
    done = run_ansible(
        ["ansible-playbook", playbook, *options], environment(simulator, folder, variables or {}), folder
    )
    return Played(done.returncode, done.stdout + done.stderr, {}, simulator.log(seen))


def environment(simulator: Simulator, folder: Path, variables: Mapping[str, str | None]) -> dict[str, str]:
    """The simulator in place of the real service, and everything that Ansible writes inside the folder."""
    home = folder / "ansible-home"
    changed: dict[str, str | None] = {
        **simulator.env(),
        "AZSPHERE_TOKEN_CACHE": str(folder / "tokens"),
        "ANSIBLE_HOME": str(home),
        "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
        "ANSIBLE_REMOTE_TEMP": str(home / "tmp"),
        # Of two processes of an async task, one would look below HOME and the other below the home of the user.
        "ANSIBLE_ASYNC_DIR": str(home / "async"),
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".build" / "collections"),
        "ANSIBLE_ACTION_PLUGINS": str(ROOT / "tests" / "support" / "action_plugins"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_NOCOLOR": "1",
        **variables,
    }
    return {**inherited(), **{name: value for name, value in changed.items() if value is not None}}
