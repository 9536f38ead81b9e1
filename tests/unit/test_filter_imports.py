# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Filters load little: Ansible loads them again in the process of each task that uses one, also in a condition."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = "ansible_collections.azsphere.fleet.plugins"
FILTERS = sorted(path.stem for path in (ROOT / "plugins" / "filter").glob("*.py"))
HEAVY = ("_reconcile", "_service", "_context", "_queries", "_http", "_auth")


@pytest.mark.parametrize("name", FILTERS)
def test_filter_loads_neither_clients_nor_reconcilers(name: str) -> None:
    program = f"import sys, {PLUGINS}.filter.{name}; print(*sys.modules)"
    collections = str(ROOT / ".build" / "collections")
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": collections}, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert f"{PLUGINS}.filter.{name}" in loaded
    assert [part for part in HEAVY if f"{PLUGINS}.module_utils.{part}" in loaded] == []
    assert {"msal", "requests"} & loaded == set()
