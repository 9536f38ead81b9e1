# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Modules run in this process, as Ansible would run them in one of their own, and what they did, seen from outside."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.simulator.harness import Simulator
from tests.support.ansible_files import module_arguments
from tests.support.apis import is_write

from .returned import PREFIX, faults

#: How long operations take where nobody waits for them.
OPERATION_SECONDS = 30
#: What Ansible adds, and what describes the run and not its changes.
ASIDE = ("invocation", "api", "warnings", "deprecations")


@dataclass(frozen=True)
class Snapshot:
    """Everything that a run might have changed: the simulator's state, files with mode and content, their owners."""

    state: bytes
    files: dict[str, tuple[int, bytes]]
    owners: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.state)
        return found


@dataclass(frozen=True)
class Answer:
    """What a run answered, and the requests to the API that it sent which could have changed something."""

    values: dict[str, Any]
    writes: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.values["changed"])

    @property
    def diff(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = self.values.get("diff", [])
        return found

    @property
    def reported(self) -> dict[str, Any]:
        """The values that say what is there now."""
        return {key: value for key, value in self.values.items() if key not in (*ASIDE, "diff", "unknown")}


class Workbench:
    """A simulator and a folder, which is the working directory."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.simulator = simulator
        self.folder = folder

    @property
    def api(self) -> str:
        return self.simulator.api

    def look(self) -> Snapshot:
        paths = {str(path.relative_to(self.folder)): path for path in sorted(self.folder.rglob("*")) if path.is_file()}
        files = {name: (path.stat().st_mode, path.read_bytes()) for name, path in paths.items()}
        owners = {name: (path.stat().st_uid, path.stat().st_gid) for name, path in paths.items()}
        return Snapshot(self.simulator.state(), files, owners)

    def writes(self, since: int = 0) -> tuple[str, ...]:
        """Requests to the API, other than reads, since the log had so many entries."""
        return tuple(f"{each['method']} {each['path']}" for each in self.simulator.log(since) if is_write(each))

    def pass_time(self) -> None:
        """Lets operations that are under way come to their end."""
        self.simulator.advance(OPERATION_SECONDS)

    def run(self, module: str, options: Mapping[str, Any], *, check: bool = False) -> Answer:
        """Runs a module of the collection, and holds what it returns to its documentation.

        What it fails with is in the values, under `msg`.
        """
        self.simulator.clear_log()
        values = run_module(module, options, check=check)
        found = faults(module, values)
        assert not found, found
        return Answer(values, self.writes())


def run_module(module: str, options: Mapping[str, Any], *, check: bool = False) -> dict[str, Any]:
    """What the module prints, save what Ansible keeps for itself. Its connection comes from the environment."""
    main = importlib.import_module(f"{PREFIX}.{module}").main
    printed = io.StringIO()
    internal = {
        "_ansible_check_mode": check,
        "_ansible_diff": True,
        "_ansible_module_name": f"azsphere.fleet.{module}",
    }
    given = module_arguments({**options, **internal})
    with given, contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        main()
    values: dict[str, Any] = json.loads(printed.getvalue())
    return {key: value for key, value in values.items() if not key.startswith("_ansible_")}
