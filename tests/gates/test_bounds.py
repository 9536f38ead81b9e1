# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Endless replies: a task ends by its own limits, with one sentence, and in bounded memory."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.gates.fleet import NEW, fleet
from tests.integration.play import ROOT, environment
from tests.simulator.harness import Simulator

#: Seconds in which a task ends whose limits are those of LIMITS, on a busy machine too; the replies have no end.
DEADLINE = 100
LIMITS = {"AZSPHERE_REQUEST_TIMEOUT": "2", "AZSPHERE_RETRY_TIMEOUT": "4"}
#: Decoded megabytes that a reply may have is far less.
MOST_MEMORY = 400 << 20
#: Runs a module with its memory measured: the last line is the peak in bytes.
_PROGRAM = """
import json, re, sys
sys.path.insert(0, {collections!r})
from tests.gates.workbench import run_module
values = run_module({module!r}, {options!r})
# Not that of getrusage(), which begins with the memory of the process that started this one.
with open("/proc/self/status") as status:
    memory = int(re.search(r"VmHWM:\\s*([0-9]+) kB", status.read())[1]) * 1024
print(json.dumps([values, memory]))
"""
READ = ("tenant_info", {})
WRITE = ("product", {"name": "Lamp"})
DOWNLOAD = ("image_download", {"id": NEW, "dest": "copy.imagepackage"})
#: Of the description, where a fault strikes, and which task meets it.
PLACES = [
    pytest.param({"operationId": "Tenants_List"}, READ, id="api"),
    pytest.param({"operationId": "Product_Create"}, WRITE, id="write"),
    pytest.param({"kind": "signin"}, READ, id="sign_in"),
]


def run(simulator: Simulator, folder: Path, module: str, options: Mapping[str, Any]) -> tuple[str, float]:
    """What the program printed, and how long it took. Raises TimeoutExpired."""
    program = _PROGRAM.format(collections=str(ROOT / ".build" / "collections"), module=module, options=dict(options))
    variables = {**environment(simulator, folder, LIMITS), "PYTHONPATH": str(ROOT)}
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert not done.returncode, done.stderr[-2000:]
    return done.stdout, time.monotonic() - begin


def ended(simulator: Simulator, folder: Path, module: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The result, after a run in bounded time and memory."""
    output, _seconds = run(simulator, folder, module, options)
    values, memory = json.loads(output)
    assert memory < MOST_MEMORY, f"{memory >> 20} MiB"
    result: dict[str, Any] = values
    return result


@pytest.mark.parametrize(("match", "task"), PLACES)
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "trickle", "seconds": 0.3},
        {"kind": "trickle_headers", "seconds": 0.3},
        {"kind": "endless", "megabytes": 2000},
        {"kind": "gzip_bomb", "megabytes": 2000},
    ],
    ids=lambda fault: fault["kind"],
)
def test_endless_reply_is_cut_off(
    simulator: Simulator, tmp_path: Path, fault: dict[str, Any], match: dict[str, str], task: tuple[str, dict[str, Any]]
) -> None:
    simulator.load(fleet())
    simulator.order("POST", "faults", {**fault, "match": match, "times": None})
    values = ended(simulator, tmp_path, *task)
    if task == WRITE and match.get("operationId"):
        # The work may have been done before the reply: whoever looks again finds it.
        assert values.get("failed") or values["product"]["name"] == "Lamp"
    else:
        assert values["failed"] is True
    assert values.get("msg", ".").endswith(".")


@pytest.mark.parametrize("fault", [{"kind": "trickle", "seconds": 0.3}, {"kind": "endless", "megabytes": 2000}])
def test_endless_download_is_cut_off(simulator: Simulator, tmp_path: Path, fault: dict[str, Any]) -> None:
    simulator.load(fleet())
    simulator.order("POST", "faults", {**fault, "match": {"kind": "blob"}, "times": None})
    values = ended(simulator, tmp_path, *DOWNLOAD)
    assert values["failed"] is True
    assert not (tmp_path / "copy.imagepackage").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".azsphere")]


def test_long_error_page_is_read_quickly(simulator: Simulator, tmp_path: Path) -> None:
    simulator.load(fleet())
    simulator.fault("status", match={"operationId": "Tenants_List"}, status=400, body="<title" * 200_000, times=None)
    _output, seconds = run(simulator, tmp_path, *READ)
    # Of which the page takes next to nothing; in quadratic time, it would take minutes.
    assert seconds < 40
