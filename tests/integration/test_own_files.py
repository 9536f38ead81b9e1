# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Files of a task: it never overwrites one that it reads, and finds each by every spelling of its path."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.harness import Simulator
from tests.simulator.images import compose_package

from .play import play_book, play_tasks

DEVICE = hashlib.sha512(b"own files").hexdigest()
TENANT: dict[str, Any] = {"name": "Contoso Fleet", "products": [{"name": "Kettle", "device_groups": [{"name": "Lab"}]}]}
BLUEPRINT: dict[str, Any] = {
    "products": [
        {"name": "Kettle", "device_groups": [{"name": "Lab", "deployment": {"packages": ["b.imagepackage"]}}]}
    ],
    "images": ["a.imagepackage"],
    "device_list": "list.csv",
}
SENTENCE = "Invalid {}: it is the file in {}, and {}. Use another file."
OVERWRITES, BOTH = "the task would overwrite it", "the task writes both"
DEPLOYED = "products[0].device_groups[0].deployment.packages[0]"
BY_SRC, BY_BLUEPRINT = {"src": "blueprint.yml"}, {"blueprint": BLUEPRINT}
#: Module, options, and what the message begins with: option and path, the other option, why.
CASES: list[tuple[str, dict[str, Any], tuple[str, str, str]]] = [
    ("blueprint", {**BY_SRC, "plan_file": "blueprint.yml"}, ("plan_file blueprint.yml", "src", OVERWRITES)),
    ("blueprint", {**BY_SRC, "journal": "./blueprint.yml"}, ("journal ./blueprint.yml", "src", OVERWRITES)),
    ("blueprint", {**BY_SRC, "journal": "list.csv"}, ("journal list.csv", "device_list", OVERWRITES)),
    (
        "blueprint",
        {**BY_BLUEPRINT, "plan_file": "a.imagepackage"},
        ("plan_file a.imagepackage", "images[0]", OVERWRITES),
    ),
    ("blueprint", {**BY_BLUEPRINT, "journal": "b.imagepackage"}, ("journal b.imagepackage", DEPLOYED, OVERWRITES)),
    ("blueprint", {**BY_BLUEPRINT, "plan_file": "one", "journal": "./one"}, ("journal ./one", "plan_file", BOTH)),
    (
        "blueprint",
        {**BY_BLUEPRINT, "plan_file": "ca.pem", "ca_path": "ca.pem"},
        ("plan_file ca.pem", "ca_path", OVERWRITES),
    ),
    ("device", {"src": "list.csv", "plan_file": "list.csv"}, ("plan_file list.csv", "src", OVERWRITES)),
    ("device", {"src": "list.csv", "journal": "soft.csv"}, ("journal soft.csv", "src", OVERWRITES)),
    ("device", {"src": "soft.csv", "journal": "hard.csv"}, ("journal hard.csv", "src", OVERWRITES)),
    (
        "ca_certificate",
        {"content": "certificate", "dest": "{folder}/ca.pem", "ca_path": "ca.pem"},
        ("dest {folder}/ca.pem", "ca_path", OVERWRITES),
    ),
    (
        "image_download",
        {"id": "c1000000-0000-4000-8000-000000000001", "dest": "ca.pem", "ca_path": "ca.pem"},
        ("dest ca.pem", "ca_path", OVERWRITES),
    ),
]


@pytest.fixture
def folder(simulator: Simulator, tmp_path: Path) -> Path:
    """Every file that a task may read, with links to the device list."""
    simulator.load({"tenants": [TENANT]})
    for name in ("a", "b"):
        ids = (f"{kind}1000000-0000-4000-8000-00000000000{name}" for kind in ("c", "d"))
        compose_package(tmp_path / f"{name}.imagepackage", image_id=next(ids), component_id=next(ids), name=name)
    (tmp_path / "blueprint.yml").write_text(yaml.safe_dump(BLUEPRINT), encoding="utf-8")
    (tmp_path / "list.csv").write_text(f"DeviceId,ProductName,DeviceGroupName\n{DEVICE},Kettle,Lab\n", encoding="utf-8")
    (tmp_path / "soft.csv").symlink_to("list.csv")
    os.link(tmp_path / "list.csv", tmp_path / "hard.csv")
    shutil.copy(simulator.ca, tmp_path / "ca.pem")
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    names = ("a.imagepackage", "b.imagepackage", "blueprint.yml", "list.csv", "ca.pem")
    return {name: (folder / name).read_bytes() for name in names}


