# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Values of the wrong kind in real plays: nothing is made of them, and nothing is sent."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.simulator.harness import Simulator, start_simulator

from .play import Played, play_book, play_tasks

A, B = "0a" * 64, "0b" * 64
TENANT = "Contoso Fleet"
SEED = {
    "tenants": [
        {
            "name": TENANT,
            "products": [{"name": "Kettle", "device_groups": [{"name": "Lab"}]}],
            "devices": [{"id": A, "device_group": "Kettle/Lab"}],
        }
    ]
}
NOT_A_TEXT = "is not a text. Put it in quotes"
EMPTY = "it is empty"
#: Module and options, and what the error says.
REFUSED: Mapping[str, tuple[str, dict[str, Any], str]] = {
    "a name that YAML reads as false": ("product", {"name": False}, NOT_A_TEXT),
    "a name that YAML reads as an octal number": ("device_group", {"product": "Kettle", "name": 0o755}, NOT_A_TEXT),
    "a name that YAML reads as a decimal number": ("product", {"name": 1.0}, NOT_A_TEXT),
    "a name that is a mapping": ("product", {"name": {}}, "a mapping is not a text"),
    "a name that is a list": ("product", {"name": ["Kettle"]}, "a list is not a text"),
    "a description that YAML reads as true": ("product", {"name": "Kettle", "description": True}, NOT_A_TEXT),
    "an empty name": ("product", {"name": ""}, EMPTY),
    "a blank name": ("device_group", {"product": "Kettle", "name": "  "}, EMPTY),
    "a blank product": ("product_info", {"name": " "}, EMPTY),
    "a role that is a number": ("user_role", {"user": "ann@contoso.example", "roles": [7]}, NOT_A_TEXT),
    "a path that is a number": ("image", {"path": 7}, NOT_A_TEXT),
    "IDs that are numbers": ("device", {"ids": [A, 755, 0o755]}, "row 2: id: the number 755 is not a text"),
    "one ID that is a number": ("device_info", {"ids": 755}, NOT_A_TEXT),
    "image IDs that are numbers": ("image_info", {"ids": [755]}, NOT_A_TEXT),
    "a limit that is a truth value": ("device", {"ids": [A], "max_changes": True}, "is not a whole number"),
    "a row with an unknown key": (
        "device",
        {"devices": [{"id": A}, {"id": B, "group": "Lab"}]},
        "row 2: group is unknown (known: id, product, device_group)",
    ),
    "a row with a number": ("device", {"devices": [{"id": A}, {"id": 755}]}, "row 2: id: the number 755 is not a text"),
    "a name in a blueprint that is a number": (
        "blueprint",
        {"blueprint": {"products": [{"name": 755}]}},
        'products[0].name: the number 755 is not a text. Put it in quotes, or add "| string" to a template',
    ),
    "an empty name in a blueprint": ("blueprint", {"blueprint": {"products": [{"name": " "}]}}, EMPTY),
    "an encrypted device list": ("device", {"src": "{folder}/vaulted"}, "it is encrypted with Ansible Vault"),
    "an encrypted blueprint": ("blueprint", {"src": "{folder}/vaulted"}, "it is encrypted with Ansible Vault"),
    "a device list with an open quote": ("device", {"src": "{folder}/open.csv"}, "line 2: a quote is not closed"),
}
#: Terms and options of lookups.
LOOKUPS = {
    "lookup('azsphere.fleet.products', 493)": "Invalid term: the number 493 is not a text",
    "lookup('azsphere.fleet.products', false)": "Invalid term: the truth value false is not a text",
    "lookup('azsphere.fleet.products', {'a': 1})": "Invalid term: a mapping is not a text",
    "lookup('azsphere.fleet.products', ' ')": "Invalid term: it is empty",
    "query('azsphere.fleet.device_groups', product=493)": "Invalid product: the number 493 is not a text",
    "query('azsphere.fleet.device_groups', product='')": "Invalid product: it is empty",
}


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with start_simulator(seed=SEED) as simulator:
        yield simulator


