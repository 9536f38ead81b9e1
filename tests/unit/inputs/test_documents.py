# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Blueprints follow the same rules for strings, names and booleans as modules; unreadable files are reported."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.application import ClientCertificate
from ansible_collections.azsphere.fleet.plugins.module_utils._auth.options import AuthOptions
from ansible_collections.azsphere.fleet.plugins.module_utils._errors import InvalidInput
from ansible_collections.azsphere.fleet.plugins.module_utils._files.disk import Disk
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.blueprint import (
    Blueprint,
    parse_blueprint,
    read_blueprint,
)
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.documents import load_document
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.packages import read_package

from tests.support.people import here

ONE = "0a" * 64
VAULT = "$ANSIBLE_VAULT;1.1;AES256\n62313365396662343061393464336163\n"


def parsed(document: Any) -> Blueprint:
    return parse_blueprint(Disk(), document, ".", print)


def refused(document: Any) -> str:
    with pytest.raises(InvalidInput) as caught:
        parsed(document)
    return str(caught.value)


def read(folder: Path, text: str, warnings: list[str] | None = None) -> Blueprint:
    (folder / "fleet.yml").write_text(text, encoding="utf-8")
    given: list[str] = [] if warnings is None else warnings
    return read_blueprint(Disk(), str(folder / "fleet.yml"), given.append)


