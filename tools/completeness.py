# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Write docs/completeness.md, the table of all operations of the API with the task that sends each.

Made from the API's description and from the tasks that tests/gates/test_completeness.py runs.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "completeness.md"
DESCRIPTION = ROOT / "tests" / "simulator" / "openapi.yaml"
ROWS = ROOT / "tests" / "gates" / "completeness.yml"
TEST = "tests/gates/test_completeness.py"

_HEAD = f"""<!--
Copyright (c) azsphere.fleet contributors
GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
SPDX-FileCopyrightText: azsphere.fleet contributors
Made by `python -m tools.completeness`: change tests/gates/completeness.yml and run that.
-->

# Every operation of the API

The Azure Sphere Public API v2 has {{count}} operations. The collection sends all of them but {{replaced}} that the
service itself has deprecated. The tables say which module does it, and by which options; where none is named, it takes
none but those of the connection.

Each line is held by the test that it names, in `{TEST}`, which runs the module against the
[simulator](simulator.md) and fails unless the simulator has seen the operation and done it:

```shell
make gates ARGS="-k 'test_completeness and Product_GetByName'"
```"""


@dataclass(frozen=True)
class Operation:
    """One operation of the description."""

    id: str
    method: str
    path: str
    tag: str
    deprecated: bool


def operations() -> list[Operation]:
    """All of them, in the order of the description."""
    document = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))
    return [
        Operation(each["operationId"], method.upper(), path, each["tags"][0], each.get("deprecated", False))
        for path, item in document["paths"].items()
        for method, each in item.items()
        if isinstance(each, dict) and "operationId" in each
    ]


def rows() -> dict[str, dict[str, Any]]:
    """The task that sends an operation, or what replaces it, by the name of the operation."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(ROWS.read_text(encoding="utf-8"))
    return found


def page() -> str:
    """The text of the page. Raises KeyError for an operation without a row."""
    there, told = operations(), rows()
    replaced = sum("replaced_by" in row for row in told.values())
    lines = [_HEAD.format(count=len(there), replaced=_number(replaced))]
    for tag in dict.fromkeys(operation.tag for operation in there):
        lines += [f"\n## {tag}\n", "| Operation | Request | Module | Options | Test |", "|---|---|---|---|---|"]
        lines += [_line(operation, told[operation.id]) for operation in there if operation.tag == tag]
    return "\n".join(lines) + "\n"


def _line(operation: Operation, row: Mapping[str, Any]) -> str:
    request = f"`{operation.method} {operation.path}`"
    if "replaced_by" in row:
        instead = f"none: {row['because']} | {row['replaced_by']} is sent in its place"
        return f"| {operation.id} | {request} | {instead} | `test_replaced[{operation.id}]` |"
    (module, options), *_rest = row["run"].items()
    told = f"`{module}` | {_options(module, options)} | `test_sent[{operation.id}]`"
    return f"| {operation.id} | {request} | {told} |"


def _options(module: str, options: Mapping[str, Any]) -> str:
    """Options by name; with the value where that is one of few."""
    known = _documented(module)
    told = []
    for name, value in options.items():
        if value is None:
            told.append(f"no `{name}`")
        elif isinstance(value, bool) or (not isinstance(value, list) and known.get(name, {}).get("choices")):
            told.append(f"`{name}: {str(value).lower() if isinstance(value, bool) else value}`")
        else:
            told.append(f"`{name}`")
    return ", ".join(told)


def _documented(module: str) -> dict[str, dict[str, Any]]:
    """The options that the module itself documents."""
    tree = ast.parse((ROOT / "plugins" / "modules" / f"{module}.py").read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["DOCUMENTATION"]:
            options: dict[str, dict[str, Any]] = yaml.safe_load(ast.literal_eval(node.value)).get("options") or {}
            return options
    return {}


def _number(count: int) -> str:
    return {1: "one", 2: "two", 3: "three"}.get(count, str(count))


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")
