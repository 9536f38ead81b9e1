# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The playbooks `move` and `manufacture` and the inventory `manufacturing`, whole and in job slices as of AWX."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.harness import Simulator
from tests.support.apis import on_both_apis
from tests.support.programs import program

from .listing import list_inventory
from .play import Played, environment, play_book

DEVICES = [hashlib.sha512(str(number).encode()).hexdigest() for number in range(10)]
HEADER = "DeviceId,ProductName,DeviceGroupName\n"
FLEET = {"plugin": "azsphere.fleet.devices"}
FACTORY = {"plugin": "azsphere.fleet.manufacturing", "src": "list.csv", "shards": 4}
MOVE = ("-e", "move_product=Kettle", "-e", "move_device_group=Production")
CLAIM = ("-e", "manufacture_claim=true")


def load(simulator: Simulator, claimed: list[str]) -> None:
    group = "Kettle/Lab"
    product = {"name": "Kettle", "device_groups": [{"name": "Lab"}, {"name": "Production"}]}
    devices = [{"id": each, "device_group": group} for each in claimed]
    simulator.load({"tenants": [{"name": "Contoso Fleet", "products": [product], "devices": devices}]})


def write_list(folder: Path, devices: list[str] = DEVICES, group: str = "Production") -> None:
    rows = "".join(f"{each},Kettle,{group}\n" for each in devices)
    (folder / "list.csv").write_text(HEADER + rows, encoding="utf-8")


def play(simulator: Simulator, folder: Path, name: str, inventory: Mapping[str, Any] | None, *options: str) -> Played:
    given = []
    if inventory is not None:
        (folder / "hosts.yml").write_text(json.dumps(inventory), encoding="utf-8")
        given = ["-i", "hosts.yml"]
    return play_book(simulator, folder, f"azsphere.fleet.{name}", [*given, *options])


def sliced(hosts: Mapping[str, Any], number: int, count: int) -> dict[str, Any]:
    """Returns the inventory that AWX gives to a slice: some of the hosts, with the variables that they have."""
    chosen = sorted(hosts)[number - 1 :: count]
    return {"all": {"hosts": {name: hosts[name] for name in chosen}}}


def places(simulator: Simulator, folder: Path) -> dict[str, str]:
    """Returns the device group of each claimed device."""
    hosts = list_inventory(simulator, folder, FLEET).hosts.values()
    return {variables["azsphere_device_id"]: variables["azsphere_device_group"] for variables in hosts}


def moves(played: Played) -> int:
    return sum(entry["operation"] in ("Devices_Move", "Devices_Update") for entry in played.log)


@on_both_apis()
def test_move_of_the_whole_inventory(simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, DEVICES)
    checked = play(simulator, tmp_path, "move", FLEET, *MOVE, "--check", "--diff")
    assert (checked.code, checked.writes) == (0, 0), checked.output
    assert "Production" in checked.output
    assert "changed=1" in checked.output
    moved = play(simulator, tmp_path, "move", FLEET, *MOVE)
    assert (moved.code, moves(moved)) == (0, 10), moved.output
    assert moved.output.count("\nchanged: ") == 1
    again = play(simulator, tmp_path, "move", FLEET, *MOVE)
    assert (again.code, again.writes) == (0, 0)
    assert "changed=1" not in again.output


@on_both_apis(always=True)
def test_slices_move_each_device_once(simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, DEVICES)
    hosts = list_inventory(simulator, tmp_path, FLEET).hosts
    done = []
    for number in (1, 2, 3):
        inventory = sliced(hosts, number, 3)
        checked = play(simulator, tmp_path, "move", inventory, *MOVE, "--check", "--diff")
        assert (checked.code, checked.writes) == (0, 0), checked.output
        played = play(simulator, tmp_path, "move", inventory, *MOVE)
        assert played.code == 0, played.output
        done.append(moves(played))
        assert played.output.count("\nchanged: ") == 1
    assert done == [4, 3, 3]
    assert set(places(simulator, tmp_path).values()) == {"Production"}


@on_both_apis()
def test_limit_moves_a_part(simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, DEVICES)
    chosen = [DEVICES[0], DEVICES[5]]
    limit = ",".join(each[:12] for each in chosen)
    played = play(simulator, tmp_path, "move", FLEET, *MOVE, "--limit", limit)
    assert (played.code, moves(played)) == (0, 2), played.output
    assert {each for each, group in places(simulator, tmp_path).items() if group == "Production"} == set(chosen)


