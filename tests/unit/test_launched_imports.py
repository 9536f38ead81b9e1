# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""What a launched module loads: it compiles everything that it imports."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UTILS = "ansible_collections.azsphere.fleet.plugins.module_utils"
CATALOG = {
    "subscription_id": "5b000000-0000-4000-8000-000000000001",
    "resource_group": "fleet",
    "catalog": "Contoso",
}

OPEN = f"""
import json, sys
from ansible_collections.azsphere.fleet.plugins.modules import product
from {UTILS}._connection import open_connection
options = json.loads(sys.argv[1])
if options:
    open_connection(options, read_only=True, warn=print, debug=print)
print(json.dumps([name for name in ("_legacy", "_integrated") if "{UTILS}." + name in sys.modules]))
"""


@pytest.mark.parametrize(
    ("options", "loaded"),
    [
        ({}, []),
        ({"access_token": "t", "tenant": "Contoso"}, ["_legacy"]),
        ({"access_token": "t", "api": "integrated", **CATALOG}, ["_integrated"]),
    ],
)
def test_task_loads_only_the_code_for_its_api(options: dict[str, str], loaded: list[str]) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / ".build/collections")}
    command = [sys.executable, "-c", OPEN, json.dumps(options)]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout.splitlines()[-1]) == loaded
