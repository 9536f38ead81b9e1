# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Rollouts that are killed and run again."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from tests.simulator.harness import Simulator
from tests.support.programs import program

from .play import environment
from .rings import BAD, NEW, OLD, history, load, options, rollout, write_packages

#: Seconds that a deployment takes, unless the clock is advanced.
OPERATION = 3600
PATIENCE = 120


def descendants(process: int) -> list[int]:
    """Returns the processes that a process started, and theirs: workers of Ansible have sessions of their own."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [process]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGSTOP)
    for each in (*descendants(process.pid), process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    process.wait()


def run_until(simulator: Simulator, folder: Path, operation: str) -> None:
    """Runs the rollout and kills it as soon as it has sent a request."""
    seen = max((entry["number"] for entry in simulator.log()), default=0)
    process = subprocess.Popen(
        [
            program("ansible-playbook"),
            "azsphere.fleet.rollout",
            "--extra-vars",
            json.dumps(options(rollout_record="record.yml")),
        ],
        env=environment(simulator, folder, {}),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + PATIENCE
        while all(entry["operation"] != operation for entry in simulator.log(seen)):
            assert time.monotonic() < end, f"no {operation} was sent"
            with contextlib.suppress(subprocess.TimeoutExpired):
                pytest.fail(f"it ended with the code {process.wait(0.05)} before {operation}")
    finally:
        kill(process)


def test_rollout_killed_at_every_point_ends_the_same(simulator: Simulator, tmp_path: Path) -> None:
    write_packages(tmp_path)
    load(simulator, Field=BAD)
    simulator.settings(operation_seconds=OPERATION)
    seen = []
    # The deployment of two rings, each before the service has finished it, their gates, and the rollback.
    for operation in ("Image_Upload", *("Deployments_Create", "ErrorReporting_List") * 2, "Deployments_Create"):
        run_until(simulator, tmp_path, operation)
        simulator.advance(OPERATION)
        seen.append(history(simulator))
        if operation == "Deployments_Create":
            # What happened until then can be read from the service alone.
            (tmp_path / "record.yml").unlink(missing_ok=True)
    assert [sum(len(each) for each in state.values()) for state in seen] == [3, 4, 4, 5, 5, 6]
    simulator.settings(operation_seconds=0)
    writes = []
    for _attempt in range(2):
        played = rollout(simulator, tmp_path, rollout_record="record.yml")
        assert played.code == 2, played.output
        assert history(simulator) == {"Pilot": [OLD, NEW], "Field": [OLD, NEW, OLD], "Wide": [OLD]}
        writes.append(played.writes)
    assert writes == [0, 0]
    kept = yaml.safe_load((tmp_path / "record.yml").read_text(encoding="utf-8"))
    assert (kept["state"], [ring["state"] for ring in kept["rings"]]) == (
        "rolled_back",
        ["passed", "rolled_back", "absent"],
    )


@pytest.mark.thorough
def test_deployment_made_twice_is_rolled_back_to_the_images_before_it(simulator: Simulator, tmp_path: Path) -> None:
    write_packages(tmp_path)
    load(simulator, Pilot=BAD)
    simulator.settings(operation_seconds=OPERATION)
    for operation in ("Image_Upload", "Deployments_Create", "Deployments_Create"):
        run_until(simulator, tmp_path, operation)
        if operation == "Image_Upload":
            simulator.advance(OPERATION)
    simulator.advance(OPERATION)
    simulator.settings(operation_seconds=0)
    assert history(simulator)["Pilot"] == [OLD, NEW, NEW]
    assert rollout(simulator, tmp_path).code == 2
    assert [image for image, _repeated in itertools.groupby(history(simulator)["Pilot"])] == [OLD, NEW, OLD]
    again = rollout(simulator, tmp_path)
    assert (again.code, again.writes) == (2, 0)
