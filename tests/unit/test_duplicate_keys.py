# Copyright (c) azsphere.fleet contributors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: azsphere.fleet contributors

"""Duplicate keys are found at every level, and nothing else is."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.azsphere.fleet.plugins.module_utils._inputs.duplicate_keys import duplicate_keys


@pytest.mark.parametrize(
    ("document", "found"),
    [
        ("", []),
        ("one: 1\ntwo: {one: 2}\nthree: [{one: 3}, {one: 4}]\n", []),
        ("one: 1\ntwo: 2\none: 3\n", [("one", 3)]),
        ("list:\n  - {one: 1, one: 2}\n  - a: {b: 1,\n     b: 2}\nlist: []\n", [("one", 2), ("b", 4), ("list", 5)]),
        ('{"one": 1, "one": 2}', [("one", 1)]),
        ("a: !vault secret\na: !unsafe '{{ b }}'\n", [("a", 2)]),
        ("base: &base {one: 1}\nother:\n  <<: *base\n  <<: *base\n  one: 2\n", []),
        ("&circle [*circle, {one: 1, one: 2}]", [("one", 1)]),
        ("? [one]\n: 1\n? [one]\n: 2\n", []),
    ],
)
def test_duplicate_keys(document: str, found: list[tuple[str, int]]) -> None:
    assert duplicate_keys(yaml.compose(document, yaml.SafeLoader)) == found
