# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""No module option converts other types to strings or accepts an empty name."""

from __future__ import annotations

from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.azsphere.fleet.plugins.module_utils import _option_types
from ansible_collections.azsphere.fleet.plugins.module_utils._option_types import OptionType

ROOT = Path(__file__).resolve().parents[3]
MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
#: Modes of files are numbers or texts, as with Ansible's own modules.
ELSEWHERE = {"mode"}
NOT_TEXTS = (False, 0o755, 1.0, {"a": 1}, ["a", 1], date(2024, 1, 1))


def module_of(name: str) -> ModuleType:
    return import_module(f"ansible_collections.azsphere.fleet.plugins.modules.{name}")


OPTIONS = [(name, option, spec) for name in MODULES for option, spec in module_of(name).ARGUMENTS.spec.items()]
#: Those whose value is one text.
TEXTS = [(module, option) for module, option, spec in OPTIONS if spec["type"] in ("str", "path")]


def refusal(module: str, option: str, value: Any) -> str:
    """Return the error message of Ansible for this option alone."""
    spec = {option: {**module_of(module).ARGUMENTS.spec[option], "required": False}}
    messages = ArgumentSpecValidator(spec).validate({option: value}).error_messages
    assert messages, f"{module}: {option} took {value!r}"
    return str(messages[0])


def test_every_option_has_a_strict_type_or_choices() -> None:
    lax = [
        (module, option)
        for module, option, spec in OPTIONS
        if option not in ELSEWHERE
        and "choices" not in spec
        and not isinstance(spec["type"], OptionType)
        and spec["type"] not in ("bool", "dict")
    ]
    assert lax == []
    assert [
        (module, option)
        for module, option, spec in OPTIONS
        if "elements" in spec
        and "choices" not in spec
        and spec["elements"] != "dict"
        and not isinstance(spec["elements"], OptionType)
    ] == []


@pytest.mark.parametrize("value", NOT_TEXTS, ids=repr)
@pytest.mark.parametrize(("module", "option"), TEXTS)
def test_strings_and_paths_reject_other_types(module: str, option: str, value: Any) -> None:
    if option in ("since", "until") and isinstance(value, date):
        return
    if "choices" in module_of(module).ARGUMENTS.spec[option]:
        assert option in refusal(module, option, value)
    else:
        message = refusal(module, option, value)
        assert option in message
        assert "not a text" in message


@pytest.mark.parametrize("value", ["", "  "])
@pytest.mark.parametrize(
    ("module", "option"),
    [
        (module, option)
        for module, option in TEXTS
        if option != "description" and "choices" not in module_of(module).ARGUMENTS.spec[option]
    ],
)
def test_empty_names_ids_and_paths_are_rejected(module: str, option: str, value: str) -> None:
    assert "it is empty" in refusal(module, option, value)


LISTS = [(module, option) for module, option, spec in OPTIONS if spec["type"] == "list"]
#: Their entries are checked with the list.
ROWS = ("ids", "devices", "device_ids")


@pytest.mark.parametrize("value", [0o755, True, 1.5, {"a": 1}], ids=repr)
@pytest.mark.parametrize(("module", "option"), LISTS)
def test_lists_and_their_elements_reject_other_types(module: str, option: str, value: Any) -> None:
    if "choices" in module_of(module).ARGUMENTS.spec[option]:
        assert option in refusal(module, option, [value])
        return
    assert "not a text" in refusal(module, option, value)
    if option not in ROWS or module == "image_info":
        assert "not a text" in refusal(module, option, [value])


@pytest.mark.parametrize("value", [True, "", "many", 1.5], ids=repr)
@pytest.mark.parametrize(("module", "option"), [(m, o) for m, o, spec in OPTIONS if spec["type"] == "int"])
def test_integers_reject_booleans(module: str, option: str, value: Any) -> None:
    assert "not a whole number" in refusal(module, option, value)


def test_option_values_are_trimmed() -> None:
    spec = {"name": {"type": _option_types.NAME}, "exact": {"type": _option_types.EXACT}}
    found = ArgumentSpecValidator(spec).validate({"name": " Kettle\n", "exact": "Contoso "}).validated_parameters
    assert found == {"name": "Kettle", "exact": "Contoso "}


def test_unquoted_date_is_accepted_as_a_time() -> None:
    spec = {"since": {"type": _option_types.TIME}}
    found = ArgumentSpecValidator(spec).validate({"since": date(2024, 1, 2)}).validated_parameters
    assert found == {"since": "2024-01-02"}


def test_paths_are_expanded_as_ansible_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_DIRECTORY", "/fleet")
    assert _option_types.PATH("$FLEET_DIRECTORY/devices.csv") == "/fleet/devices.csv"
