# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A task stops when ansible-playbook is killed: nothing is written that nobody waits for."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.gates.fleet import device_id, fleet
from tests.simulator.harness import Simulator
from tests.support.programs import program

from .play import environment

WAYS = {"in-process": "true", "launched": "false"}
#: Enough to be busy for much longer than the test.
DEVICES = [device_id(number) for number in range(3000, 4000)]
#: Seconds after which nothing more is written.
WITHIN = 4.0
#: Seconds in which anything else must happen.
PATIENCE = 60.0

MOVE = {
    "azsphere.fleet.device": {"ids": DEVICES, "claim": True, "product": "Kettle", "device_group": "Shelf"},
}
LOOP = {"azsphere.fleet.product": {"name": "Product {{ item }}"}, "loop": list(range(200))}


def wait_for(condition: Callable[[], Any], what: str) -> None:
    pause, until = threading.Event(), time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, what
        pause.wait(0.02)


def family(process: int) -> dict[int, str]:
    """The processes that a process has started, directly or not, with the time at which each started."""
    parents: dict[int, tuple[int, str]] = {}
    for each in Path("/proc").glob("[0-9]*"):
        try:
            fields = (each / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(each.name)] = int(fields[1]), fields[19]
    found: dict[int, str] = {}
    new = {process}
    while new:
        new = {each for each, (parent, _started) in parents.items() if parent in new}
        found |= {each: parents[each][1] for each in new}
    return found


def is_there(process: int, started: str) -> bool:
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return False
    return fields[19] == started and fields[0] != "Z"


def writes(simulator: Simulator, kind: str) -> int:
    return sum(entry.get("operation") == kind for entry in simulator.log())


@contextmanager
def running(
    simulator: Simulator, folder: Path, task: dict[str, Any], way: str
) -> Iterator[tuple[subprocess.Popen[bytes], Callable[[], bool]]]:
    """Runs a playbook in a group of processes of its own; gives it, and whether anything of it is left later."""
    play = {"name": "Play", "hosts": "localhost", "gather_facts": False, "tasks": [{"name": "long", **task}]}
    (folder / "playbook.yml").write_text(yaml.safe_dump([play]), encoding="utf-8")
    known: dict[int, str] = {}
    with subprocess.Popen(
        [program("ansible-playbook"), "playbook.yml"],
        env=environment(simulator, folder, {"AZSPHERE_IN_PROCESS": WAYS[way]}),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:

        def left() -> bool:
            return any(is_there(*each) for each in known.items())

        def note() -> bool:
            known.update(family(process.pid))
            return left()

        try:
            yield process, note
        finally:
            process.kill()
            for each in list(known.items()):
                if is_there(*each):
                    os.kill(each[0], signal.SIGKILL)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes as Linux shows them")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("task", "kind"), [(MOVE, "Devices_Move"), (LOOP, "Product_Create")], ids=["bulk", "loop"])
@pytest.mark.parametrize("whole_group", [True, False], ids=["group", "process"])
def test_nothing_is_written_after_the_controller_is_killed(
    simulator: Simulator, tmp_path: Path, way: str, task: dict[str, Any], kind: str, whole_group: bool
) -> None:
    simulator.load(fleet())
    simulator.fault("delay", match={"operationId": kind}, times=None, seconds=0.3)
    with running(simulator, tmp_path, task, way) as (process, left):
        wait_for(lambda: writes(simulator, kind) >= 2, "the work never began")
        assert left()
        if whole_group:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()
        killed = time.monotonic()
        counted = [writes(simulator, kind)]

        def ended() -> bool:
            early = time.monotonic() - killed <= WITHIN
            if early:
                # What was sent before may still be worked on.
                counted[0] = writes(simulator, kind)
            return not left() and not early

        wait_for(ended, "processes are left that nobody waits for")
        assert writes(simulator, kind) == counted[0]
        assert counted[0] < (len(DEVICES) if kind == "Devices_Move" else 200)