@pytest.fixture(scope="module")
def refused(running: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("values")
    (folder / "vaulted").write_text("$ANSIBLE_VAULT;1.1;AES256\n6231\n")
    (folder / "open.csv").write_text(f'DeviceId,ProductName,DeviceGroupName\n{A},Kettle,"Lab\n{B},Kettle,Lab\n')
    tasks: dict[str, dict[str, Any]] = {
        name: {f"azsphere.fleet.{module}": {option: _filled(value, folder) for option, value in options.items()}}
        for name, (module, options, _words) in REFUSED.items()
    }
    for expression in LOOKUPS:
        tasks[expression] = {"ansible.builtin.debug": {"msg": "{{ " + expression + " }}"}}
    return play_tasks(running, folder, tasks)


def _filled(value: Any, folder: Path) -> Any:
    return value.replace("{folder}", str(folder)) if isinstance(value, str) else value


@pytest.mark.parametrize("name", REFUSED)
def test_wrong_values_are_rejected(refused: Played, name: str) -> None:
    result = refused.results[name]
    assert result["failed"]
    assert REFUSED[name][2] in result["msg"]
    assert "Traceback" not in refused.output


@pytest.mark.parametrize("expression", LOOKUPS)
def test_lookups_reject_wrong_terms(refused: Played, expression: str) -> None:
    result = refused.results[expression]
    assert result["failed"]
    assert LOOKUPS[expression] in result["msg"]


def test_nothing_is_sent_for_wrong_values(refused: Played) -> None:
    assert refused.requests() == []


def test_names_are_trimmed_and_booleans_accept_words(running: Simulator, tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("\ufeffDeviceId,ProductName,DeviceGroupName\r\n", encoding="utf-8")
    (tmp_path / "template.yml").write_text("products: [{name: Kettle, description: '{{ text }}'}]\n")
    row = {"id": A, "product": "", "device_group": ""}
    options = {"default_device_groups": "{{ flag }}"}
    played = play_tasks(
        running,
        tmp_path,
        {
            "a padded name": {"azsphere.fleet.product": {"name": "kettle ", **options}, "vars": {"flag": "no"}},
            "an empty cell": {"azsphere.fleet.device": {"devices": [row]}},
            "a flag from the command line": {
                "azsphere.fleet.blueprint": {"blueprint": {"products": [{"name": "Kettle ", **options}]}},
                "vars": {"flag": "false"},
            },
            "a padded term": {
                "ansible.builtin.debug": {"msg": "{{ lookup('azsphere.fleet.products', ' Kettle ').name }}"}
            },
            "a list without devices": {"azsphere.fleet.device": {"src": str(tmp_path / "none.csv")}},
            "a file with a template": {
                "azsphere.fleet.blueprint": {"src": str(tmp_path / "template.yml")},
                "check_mode": True,
            },
        },
    )
    for name, result in played.results.items():
        assert not result.get("failed"), result
        assert result["changed"] is (name == "a file with a template"), name
    assert played.results["a padded term"]["msg"] == "Kettle"
    assert played.results["a padded name"]["product"]["name"] == "Kettle"
    assert played.writes == 0
    output = " ".join(played.output.split())
    assert "has a header and no devices" in output
    assert "products[0].description" in output


def test_advice_for_encrypted_files_works(running: Simulator, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("swordfish\n")
    variables = {"ANSIBLE_VAULT_PASSWORD_FILE": str(tmp_path / "password")}
    text = f"devices: [{{id: '{A}', product: Kettle, device_group: Lab}}]\n"
    encrypted = _encrypt(tmp_path / "fleet.yml", text)
    _encrypt(tmp_path / "devices.csv", f"DeviceId,ProductName,DeviceGroupName\n{A},Kettle,Lab\n")
    value = _encrypt(tmp_path / "name", "Kettle").replace("\n", "\n      ")
    (tmp_path / "value.yml").write_text(
        f"products:\n  - default_device_groups: false\n    name: !vault |\n      {value}\n"
    )
    assert encrypted.startswith("$ANSIBLE_VAULT;")
    played = play_tasks(
        running,
        tmp_path,
        {
            "by unvault": {
                "azsphere.fleet.blueprint": {
                    "blueprint": "{{ lookup('ansible.builtin.unvault', '"
                    + str(tmp_path / "fleet.yml")
                    + "') | from_yaml }}"
                }
            },
            "a decrypted copy": {
                "ansible.builtin.copy": {
                    "src": str(tmp_path / "devices.csv"),
                    "dest": str(tmp_path / "plain.csv"),
                    "mode": "0600",
                }
            },
            "by copy": {"azsphere.fleet.device": {"src": str(tmp_path / "plain.csv")}},
        },
        variables=variables,
    )
    assert played.results["by unvault"].get("summary", {}).get("device", {}).get("unchanged") == 1, played.output
    assert played.results["by copy"]["summary"]["unchanged"] == 1
    for name in ("fleet.yml", "value.yml"):
        options = ["-e", json.dumps({"provision_src": str(tmp_path / name)})]
        played = play_book(running, tmp_path, "azsphere.fleet.provision", options, variables=variables)
        assert played.code == 0, played.output
        assert played.writes == 0


def _encrypt(path: Path, text: str) -> str:
    """Encrypts a file with the password beside it, and returns its content."""
    path.write_text(text)
    program = Path(sys.executable).with_name("ansible-vault")
    password = path.with_name("password")
    done = subprocess.run(
        [str(program), "encrypt", "--vault-password-file", str(password), str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return path.read_text()