def refused_file(folder: Path, text: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(folder, text)
    return str(caught.value)


@pytest.mark.parametrize(("word", "value"), [("true", True), ("False", False), ("no", False), (1, True)])
def test_booleans_accept_words(word: Any, value: bool) -> None:
    group = {"name": "Lab", "allow_crash_dumps_collection": word}
    found = parsed(
        {
            "products": [{"name": "Kettle", "default_device_groups": word, "device_groups": [group]}],
            "users": [{"user": "ann@contoso.example", "roles": ["Reader"], "exclusive": word}],
        }
    )
    assert found.products[0].default_device_groups is value
    assert found.device_groups[0][1].allow_crash_dumps_collection is value
    assert found.users[0].exclusive is value


def test_names_are_trimmed() -> None:
    found = parsed(
        {
            "products": [{"name": " Kettle\n", "device_groups": [{"name": "Field  Test "}]}],
            "devices": [{"id": f" {ONE}", "product": "Kettle ", "device_group": " Field  Test"}, {"id": "0b" * 64}],
            "users": [{"user": " ann@contoso.example ", "roles": ["Reader"]}],
        }
    )
    assert found.products[0].name == "Kettle"
    assert found.device_groups[0][1].name == "Field  Test"
    assert (found.devices[0].product, found.devices[0].device_group) == ("Kettle", "Field  Test")
    assert found.users[0].user == "ann@contoso.example"


@pytest.mark.parametrize("value", [False, 0o755, 1.0, {}, ["x"]], ids=repr)
def test_strings_reject_other_types(value: Any) -> None:
    message = refused(
        {
            "products": [{"name": value, "description": value, "device_groups": [{"name": value}]}],
            "images": [value],
            "devices": [{"id": value, "product": value}],
            "users": [{"user": value, "roles": [value]}],
        }
    )
    for place in ("products[0].name", "products[0].description", "products[0].device_groups[0].name", "images[0]"):
        assert f"{place}: " in message
    for place in ("devices[0].id", "devices[0].product", "users[0].user", "users[0].roles[0]"):
        assert f"{place}: " in message
    if isinstance(value, (bool, int, float)):
        assert 'Put it in quotes, or add "| string" to a template' in message


@pytest.mark.parametrize("empty", ["", "  "])
def test_empty_names_are_rejected(empty: str) -> None:
    message = refused({"products": [{"name": empty, "device_groups": [{"name": empty}]}], "users": [{"user": empty}]})
    assert message.count("it is empty") == 3


@pytest.mark.parametrize("twin", ["kettle", "Kettle ", "\tKETTLE\n"])
def test_names_that_differ_in_case_and_blanks_are_duplicates(twin: str) -> None:
    assert 'products: "' in refused({"products": [{"name": "Kettle"}, {"name": twin}]})
    groups = [{"name": "Kettle"}, {"name": twin}]
    assert "products[0].device_groups: " in refused({"products": [{"name": "P", "device_groups": groups}]})


def test_invalid_booleans_are_rejected() -> None:
    assert 'default_device_groups: "ture" is neither true nor false' in refused(
        {"products": [{"name": "Kettle", "default_device_groups": "ture"}]}
    )


def test_templates_in_a_file_cause_a_warning(tmp_path: Path) -> None:
    warnings: list[str] = []
    read(tmp_path, "products:\n- name: Kettle\n  description: '{{ text }}'\n- name: Lamp\n", warnings)
    [warning] = warnings
    assert "products[0].description" in warning
    assert "azsphere.fleet.provision" in warning
    assert "products[1]" not in warning
    warnings.clear()
    read(tmp_path, "products: [{name: Kettle, description: '{ no template }'}]\n", warnings)
    assert warnings == []


def test_template_without_quotes_is_explained(tmp_path: Path) -> None:
    message = refused_file(tmp_path, "products:\n- name: Kettle\n  description: {{ text }}\n")
    assert "line 3" in message
    assert "must be in quotes" in message


def test_device_list_without_devices_causes_a_warning(tmp_path: Path) -> None:
    (tmp_path / "devices.csv").write_text("DeviceId,ProductName,DeviceGroupName\n")
    warnings: list[str] = []
    assert read(tmp_path, "device_list: devices.csv\n", warnings).devices == ()
    assert ["has a header and no devices" in each for each in warnings] == [True]


def test_encrypted_files_are_reported_as_encrypted(tmp_path: Path) -> None:
    assert "encrypted with Ansible Vault" in refused_file(tmp_path, VAULT)
    inside = "products:\n- name: Kettle\n  description: !vault |\n    " + VAULT.replace("\n", "\n    ")
    message = refused_file(tmp_path, inside)
    assert "a value is encrypted with Ansible Vault, line 3" in message
    assert "azsphere.fleet.provision" in message
    path = tmp_path / "some.file"
    path.write_text(VAULT)
    with pytest.raises(InvalidInput, match=r"image package .*some.file: it is encrypted"):
        read_package(str(path))
    with pytest.raises(InvalidInput, match=r"ca_path .*some.file: it is encrypted"):
        AuthOptions.from_params({"ca_path": str(path)}, here())
    certificate = ClientCertificate.__new__(ClientCertificate)
    object.__setattr__(certificate, "path", str(path))
    object.__setattr__(certificate, "_piped", [])
    with pytest.raises(InvalidInput, match=r"client_certificate .*some.file: it is encrypted"):
        certificate.acquire(False)


LAUGHS = "\n".join(
    [f"a0: &a0 [{', '.join(['x'] * 10)}]"]
    + [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 10)]
)
MERGES = "\n".join(
    ["a0: &a0 {x: 1}"]
    + [f"a{level}: &a{level} {{<<: [{', '.join([f'*a{level - 1}'] * 10)}]}}" for level in range(1, 10)]
)


@pytest.mark.parametrize("text", [LAUGHS, MERGES, "a: &a [*a]", "&a {b: {c: *a}}"], ids=range(4))
def test_aliases_that_repeat_without_bound_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is too large: its aliases repeat more than 1000000 values"):
        load_document(text.encode(), "fleet.yml")


def test_aliases_are_allowed() -> None:
    document = load_document(b"a: &a {x: [1, 2]}\nb: *a\nc: {<<: *a, y: 3}", "fleet.yml")
    assert document == {"a": {"x": [1, 2]}, "b": {"x": [1, 2]}, "c": {"x": [1, 2], "y": 3}}
