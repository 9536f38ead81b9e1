# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The journal of claims and moves: what it has after a run, after a kill, and with several tasks at once."""

from __future__ import annotations

import json
import signal
import stat
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._deadline import Deadline

from tests.simulator.harness import Simulator
from tests.soak.provisioning import process_tree, try_signal, wait_until
from tests.support.programs import program

from .play import environment, play_book, play_tasks

DEVICES = [f"{number:0128x}" for number in range(1, 301)]
CONCURRENCY = 4
#: Seconds in which killed processes end, on a busy machine too; without the signal, they never would.
PATIENCE = 100
MOVES = {"product": "Kettle", "device_group": "Field"}


@pytest.fixture
def fleet(simulator: Simulator) -> Simulator:
    claimed = [{"id": each, "device_group": "Kettle/Lab"} for each in DEVICES]
    product = {"name": "Kettle", "device_groups": [{"name": "Lab"}, {"name": "Field"}]}
    tenant = {"name": simulator.ready["tenant"], "products": [product], "devices": claimed}
    simulator.load({"tenants": [tenant], "unclaimed": "any"})
    return simulator


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def in_field(simulator: Simulator) -> set[str]:
    tenant = json.loads(simulator.state())["tenants"][0]
    field = {group["id"] for each in tenant["products"] for group in each["device_groups"] if group["name"] == "Field"}
    return {each["id"] for each in tenant["devices"] if each["device_group"] in field}


def wait_for_end(pids: list[int]) -> None:
    """Waits until these processes have ended, whether or not somebody has asked for their exit codes."""
    until = Deadline(PATIENCE)
    while not until.passed:
        command = ["ps", "-o", "stat=", "-p", ",".join(map(str, pids))]
        listed = subprocess.run(command, check=False, capture_output=True, text=True)
        if all(state.startswith("Z") for state in listed.stdout.split()):
            return
        until.wait(0.05)
    raise AssertionError("processes go on")


def wait_for_playbook(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Waits for the end of a playbook; sends the signal again now and then, as people press Ctrl-C again.

    Python drops a KeyboardInterrupt that comes while it runs a finalizer.
    """
    until = Deadline(PATIENCE)
    while True:
        try:
            process.wait(min(10.0, until.remaining()))
        except subprocess.TimeoutExpired:
            if until.passed:
                raise
            try_signal(process.pid, number)
        else:
            return


@pytest.fixture
def moving(fleet: Simulator, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A playbook that moves all devices, a few at a time."""
    fleet.settings(latency_ms=150)
    # However late a busy machine delivers the signal, some devices are left.
    throttled = {"status": 429, "retry_after": "60", "skip": len(DEVICES) - 50, "times": None}
    fleet.fault(match={"operationId": "Devices_Move"}, **throttled)
    task = {"ids": DEVICES, **MOVES, "concurrency": CONCURRENCY, "wait": False, "journal": "journal"}
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [{"azsphere.fleet.device": task}]}
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    # Whoever runs the tests in the background has it ignored, and processes inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [program("ansible-playbook"), "play.yml"],
        env=environment(fleet, tmp_path, {}),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    signal.signal(signal.SIGINT, before)
    try:
        yield process
    finally:
        for pid in process_tree(process.pid):
            try_signal(pid, signal.SIGKILL)
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_killed_task_leaves_a_line_for_each_accepted_move(
    fleet: Simulator, moving: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    assert wait_until(lambda: fleet.counts()["operations"].get("Devices_Move", 0) >= 60, moving)
    pids = process_tree(moving.pid)
    for pid in [moving.pid, *pids] if number is signal.SIGKILL else [moving.pid]:
        try_signal(pid, number)
    wait_for_playbook(moving, number)
    wait_for_end(pids)
    noted = {each["device_id"] for each in lines(tmp_path / "journal") if each["outcome"] == "done"}
    moved = in_field(fleet)
    assert noted <= moved
    assert len(moved - noted) <= CONCURRENCY
    assert 50 <= len(moved) < len(DEVICES)


def test_journal_is_relative_to_the_playbook_and_appended_to(fleet: Simulator, tmp_path: Path) -> None:
    half = len(DEVICES) // 2
    tasks = {
        name: {"azsphere.fleet.device": {"ids": ids, **MOVES, "journal": "journal"}}
        for name, ids in {"one": DEVICES[:half], "two": DEVICES[half:]}.items()
    }
    played = play_tasks(fleet, tmp_path, tasks)
    assert not any(result["failed"] for result in played.results.values()), played.output
    journal = tmp_path / "journal"
    assert Counter(each["device_id"] for each in lines(journal)) == Counter(DEVICES)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def test_role_keeps_record_and_journal_of_a_partial_failure(fleet: Simulator, tmp_path: Path) -> None:
    fleet.fault(match={"operationId": "Devices_Move"}, status=403)
    variables = {
        "provision_document": {"devices": [{"id": each, **MOVES} for each in DEVICES[:20]]},
        "provision_record": "record.yml",
        "provision_journal": "journal",
    }
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [{"ansible.builtin.import_role": {"name": "azsphere.fleet.provision"}, "vars": variables}],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    played = play_book(fleet, tmp_path, "play.yml")
    assert played.code == 2, played.output
    record = yaml.safe_load((tmp_path / "record.yml").read_text(encoding="utf-8"))
    assert record["failed"]
    assert (len(record["changes"]), len(record["failures"])) == (19, 1)
    assert Counter(each["outcome"] for each in lines(tmp_path / "journal")) == {"done": 19, "failed": 1}


def test_role_keeps_the_record_of_a_run_in_which_nothing_is_known(fleet: Simulator, tmp_path: Path) -> None:
    fleet.fault("empty", match={"operationId": "Devices_Move"}, executed=False, times=None)
    variables = {
        "provision_document": {"devices": [{"id": DEVICES[0], **MOVES}]},
        "provision_record": "record.yml",
    }
    defaults = {"group/azsphere.fleet.azsphere": {"retry_timeout": 1}}
    play = {
        "hosts": "localhost",
        "gather_facts": False,
        "module_defaults": defaults,
        "tasks": [{"ansible.builtin.import_role": {"name": "azsphere.fleet.provision"}, "vars": variables}],
    }
    (tmp_path / "play.yml").write_text(json.dumps([play]), encoding="utf-8")
    assert play_book(fleet, tmp_path, "play.yml").code == 2
    assert yaml.safe_load((tmp_path / "record.yml").read_text(encoding="utf-8"))["failures"][0]["unknown"]
