# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Playbooks that are given wrong variables, and what the drift check says."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.simulator.harness import Simulator

from .play import Played, play_book, play_tasks

DEVICES = sorted(hashlib.sha512(f"wrong {number}".encode()).hexdigest() for number in range(3))
GROUPS = [{"name": "Lab"}, {"name": "Production"}]
SEED: dict[str, Any] = {
    "tenants": [
        {
            "name": "Contoso Fleet",
            "products": [{"name": "Kettle", "device_groups": GROUPS}],
            "devices": [{"id": each, "device_group": "Kettle/Lab"} for each in DEVICES],
        }
    ]
}
GUESSED = "which is neither a group nor a host of the inventory. Correct it, or leave it out for all hosts."
INVENTORIES = {"move": "fleet.yml", "manufacture": "factory.yml"}


@pytest.fixture
def folder(simulator: Simulator, tmp_path: Path) -> Path:
    simulator.load(SEED)
    rows = "".join(f"{each},Kettle,Production\n" for each in DEVICES)
    (tmp_path / "list.csv").write_text(f"DeviceId,ProductName,DeviceGroupName\n{rows}", encoding="utf-8")
    (tmp_path / "fleet.yml").write_text("plugin: azsphere.fleet.devices\n", encoding="utf-8")
    factory = {"plugin": "azsphere.fleet.manufacturing", "src": "list.csv", "shards": 3}
    (tmp_path / "factory.yml").write_text(yaml.safe_dump(factory), encoding="utf-8")
    return tmp_path


def play(simulator: Simulator, folder: Path, book: str, *options: str, **variables: Any) -> Played:
    given = {"move_product": "Kettle", "move_device_group": "Production"} if book == "move" else {}
    inventory = ("-i", INVENTORIES[book]) if book in INVENTORIES else ()
    variables = {**given, **variables}
    return play_book(simulator, folder, f"azsphere.fleet.{book}", [*inventory, *options, "-e", json.dumps(variables)])


def said(played: Played) -> str:
    return " ".join(played.output.split())


@pytest.mark.parametrize(
    ("book", "hosts", "named"),
    [
        ("move", "nowhere", "nowhere"),
        ("move", 5, "5"),
        ("move", ["azsphere", "lab"], "['azsphere', 'lab']"),
        ("move", "azsphere_kettle__production,kettel[0]:&lab", "kettel, lab"),
        ("manufacture", "shard_7", "shard_7"),
    ],
)
def test_pattern_of_unknown_hosts_is_an_error(
    simulator: Simulator, folder: Path, book: str, hosts: Any, named: str
) -> None:
    played = play(simulator, folder, book, **{f"{book}_hosts": hosts})
    assert (played.code, played.writes) == (2, 0), played.output
    assert f"Nothing to {book}: {book}_hosts names {named}, {GUESSED}" in said(played)


@pytest.mark.parametrize("hosts", ["azsphere_kettle__lab", "azsphere_kettle__lab[0:1]", "~azsphere_k.*__lab", "*,!x"])
def test_group_whose_devices_were_moved_is_accepted(simulator: Simulator, folder: Path, hosts: str) -> None:
    moved = play(simulator, folder, "move", move_hosts=hosts)
    assert moved.code == 0, moved.output
    assert moved.writes > 0
    rest = play(simulator, folder, "move", move_hosts="azsphere_kettle__lab")
    assert rest.code == 0, rest.output
    again = play(simulator, folder, "move", move_hosts="azsphere_kettle__lab")
    assert (again.code, again.writes) == (0, 0), again.output


def test_job_slice_without_the_host_of_the_pattern_succeeds(simulator: Simulator, folder: Path) -> None:
    """AWX gives a slice some of the hosts, and nothing to know the others by."""
    played = play(simulator, folder, "manufacture", manufacture_hosts="shard_7", awx_job_id=12)
    assert (played.code, played.writes) == (0, 0), played.output