@on_both_apis()
@pytest.mark.parametrize(
    ("name", "inventory", "options", "message"),
    [
        ("move", None, MOVE, "Nothing to move: the inventory is empty."),
        ("move", {**FLEET, "product": "Teapot"}, MOVE, "Nothing to move: the inventory is empty."),
        ("move", {**FLEET, "device_group": "Production"}, MOVE, "Nothing to move: the inventory is empty."),
        ("move", FLEET, ("-e", "move_device_group="), "move_device_group is missing."),
        ("move", {"all": {"hosts": {"server": {}}}}, MOVE, "none of the hosts is a device."),
        ("move", FLEET, (*MOVE, "-e", "move_max_changes=0"), "max_changes"),
        ("manufacture", None, CLAIM, "Nothing to manufacture: the inventory is empty."),
        ("manufacture", {**FACTORY, "src": "none.csv"}, CLAIM, "Nothing to manufacture: the inventory is empty."),
        ("manufacture", {"all": {"hosts": {"server": {}}}}, CLAIM, "none of the hosts is a shard."),
        ("manufacture", FACTORY, (), "claim"),
        ("manufacture", FACTORY, ("-e", "manufacture_claim=no"), "claim"),
        ("manufacture", FACTORY, (*CLAIM, "-e", "manufacture_max_changes=5"), "max_changes"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_nothing_is_written(
    simulator: Simulator, tmp_path: Path, name: str, inventory: Any, options: tuple[str, ...], message: str
) -> None:
    load(simulator, DEVICES if name == "move" else [])
    write_list(tmp_path)
    played = play(simulator, tmp_path, name, inventory, *options)
    assert played.code != 0
    assert message in " ".join(played.output.split())
    assert played.writes == 0


@on_both_apis()
def test_other_hosts_are_left_out(simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, DEVICES[:2])
    hosts = {each[:12]: {"azsphere_device_id": each} for each in DEVICES[:2]}
    others = {"a-server": {"ansible_host": "192.0.2.1"}, "localhost": {"ansible_connection": "local"}}
    played = play(simulator, tmp_path, "move", {"all": {"hosts": {**others, **hosts}}}, *MOVE)
    assert (played.code, moves(played)) == (0, 2), played.output


@on_both_apis()
def test_blank_answers_of_a_survey_count_as_not_given(simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, DEVICES[:2])
    write_list(tmp_path)
    names = ("max_changes", "max_failures", "concurrency", "wait", "wait_timeout", "outcomes", "hosts")
    blank: dict[str, Any] = {f"{book}_{name}": "" for book in ("move", "manufacture") for name in names}
    blank |= {"manufacture_claim": " ", "azsphere_fleet_tenant": ""}
    moved = play(simulator, tmp_path, "move", FLEET, "-e", json.dumps(blank), *MOVE)
    assert (moved.code, moves(moved)) == (0, 2), moved.output
    made = play(simulator, tmp_path, "manufacture", FACTORY, "-e", json.dumps(blank), *CLAIM)
    assert made.code == 0, made.output
    assert len(places(simulator, tmp_path)) == 10


@on_both_apis(always=True)
def test_manufacture_of_the_whole_list(simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, [])
    write_list(tmp_path)
    checked = play(simulator, tmp_path, "manufacture", FACTORY, *CLAIM, "--check", "--diff")
    assert (checked.code, checked.writes) == (0, 0), checked.output
    made = play(simulator, tmp_path, "manufacture", FACTORY, *CLAIM)
    assert made.code == 0, made.output
    assert places(simulator, tmp_path) == dict.fromkeys(DEVICES, "Production")
    again = play(simulator, tmp_path, "manufacture", FACTORY, *CLAIM)
    assert (again.code, again.writes) == (0, 0)


@on_both_apis()
def test_slices_of_shards_claim_each_device_once(simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, [])
    write_list(tmp_path)
    hosts = list_inventory(simulator, tmp_path, FACTORY).hosts
    claimed = 0
    for number in (1, 2, 3):
        played = play(simulator, tmp_path, "manufacture", sliced(hosts, number, 3), *CLAIM)
        assert played.code == 0, played.output
        now = len(places(simulator, tmp_path))
        rows = sum(len(hosts[name]["azsphere_rows"]) for name in sorted(hosts)[number - 1 :: 3])
        assert now - claimed == rows
        claimed = now
    assert places(simulator, tmp_path) == dict.fromkeys(DEVICES, "Production")


def test_shards_do_not_depend_on_other_rows(simulator: Simulator, tmp_path: Path) -> None:
    def shards() -> dict[str, str]:
        hosts = list_inventory(simulator, tmp_path, FACTORY, variables={"AZURE_CLIENT_SECRET": None}).hosts
        assert sorted(hosts) == ["shard_1", "shard_2", "shard_3", "shard_4"]
        assert {variables["azsphere_shards"] for variables in hosts.values()} == {4}
        return {row["id"]: name for name, variables in hosts.items() for row in variables["azsphere_rows"]}

    write_list(tmp_path, DEVICES[:5])
    few = shards()
    write_list(tmp_path, DEVICES[::-1])
    many = shards()
    assert sorted(many) == sorted(DEVICES)
    assert {each: many[each] for each in few} == few
    assert simulator.log() == []


def test_wrong_lists_and_options_add_no_host(simulator: Simulator, tmp_path: Path) -> None:
    write_list(tmp_path)
    (tmp_path / "wrong.csv").write_text(f"{HEADER}{DEVICES[0]},Kettle,\n123,Kettle,Lab\n", encoding="utf-8")
    os.mkfifo(tmp_path / "pipe.csv")
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"src": "wrong.csv"}, "row 2: "),
        ({"src": "wrong.csv"}, "row 3: "),
        ({"src": "missing.csv"}, "missing.csv does not exist."),
        ({"src": "pipe.csv"}, "pipe.csv: nothing was written to this pipe within 5 s."),
        ({"src": " "}, "src"),
        ({"shards": 0}, "Invalid shards 0: out of range. Use a number from 1 to 1000."),
        ({"shards": "many"}, 'Invalid shards: "many" is not a whole number. Use a number from 1 to 1000.'),
        ({"shards": True}, "Invalid shards: the truth value true is not a whole number."),
        ({"prefix": "1 2"}, 'Invalid prefix "1 2": it is not a group name.'),
        ({"prefix": "all"}, 'Invalid prefix: Ansible reserves "all". Use another name.'),
        ({"prefix": "localhost"}, 'Invalid prefix: Ansible reserves "localhost". Use another name.'),
        ({"src": " "}, "Invalid src: it is missing. Set it in the file of the inventory."),
        ({"shard": 4}, 'no option "shard". Available: plugin, prefix, shards, src.'),
    ]
    lenient = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "false"}
    sources = [{**FACTORY, **options} for options, _message in wrong]
    listed = list_inventory(simulator, tmp_path, *sources, variables=lenient)
    assert [message for _options, message in wrong if message not in listed.messages] == [], listed.messages
    assert listed.hosts == {}


