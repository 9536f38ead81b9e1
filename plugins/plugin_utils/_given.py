# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Options as plugins on the control node are given them: checked before Ansible converts them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs import texts
from ansible_collections.azsphere.fleet.plugins.module_utils._options import OPTIONS, blank

_NAMES = ("product", "device_group")
_TEXTS = ("str", "path")
#: The checks of documented types. Ansible takes any word for false, and reports other wrong values in its own terms.
_CHECKS: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_TEXTS, texts.text),
    **dict.fromkeys(("bool", "boolean"), texts.flag),
    **dict.fromkeys(("int", "integer"), texts.integer),
    "float": texts.number,
}
Definitions = Mapping[str, Mapping[str, Any]]


def valid(what: str, check: Callable[[Any], Any], value: Any, error: type[AnsibleError]) -> Any:
    """Returns what `check` returns for a value. Raises `error` in place of InvalidValue."""
    try:
        # Before ansible-core 2.19, a variable that Ansible Vault encrypted is an object of its own, and no text.
        return check(str(value) if getattr(value, "__ENCRYPTED__", False) else value)
    except texts.InvalidValue as invalid:
        raise error(f"Invalid {what}: {invalid}") from None


def require_known(kind: str, options: Mapping[str, Any], known: Definitions, error: type[AnsibleError]) -> None:
    """Raises `error` for an unknown option: a misspelt one would not filter anything, and so return everything."""
    for option in options:
        if option not in known:
            there = ", ".join(sorted(name for name in known if not name.startswith("_")))
            raise error(f'This {kind} has no option "{option}". Available: {there}.')


def checked(option: str, value: Any, known: Definitions, error: type[AnsibleError], where: str = "") -> Any:
    """Returns the value of an option with its documented type. Raises `error`.

    Ansible would make texts of numbers and truth values. `where` is what the name of the option begins with in errors.
    """
    kind = str(known[option].get("type", "str"))
    # Other connection options are checked where they are resolved.
    if value is None or kind not in _CHECKS or (option in OPTIONS and kind not in _TEXTS):
        return value
    return valid(f"{where}{option}", texts.trimmed if option in _NAMES else _CHECKS[kind], value, error)


def require_typed(variables: Mapping[str, str], known: Definitions, error: type[AnsibleError]) -> None:
    """Raises `error` for an environment variable of an option of another type: Ansible takes any word for false.

    Those of connection options are checked where they are resolved.
    """
    for name, option in known.items():
        check = None if name in OPTIONS else _CHECKS.get(str(option.get("type", "str")))
        for entry in option.get("env") or ():
            value = variables.get(entry["name"])
            if check is not None and not blank(value):
                valid(entry["name"], check, value, error)


def from_variables(variables: Mapping[str, Any], known: Definitions, template: Callable[[Any], Any]) -> dict[str, Any]:
    """Returns the options that variables give, as what they stand for: Ansible passes variables on as written, and
    one often names another, such as a secret of a vault."""
    found = {}
    for name, option in known.items():
        for entry in option.get("vars", ()):
            if entry["name"] in variables:
                value = template(variables[entry["name"]])
                if not blank(value):
                    found[name] = value
    return found