def test_task_never_overwrites_its_own_input(simulator: Simulator, folder: Path, interpreter: Path) -> None:
    before = contents(folder)
    tasks = {}
    for number, (module, options, _sentence) in enumerate(CASES):
        given = {name: value.format(folder=folder) if name == "dest" else value for name, value in options.items()}
        tasks[str(number)] = {f"azsphere.fleet.{module}": {**given, **({} if "dest" in given else {"claim": True})}}
    for chosen in (None, interpreter):
        played = play_tasks(simulator, folder, tasks, interpreter=chosen)
        messages = {number: result["msg"] for number, result in played.results.items()}
        sentences = enumerate(SENTENCE.format(*words).format(folder=folder) for _module, _options, words in CASES)
        assert messages == {str(number): sentence for number, sentence in sentences}
        assert played.log == []
    assert contents(folder) == before
    assert not (folder / "one").exists()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"record": "blueprint.yml"}, ("provision_record {folder}/blueprint.yml", "provision_src", OVERWRITES)),
        ({"record": "soft.csv"}, ("provision_record {folder}/list.csv", "device_list", OVERWRITES)),
        ({"record": "a.imagepackage"}, ("provision_record {folder}/a.imagepackage", "images[0]", OVERWRITES)),
        ({"journal": "blueprint.yml"}, ("provision_journal {folder}/blueprint.yml", "provision_src", OVERWRITES)),
        ({"record": "one", "journal": "one"}, ("provision_journal {folder}/one", "provision_record", BOTH)),
        (
            {"record": "one", "expect_plan": "one"},
            ("provision_record {folder}/one", "provision_expect_plan", OVERWRITES),
        ),
    ],
)
def test_role_provision_never_overwrites_its_own_input(
    simulator: Simulator, folder: Path, given: dict[str, str], words: tuple[str, str, str]
) -> None:
    before = contents(folder)
    variables = {"provision_src": "blueprint.yml", **{f"provision_{name}": value for name, value in given.items()}}
    played = play_book(simulator, folder, "azsphere.fleet.provision", ("-e", json.dumps(variables)))
    assert (played.code, played.log) == (2, []), played.output
    assert SENTENCE.format(*words).format(folder=folder) in played.output
    assert contents(folder) == before


@pytest.mark.parametrize(("given", "other"), [("rollout.yml", "rollout_src"), ("a.imagepackage", "rollout_packages")])
def test_role_rollout_never_overwrites_its_own_input(
    simulator: Simulator, folder: Path, given: str, other: str
) -> None:
    variables = {
        "rollout_packages": ["a.imagepackage"],
        "rollout_rings": ["Kettle/Lab"],
        "rollout_min_update_percent": 0,
    }
    (folder / "rollout.yml").write_text(yaml.safe_dump(variables), encoding="utf-8")
    before = contents(folder)
    options = ("-e", "rollout_src=rollout.yml", "-e", f"rollout_record={given}")
    played = play_book(simulator, folder, "azsphere.fleet.rollout", options)
    assert (played.code, played.log) == (2, []), played.output
    assert SENTENCE.format(f"rollout_record {folder / given}", other, OVERWRITES) in played.output
    assert contents(folder) == before


@pytest.mark.parametrize("in_process", ["true", "false"])
def test_paths_in_the_home_directory(simulator: Simulator, folder: Path, in_process: str) -> None:
    home = folder / "home"
    home.mkdir()
    shutil.copy(folder / "list.csv", home)
    shutil.copy(simulator.ca, home)
    device = {
        "src": "~/list.csv",
        "claim": True,
        "journal": "~/journal.jsonl",
        "ca_path": f"~/{Path(simulator.ca).name}",
    }
    tasks = {
        "check": {"azsphere.fleet.device": {**device, "plan_file": "$HOME/plan.json"}, "check_mode": True},
        "apply": {"azsphere.fleet.device": {**device, "expect_plan": "~/plan.json"}},
        "refuse": {
            "azsphere.fleet.device": {**device, "expect_plan": "~/plan.json", "plan_file": str(home / "plan.json")}
        },
    }
    variables = {"HOME": str(home), "AZSPHERE_IN_PROCESS": in_process}
    results = play_tasks(simulator, folder, tasks, variables=variables).results
    assert not results["check"].get("failed"), results["check"]
    assert results["apply"]["summary"]["claimed"] == 1
    assert (home / "journal.jsonl").exists()
    assert "it is the file in expect_plan" in results["refuse"]["msg"]