def test_lists_of_two_inventories_are_not_mixed_up(simulator: Simulator, tmp_path: Path) -> None:
    write_list(tmp_path)
    listed = list_inventory(simulator, tmp_path, FACTORY, {**FACTORY, "shards": ""})
    assert listed.code == 0
    assert len(listed.hosts) == 4 + 12
    same = list_inventory(simulator, tmp_path, FACTORY, FACTORY)
    assert 'Cannot add the host "shard_1": another inventory has a host of this name.' in same.messages
    apart = list_inventory(simulator, tmp_path, FACTORY, {**FACTORY, "prefix": "other"})
    assert (apart.code, len(apart.hosts)) == (0, 8)


def test_another_strategy_makes_one_task_too(simulator: Simulator, tmp_path: Path) -> None:
    """The strategy `free` ignores run_once."""
    load(simulator, DEVICES)
    (tmp_path / "ansible.cfg").write_text("[defaults]\nstrategy = free\n", encoding="utf-8")
    moved = play(simulator, tmp_path, "move", FLEET, *MOVE)
    assert (moved.code, moves(moved)) == (0, 10), moved.output
    assert moved.output.count("\nchanged: ") == 1
    write_list(tmp_path)
    manufactured = play(simulator, tmp_path, "manufacture", FACTORY, *CLAIM)
    assert (manufactured.code, manufactured.output.count("\nok: ")) == (0, 1), manufactured.output


@pytest.mark.parametrize("blank", [None, "", "  ", []], ids=repr)
@pytest.mark.parametrize("name", ["move", "manufacture"])
def test_blank_variables_count_as_not_given(simulator: Simulator, tmp_path: Path, name: str, blank: Any) -> None:
    load(simulator, DEVICES)
    write_list(tmp_path)
    options = ("hosts", "max_changes", "max_failures", "concurrency", "wait", "wait_timeout", "outcomes")
    blanks = {f"{name}_{option}": blank for option in options}
    given = (FLEET, *MOVE) if name == "move" else (FACTORY, *CLAIM)
    played = play(simulator, tmp_path, name, *given, "-e", json.dumps(blanks))
    assert (played.code, moves(played)) == (0, 10), played.output


def test_false_and_zero_are_given(simulator: Simulator, tmp_path: Path) -> None:
    load(simulator, DEVICES)
    none = play(simulator, tmp_path, "move", FLEET, *MOVE, "-e", '{"move_max_changes": 0}')
    assert (none.code, none.writes) == (2, 0), none.output
    simulator.settings(operation_seconds=30)
    begun = play(simulator, tmp_path, "move", FLEET, *MOVE, "--limit", DEVICES[0][:12], "-e", '{"move_wait": false}')
    assert (begun.code, moves(begun)) == (0, 1), begun.output


def test_encrypted_list_is_decrypted(simulator: Simulator, tmp_path: Path) -> None:
    write_list(tmp_path)
    plain = list_inventory(simulator, tmp_path, FACTORY)
    (tmp_path / "password").write_text("secret-of-a-test", encoding="utf-8")
    password = ("--vault-password-file", "password")
    subprocess.run(
        [program("ansible-vault"), "encrypt", *password, "list.csv"],
        cwd=tmp_path,
        env=environment(simulator, tmp_path, {}),
        check=True,
        capture_output=True,
    )
    decrypted = list_inventory(simulator, tmp_path, FACTORY, options=password)
    assert (decrypted.code, decrypted.hosts) == (0, plain.hosts), decrypted.messages
    locked = list_inventory(simulator, tmp_path, FACTORY)
    assert locked.code != 0
    assert "vault" in locked.messages
    assert list((tmp_path / "ansible-home").rglob("*list*")) == []
