# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Tasks return the same, field by field, and send the same requests in-process as with a launched module."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.harness import Simulator
from tests.support.comparable import MADE_UP, comparable

from .fleet import write_files
from .playbooks import Lines, Player
from .scenarios import ALL
from .scenarios.table import OPERATION, SUCCESSOR, Scenario
from .shown import plugins
from .workbench import OPERATION_SECONDS

#: Modules that are always launched: they write files on the managed host.
LAUNCHED = {"ca_certificate", "device_capability", "image_download"}
#: What may differ, and why.
EXCEPTIONS = {
    "ansible_facts": "only a launch looks for an interpreter",
    "ansible_parsed": "only the output of a launched module is parsed; ansible-core 2.22 and later tell so",
}
MODULES = sorted({scenario.module for scenario in ALL} - LAUNCHED)
#: `make matrix` compares all scenarios, other runs a sample.
EVERY = os.environ.get("TEST_ALL_SCENARIOS") == "true"
#: How many scenarios share a playbook run.
AT_ONCE = 12
NOTE = "in the process of the task"


def test_every_module_has_an_action_plugin() -> None:
    assert plugins("action") == plugins("modules")


def chosen() -> list[Scenario]:
    """All scenarios, or of each effect of a module the one with the most options."""
    fit = [each for each in ALL if each.module in MODULES and SUCCESSOR not in each.options.values()]
    if EVERY:
        return fit
    largest: dict[tuple[str, str], Scenario] = {}
    for each in sorted(fit, key=lambda each: len(json.dumps([each.options, each.first]))):
        largest[each.module, each.effect] = each
    return [each for each in fit if each is largest[each.module, each.effect]]


def batches() -> Iterator[list[Scenario]]:
    """Scenarios that can share a playbook run: they need the same settings, and no file that another overwrites."""
    for waits in (True, False):
        left = [each for each in chosen() if each.waits == waits]
        while left:
            files: dict[str, str] = {}
            batch = []
            for each in left:
                if len(batch) < AT_ONCE and all(files.get(name, text) == text for name, text in each.files.items()):
                    batch.append(each)
                    files.update(each.files)
            left = [each for each in left if each not in batch]
            yield batch


def play_of(scenario: Scenario) -> dict[str, Any]:
    """A check run, the real run, and another one."""
    tasks = [
        {"name": f"first {number}", f"azsphere.fleet.{module}": dict(options), "register": "first"}
        for number, (module, options) in enumerate(scenario.first)
    ]
    operation = "{{ first.operation.id }}"
    options = {name: operation if value == OPERATION else value for name, value in scenario.options.items()}
    for name, check in (("check", True), ("real", False), ("again", False)):
        task = {f"azsphere.fleet.{scenario.module}": options, "check_mode": check, "ignore_errors": True}
        tasks.append({"name": name, **task})
    return {"name": scenario.id, "hosts": "localhost", "gather_facts": False, "tasks": tasks}


def run(player: Player, folder: Path, batch: list[Scenario], variables: Mapping[str, str]) -> tuple[Lines, int]:
    """Returns what the tasks returned and the log of each play, made comparable, and how many tasks ran in-process."""
    write_files(folder)
    for scenario in batch:
        for name, text in scenario.files.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    played = player.play(
        [play_of(scenario) for scenario in batch],
        seeds={scenario.id: scenario.seed for scenario in batch},
        variables={"ANSIBLE_VERBOSITY": "3", **variables},
    )
    lines = [kept(line, str(folder)) for line in played.lines if "state_before" not in line]
    assert len([line for line in lines if line.get("task") in ("check", "real", "again")]) == 3 * len(batch), (
        played.output
    )
    return lines, played.output.count(NOTE)


def in_process(batch: list[Scenario]) -> int:
    """Returns how many tasks of the plays are not launched: `record` of a tenant is a file on the managed host."""
    tasks = [each for scenario in batch for each in (*scenario.first, *[(scenario.module, scenario.options)] * 3)]
    return len([options for module, options in tasks if module not in LAUNCHED and "record" not in options])


def kept(line: dict[str, Any], folder: str) -> Any:
    """Returns of a line what must be the same."""
    line = {name: value for name, value in line.items() if name != "state_after"}
    if "result" in line:
        line["result"] = {name: value for name, value in line["result"].items() if name not in EXCEPTIONS}
        # It covers image packages, which have the time when they were built.
        line["result"].pop("plan_digest", None)
        # They are sorted by their thumbprints, which the simulator makes up.
        line["result"].get("certificates", []).sort(key=lambda each: each["is_active"])
    if "log" in line:
        # Threads send at the same time.
        requests = (f"{entry['kind']} {entry['method']} {entry['path']}" for entry in line["log"])
        line["log"] = sorted(MADE_UP.sub("(made up)", request) for request in requests)
    return comparable(json.loads(json.dumps(line).replace(folder, "(folder)")))


BATCHES = list(batches())


@pytest.mark.parametrize(
    "batch",
    [BATCHES[0], *(pytest.param(batch, marks=pytest.mark.thorough) for batch in BATCHES[1:])],
    ids=lambda batch: f"{batch[0].id}-and-{len(batch) - 1}-more",
)
def test_tasks_return_the_same_as_launched_modules(
    simulator: Simulator, tmp_path: Path, interpreter: Path, batch: list[Scenario]
) -> None:
    reported = []
    for way in ("in-process", "launched"):
        simulator.reset()
        simulator.settings(operation_seconds=0 if batch[0].waits else OPERATION_SECONDS)
        folder, home = tmp_path / way, tmp_path / f"home-{way}"
        folder.mkdir()
        home.mkdir()
        launched = way == "launched"
        player = Player(simulator, folder, home, interpreter if launched else None)
        reported.append(run(player, folder, batch, {"AZSPHERE_IN_PROCESS": "false"} if launched else {}))
    (lines, here), (expected, elsewhere) = reported
    assert (here, elsewhere) == (in_process(batch), 0)
    for line, wanted in zip(lines, expected, strict=True):
        assert line == wanted


def test_every_module_and_effect_is_compared() -> None:
    compared = {(each.module, each.effect) for batch in BATCHES for each in batch}
    wanted = {(each.module, each.effect) for each in ALL if each.module in MODULES}
    assert wanted == compared
