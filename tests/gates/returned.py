# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Whether what a module returns is what its documentation says, and docs/README.md of all modules, key by key."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

PREFIX = "ansible_collections.azsphere.fleet.plugins.modules"
#: What Ansible itself documents of every module, and what a module that failed returns beside.
COMMON = {"changed", "diff", "deprecations", "failed", "invocation", "msg", "warnings"}
FAILED = {"error", "exception"}
#: Members of `error`.
ERROR = {"code", "hint", "message", "request_id", "retriable", "status", "target"}
#: Names of dictionary methods: in templates, a dot and one of these gives the method and not the value.
METHODS = {"items", "keys", "values", "get", "copy", "pop", "update", "clear"}
TYPES = {"bool": bool, "dict": dict, "float": float, "int": int, "list": list, "str": str, "raw": object}


@functools.cache
def documented(module: str) -> dict[str, dict[str, Any]]:
    """The return values of a module, as its documentation has them."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(importlib.import_module(f"{PREFIX}.{module}").RETURN)
    return found


def faults(module: str, values: Mapping[str, Any]) -> list[str]:
    """What does not fit, each in a few words."""
    reported = documented(module)
    failed = bool(values.get("failed"))
    found = [f"{path} is the name of a method" for path in _paths(values) if path.rpartition(".")[2] in METHODS]
    found += [
        f"{key} is not documented" for key in set(values) - set(reported) - COMMON - (FAILED if failed else set())
    ]
    due = {key for key, value in reported.items() if value["returned"] == "always"}
    if failed:
        found += [f"error.{key} does not fit" for key in set(values["error"]) ^ ERROR]
    else:
        due |= {key for key, value in reported.items() if value["returned"] == "success"}
    found += [f"{key} is not returned" for key in due - set(values)]
    for key in set(reported) & set(values):
        found += _misfits(key, reported[key], values[key])
    return sorted(found)


def sample_faults(module: str) -> list[str]:
    """What the samples in the documentation do not fit; each value has one, save those that say yes or no."""
    found = []
    for key, reported in documented(module).items():
        if "sample" in reported:
            found += _misfits(key, reported, reported["sample"])
        elif reported["type"] != "bool":
            found.append(f"{key} has no sample")
    return sorted(found)


def _misfits(path: str, reported: Mapping[str, Any], value: Any) -> Iterator[str]:
    if value is None:
        return
    if not isinstance(value, TYPES[reported["type"]]):
        yield f"{path} is no {reported['type']}"
        return
    entries = value if isinstance(value, list) else [value]
    shape = reported.get("contains")
    if shape is None:
        return
    for entry in entries:
        yield from (f"{path}.{key} is not documented" for key in entry if key not in shape)
        yield from (
            f"{path}.{key} is not returned"
            for key, inner in shape.items()
            if key not in entry and "returned" not in inner
        )
        for key in set(shape) & set(entry):
            yield from _misfits(f"{path}.{key}", shape[key], entry[key])


def _paths(value: Any, path: str = "") -> Iterator[str]:
    """The path of every key, at any depth."""
    if isinstance(value, list):
        for entry in value:
            yield from _paths(entry, path)
    if isinstance(value, dict):
        for key, inner in value.items():
            if path or key != "invocation":
                yield f"{path}.{key}" if path else str(key)
                yield from _paths(inner, f"{path}.{key}" if path else str(key))
