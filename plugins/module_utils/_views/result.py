# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Results of tasks: values without placeholders, and readable differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .._errors import FleetError
from .._model.resources import Operation
from .._model.values import Placeholder

#: One difference as Ansible's callbacks show it: before, after, before_header, after_header.
Diff = dict[str, Any]
#: What a difference shows for a value that only the service can assign.
UNKNOWN = "(not yet known)"


@dataclass(frozen=True)
class Result:
    """What `run` of a module returns. `values` may hold placeholders; `error` fails the task with all the rest
    shown.
    """

    changed: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)
    diff: tuple[Diff, ...] | None = None
    error: FleetError | None = None


def mask_unknown(value: Any, path: str = "") -> tuple[Any, list[str]]:
    """Returns the value with null for each placeholder, and their paths, such as `product.device_groups[0].id`."""
    if isinstance(value, Placeholder):
        return None, [path]
    unknown: list[str] = []
    if isinstance(value, Mapping):
        members = {}
        for key, member in value.items():
            members[key], below = mask_unknown(member, f"{path}.{key}" if path else str(key))
            unknown += below
        return members, unknown
    if isinstance(value, (list, tuple)):
        entries = []
        for number, member in enumerate(value):
            entry, below = mask_unknown(member, f"{path}[{number}]")
            entries.append(entry)
            unknown += below
        return entries, unknown
    return value, unknown


def difference(title: str, before: Any, after: Any) -> Diff:
    """Returns one difference, headed by the name of the resource. None means that the resource does not exist."""
    return {"before": readable(before), "after": readable(after), "before_header": title, "after_header": title}


def readable(shown: Any) -> Any:
    """Returns a text as it is, a mapping as YAML, and an empty text for None. Placeholders are shown as not known yet.

    YAML keeps the order of the keys and letters beyond ASCII. Ansible's callbacks show a mapping as JSON with sorted
    keys and escapes; that is what remains where PyYAML is not installed.
    """
    if shown is None or isinstance(shown, str):
        return shown or ""
    plain = {key: UNKNOWN if isinstance(value, Placeholder) else value for key, value in shown.items()}
    try:
        import yaml
    except ImportError:
        return plain
    return str(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, default_flow_style=False, width=1000))


def operation_values(operation: Operation | None) -> dict[str, Any] | None:
    """Returns an operation as results show it."""
    if operation is None:
        return None
    # A service may confirm a write without naming its operation.
    return {"id": operation.id or None, "type": operation.type, "state": operation.state, "started": operation.started}
