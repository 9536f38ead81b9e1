# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""The options that describe variables and groups of an inventory: Ansible ignores most of what it cannot use there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleParserError
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts
from ansible_collections.azsphere.fleet.plugins.module_utils._options import blank

from ._given import Definitions, checked, valid
from ._inventory_names import free_group_name

_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def constructed(option: str, value: Any, known: Definitions) -> Any:
    """Returns the value of `compose`, `groups` or `keyed_groups`; any other as it is. Raises AnsibleParserError."""
    check = _CHECKS.get(option)
    return value if check is None else check(value, known)


def _compose(value: Any, _known: Definitions) -> dict[str, Any]:
    entries = _mapping("compose", value)
    for name in entries:
        valid("compose", _variable, name, AnsibleParserError)
    return {name: _expression(f"compose.{name}", each) for name, each in entries.items()}


def _groups(value: Any, _known: Definitions) -> dict[str, Any]:
    entries = _mapping("groups", value)
    for name in entries:
        valid("groups", _group, name, AnsibleParserError)
    return {name: valid(f"groups.{name}", _condition, each, AnsibleParserError) for name, each in entries.items()}


def _keyed_groups(value: Any, known: Definitions) -> list[dict[str, Any]]:
    if not isinstance(value, (list, tuple)):
        raise AnsibleParserError(
            f"Invalid keyed_groups: {texts.described(value)} is not a list. Give a list of mappings with a key."
        )
    suboptions = known["keyed_groups"]["suboptions"]
    return [_keyed_group(f"keyed_groups[{number}]", each, suboptions) for number, each in enumerate(value)]


def _keyed_group(where: str, entry: Any, known: Definitions) -> dict[str, Any]:
    given = {name: each for name, each in _mapping(where, entry).items() if each is not None}
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        raise AnsibleParserError(f'Invalid {where}: it has no option "{unknown[0]}". Available: {", ".join(known)}.')
    if "key" not in given:
        raise AnsibleParserError(f"Invalid {where}: key is missing. Set it to a variable of the hosts.")
    valid(f"{where}.key", texts.trimmed, given["key"], AnsibleParserError)
    if "default_value" in given and "trailing_separator" in given:
        raise AnsibleParserError(
            f"Invalid {where}: it has default_value and trailing_separator. Leave one of them out."
        )
    if not blank(given.get("parent_group")):
        valid(f"{where}.parent_group", _parent, given["parent_group"], AnsibleParserError)
    return {name: checked(name, each, known, AnsibleParserError, f"{where}.") for name, each in given.items()}


_CHECKS: Mapping[str, Callable[[Any, Definitions], Any]] = {
    "compose": _compose,
    "groups": _groups,
    "keyed_groups": _keyed_groups,
}


def _mapping(what: str, value: Any) -> dict[Any, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    raise AnsibleParserError(f"Invalid {what}: {texts.described(value)} is not a mapping. Give a mapping.")


def _expression(what: str, value: Any) -> Any:
    """Returns an expression in Jinja2, or a value that stands for itself."""
    return valid(what, texts.filled, value, AnsibleParserError) if value is None or isinstance(value, str) else value


def _variable(name: Any) -> str:
    found = texts.text(name)
    if _VARIABLE.fullmatch(found):
        return found
    raise texts.InvalidValue(
        f"{texts.described(found)} is not the name of a variable", "Use letters, digits and underscores"
    )


def _group(name: Any) -> str:
    return free_group_name(texts.filled(name))


def _parent(name: Any) -> str:
    # All groups are below the group all anyway.
    return str(name) if name == "all" else free_group_name(texts.text(name))


def _condition(value: Any) -> Any:
    return value if isinstance(value, bool) else texts.filled(value)
