# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Finds duplicate keys in the mappings of a YAML document, of which parsers keep only the last one."""

from __future__ import annotations

from typing import Any

_MERGE = "tag:yaml.org,2002:merge"


def duplicate_keys(node: Any) -> list[tuple[str, int]]:
    """Returns the duplicate keys of a composed document (a PyYAML node, or None) and their lines, from 1, in order."""
    found: list[tuple[str, int]] = []
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        # Aliases refer to the same node again, possibly in a cycle.
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
