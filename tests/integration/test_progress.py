# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a long task shows while it runs, in-process and launched."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gates.fleet import device_id, fleet
from tests.simulator.harness import Simulator
from tests.support.programs import program

from .play import environment, play_tasks

#: Seconds: far more than the two after which the first line is shown, since a busy machine shows it late.
LONG = 5
DURATION = r"(\d+ h )?\d+ (s|min)"
WAYS = {"in-process": "true", "launched": "false"}
DEVICES = [device_id(number) for number in range(2000, 2300)]


def moving(devices: list[str]) -> dict[str, Any]:
    options = {"ids": devices, "claim": True, "product": "Kettle", "device_group": "Shelf", "concurrency": 2}
    return {"azsphere.fleet.device": {**options, "outcomes": "failures"}}


def timed(
    simulator: Simulator, folder: Path, task: Mapping[str, Any], variables: Mapping[str, str | None]
) -> list[tuple[float, str]]:
    """Runs a task, and returns the lines of output with the seconds before the end at which each came."""
    play = {"name": "Play", "hosts": "localhost", "gather_facts": False, "tasks": [{"name": "long", **task}]}
    (folder / "playbook.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    lines = []
    with subprocess.Popen(
        [program("ansible-playbook"), "playbook.yml"],
        env=environment(simulator, folder, {"PYTHONUNBUFFERED": "1", **variables}),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [(time.monotonic(), line.rstrip("\n")) for line in process.stdout]
    ended = time.monotonic()
    return [(ended - moment, line) for moment, line in lines]


def progress(lines: list[tuple[float, str]]) -> list[str]:
    """The lines of progress."""
    return [line for _before, line in lines if line.startswith("[localhost] azsphere.fleet.")]


@pytest.mark.parametrize("way", WAYS)
def test_long_task_shows_devices_rate_and_estimate_before_its_end(
    simulator: Simulator, tmp_path: Path, way: str
) -> None:
    simulator.load(fleet())
    # Two at a time: about ten seconds.
    simulator.fault("delay", match={"operationId": "Devices_Move"}, times=None, seconds=0.066)
    variables = {"AZSPHERE_IN_PROCESS": WAYS[way]}
    lines = timed(simulator, tmp_path, moving(DEVICES), variables)
    # On a busy machine there may be another line, on listing the devices in the end.
    shown = [line for line in progress(lines) if " of 300 devices " in line]
    assert len(shown) >= 3, lines
    for line in shown:
        assert re.search(rf"after {DURATION}: \d+ of 300 devices (accepted|moved)", line), line
        assert "step 2 of 2 (move 300 devices)" in line
        assert line.isprintable()
    assert any(re.search(rf"[\d.]+ a second, about {DURATION} left", line) for line in shown), shown
    early = [before for before, line in lines if line == shown[0]]
    assert early[0] > 1, lines
    numbers = [int(re.findall(r"(\d+) of 300", line)[0]) for line in shown]
    assert numbers == sorted(numbers)


@pytest.mark.parametrize("way", WAYS)
def test_single_long_operation_shows_what_it_waits_for(simulator: Simulator, tmp_path: Path, way: str) -> None:
    simulator.fault("delay", match={"operationId": "Product_Create"}, seconds=LONG)
    task = {"azsphere.fleet.product": {"name": "Slow"}}
    shown = progress(timed(simulator, tmp_path, task, {"AZSPHERE_IN_PROCESS": WAYS[way]}))
    assert shown
    step = r"step 1 of 1 \(create product Slow\)"
    assert re.search(rf"{step}, creating the product Slow for {DURATION}, \d+ requests", shown[0])


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("where", ["task", "run"])
def test_progress_can_be_switched_off(simulator: Simulator, tmp_path: Path, way: str, where: str) -> None:
    simulator.fault("delay", match={"operationId": "Product_Create"}, seconds=3)
    task: dict[str, Any] = {"azsphere.fleet.product": {"name": "Slow"}}
    off = {"AZSPHERE_PROGRESS": "false"}
    task |= {"environment": off} if where == "task" else {}
    variables = {"AZSPHERE_IN_PROCESS": WAYS[way], **(off if where == "run" else {})}
    lines = timed(simulator, tmp_path, task, variables)
    assert progress(lines) == []
    assert any("changed=1" in line for _before, line in lines), lines


@pytest.mark.parametrize("way", WAYS)
def test_progress_shows_neither_secrets_nor_names_of_secret_tasks(
    simulator: Simulator, tmp_path: Path, way: str
) -> None:
    simulator.fault("delay", match={"operationId": "Product_Create"}, times=2, seconds=LONG)
    variables: dict[str, str | None] = {"AZSPHERE_IN_PROCESS": WAYS[way]}
    quiet = {"azsphere.fleet.product": {"name": "Hidden"}, "no_log": True}
    shown = progress(timed(simulator, tmp_path, quiet, variables))
    assert shown
    assert "step 1 of 1 (create product)" in shown[0]
    known = simulator.env()
    secrets = {"client_secret": known["AZURE_CLIENT_SECRET"], "client_certificate_password": "canary"}
    account = {"client_id": known["AZURE_CLIENT_ID"], "directory_id": known["AZURE_TENANT_ID"]}
    secret = {"azsphere.fleet.product": {"name": "Kettle canary", **account, **secrets}}
    lines = timed(simulator, tmp_path, secret, variables)
    assert progress(lines)
    assert not any("canary" in line for _before, line in lines)


@pytest.mark.parametrize("way", WAYS)
def test_switch_must_be_a_boolean(simulator: Simulator, tmp_path: Path, way: str) -> None:
    task = {"azsphere.fleet.product": {"name": "New"}, "environment": {"AZSPHERE_PROGRESS": "perhaps"}}
    played = play_tasks(simulator, tmp_path, {"task": task}, variables={"AZSPHERE_IN_PROCESS": WAYS[way]})
    assert played.results["task"]["msg"].startswith('Invalid AZSPHERE_PROGRESS "perhaps": neither true nor false.')
    assert played.requests() == []


@pytest.mark.parametrize("way", WAYS)
def test_progress_is_among_the_events_of_ansible_runner(simulator: Simulator, tmp_path: Path, way: str) -> None:
    ansible_runner = pytest.importorskip("ansible_runner")
    simulator.load(fleet())
    simulator.fault("delay", match={"operationId": "Devices_Move"}, times=None, seconds=0.066)
    play = {"name": "Play", "hosts": "localhost", "gather_facts": False, "tasks": [{"name": "long", **moving(DEVICES)}]}
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "playbook.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    variables = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "AZSPHERE_IN_PROCESS": WAYS[way]}
    environ = environment(simulator, tmp_path, variables)
    moments: dict[str, list[str]] = {"progress": [], "end": []}

    def note(event: dict[str, Any]) -> None:
        text = event.get("stdout", "")
        if event["event"] == "verbose" and text.startswith("[localhost] azsphere.fleet.device after"):
            assert moments["end"] == []
            moments["progress"].append(text)
        if event["event"].startswith("runner_on_ok"):
            moments["end"].append(text)

    ran = ansible_runner.run(
        private_data_dir=str(tmp_path), playbook="playbook.yml", envvars=environ, quiet=True, event_handler=note
    )
    assert ran.status == "successful", ran.stdout.read()
    assert len(moments["progress"]) >= 3
    assert len(moments["end"]) == 1
