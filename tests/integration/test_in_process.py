# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Which tasks run in-process, and that these equal launched ones in all that scenarios do not vary."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.plugin_utils._serialized import COLLECTS_WARNINGS

from tests.gates.fleet import device_id, fleet
from tests.simulator.harness import Simulator
from tests.support.comparable import comparable

from .play import Played, play_tasks

NOTE = "in the process of the task"
TASK: dict[str, Any] = {"azsphere.fleet.product_info": {}}
LOUD = {"ANSIBLE_VERBOSITY": "3"}
#: What only a launch does: it looks for an interpreter. ansible-core 2.22 notes that it parsed the output.
LAUNCH_ONLY = ("ansible_facts", "ansible_parsed")


def play(
    simulator: Simulator,
    folder: Path,
    tasks: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, str | None] | None = None,
    **more: Any,
) -> Played:
    return play_tasks(simulator, folder, tasks, variables={**LOUD, **(variables or {})}, **more)


def test_only_tasks_that_would_run_here_anyway_run_in_process(simulator: Simulator, tmp_path: Path) -> None:
    here: dict[str, Mapping[str, Any]] = {
        "plain": {},
        "own interpreter": {"vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"}},
        "looked for": {"vars": {"ansible_python_interpreter": "auto_silent"}},
        "switched on": {"environment": {"AZSPHERE_IN_PROCESS": "yes"}},
        "empty switch": {"environment": {"AZSPHERE_IN_PROCESS": ""}},
    }
    launched: dict[str, Mapping[str, Any]] = {
        "other interpreter": {"vars": {"ansible_python_interpreter": other_python(tmp_path)}},
        "async": {"async": 60, "poll": 1},
        "switched off": {"environment": {"AZSPHERE_IN_PROCESS": "no"}},
        "variable read at start": {"environment": {"PYTHONDONTWRITEBYTECODE": "1"}},
    }
    if " " in str(tmp_path):
        del launched["async"]  # Ansible cannot run it where its temporary directory has a space in its path.
    for each in ("switched off", "variable read at start"):
        launched[each]["environment"]["AZSPHERE_ALSO"] = each
    tasks = {name: {**TASK, **task} for name, task in {**here, **launched}.items()}
    played = play(simulator, tmp_path, tasks)
    failed = {name: result.get("msg") for name, result in played.results.items() if result.get("failed")}
    assert failed == {}
    assert in_process(played, tasks) == list(here)


def other_python(folder: Path) -> str:
    """The interpreter of the tests by another name."""
    path = folder / "python"
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    path.chmod(0o700)
    return str(path)


def in_process(played: Played, tasks: Mapping[str, Any]) -> list[str]:
    """The names of the tasks that say that they ran in-process."""
    shown = played.output.split("TASK [")
    return [name for name in tasks for part in shown if part.startswith(f"{name}]") and NOTE in part]


def test_switch_must_be_a_truth_value(simulator: Simulator, tmp_path: Path) -> None:
    played = play(simulator, tmp_path, {"task": TASK}, {"AZSPHERE_IN_PROCESS": "perhaps"})
    assert 'Invalid AZSPHERE_IN_PROCESS "perhaps"' in played.results["task"]["msg"]
    assert played.requests() == []


#: Tasks whose arguments, environment or faults are unusual.
ODD: dict[str, dict[str, Any]] = {
    "wrong option": {"azsphere.fleet.product": {"nam": "x", "state": "present"}},
    "nothing": {"azsphere.fleet.product": {}},
    "wrong choice": {"azsphere.fleet.product": {"name": "x", "state": "gone"}},
    "wrong truth value": {"azsphere.fleet.product": {"name": "x", "wait": "perhaps"}},
    "wrong number": {"azsphere.fleet.product": {"name": "x", "wait_timeout": "soon"}},
    "number for a name": {"azsphere.fleet.product": {"name": 5}},
    "together": {"azsphere.fleet.device": {"ids": ["a" * 128], "src": "x.csv"}},
    "no file": {"azsphere.fleet.device": {"src": "no.csv"}},
    "a date": {
        "azsphere.fleet.device_insight_info": {"since": "{{ ('2026-01-02' | to_datetime('%Y-%m-%d')).date() }}"}
    },
    "a moment": {"azsphere.fleet.device_insight_info": {"since": "{{ '2026-01-02' | to_datetime('%Y-%m-%d') }}"}},
    "of a variable": {"azsphere.fleet.product": "{{ given }}", "vars": {"given": {"name": "Args"}}, "check_mode": True},
    "loop": {"azsphere.fleet.product": {"name": "{{ item }}"}, "loop": ["One", "Two", "One"], "diff": True},
    "secret": {"azsphere.fleet.product": {"name": "Some canary", "access_token": "canary"}},
    "secret of the environment": {
        "azsphere.fleet.product": {"name": "Other canary"},
        "environment": {"AZSPHERE_ACCESS_TOKEN": "canary"},
    },
    "no_log": {"azsphere.fleet.product": {"name": "Quiet"}, "no_log": True},
    "environment": {"azsphere.fleet.account_info": {}, "environment": {"AZSPHERE_TENANT": "Nobody's", "N": 5}},
    "old variable": {"azsphere.fleet.account_info": {}, "environment": {"AZURE_SECRET": "other-secret"}},
    "after it": {"azsphere.fleet.account_info": {}},
    "unusable variable": {"azsphere.fleet.account_info": {}, "environment": {"NOT-A-NAME": "x"}},
    "without TLS checks": {"azsphere.fleet.product_info": {"validate_certs": False}},
    "unreachable": {"azsphere.fleet.product_info": {"api_url": "https://127.0.0.1:9", "retry_timeout": 0}},
    "a variable in a path": {"azsphere.fleet.image": {"path": "$PLACE/x"}, "environment": {"PLACE": "/nowhere"}},
    "a relative path": {"azsphere.fleet.blueprint": {"src": "roles/none.yml"}},
    "a warning": {"azsphere.fleet.blueprint": {"src": "plan.yml"}, "check_mode": True},
    "delegated": {"azsphere.fleet.product_info": {}, "delegate_to": "127.0.0.1"},
}


