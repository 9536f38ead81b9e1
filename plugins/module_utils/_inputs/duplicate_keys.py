# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Keys that stand twice in one mapping of a YAML document, of which readers keep the last and lose the others."""

from __future__ import annotations

from typing import Any

_MERGE = "tag:yaml.org,2002:merge"


def duplicate_keys(node: Any) -> list[tuple[str, int]]:
    """Each such key of a composed document (a node of PyYAML, or None) with its line from 1, in the order of lines."""
    found: list[tuple[str, int]] = []
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        # Aliases lead to the same node again, and may lead round in a circle.
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        if node.id == "sequence":
            waiting += node.value
        elif node.id == "mapping":
            waiting += [each for pair in node.value for each in pair]
            found += _repeated(node)
    return sorted(found, key=lambda each: each[1])


def _repeated(mapping: Any) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    keys: set[str] = set()
    for key, _value in mapping.value:
        if key.id != "scalar" or key.tag == _MERGE:
            continue
        if key.value in keys:
            found.append((key.value, key.start_mark.line + 1))
        keys.add(key.value)
    return found
