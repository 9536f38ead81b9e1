# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Runs ansible-inventory as a person would; returns what it lists and what the simulator received."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator.harness import Simulator
from tests.support.ansible_server import run_ansible
from tests.support.programs import plain

from .play import environment


@dataclass(frozen=True)
class Listed:
    """How a run ended: exit code, messages, hosts with their variables, groups, and the simulator's log of it."""

    code: int
    messages: str
    hosts: dict[str, dict[str, Any]]
    groups: dict[str, dict[str, Any]]
    log: list[dict[str, Any]]

    def members(self, group: str) -> list[str]:
        """Returns the hosts that are directly in a group."""
        return sorted(self.groups[group].get("hosts", []))

    @property
    def names(self) -> dict[str, str]:
        """The names of hosts by device ID."""
        return {variables["azsphere_device_id"]: name for name, variables in self.hosts.items()}


def list_inventory(
    simulator: Simulator,
    folder: Path,
    *sources: Mapping[str, Any],
    options: Sequence[str] = (),
    variables: Mapping[str, str | None] | None = None,
) -> Listed:
    """Lists inventories, each the content of a file. An inventory that cannot be read is an error."""
    seen = max((entry["number"] for entry in simulator.log()), default=0)
    given = []
    for number, source in enumerate(sources):
        path = folder / f"inventory-{number}.yml"
        path.write_text(json.dumps(source), encoding="utf-8")
        given += ["-i", str(path)]
    strict = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true", **(variables or {})}
    command = ["ansible-inventory", "--list", *given, *options]
    done = run_ansible(command, environment(simulator, folder, strict), folder)
    found = json.loads(done.stdout, object_hook=plain) if done.returncode == 0 else {"_meta": {}}
    hosts = found.pop("_meta").get("hostvars", {})
    return Listed(done.returncode, " ".join(done.stderr.split()), hosts, found, simulator.log(seen))
