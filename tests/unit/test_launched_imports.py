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
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.harness import Simulator

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


#: Runs the task as a launched module does, and prints what that took.
RUN = f"""
import collections, json, os, sys
compiled = collections.Counter()
def note(event, arguments):
    if event == "compile" and "collection.zip" in str(arguments[1]):
        compiled[str(arguments[1]).partition("/plugins/")[2]] += 1
sys.addaudithook(note)
from ansible_collections.azsphere.fleet.plugins.modules import product
from {UTILS}._environment import Environment
from {UTILS}._task import Modes, Task
class Host:
    warn = debug = trace = mask = staticmethod(lambda *_: None)
options = dict(name="Kettle", id=None, description=None, default_device_groups=True, state="present")
with Task(options, ([], []), Environment(os.environ, os.getcwd()), Host(), Modes()) as task:
    ending = task.run(product.run)
values = dict(ending.values, error=str(ending.error))
print(json.dumps(dict(values=values, compiled=compiled, loaded=sorted(sys.modules)), default=str))
"""
#: Packages of module_utils that a task with nothing to change loads no other module of, with those that it loads.
OF_LEGACY = {"client", "device_groups", "index", "paging", "patch", "products", "service", "starting", "wire"}
#: What a task with a token in the cache, and with nothing to change, has no use for.
UNUSED = {
    "azuresphere_imagemetadata",
    "concurrent.futures",
    "cryptography",
    "msal",
    "requests",
    "urllib3",
    "yaml",
    f"{UTILS}._auth.libraries",
    f"{UTILS}._files.disk",
    f"{UTILS}._http.failures",
    f"{UTILS}._http.transport",
    f"{UTILS}._integrated",
    f"{UTILS}._overlay.overlay",
}


def _packed(folder: Path) -> Path:
    """Returns a zip file with the collection, as Ansible ships it."""
    packed = folder / "collection.zip"
    base = "ansible_collections/azsphere/fleet/plugins"
    files = {f"{base}/{file.relative_to(ROOT / 'plugins')}": file for file in (ROOT / "plugins").rglob("*.py")}
    packages = {str(parent) for name in files for parent in Path(name).parents if parent.name}
    with zipfile.ZipFile(packed, "w") as archive:
        for name, file in files.items():
            archive.write(file, name)
        for package in packages:
            if f"{package}/__init__.py" not in files:
                archive.writestr(f"{package}/__init__.py", "")
    return packed


@pytest.fixture
def unchanged(simulator: Simulator, tmp_path: Path) -> dict[str, Any]:
    """What a launched task does that finds its product as it must be, and its token in the cache."""
    variables = {"PYTHONPATH": str(_packed(tmp_path)), "AZSPHERE_TOKEN_CACHE": str(tmp_path / "tokens")}
    environment = {
        **{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")},
        **simulator.env(),
        "AZSPHERE_TENANT": "Contoso Fleet",
        **variables,
    }
    for changed in (True, False):
        command = [sys.executable, "-c", RUN]
        ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert ran.returncode == 0, ran.stderr
        task: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
        assert task["values"]["error"] == "None"
        assert task["values"]["changed"] is changed
    return task


def test_unchanged_product_loads_only_what_it_uses(unchanged: dict[str, Any]) -> None:
    loaded = set(unchanged["loaded"])
    assert not UNUSED & loaded
    legacy = f"{UTILS}._legacy."
    assert {name.removeprefix(legacy) for name in loaded if name.startswith(legacy)} <= OF_LEGACY


def test_launched_module_compiles_each_file_once(unchanged: dict[str, Any]) -> None:
    # The first two are compiled before the importer is there.
    before = {"__init__.py", "modules/__init__.py", "modules/product.py", "module_utils/__init__.py"}
    before |= {"module_utils/_ansible.py", "module_utils/_zip_imports.py"}
    counts = {name: count for name, count in unchanged["compiled"].items() if name and name not in before}
    assert len(counts) > 50
    assert set(counts.values()) == {1}
