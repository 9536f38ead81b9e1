# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Products and device groups are addressed by reference: GUIDs of theirs belong to a backend."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
#: What stands above the port. The views show `id`, and `_references` accepts it.
ABOVE = [
    *sorted((PLUGINS / "module_utils" / "_reconcile").glob("*.py")),
    *sorted((PLUGINS / "module_utils" / "_overlay").glob("*.py")),
    *sorted((PLUGINS / "module_utils" / "_queries").glob("*.py")),
    *sorted((PLUGINS / "modules").glob("*.py")),
    *sorted((PLUGINS / "lookup").glob("*.py")),
]
#: Verbs of the port that take a GUID of a product or device group.
BY_ID = {"with_id"}
#: Who may use them: what an option `id` of a module is found by, again after the write, and the overlay's own verbs.
MAY_FIND_BY_ID = {"product.py", "products.py", "device_groups.py"}
#: Attributes that hold such a GUID.
IDS = {"product_id", "device_group_id"}
#: Who may read them: the overlay gives what is planned the GUIDs that its place has.
MAY_READ_IDS = {"devices.py", "device_groups.py"}


def attributes(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.attr


def imported(path: Path) -> set[str]:
    names = (
        f"{node.module}.{alias.name}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    )
    return set(names)


@pytest.mark.parametrize("path", ABOVE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_above_the_port_handles_ids_of_products_and_groups(path: Path) -> None:
    used = set(attributes(path))
    in_overlay = path.parent.name == "_overlay"
    if path.name not in MAY_FIND_BY_ID:
        assert not used & BY_ID
    if not (in_overlay and path.name in MAY_READ_IDS):
        assert not used & IDS


@pytest.mark.parametrize("path", ABOVE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_nothing_above_the_port_reads_or_makes_keys_of_references(path: Path) -> None:
    assert not any(each.endswith("_legacy") or "._legacy." in each for each in imported(path))
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    refs = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id in ("ProductRef", "GroupRef")]
    assert [len(node.args) for node in refs if len(node.args) > (1 if _is(node, "ProductRef") else 2)] == []
    assert [keyword.arg for node in refs for keyword in node.keywords if keyword.arg == "key"] == []


def _is(node: ast.Call, name: str) -> bool:
    return isinstance(node.func, ast.Name) and node.func.id == name