def test_drift_check_shows_the_first_digits_of_devices(simulator: Simulator, folder: Path) -> None:
    devices = [{"id": each, "product": "Kettle", "device_group": "Production"} for each in DEVICES]
    product = {"name": "Kettle", "default_device_groups": False, "device_groups": [*GROUPS, {"name": "Sale"}]}
    document = {"products": [product], "devices": devices}
    (folder / "blueprint.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    for options in ((), ("--check", "--diff")):
        played = play(simulator, folder, "drift", *options, provision_src="blueprint.yml")
        assert (played.code, played.writes) == (2, 0), played.output
        names = ", ".join(["Kettle/Sale", *(f"{each[:16]}…" for each in DEVICES)])
        assert f"The tenant differs from the blueprint in 4 places: {names}. Run the playbook" in said(played)
    message = said(played).partition("The tenant differs")[2]
    assert not any(each in message for each in DEVICES)
    (folder / "blueprint.yml").write_text(yaml.safe_dump({"products": [product]}), encoding="utf-8")
    played = play(simulator, folder, "drift", provision_src="blueprint.yml")
    assert "differs from the blueprint in 1 place: Kettle/Sale. Run" in said(played)


@pytest.mark.parametrize("claim", ["", " ", None, "false", False, "true"])
def test_unclaimed_device_is_a_difference_whatever_a_survey_says(
    simulator: Simulator, folder: Path, claim: Any
) -> None:
    document = {"devices": [{"id": "0f" * 64, "product": "Kettle", "device_group": "Lab"}]}
    (folder / "blueprint.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    played = play(simulator, folder, "drift", provision_src="blueprint.yml", provision_claim=claim)
    assert (played.code, played.writes) == (2, 0), played.output
    assert "differs from the blueprint in 1 place: 0f0f0f0f0f0f0f0f…. Run" in said(played)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x00\x93\xff package", ": not valid YAML or JSON."),
        (b"rings: [\n", ", line 2: not valid YAML or JSON."),
        (b"- Kettle/Lab\n", ": a list is not a document. Use a mapping with variables of this role."),
        (b"# nothing\n", ": it is empty. Use a mapping with variables of this role."),
        (b"rollout_rings: Kettle/Lab\nrollout_rings: Kettle/Lab\n", ", line 2: duplicate key rollout_rings"),
    ],
)
def test_file_of_a_rollout_that_cannot_be_read(simulator: Simulator, folder: Path, content: bytes, why: str) -> None:
    (folder / "rollout.yml").write_bytes(content)
    played = play(simulator, folder, "rollout", rollout_src="rollout.yml")
    assert (played.code, played.log) == (2, []), played.output
    assert f"Invalid rollout_src {folder / 'rollout.yml'}{why}" in said(played)


def test_place_of_a_plan_is_checked_before_anything_is_sent(simulator: Simulator, folder: Path) -> None:
    document = {"products": [{"name": "Toaster"}]}
    played = play(simulator, folder, "provision", provision_document=document, provision_plan_file="nowhere/plan.json")
    assert (played.code, played.log) == (2, []), played.output
    assert f"there is no directory {folder}/nowhere. Create the directory first." in said(played)


def test_path_with_a_null_character_is_one_error(simulator: Simulator, folder: Path) -> None:
    path, sign_in = "a\0b", {"client_id": "x", "directory_id": "x"}
    wrong: dict[str, tuple[str, dict[str, Any]]] = {
        "src of devices": ("device", {"src": path}),
        "src of a blueprint": ("blueprint", {"src": path}),
        "images": ("blueprint", {"blueprint": {"images": [path]}}),
        "device_list": ("blueprint", {"blueprint": {"device_list": path}}),
        "expect_plan": ("blueprint", {"blueprint": {}, "expect_plan": path}),
        "plan_file": ("blueprint", {"blueprint": {}, "plan_file": path}),
        "journal": ("device", {"ids": [], "journal": path}),
        "path": ("image", {"path": path}),
        "ca_path": ("tenant_info", {"ca_path": path}),
        "client_certificate": ("tenant_info", {"client_certificate": path, **sign_in}),
        "federated_token_file": ("tenant_info", {"federated_token_file": path, **sign_in}),
    }
    tasks = {name: {f"azsphere.fleet.{module}": options} for name, (module, options) in wrong.items()}
    played = play_tasks(simulator, folder, tasks)
    for name, result in played.results.items():
        assert result["failed"], name
        assert result["error"]["code"] != "defect", (name, result["msg"])
        assert "a\\x00b" in result["msg"], (name, result["msg"])
    assert played.requests() == []


@pytest.mark.parametrize("book", ["provision", "rollout"])
@pytest.mark.parametrize("record", ["list.csv/record.yml", "list.csv/below/record.yml"])
def test_record_below_a_file_is_one_error(simulator: Simulator, folder: Path, book: str, record: str) -> None:
    given = {
        "provision": {"provision_document": {"products": [{"name": "Kettle"}]}},
        "rollout": {"rollout_images": ["c1000000-0000-4000-8000-000000000001"], "rollout_rings": "Kettle/Lab"},
    }
    played = play(simulator, folder, book, **given[book], **{f"{book}_record": record})
    assert (played.code, played.writes) == (2, 0), played.output
    sentence = (
        f"Invalid {book}_record {folder / record}: there is no directory {(folder / record).parent} that this account"
    )
    assert sentence in said(played)


def test_password_of_an_address_is_shown_nowhere(simulator: Simulator, folder: Path) -> None:
    given = {"rollout_images": ["c1000000-0000-4000-8000-000000000001"], "rollout_rings": "Kettle/Lab"}
    given["rollout_url"] = "https://me:of-the-address@example.com/health"
    played = play(simulator, folder, "rollout", "--check", "--diff", **given)
    assert (played.code, played.log) == (2, []), played.output
    assert "Invalid rollout_url: it has a user or a password" in said(played)
    assert "of-the-address" not in played.output