def test_odd_tasks_return_the_same_as_launched(simulator: Simulator, tmp_path: Path, interpreter: Path) -> None:
    reported = {}
    moment = {"moment": "{{ '2026-01-02' | to_datetime('%Y-%m-%d') }}"}
    odd = {name: {**task, "vars": {**moment, **task.get("vars", {})}} for name, task in ODD.items()}
    for way in ("in-process", "launched"):
        simulator.reset()
        folder = tmp_path / "same"
        folder.mkdir(exist_ok=True)
        (folder / "plan.yml").write_text("products:\n- name: Warned\n  name: Twice\n", encoding="utf-8")
        for file in (folder / "tokens").glob("*"):
            file.unlink()
        launched = {"interpreter": interpreter, "variables": {"AZSPHERE_IN_PROCESS": "false"}}
        played = play(simulator, folder, odd, **(launched if way == "launched" else {}))
        reported[way] = {name: comparable(plain(result)) for name, result in played.results.items()}
    for name, result in reported["launched"].items():
        assert reported["in-process"][name] == result, name


def plain(result: Any) -> Any:
    """A result without what only a launch adds, and what differs in each run."""
    if isinstance(result, dict):
        aside = (*LAUNCH_ONLY, "start", "end", "delta")
        return {key: plain(value) for key, value in result.items() if key not in aside}
    if isinstance(result, list):
        return [plain(value) for value in result]
    # Ansible lists the members of a set, whose order is another in each process.
    return result.partition("Valid booleans include")[0] if isinstance(result, str) else result


@pytest.mark.parametrize("way", ["in-process", "launched"])
def test_keyword_timeout_stops_the_work(simulator: Simulator, tmp_path: Path, way: str) -> None:
    simulator.load(fleet())
    simulator.fault("delay", match={"method": "PUT"}, times=None, seconds=0.5)
    devices = [device_id(number) for number in range(1000, 1400)]
    options = {"ids": devices, "claim": True, "product": "Kettle", "device_group": "Shelf", "concurrency": 8}
    tasks = {"slow": {"azsphere.fleet.device": options, "timeout": 5}, "next": TASK}
    played = play(simulator, tmp_path, tasks, {"AZSPHERE_IN_PROCESS": "true" if way == "in-process" else "false"})
    assert in_process(played, tasks) == (list(tasks) if way == "in-process" else [])
    assert (played.results["slow"]["failed"], played.results["next"]["failed"]) == (True, False)
    # A launched module sees within moments that nobody waits for it.
    pause, until = threading.Event(), time.monotonic() + 10
    while of_folder(tmp_path):
        assert time.monotonic() < until, "the module still runs"
        pause.wait(0.05)
    operations = [entry["operation"] for entry in simulator.log() if entry["kind"] == "api"]
    later = operations[operations.index("Product_List") :]
    # What is being sent when the time is up is not called back.
    assert 0 < operations.count("Devices_Move") < len(devices)
    assert later.count("Devices_Move") <= (8 if way == "in-process" else 64)


def of_folder(folder: Path) -> list[str]:
    """The command lines of processes that name a folder."""
    found = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(each.read_text(encoding="utf-8", errors="replace"))
    return [line for line in found if str(folder) in line]


@pytest.mark.parametrize("way", ["in-process", "launched"])
def test_only_launched_modules_show_their_traceback(simulator: Simulator, tmp_path: Path, way: str) -> None:
    wrong = {"wrong": {"azsphere.fleet.product": {"name": "*"}}}
    loud = {"ANSIBLE_DISPLAY_TRACEBACK": "always", "AZSPHERE_IN_PROCESS": "true" if way == "in-process" else "false"}
    played = play(simulator, tmp_path, wrong, loud)
    assert played.results["wrong"]["msg"].startswith('Invalid product name "*"')
    # ansible-core before 2.19 shows none.
    assert ("module_utils/_ansible.py" in played.output) == (way == "launched" and COLLECTS_WARNINGS)
