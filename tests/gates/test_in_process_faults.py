# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""A task in-process leaves the process of Ansible as it was, whatever becomes of it."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
import threading
import warnings
from pathlib import Path

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import MissingLibrary
from ansible_collections.azsphere.fleet.plugins.modules import account_info, device, product
from ansible_collections.azsphere.fleet.plugins.plugin_utils._inline import InlineRun
from ansible_collections.azsphere.fleet.plugins.plugin_utils._worker import as_launched

from tests.gates.fleet import DEVICES, device_id, fleet
from tests.simulator.harness import Simulator

INTERNAL = {
    "_ansible_check_mode": False,
    "_ansible_diff": True,
    "_ansible_no_log": False,
    "_ansible_module_name": "azsphere.fleet.test",
}


@pytest.fixture
def variables(simulator: Simulator, tmp_path: Path) -> dict[str, str]:
    """The environment of tasks, with a cache without tokens."""
    simulator.load(fleet())
    return {**simulator.env(), "AZSPHERE_TOKEN_CACHE": str(tmp_path / "tokens"), "AZSPHERE_RETRY_TIMEOUT": "1"}


def traces() -> tuple[object, ...]:
    """What a task could leave behind. Sockets are among the open files."""
    gc.collect()
    levels = {name: logging.getLogger(name).level for name in ("msal", "urllib3", "requests")}
    return (
        dict(os.environ),
        os.getcwd(),
        list(warnings.filters),
        levels,
        threading.enumerate(),
        sorted(open_files()),
    )


def open_files() -> list[str]:
    found = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the one that lists them
            found.append(os.readlink(f"/proc/self/fd/{number}"))
    return found


@pytest.mark.parametrize("fault", ["none", "status", "drop_before", "interrupt"])
@pytest.mark.parametrize("checked", ["true", "false"])
def test_task_leaves_nothing_behind(
    simulator: Simulator,
    variables: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    checked: str,
) -> None:
    options = {"ids": list(DEVICES), "product": "Kettle", "device_group": "Shelf"}
    if fault in ("status", "drop_before"):
        simulator.fault(fault, times=50, **({"status": 500} if fault == "status" else {}))
    if fault == "interrupt":
        monkeypatch.setattr(device, "run", interrupt)
    before = traces()
    with as_launched({**variables, "AZSPHERE_VALIDATE_CERTS": checked}, str(tmp_path)):
        try:
            result = InlineRun(device, options, INTERNAL).result()
        except KeyboardInterrupt:
            result = {"failed": True}
    assert bool(result.get("failed")) == (fault != "none"), result
    assert traces() == before


def interrupt(_params: object, context: device.Context) -> object:
    context.service.tenants.list()
    raise KeyboardInterrupt


def test_task_does_not_keep_what_another_was_given(variables: dict[str, str], tmp_path: Path) -> None:
    """The items of a loop share a process: options, defaults, secrets and warnings."""
    with as_launched({**variables, "AZURE_SECRET": "another-secret"}, str(tmp_path)):
        InlineRun(product, {"name": "Kettle", "access_token": "Kettle"}, INTERNAL).result()
    with as_launched(variables, str(tmp_path)):
        result = InlineRun(product, {"name": "Kettle"}, INTERNAL).result()
    assert result["product"]["name"] == "Kettle"
    assert "warnings" not in result


def test_missing_library_is_reported_by_a_launched_module(
    variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "msal", None)
    with as_launched(variables, str(tmp_path)), pytest.raises(MissingLibrary):
        InlineRun(account_info, {}, INTERNAL).result()


def test_files_are_closed_without_the_garbage_collector(variables: dict[str, str], tmp_path: Path) -> None:
    """Which may not run again before the end of a loop."""
    gc.collect()
    gc.disable()
    try:
        before = sorted(open_files())
        with as_launched(variables, str(tmp_path)):
            options = {"ids": [device_id(number) for number in range(4000, 4020)], "claim": True}
            InlineRun(device, {**options, "product": "Kettle", "device_group": "Shelf"}, INTERNAL).result()
            InlineRun(product, {"name": "New"}, INTERNAL).result()
        assert sorted(open_files()) == before
    finally:
        gc.enable()
